//! What is told where there is no report: on standard error for people, and as a document where JSON was
//! asked for.

use std::io::{self, Write};

use super::json::{self, Lines};
use super::style::Format;
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

/// Tells it. A stream may be closed: there is nowhere to tell that.
pub fn refuse(refusal: &Refusal, format: Format) {
    let hint = refusal.hint.as_ref().map(|hint| hint.as_str());
    tell(&refusal.message, hint);
    let lines = match format {
        Format::Json => Lines::Many,
        Format::Jsonl => Lines::One,
        _ => return,
    };
    let _ = json::error(refusal.exit_code, sentence(&refusal.message), hint, lines, &mut io::stdout().lock());
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
