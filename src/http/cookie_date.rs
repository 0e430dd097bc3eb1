//! Dates of cookies, read as leniently as RFC 6265 §5.1.1 says: a time, a day, a month and a year in any order
//! between anything else.

use std::time::{Duration, SystemTime};

use jiff::civil::Date;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date; `None` where there is none. One before 1970 is 1970.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of_day(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = digits(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = digits(token, 2..=4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let ((hour, minute, second), day) = (time?, day?);
    if year < 1601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let date = Date::new(i16::try_from(year).ok()?, month?, i8::try_from(day).ok()?).ok()?;
    let days = (date - Date::constant(1970, 1, 1)).get_days();
    let seconds = i64::from(days) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// What parts the tokens.
const fn is_delimiter(char: char) -> bool {
    matches!(char, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// A number of so many digits, with anything but a digit behind it.
fn digits(token: &str, count: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let end = token.find(|char: char| !char.is_ascii_digit()).unwrap_or(token.len());
    if count.contains(&end) { token[..end].parse().ok() } else { None }
}

fn month_of(token: &str) -> Option<i8> {
    let start = token.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == start).and_then(|place| i8::try_from(place + 1).ok())
}

/// `8:49:37`, with anything but a digit behind it.
fn time_of_day(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let mut whole = || {
        let part = parts.next()?;
        digits(part, 1..=2).filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (hour, minute) = (whole()?, whole()?);
    Some((hour, minute, digits(parts.next()?, 1..=2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_spelling_that_servers_have() {
        let moment = Some(784_111_777);
        let table = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", moment),
            ("Sunday, 06-Nov-94 08:49:37 GMT", moment),
            ("Sun Nov  6 08:49:37 1994", moment),
            ("06 Nov 1994 8:49:37", moment),
            ("1994 Nov 06 08:49:37", moment),
            ("Nov 06 94 08:49:37 UTC", moment),
            ("06-november-1994 08:49:37z", moment),
            ("Fri, 01 Jan 2038 00:00:00 GMT", Some(2_145_916_800)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Mon, 01 Jan 1601 00:00:00 GMT", Some(0)),
            ("Mon, 01 Jan 1600 00:00:00 GMT", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 1994", None),
            ("08:49:37", None),
            ("é 06 é Nov 1994 08:49:37", moment),
            ("", None),
        ];
        for (text, wanted) in table {
            let found = read(text).map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
            assert_eq!(found, wanted, "{text}");
        }
    }
}
