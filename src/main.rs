//! The binary: arguments to plan, plan to result, result to exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use urltrace::app::{self, Ended, Problem};
use urltrace::cli::{self, Environment, PlanError, Stream};
use urltrace::clock::Stopwatch;
use urltrace::exit;
use urltrace::redact::{Quoted, Secrets, redact};

fn main() -> ExitCode {
    let setup = Stopwatch::start();
    let settings = match cli::settings(std::env::args_os(), &Environment::read()) {
        Ok(settings) => settings,
        Err(PlanError::Clap(error)) => {
            // `--help` and `--version` are no errors: clap prints them to standard output.
            if !error.use_stderr() {
                let _ = error.print();
                return ExitCode::from(exit::OK);
            }
            // It quotes what was typed. Standard error may be closed: there is nowhere to tell that.
            let message = redact(Quoted(error.to_string()), Secrets::Hide);
            let _ = write!(io::stderr().lock(), "{}", message.0);
            return ExitCode::from(exit::USAGE);
        }
        Err(PlanError::Usage { message, hint }) => return refuse(message, hint, exit::USAGE),
    };
    let mut out: Box<dyn Write> = match settings.show.to {
        Stream::Output => Box::new(io::BufWriter::new(io::stdout().lock())),
        Stream::Error => Box::new(io::BufWriter::new(io::stderr())),
    };
    let result = app::run(settings, setup, &mut *out);
    match result.and_then(|ended| out.flush().map(|()| ended).map_err(Problem::Output)) {
        Ok(Ended { code, complaint: None }) => ExitCode::from(code),
        Ok(Ended { code, complaint: Some((message, hint)) }) => complain(&message, hint.as_deref(), code),
        // The reader has gone (`| head`): nothing is left to say.
        Err(Problem::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(exit::OK),
        Err(Problem::Output(error)) => {
            refuse(format!("the report cannot be written: {error}"), None, exit::INTERNAL)
        }
        Err(Problem::Setup(message)) => refuse(message, None, exit::USAGE),
        Err(Problem::Internal(message)) => refuse(message, None, exit::INTERNAL),
    }
}

/// Says why there is no report: what was typed may be quoted in it.
fn refuse(message: String, hint: Option<String>, code: u8) -> ExitCode {
    let message = redact(message, Secrets::Hide);
    let hint = hint.map(|hint| redact(hint, Secrets::Hide));
    complain(&message, hint.as_ref().map(|hint| hint.as_str()), code)
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
