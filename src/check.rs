//! A trace judged as a check of Nagios and Icinga: by thresholds, status and certificate, to one of four states.
//!
//! Pure. The rules are those of the Monitoring Plugins Development Guidelines: what is wrong with the target is critical,
//! names that do not resolve and time-outs included; unknown is for what could not be asked.

use crate::trace::{FailureCode, StageName, Trace};

/// What a check comes to; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// Beyond a warning.
    Warning,
    /// Does not work, or beyond what is tolerable.
    Critical,
    /// Could not be asked.
    Unknown,
}

impl State {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// The word on the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// How bad it is: what does not work is worse than what could not be asked.
    const fn rank(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
    }
}

/// A range of numbers that is in order: `10`, `10:`, `~:10`, `10:20`; with `@` before it, one that is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    is_inverted: bool,
    text: String,
}

impl Range {
    /// Reads one; `None` where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (is_inverted, range) = text.strip_prefix('@').map_or((false, text), |range| (true, range));
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let (start, end) = match range.split_once(':') {
            None => (0.0, number(range)?),
            Some((start, end)) => {
                // A start of 0 may be left out (Monitoring Plugins guidelines).
                let start = match start {
                    "~" => f64::NEG_INFINITY,
                    "" if !end.is_empty() => 0.0,
                    start => number(start)?,
                };
                (start, if end.is_empty() { f64::INFINITY } else { number(end)? })
            }
        };
        // As check_http writes a plain number.
        let text = number(text).map_or_else(|| text.to_owned(), |number| format!("{number:.6}"));
        (start <= end).then_some(Self { start, end, is_inverted, text })
    }

    fn alerts(&self, value: f64) -> bool {
        let is_inside = self.start <= value && value <= self.end;
        is_inside == self.is_inverted
    }

    /// As it stands in performance data.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What a check holds a trace against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Seconds of the whole beyond which it warns.
    pub warning: Option<Range>,
    /// Seconds of the whole beyond which it is critical.
    pub critical: Option<Range>,
    /// Days of the certificate.
    pub certificate: Option<Days>,
}

/// The days that a certificate has to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// With as many left or fewer it warns.
    pub warning: u32,
    /// With as many left or fewer it is critical.
    pub critical: u32,
}

/// A state, and what it comes of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The worst of all.
    pub state: State,
    /// What is not in order, in words; the failure has its own.
    pub reasons: Vec<String>,
}

/// Judges a trace.
#[must_use]
pub fn check(trace: &Trace, thresholds: &Thresholds) -> Checked {
    if let Some(failure) = trace.failure() {
        let is_ours = failure.stage == StageName::Url
            || matches!(failure.code, FailureCode::OutputFailed | FailureCode::RequestBodyFailed);
        return Checked {
            state: if is_ours { State::Unknown } else { State::Critical },
            reasons: Vec::new(),
        };
    }
    let found = [status(trace), time(trace, thresholds), certificate(trace, thresholds)];
    let mut all: Vec<(State, String)> = found.into_iter().flatten().collect();
    all.sort_by_key(|(state, _)| std::cmp::Reverse(state.rank()));
    let state = all.first().map_or(State::Ok, |(state, _)| *state);
    Checked { state, reasons: all.into_iter().map(|(_, reason)| reason).collect() }
}

fn status(trace: &Trace) -> Option<(State, String)> {
    let http = trace.hops().next_back()?.http.ran()?;
    // In gRPC the status of HTTP tells only how the way was.
    if let Some(call) = http.grpc.as_ref().filter(|call| !call.is_good()) {
        let health = call.serving.map(|serving| serving.as_str().to_owned());
        let status =
            || call.status.map_or_else(|| "no status".to_owned(), |status| format!("status {}", status.code));
        return Some((State::Critical, format!("gRPC {}", health.unwrap_or_else(status))));
    }
    let status = http.status?;
    match status {
        400..=499 => Some((State::Warning, format!("status {status}"))),
        500.. => Some((State::Critical, format!("status {status}"))),
        _ => None,
    }
}

fn time(trace: &Trace, thresholds: &Thresholds) -> Option<(State, String)> {
    let seconds = trace.total.as_secs_f64();
    let alerts = |range: &Option<Range>| range.as_ref().filter(|range| range.alerts(seconds)).cloned();
    let (state, range) = match (alerts(&thresholds.critical), alerts(&thresholds.warning)) {
        (Some(range), _) => (State::Critical, range),
        (None, Some(range)) => (State::Warning, range),
        (None, None) => return None,
    };
    Some((state, format!("took {seconds:.3} s, outside the range {}", range.text())))
}

