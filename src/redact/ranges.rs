//! Which bytes of a text are secret.

use std::ops::Range;

/// What stands where a secret was.
pub(super) const REDACTED: &str = "[redacted]";

/// Secret parts of one text, in any order; they may overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// Adds a part, if there is anything in it.
    pub(super) fn push(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The parts of `text`.
    pub(super) fn of<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter_map(|range| text.get(range.clone()))
    }

    /// `text` with the parts replaced; `None` when there are none. What touches becomes one.
    pub(super) fn cut(mut self, text: &[u8]) -> Option<Vec<u8>> {
        // What was taken out before stays out, and nothing of it is taken for a secret.
        self.0.retain(|range| !is_out(text, range));
        self.0.sort_by_key(|range| range.start);
        let mut out = Vec::with_capacity(text.len());
        let mut done: Option<usize> = None;
        for Range { start, end } in self.0 {
            let from = done.unwrap_or(0);
            if done.is_none_or(|done| start > done) {
                out.extend_from_slice(text.get(from..start)?);
                out.extend_from_slice(REDACTED.as_bytes());
            }
            done = Some(from.max(end));
        }
        out.extend_from_slice(text.get(done?..)?);
        Some(out)
    }
}

/// Whether a part is the mark of a secret that was taken out before, or lies in one.
fn is_out(text: &[u8], part: &Range<usize>) -> bool {
    let mark = REDACTED.as_bytes();
    let holds = |from: usize| {
        text.get(from..).is_some_and(|rest| rest.starts_with(mark)) && part.end <= from + mark.len()
    };
    ((part.start + 1).saturating_sub(mark.len())..=part.start).any(holds)
}
