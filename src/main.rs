//! The binary: arguments to plan, plan to result, result to exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use urltrace::app::{self, Ended, Problem};
use urltrace::cli::{self, Environment, PlanError, Settings, Stream};
use urltrace::clock::Stopwatch;
use urltrace::exit;
use urltrace::render::{self, Form, Refusal};

fn main() -> ExitCode {
    let setup = Stopwatch::start();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let form = app::form(&arguments);
    match cli::settings(arguments, &Environment::read()) {
        Ok(settings) => run(settings, setup, form),
        // `--help` and `--version` are no errors: clap prints them to standard output.
        Err(PlanError::Clap(error)) if !error.use_stderr() => {
            let _ = error.print();
            ExitCode::from(form.code(exit::OK))
        }
        Err(PlanError::Interrupted) => app::die_of(app::Signal::Interrupt),
        Err(error) => refuse(&app::refused(error), form),
    }
}

fn run(settings: Settings, setup: Stopwatch, form: Form) -> ExitCode {
    let mut out: Box<dyn Write> = match settings.show.to {
        Stream::Output => Box::new(io::BufWriter::new(io::stdout().lock())),
        Stream::Error => Box::new(io::BufWriter::new(io::stderr())),
    };
    let result = app::run(settings, setup, &mut *out);
    let result = result.and_then(|ended| app::unless_reader_gone(out.flush()).map(|()| ended));
    drop(out);
    match result {
        Ok(Ended { code, complaint, signal }) => {
            if let Some((message, hint)) = complaint {
                render::tell(&message, hint.as_deref());
            }
            signal.map_or(ExitCode::from(code), app::die_of)
        }
        // The reader has gone (`| head`): nothing is left to say.
        Err(Problem::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(exit::OK),
        Err(problem) => refuse(&app::cannot_run(problem), form),
    }
}

fn refuse(refusal: &Refusal, form: Form) -> ExitCode {
    ExitCode::from(render::refuse(refusal, form))
}
