//! Moments in fields: HTTP's dates (RFC 9110 §5.6.7), and the response's own time.

use std::time::{Duration, SystemTime};

use super::fields::Fields;
use crate::trace::Header;

/// Whose clock a moment is reckoned by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockOf {
    /// The server's: the response has a Date.
    Server,
    /// This machine's.
    Here,
}

impl ClockOf {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Here => "here",
        }
    }
}

/// A date in one of the three forms that a recipient has to read.
#[must_use]
pub fn http_date(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    if let Ok(zoned) = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(text) {
        return Some(zoned.timestamp().into());
    }
    let forms = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let read = |form: &&str| jiff::civil::DateTime::strptime(form, text).ok();
    let zoned = forms.iter().find_map(read)?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().into())
}

/// The Date of a response.
#[must_use]
pub fn sent_date(headers: &[Header]) -> Option<SystemTime> {
    http_date(&Fields::of(headers).value("date")?)
}

/// A date of RFC 3339.
pub(super) fn timestamp(text: &str) -> Option<SystemTime> {
    text.trim().parse::<jiff::Timestamp>().ok().map(Into::into)
}

/// Seconds since 1970, where they are of this age.
pub(super) fn unix(seconds: u64) -> Option<SystemTime> {
    let plausible = (1_000_000_000..10_000_000_000).contains(&seconds);
    plausible.then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// When the response was made: by its Date, else `here`, when it came.
pub(super) fn moment(headers: &[Header], here: SystemTime) -> (SystemTime, ClockOf) {
    match sent_date(headers) {
        Some(date) => (date, ClockOf::Server),
        None => (here, ClockOf::Here),
    }
}

/// A moment, RFC 3339, UTC, to the second.
#[must_use]
pub fn spoken(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map_or_else(|_| "a time beyond all calendars".to_owned(), |at| format!("{at:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_dates_are_read() {
        let wanted = unix(1_730_883_000 + 6_777).unwrap();
        for text in
            ["Wed, 06 Nov 2024 10:42:57 GMT", "Wednesday, 06-Nov-24 10:42:57 GMT", "Wed Nov  6 10:42:57 2024"]
        {
            assert_eq!(http_date(text), Some(wanted), "{text}");
        }
        for text in ["", "0", "-1", "tomorrow", "Wed, 99 Nov 2024 10:42:57 GMT"] {
            assert_eq!(http_date(text), None, "{text}");
        }
        assert_eq!((unix(5), unix(u64::MAX)), (None, None));
    }
}
