//! The progress line on a terminal, gone before the report is printed.
//!
//! A measured path only sets a word; drawing is done by the library's own thread, a few times a
//! second. Nothing is drawn, and no thread is started, unless the caller says that standard error
//! is a terminal.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::UnicodeWidthChar;

use super::escape;
use super::style::Charset;
use crate::redact::Redacted;
use crate::units;

/// Redraws a second: enough for the eye, next to nothing for the machine.
const REDRAWS: u8 = 8;

/// Columns shown: a line that wraps could not be taken away whole.
const LONGEST: usize = 60;
/// Columns that stand in front: the spinner and a space; and the last one, in which some terminals wrap.
const SPINNER: usize = 3;

/// Columns of the bar of an upload, without its ends.
const BAR: u64 = 20;
/// Columns of the bar of many runs, with what it says of their end.
const RUNS_BAR: usize = 32;

/// How much of a request's body has gone out, and how much there is, where that is known.
pub type Uploaded = Arc<dyn Fn() -> (u64, Option<u64>) + Send + Sync>;

/// A progress line on standard error.
#[derive(Debug)]
pub struct Progress {
    line: Option<(ProgressBar, Arc<Mutex<String>>)>,
    columns: usize,
    length: Length,
}

/// What there is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// One thing, for as long as it takes.
    Unknown,
    /// So many.
    Count,
    /// So long.
    Time,
}

impl Progress {
    /// A progress line on a terminal of so many columns, or one that does nothing.
    #[must_use]
    pub fn new(terminal: Option<usize>) -> Self {
        Self::with_upload(terminal, None)
    }

    /// The same, which shows a body on its way out.
    #[must_use]
    pub fn with_upload(terminal: Option<usize>, uploaded: Option<Uploaded>) -> Self {
        Self::of(terminal, SPINNER, Length::Unknown, ("{spinner} {stage}", None), uploaded)
    }

    /// The same with a bar of so many runs, or of so much time where that ends them, and when the end is expected.
    #[must_use]
    pub fn counting(terminal: Option<usize>, runs: usize, time: Option<Duration>) -> Self {
        let (length, end) = match time {
            None => (Length::Count, u64::try_from(runs).unwrap_or(u64::MAX)),
            Some(time) => (Length::Time, u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        };
        let template = ("{spinner} [{bar:16}] ends in {eta} {stage}", Some(end));
        Self::of(terminal, SPINNER + RUNS_BAR, length, template, None)
    }

    fn of(
        terminal: Option<usize>,
        beside: usize,
        length: Length,
        (template, end): (&str, Option<u64>),
        uploaded: Option<Uploaded>,
    ) -> Self {
        let columns = terminal.unwrap_or_default().saturating_sub(beside).min(LONGEST);
        if columns == 0 {
            return Self { line: None, columns, length };
        }
        let word = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&word);
        let style = ProgressStyle::default_spinner().with_key(
            "stage",
            move |_: &ProgressState, out: &mut dyn Write| {
                let word = shown.lock().unwrap_or_else(PoisonError::into_inner);
                let upload = uploaded.as_ref().and_then(|uploaded| {
                    let (sent, whole) = uploaded();
                    upload(sent, whole)
                });
                // A line that cannot be drawn is no reason to stop a trace.
                let _ = match upload {
                    Some(upload) if columns >= upload.len() => {
                        let room = columns - upload.len();
                        let word: String = word.chars().take(room.saturating_sub(1)).collect();
                        write!(out, "{upload} {word}")
                    }
                    _ => out.write_str(&word),
                };
            },
        );
        let Ok(style) = style.template(template) else { return Self { line: None, columns, length } };
        let bar = ProgressBar::with_draw_target(end, ProgressDrawTarget::stderr_with_hz(REDRAWS))
            .with_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(1_000 / u64::from(REDRAWS)));
        Self { line: Some((bar, word)), columns, length }
    }

    /// Says how many of many are done, and since when.
    pub fn count(&self, done: usize, since: Duration) {
        if let Some((bar, _)) = &self.line {
            bar.set_position(match self.length {
                Length::Unknown | Length::Count => u64::try_from(done).unwrap_or(u64::MAX),
                Length::Time => u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            });
        }
    }

    /// Says what is going on, if anybody looks. Names from outside pass the escaper.
    pub fn stage(&self, stage: impl FnOnce() -> Redacted<String>) {
        if let Some((_, word)) = &self.line {
            let stage = stage();
            let mut room = self.columns;
            let fits = |char: &char| {
                let width = char.width().unwrap_or(0);
                room.checked_sub(width).inspect(|rest| room = *rest).is_some()
            };
            let stage = escape::text(&stage, Charset::Unicode).chars().take_while(fits).collect();
            *word.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        if let Some((bar, _)) = &self.line {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The bar of a body that is under way; `None` before it, and when all of it is sent.
fn upload(sent: u64, whole: Option<u64>) -> Option<String> {
    match whole {
        _ if sent == 0 => None,
        Some(whole) if sent >= whole => None,
        Some(whole) => {
            let share =
                |of: u64| u64::try_from(u128::from(sent) * u128::from(of) / u128::from(whole)).unwrap_or(of);
            let done = usize::try_from(share(BAR)).unwrap_or_default();
            let left = usize::try_from(BAR).unwrap_or_default().saturating_sub(done);
            let bar = format!("{}{}", "#".repeat(done), "-".repeat(left));
            Some(format!("[{bar}] {} % of {}", share(100), units::bytes(whole)))
        }
        None => Some(format!("{} sent", units::bytes(sent))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Secrets, redact};

    #[test]
    fn a_silent_progress_line_starts_nothing() {
        let progress = Progress::new(None);
        progress.stage(|| redact("asking the root".to_owned(), Secrets::Hide));
        progress.finish();
        assert!(progress.line.is_none());
    }

    #[test]
    fn a_body_on_its_way_has_a_bar() {
        assert_eq!(upload(0, Some(100)), None);
        assert_eq!(upload(100, Some(100)), None);
        let half = upload(1 << 29, Some(1 << 30)).unwrap();
        assert!(half.starts_with("[##########----------] 50 % of "), "{half}");
        assert!(upload(5 << 20, None).unwrap().ends_with(" sent"));
        assert!(upload(u64::MAX - 1, Some(u64::MAX)).unwrap().starts_with("[###################-] 99 %"));
    }

    #[test]
    fn the_word_is_escaped_and_the_line_can_end_twice() {
        let progress = Progress::new(Some(80));
        progress.stage(|| redact("walking \u{1b}[2J https://ann:pw@host/".to_owned(), Secrets::Hide));
        let (_, word) = progress.line.as_ref().unwrap();
        assert_eq!(*word.lock().unwrap(), r"walking \x1b[2J https://[redacted]@host/");
        progress.finish();
        progress.finish();
    }

    #[test]
    fn the_line_fits_a_narrow_terminal_in_columns() {
        let progress = Progress::new(Some(13));
        progress.stage(|| redact("dns \u{6f22}\u{5b57}\u{6f22}\u{5b57}.example".to_owned(), Secrets::Hide));
        assert_eq!(*progress.line.as_ref().unwrap().1.lock().unwrap(), "dns \u{6f22}\u{5b57}\u{6f22}");
    }
}
