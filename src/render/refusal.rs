//! What is told where there is no report: on standard error for people, and as a document where JSON was
//! asked for.

use std::io::{self, Write};

use super::check;
use super::json::{self, Lines};
use super::style::Format;
use crate::check::State;
use crate::redact::Redacted;

/// Why there is no report, with its hint and the exit code that goes with it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// One sentence; clap's own errors have their usage behind it.
    pub message: Redacted<String>,
    /// What to try next.
    pub hint: Option<Redacted<String>>,
    /// The exit code.
    pub exit_code: u8,
}

/// How it is told that there is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// On standard error and, where a document for programs was asked for, as one.
    Report(Format),
    /// As the line of a check.
    Check,
}

impl Form {
    /// The exit code: a check that was not made is unknown, also where its help was asked for.
    #[must_use]
    pub const fn code(self, code: u8) -> u8 {
        match self {
            Self::Report(_) => code,
            Self::Check => State::Unknown.code(),
        }
    }
}

/// Tells it, and gives the exit code. A stream may be closed: there is nowhere to tell that.
pub fn refuse(refusal: &Refusal, form: Form) -> u8 {
    let hint = refusal.hint.as_ref().map(|hint| hint.as_str());
    let lines = match form {
        Form::Check => {
            check::refused(&refusal.message);
            None
        }
        Form::Report(format) => {
            tell(&refusal.message, hint);
            match format {
                Format::Json => Some(Lines::Many),
                Format::Jsonl => Some(Lines::One),
                _ => None,
            }
        }
    };
    if let Some(lines) = lines {
        let message = sentence(&refusal.message);
        let _ = json::error(refusal.exit_code, message, hint, lines, &mut io::stdout().lock());
    }
    form.code(refusal.exit_code)
}

/// A message and its hint, on standard error.
pub fn tell(message: &str, hint: Option<&str>) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "urltrace: {}", message.trim_end());
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {hint}");
    }
}

/// The first line of a message.
fn sentence(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}
