//! A check as the one line that Nagios and Icinga read: state, words, and performance data with check_http's labels.

use std::io::{self, Write};
use std::time::Duration;

use super::escape;
use super::style::Charset;
use crate::check::{Checked, Range, State, Thresholds, days_left};
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline::{Phase, phases_of_all};
use crate::trace::Trace;

/// Writes the line.
///
/// # Errors
/// Only those of `out`.
pub fn check_line(
    report: &Redacted<TraceReport>,
    checked: &Checked,
    thresholds: &Thresholds,
    timeout: Duration,
    out: &mut dyn Write,
) -> io::Result<()> {
    let trace = &report.trace;
    let state = checked.state.as_str();
    match trace.failure() {
        // What it came to so far says nothing of how long it takes.
        Some(failure) => {
            writeln!(out, "HTTP {state}: {}: {}", failure.stage.as_str(), clean(&failure.message))
        }
        None => {
            let data = performance(trace, thresholds, timeout);
            writeln!(out, "HTTP {state}: {} |{data}", clean(&words(trace, checked)))
        }
    }
}

/// Why nothing was checked, on standard output, where the guidelines want it.
pub(super) fn refused(message: &str) {
    let first = message.lines().next().unwrap_or_default();
    // A stream may be closed: there is nowhere to tell that.
    let _ = writeln!(io::stdout().lock(), "HTTP {}: {}", State::Unknown.as_str(), clean(first));
}

/// A bar would begin the performance data.
fn clean(text: &str) -> String {
    escape::text(text, Charset::Unicode).replace('|', "/").replace('\n', " ")
}

fn words(trace: &Trace, checked: &Checked) -> String {
    let took = format!("{:.3} second response time", trace.total.as_secs_f64());
    let http = trace.hops().next_back().and_then(|hop| hop.http.ran());
    let line = http.and_then(|http| {
        let reason = http.reason.as_deref().filter(|reason| !reason.is_empty());
        let reason = reason.map_or_else(String::new, |reason| format!(" {reason}"));
        Some(format!(
            "{} {}{reason} - {} bytes in ",
            http.version.as_str(),
            http.status?,
            http.bytes_received
        ))
    });
    let why: String = checked.reasons.iter().map(|reason| format!(" - {reason}")).collect();
    format!("{}{took}{why}", line.unwrap_or_default())
}

/// Labels of check_http's, and some of the same kind.
const LABELS: [(&str, Phase); 8] = [
    ("time_dns", Phase::Dns),
    ("time_connect", Phase::Connect),
    ("time_proxy", Phase::Proxy),
    ("time_ssl", Phase::Tls),
    ("time_quic", Phase::Quic),
    ("time_headers", Phase::Send),
    ("time_firstbyte", Phase::Wait),
    ("time_transfer", Phase::Receive),
];

fn performance(trace: &Trace, thresholds: &Thresholds, timeout: Duration) -> String {
    let range =
        |range: &Option<Range>| range.as_ref().map_or_else(String::new, |range| range.text().to_owned());
    let (warning, critical) = (range(&thresholds.warning), range(&thresholds.critical));
    // No limit is no maximum.
    let most = if timeout == Duration::MAX { String::new() } else { format!("{:.6}", timeout.as_secs_f64()) };
    let total = trace.total.as_secs_f64();
    let mut data = vec![format!("time={total:.6}s;{warning};{critical};0.000000;{most}")];
    if let Some(http) = trace.hops().next_back().and_then(|hop| hop.http.ran()) {
        data.push(format!("size={}B;;;0", http.bytes_received));
    }
    let phases = phases_of_all(trace);
    for (label, phase) in LABELS {
        if let Some(us) = phases.spent[phase] {
            data.push(format!("{label}={}.{:06}s;;;;{most}", us / 1_000_000, us % 1_000_000));
        }
    }
    if let (Some(days), Some(left)) = (thresholds.certificate, days_left(trace)) {
        // More than so many days are in order.
        let least = |days: u32| format!("{}:", i64::from(days) + 1);
        data.push(format!("cert_days={left};{};{}", least(days.warning), least(days.critical)));
    }
    data.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Days, check};
    use crate::redact::Secrets;
    use crate::render::testtrace;

    fn line(trace: &Trace) -> String {
        let thresholds = Thresholds {
            warning: Range::read("0.2"),
            critical: Range::read("10"),
            certificate: Some(Days { warning: 30, critical: 14 }),
        };
        let checked = check(trace, &thresholds);
        let mut out = Vec::new();
        let report = testtrace::report(trace, Secrets::Hide);
        check_line(&report, &checked, &thresholds, Duration::from_secs(10), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_line_is_state_words_and_performance_data() {
        insta::assert_snapshot!(line(&testtrace::success()));
    }

    #[test]
    fn every_trace_is_one_line_with_one_bar_at_most() {
        for (name, trace) in testtrace::all() {
            let line = line(&trace);
            assert_eq!(line.matches('\n').count(), 1, "{name}: {line}");
            assert_eq!(line.matches('|').count(), usize::from(trace.failure().is_none()), "{name}: {line}");
            let data = line.split_once('|').map_or("", |(_, data)| data.trim_end());
            for item in data.split_whitespace() {
                let (label, value) = item.split_once('=').unwrap();
                assert!(label.len() <= 19 && value.matches(';').count() <= 4, "{name}: {item}");
            }
        }
    }
}
