//! Numbers as people read them: durations, byte counts, shares.
//!
//! The verdict, the findings and the text report word their numbers here, so that the same
//! measurement reads the same wherever it stands. No colours, no layout.

use std::time::Duration;

/// A duration with three significant digits: `0.31 ms`, `1.24 ms`, `812 ms`, `1.02 s`. Below a
/// millisecond two decimals, and three below ten microseconds, so that only zero reads as zero.
#[must_use]
pub fn duration(duration: Duration) -> String {
    micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// [`duration`] of whole microseconds.
#[must_use]
pub fn micros(us: u64) -> String {
    match us {
        0 => "0 ms".to_owned(),
        1..=9 => format!("0.{us:03} ms"),
        10..=994 => format!("0.{:02} ms", (us + 5) / 10),
        // 999.5 ms and more would round to the four digits of "1000 ms".
        995..=999_499 => format!("{} ms", three_digits(us, 1_000)),
        _ => format!("{} s", three_digits(us, 1_000_000)),
    }
}

/// `value / unit` with three significant digits; more digits only before the decimal point.
fn three_digits(value: u64, unit: u64) -> String {
    // A decimal more is kept as long as rounding at that decimal leaves three digits in all.
    for (decimals, scale, limit) in [(2, 100, 1_000), (1, 10, 1_000)] {
        let scaled = (value.saturating_mul(scale).saturating_add(unit / 2)) / unit;
        if scaled < limit {
            return format!("{}.{:0decimals$}", scaled / scale, scaled % scale);
        }
    }
    ((value.saturating_add(unit / 2)) / unit).to_string()
}

/// A limit as it was given: `5 s`, `1.5 s`, `200 ms`.
#[must_use]
pub fn limit(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", duration.as_secs_f64())
    }
}

/// A wait that somebody asked for, in whole seconds or days: `120 s`, `3 days`.
#[must_use]
pub fn wait(duration: Duration) -> String {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    match whole / 86_400 {
        0 | 1 => format!("{whole} s"),
        days => format!("{days} days"),
    }
}

/// A byte count in decimal units: `812 B`, `4.1 kB`, `412 kB`, `1.3 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];
    if count < 1_000 {
        return format!("{count} B");
    }
    let count = u128::from(count);
    for (name, unit) in UNITS.map(|(name, unit)| (name, u128::from(unit))) {
        let (tenths, whole) = ((count * 10 + unit / 2) / unit, (count + unit / 2) / unit);
        if tenths < 1_000 {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        if whole < 1_000 || name == "TB" {
            return format!("{whole} {name}");
        }
    }
    unreachable!("the last unit takes every count")
}

/// The share of `part` in `whole` in whole percent, rounded; `None` when there is no whole.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<u8> {
    let share = (u128::from(part) * 100 + u128::from(whole) / 2).checked_div(u128::from(whole))?;
    Some(u8::try_from(share.min(100)).unwrap_or(100))
}

/// A share for people: `74 %`, and `<1 %` for what rounds to nothing without being nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    match percent(part, whole) {
        None => String::new(),
        Some(0) if part > 0 => "<1 %".to_owned(),
        Some(percent) => format!("{percent} %"),
    }
}

/// A count and its noun: `1 packet`, `4 packets`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The items of a list that a sentence has room for, and how many more there are.
pub(crate) fn few<T: AsRef<str>>(items: &[T], between: &str) -> String {
    const MOST: usize = 8;
    let mut told: Vec<&str> = items.iter().take(MOST).map(AsRef::as_ref).collect();
    let more = format!("and {} more", items.len().saturating_sub(MOST));
    told.extend((items.len() > MOST).then_some(more.as_str()));
    told.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_whole() {
        let words = [(0, 0), (119, 1), (120, 0), (172_799, 0), (172_800, 1), (2_300_190_371, 561_006_000)];
        let words = words.map(|(seconds, nanos)| wait(Duration::new(seconds, nanos)));
        assert_eq!(words, ["0 s", "120 s", "120 s", "172799 s", "2 days", "26622 days"]);
    }

    #[test]
    fn durations_keep_three_digits_at_every_size() {
        for (us, text) in [
            (0, "0 ms"),
            (1, "0.001 ms"),
            (9, "0.009 ms"),
            (10, "0.01 ms"),
            (312, "0.31 ms"),
            (994, "0.99 ms"),
            (995, "1.00 ms"),
            (1_000, "1.00 ms"),
            (1_236, "1.24 ms"),
            (9_994, "9.99 ms"),
            (9_995, "10.0 ms"),
            (38_249, "38.2 ms"),
            (99_949, "99.9 ms"),
            (99_950, "100 ms"),
            (812_000, "812 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (1_020_000, "1.02 s"),
            (30_000_000, "30.0 s"),
            (123_400_000, "123 s"),
            (4_000_000_000, "4000 s"),
        ] {
            assert_eq!(micros(us), text, "{us}");
        }
        assert_eq!(duration(Duration::from_nanos(312_900)), "0.31 ms");
        assert!(micros(u64::MAX).ends_with(" s"));
    }

    #[test]
    fn limits_stand_as_they_were_given() {
        assert_eq!(limit(Duration::from_secs(5)), "5 s");
        assert_eq!(limit(Duration::from_millis(1_500)), "1.5 s");
        assert_eq!(limit(Duration::from_millis(200)), "200 ms");
    }

    #[test]
    fn byte_counts_use_decimal_units() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (4_096, "4.1 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (412_345, "412 kB"),
            (999_499, "999 kB"),
            (999_999, "1.0 MB"),
            (1_300_000, "1.3 MB"),
            (7_000_000_000, "7.0 GB"),
        ] {
            assert_eq!(bytes(count), text, "{count}");
        }
        assert!(bytes(u64::MAX).ends_with(" TB"));
    }

    #[test]
    fn a_share_is_never_zero_for_something() {
        assert_eq!(share(284, 384), "74 %");
        assert_eq!(share(1, 100_000), "<1 %");
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(share(1, 0), "");
        assert_eq!(percent(u64::MAX, 1), Some(100));
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "packet"), "1 packet");
        assert_eq!(count(0, "packet"), "0 packets");
    }
}
