//! The statuses that are expected of a URL (`--expect`), as they are written and as they are judged.

use std::fmt;
use std::ops::RangeInclusive;

use crate::trace::Trace;

/// Ranges in one list at most.
const MOST: usize = 32;

/// Statuses, of which the last response has to have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    /// Reads `200,301-308`.
    ///
    /// # Errors
    /// What is not a list of statuses (RFC 9110 §15: three digits, 100 to 599 and what comes behind them); the text
    /// says which part.
    pub fn read(text: &str) -> Result<Self, String> {
        let status = |text: &str| {
            let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|status| digits && *status >= 100)
        };
        let range = |part: &str| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let range = status(from.trim())?..=status(to.trim())?;
            (!range.is_empty()).then_some(range)
        };
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > MOST {
            return Err(format!("{} statuses and ranges are more than {MOST}", parts.len()));
        }
        let read = |part: &&str| {
            range(part).ok_or_else(|| format!("`{part}` is neither a status nor a range of them"))
        };
        parts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }

    /// Whether the last response of a trace has one of them.
    #[must_use]
    pub fn admit(&self, trace: &Trace) -> bool {
        trace.last_status().is_some_and(|status| self.contain(status))
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, range) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let (from, to) = (range.start(), range.end());
            if from == to {
                write!(out, "{comma}{from}")?;
            } else {
                write!(out, "{comma}{from}-{to}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_and_ranges() {
        let statuses = Statuses::read("200, 301-308").unwrap();
        assert_eq!(statuses.to_string(), "200,301-308");
        for (status, wanted) in
            [(200, true), (201, false), (300, false), (301, true), (308, true), (309, false)]
        {
            assert_eq!(statuses.contain(status), wanted, "{status}");
        }
        for bad in ["", "2xx", "20", "2000", "099", "308-301", "200,", "200-", "+200", "200 301"] {
            assert!(Statuses::read(bad).is_err(), "{bad:?}");
        }
    }
}