/// The days that the certificate of the last request has left.
#[must_use]
pub fn days_left(trace: &Trace) -> Option<i64> {
    let hop = trace.hops().next_back()?;
    let tls = hop.connection?.tls.as_ref().ran()?;
    tls.chain.first().map(|leaf| leaf.days_left)
}

fn certificate(trace: &Trace, thresholds: &Thresholds) -> Option<(State, String)> {
    let Days { warning, critical } = thresholds.certificate?;
    let Some(left) = days_left(trace) else {
        return Some((State::Unknown, "no certificate was shown".to_owned()));
    };
    let state = if left <= i64::from(critical) {
        State::Critical
    } else if left <= i64::from(warning) {
        State::Warning
    } else {
        return None;
    };
    Some((state, format!("the certificate has {left} days left")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn ranges_are_those_of_the_guidelines() {
        // Each with numbers that are in order, and that are not.
        for (text, fine, not) in [
            ("10", &[0.0, 10.0][..], &[-1.0, 10.5][..]),
            ("10:", &[10.0, 1e9], &[9.9]),
            (":10", &[0.0, 10.0], &[-1.0, 10.5]),
            ("~:10", &[-1e9, 10.0], &[10.1]),
            ("10:20", &[10.0, 20.0], &[9.0, 21.0]),
            ("@10:20", &[9.0, 21.0], &[10.0, 15.0, 20.0]),
        ] {
            let range = Range::read(text).unwrap();
            assert!(fine.iter().all(|value| !range.alerts(*value)), "{text}");
            assert!(not.iter().all(|value| range.alerts(*value)), "{text}");
        }
        for text in ["", "x", "20:10", ":", "nan", "inf", "1:x"] {
            assert_eq!(Range::read(text), None, "{text}");
        }
        assert_eq!(["1.5", "10:"].map(|text| Range::read(text).unwrap().text), ["1.500000", "10:"]);
    }

    fn of(status: u16, total: u64, days: i64, thresholds: &Thresholds) -> Checked {
        let mut trace = sample::success();
        trace.total = std::time::Duration::from_millis(total);
        trace.requests.last_mut().unwrap().http.ran_mut().unwrap().status = Some(status);
        trace.connections.last_mut().unwrap().tls.ran_mut().unwrap().chain[0].days_left = days;
        check(&trace, thresholds)
    }

    #[test]
    fn the_worst_decides() {
        let thresholds = Thresholds {
            warning: Range::read("1"),
            critical: Range::read("2"),
            certificate: Some(Days { warning: 30, critical: 14 }),
        };
        for (status, total, days, state) in [
            (200, 900, 31, State::Ok),
            (302, 900, 31, State::Ok),
            (404, 900, 31, State::Warning),
            (503, 900, 31, State::Critical),
            (200, 1_500, 31, State::Warning),
            (200, 2_500, 31, State::Critical),
            (200, 900, 30, State::Warning),
            (200, 900, 14, State::Critical),
            (404, 900, 14, State::Critical),
        ] {
            let checked = of(status, total, days, &thresholds);
            assert_eq!(checked.state, state, "{status} {total} {days}: {checked:?}");
            assert_eq!(checked.reasons.is_empty(), state == State::Ok, "{checked:?}");
        }
        assert_eq!(of(200, 90_000, 0, &Thresholds::default()).state, State::Ok, "nothing was asked");
    }

    #[test]
    fn what_failed_is_critical_and_what_could_not_be_asked_is_unknown() {
        for (name, trace) in sample::all() {
            let Some(failure) = trace.failure() else { continue };
            let unknown = failure.stage == StageName::Url
                || matches!(failure.code, FailureCode::OutputFailed | FailureCode::RequestBodyFailed);
            let state = check(&trace, &Thresholds::default()).state;
            assert_eq!(state, if unknown { State::Unknown } else { State::Critical }, "{name}");
        }
        let mut trace = sample::success();
        trace.connections.last_mut().unwrap().tls = crate::trace::Stage::Skipped("x");
        let wanted =
            Thresholds { certificate: Some(Days { warning: 1, critical: 0 }), ..Thresholds::default() };
        assert_eq!(check(&trace, &wanted).state, State::Unknown, "there is no certificate to judge");
    }
}
