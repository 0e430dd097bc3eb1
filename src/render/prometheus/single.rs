//! Metrics of one sample: a number, a text, a time.

use std::time::{SystemTime, UNIX_EPOCH};

use super::exposition::{Family, Kind, Label, Value};

/// A gauge with one sample or none.
pub(super) fn single(name: &'static str, help: &'static str, value: Option<Value>) -> Family {
    let mut family = Family::new(name, Kind::Gauge, help);
    if let Some(value) = value {
        family.add(Vec::new(), value);
    }
    family
}

/// A text as a metric.
pub(super) fn info(name: &'static str, help: &'static str, labels: Option<Vec<Label>>) -> Family {
    let mut family = Family::new(name, Kind::Info, help);
    if let Some(labels) = labels {
        family.add(labels, Value::Whole(1));
    }
    family
}

/// When a trace began.
pub(super) fn started(at: SystemTime) -> Family {
    let since = at.duration_since(UNIX_EPOCH).ok().map(|since| since.as_micros());
    let value = since.map(|us| Value::Micros(u64::try_from(us).unwrap_or(u64::MAX)));
    single("urltrace_start_timestamp_seconds", "When the trace began, in Unix time.", value)
}

/// What wrote it.
#[must_use]
pub fn build() -> Family {
    let labels = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    info("urltrace_build_info", "The version of urltrace.", Some(labels))
}

/// Whole seconds of Unix time, before 1970 too.
pub(super) fn unix_seconds(at: SystemTime) -> i64 {
    let whole = |since: std::time::Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}
