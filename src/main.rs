//! The binary: arguments to plan, plan to result, result to exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use urltrace::app::{self, Ended, Problem};
use urltrace::cli::{self, Environment, PlanError};
use urltrace::clock::Stopwatch;
use urltrace::exit;

fn main() -> ExitCode {
    let setup = Stopwatch::start();
    let settings = match cli::settings(std::env::args_os(), &Environment::read()) {
        Ok(settings) => settings,
        Err(PlanError::Clap(error)) => {
            // `--help` and `--version` are no errors: clap prints them to standard output.
            let code = if error.use_stderr() { exit::USAGE } else { exit::OK };
            let _ = error.print();
            return ExitCode::from(code);
        }
        Err(PlanError::Usage { message, hint }) => return complain(&message, hint.as_deref(), exit::USAGE),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = app::run(settings, setup, &mut out);
    match result.and_then(|ended| out.flush().map(|()| ended).map_err(Problem::Output)) {
        Ok(Ended { code, complaint: None }) => ExitCode::from(code),
        Ok(Ended { code, complaint: Some((message, hint)) }) => complain(&message, hint.as_deref(), code),
        // The reader has gone (`| head`): nothing is left to say.
        Err(Problem::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(exit::OK),
        Err(Problem::Output(error)) => {
            complain(&format!("the report cannot be written: {error}"), None, exit::INTERNAL)
        }
        Err(Problem::Setup(message)) => complain(&message, None, exit::USAGE),
        Err(Problem::Internal(message)) => complain(&message, None, exit::INTERNAL),
    }
}

fn complain(message: &str, hint: Option<&str>, code: u8) -> ExitCode {
    let mut err = io::stderr().lock();
    // Standard error may be closed: there is nowhere to tell that.
    let _ = writeln!(err, "urltrace: {message}");
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {hint}");
    }
    ExitCode::from(code)
}
