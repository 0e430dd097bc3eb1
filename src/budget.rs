//! Budgets: what a run, or many, may cost at most, and whether it held.
//!
//! Pure: they are read from words and judged by what was measured. What breaks one ends the process is elsewhere.

use std::time::Duration;

use crate::nearest::nearest;
use crate::runs::{Percentile, Spread, Summary};
use crate::timeline::{Phase, phases_of_all};
use crate::trace::Trace;

/// Why there is no number of days: no limit holds.
const EXPIRED: &str = "the certificate has expired";

/// A limit on one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What is limited.
    pub measure: Measure,
    /// Of many runs, which number of theirs; a plain budget is on the median of times and the worst of the others.
    pub of_runs: Option<OfRuns>,
    /// The most that it may be, in microseconds, bytes, redirects; of days the least.
    pub limit: u64,
}

/// A number of many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfRuns {
    /// That percentile.
    Percentile(Percentile),
    /// The largest.
    Max,
}

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// From t0 to the end.
    Total,
    /// A phase, over all requests of the run.
    Phase(Phase),
    /// Bytes of all responses, as they came.
    Bytes,
    /// Redirects that were followed.
    Redirects,
    /// Days that the certificate of the last request is still valid: this is at least.
    CertificateDays,
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Us,
    /// Bytes.
    Bytes,
    /// How many.
    Count,
    /// Days.
    Days,
}

impl Unit {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Days => "days",
        }
    }
}

/// A budget and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What was asked.
    pub budget: Budget,
    /// What was measured; `None` where nothing was.
    pub actual: Option<u64>,
    /// Whether it held; `None` where that cannot be said.
    pub held: Option<bool>,
    /// Why nothing was measured.
    pub reason: Option<String>,
}

impl Measure {
    const OTHERS: [Self; 4] = [Self::Total, Self::Bytes, Self::Redirects, Self::CertificateDays];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OTHERS.into_iter().chain(Phase::ALL.map(Self::Phase))
    }

    /// Its word on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Phase(phase) => phase.as_str(),
            Self::Bytes => "bytes",
            Self::Redirects => "redirects",
            Self::CertificateDays => "cert-days",
        }
    }

    /// Its unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Total | Self::Phase(_) => Unit::Us,
            Self::Bytes => Unit::Bytes,
            Self::Redirects => Unit::Count,
            Self::CertificateDays => Unit::Days,
        }
    }

    /// What a run came to, or why to nothing.
    fn of(self, trace: &Trace) -> Result<u64, &'static str> {
        match self {
            Self::Total => Ok(phases_of_all(trace).total),
            Self::Phase(phase) => phases_of_all(trace).spent[phase].ok_or("the phase did not happen"),
            Self::Bytes => {
                Ok(trace.hops().filter_map(|hop| hop.http.ran()).map(|http| http.bytes_received).sum())
            }
            Self::Redirects => Ok(u64::try_from(trace.redirects()).unwrap_or(u64::MAX)),
            Self::CertificateDays => {
                let tls = trace.hops().next_back().and_then(|hop| hop.connection?.tls.as_ref().ran());
                let leaf = tls.and_then(|tls| tls.chain.first()).ok_or("no certificate was shown")?;
                u64::try_from(leaf.days_left).map_err(|_| EXPIRED)
            }
        }
    }

    /// Whether more of it is better.
    #[must_use]
    pub const fn is_least(self) -> bool {
        matches!(self, Self::CertificateDays)
    }
}

impl Budget {
    /// Reads `total=500ms`, `bytes=1MB`, `p95:total=800ms`.
    ///
    /// # Errors
    /// What cannot be read, in words, and what may have been meant.
    pub fn read(word: &str) -> Result<Self, (String, Option<&'static str>)> {
        let (name, value) =
            word.split_once('=').ok_or_else(|| (format!("`{}` sets no limit", word.escape_debug()), None))?;
        Self::of_words(name.trim(), value.trim())
    }

    /// The same from name and value.
    ///
    /// # Errors
    /// See [`read`](Self::read).
    pub fn of_words(name: &str, value: &str) -> Result<Self, (String, Option<&'static str>)> {
        let (of_runs, measure) = meant(name)?;
        let limit = read_number(value, measure.unit()).ok_or_else(|| {
            let example = match measure.unit() {
                Unit::Us => "a time, such as 500ms or 2s",
                Unit::Bytes => "a number of bytes, such as 300kB or 1MB",
                Unit::Count | Unit::Days => "a whole number",
            };
            (
                format!(
                    "`{}` is no limit for {}: it takes {example}",
                    value.escape_debug(),
                    measure.as_str()
                ),
                None,
            )
        })?;
        Ok(Self { measure, of_runs, limit })
    }

    /// The same from what it is on, as [`what`](Self::what) has it, and a bare limit; `None` where nothing is so called.
    #[must_use]
    pub fn of_what(what: &str, limit: u64) -> Option<Self> {
        let (of_runs, measure) = meant(what).ok()?;
        Some(Self { measure, of_runs, limit })
    }

    /// What it is on, as on the command line.
    #[must_use]
    pub fn what(&self) -> String {
        match self.of_runs {
            None => self.measure.as_str().to_owned(),
            Some(OfRuns::Percentile(percentile)) => {
                format!("{}:{}", percentile.as_str(), self.measure.as_str())
            }
            Some(OfRuns::Max) => format!("max:{}", self.measure.as_str()),
        }
    }

    /// Whether one run keeps to it. A run that failed is not judged.
    #[must_use]
    pub fn judge(&self, trace: &Trace) -> Judged {
        if trace.failure().is_some() {
            return self.unjudged("the run failed".to_owned());
        }
        match self.measure.of(trace) {
            Ok(actual) => self.judged(actual),
            // What did not happen took no time.
            Err(why) if matches!(self.measure, Measure::Phase(_)) => {
                Judged { held: Some(true), ..self.unjudged(why.to_owned()) }
            }
            Err(why) => self.unmeasured(why),
        }
    }

    fn unmeasured(&self, why: &str) -> Judged {
        Judged { held: (why == EXPIRED).then_some(false), ..self.unjudged(why.to_owned()) }
    }

    /// Whether many runs do. Those that failed have no say.
    #[must_use]
    pub fn judge_all(&self, traces: &[&Trace], summary: &Summary) -> Judged {
        if summary.ok == 0 {
            return self.unjudged("no run came to its end".to_owned());
        }
        let whole = traces.iter().filter(|trace| trace.failure().is_none());
        let found = whole.map(|trace| self.measure.of(trace));
        let why = found.clone().find_map(Result::err);
        if let Some(why) = why.filter(|why| *why == EXPIRED) {
            return self.unmeasured(why);
        }
        let Some(spread) = Spread::of(found.flatten()) else {
            let unjudged = self.unjudged(why.unwrap_or_default().to_owned());
            let is_phase = matches!(self.measure, Measure::Phase(_));
            return Judged { held: is_phase.then_some(true), ..unjudged };
        };
        let worst = if self.measure.is_least() { spread.min() } else { spread.max() };
        let actual = match (self.of_runs, self.measure.unit()) {
            (Some(OfRuns::Percentile(percentile)), _) => spread.percentile(percentile),
            (Some(OfRuns::Max), _) => Some(spread.max()),
            (None, Unit::Us) => Some(spread.median()),
            (None, _) => Some(worst),
        };
        match (actual, self.of_runs) {
            (Some(actual), _) => self.judged(actual),
            (None, Some(OfRuns::Percentile(percentile))) => self.unjudged(format!(
                "{} takes {} runs, and there are {}",
                percentile.as_str(),
                percentile.least(),
                spread.n()
            )),
            (None, _) => self.unjudged(String::new()),
        }
    }

    fn judged(&self, actual: u64) -> Judged {
        let held = if self.measure.is_least() { actual >= self.limit } else { actual <= self.limit };
        Judged { budget: self.clone(), actual: Some(actual), held: Some(held), reason: None }
    }

    fn unjudged(&self, why: String) -> Judged {
        Judged { budget: self.clone(), actual: None, held: None, reason: Some(why) }
    }
}

/// What cannot be read, in words, and what may have been meant.
type Misread = (String, Option<&'static str>);

/// What a name on the command line stands for: a measure, and which number of many runs.
fn meant(name: &str) -> Result<(Option<OfRuns>, Measure), Misread> {
    let (of_runs, what) = match name.split_once(':') {
        None => (None, name),
        Some((prefix, what)) => {
            let percentile = Percentile::ALL.into_iter().find(|known| known.as_str() == prefix);
            let known = percentile.map(OfRuns::Percentile).or((prefix == "max").then_some(OfRuns::Max));
            let known = known.ok_or_else(|| {
                let words = Percentile::ALL.iter().map(|known| known.as_str());
                (format!("there is no `{}:`", prefix.escape_debug()), nearest(prefix, words.chain(["max"])))
            })?;
            (Some(known), what)
        }
    };
    let measure = Measure::all().find(|known| known.as_str() == what).ok_or_else(|| {
        let near = nearest(what, Measure::all().map(Measure::as_str));
        (format!("there is no budget on `{}`", what.escape_debug()), near)
    })?;
    if measure.is_least() && of_runs.is_some() {
        return Err((format!("{what} is judged by the least of all runs: it takes no prefix"), None));
    }
    Ok((of_runs, measure))
}

impl Judged {
    /// Whether it is known to hold.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held == Some(true)
    }
}

/// A number with its unit.
fn read_number(text: &str, unit: Unit) -> Option<u64> {
    let at = text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, word) = text.split_at(at);
    let number = number.trim();
    let scale = match unit {
        Unit::Us => match word {
            "us" => 1.0,
            "ms" => 1_000.0,
            "s" => 1_000_000.0,
            "m" | "min" => 60_000_000.0,
            _ => return None,
        },
        Unit::Bytes => match word {
            "" | "B" => 1.0,
            "kB" | "KB" | "k" => 1e3,
            "MB" | "M" => 1e6,
            "GB" | "G" => 1e9,
            "KiB" => 1024.0,
            "MiB" => 1024.0 * 1024.0,
            "GiB" => 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        },
        Unit::Count | Unit::Days => return if word.is_empty() { number.parse().ok() } else { None },
    };
    let value = number.parse::<f64>().ok()? * scale;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is within the range
    let whole = (0.0..1e18).contains(&value).then(|| value.round() as u64);
    whole
}

/// A number of a budget for people.
#[must_use]
pub fn words(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Us if value < 1_000 => crate::units::micros(value),
        Unit::Us => crate::units::limit(Duration::from_micros(value)),
        Unit::Bytes => crate::units::bytes(value),
        Unit::Count => value.to_string(),
        Unit::Days => crate::units::count(usize::try_from(value).unwrap_or(usize::MAX), "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Failure, FailureCode, StageName, sample};

    fn judged(word: &str, trace: &Trace) -> (Option<u64>, Option<bool>) {
        let judged = Budget::read(word).unwrap().judge(trace);
        assert_eq!(judged.actual.is_none(), judged.reason.is_some());
        (judged.actual, judged.held)
    }

    #[test]
    fn limits_are_read_in_their_units_and_slips_are_told() {
        for (word, what, limit) in [
            ("total=500ms", "total", 500_000),
            ("dns = 0.5s", "dns", 500_000),
            ("wait=200us", "wait", 200),
            ("bytes=1MB", "bytes", 1_000_000),
            ("bytes=1MiB", "bytes", 1_048_576),
            ("bytes=1500", "bytes", 1_500),
            ("redirects=2", "redirects", 2),
            ("cert-days=14", "cert-days", 14),
            ("p95:total=800ms", "p95:total", 800_000),
            ("max:tls=1s", "max:tls", 1_000_000),
        ] {
            let budget = Budget::read(word).unwrap();
            assert_eq!((budget.what().as_str(), budget.limit), (what, limit), "{word}");
        }
        for (word, near) in [
            ("total", None),
            ("total=500", None),
            ("total=-1s", None),
            ("redirects=2ms", None),
            ("bytes=1ms", None),
            ("totl=1s", Some("total")),
            ("p96:total=1s", Some("p95")),
        ] {
            assert_eq!(Budget::read(word).unwrap_err().1.is_some(), near.is_some(), "{word}");
        }
    }

    #[test]
    fn a_run_holds_up_to_its_limit_and_breaks_above() {
        let trace = sample::success();
        assert_eq!(judged("total=302800us", &trace), (Some(302_800), Some(true)));
        assert_eq!(judged("total=302799us", &trace), (Some(302_800), Some(false)));
        assert_eq!(judged("dns=28400us", &trace), (Some(28_400), Some(true)));
        assert_eq!(judged("quic=1us", &trace), (None, Some(true)), "what did not happen took no time");
        assert_eq!(judged("redirects=0", &trace), (Some(0), Some(true)));
        let mut redirects = sample::redirects();
        assert_eq!(judged("redirects=0", &redirects).1, Some(false));
        let failure = Failure {
            stage: StageName::Http,
            code: FailureCode::EmptyResponse,
            message: String::new(),
            hint: None,
            running: Duration::ZERO,
        };
        redirects.requests.last_mut().unwrap().failure = Some(failure);
        assert_eq!(judged("total=1h".replace('h', "m").as_str(), &redirects), (None, None), "it failed");
    }

    #[test]
    fn certificates_have_a_least_number_of_days() {
        let mut trace = sample::success();
        let tls = trace.connections.last_mut().unwrap().tls.ran_mut().unwrap();
        tls.chain[0].days_left = 14;
        assert_eq!(judged("cert-days=14", &trace), (Some(14), Some(true)));
        assert_eq!(judged("cert-days=15", &trace), (Some(14), Some(false)));
        trace.connections.last_mut().unwrap().tls.ran_mut().unwrap().chain[0].days_left = -4;
        assert_eq!(judged("cert-days=0", &trace), (None, Some(false)), "it has expired");
        assert!(Budget::read("max:cert-days=1").is_err() && Budget::read("p90:cert-days=1").is_err());
    }

    #[test]
    fn of_many_runs_the_median_counts_or_what_is_named() {
        let run = |ms: u64| {
            let mut trace = sample::success();
            let request = trace.requests.last_mut().unwrap();
            request.end = request.start.after(Duration::from_millis(ms));
            trace.total = Duration::from_millis(ms);
            trace
        };
        let all: Vec<Trace> = (301..=320).map(run).collect();
        let traces: Vec<&Trace> = all.iter().collect();
        let summary = Summary::of(&traces);
        let of = |word: &str| Budget::read(word).unwrap().judge_all(&traces, &summary);
        assert_eq!(of("total=310ms").actual, Some(310_000));
        assert!(of("total=310ms").is_held() && !of("total=309ms").is_held());
        assert_eq!(of("p95:total=1s").actual, Some(319_000));
        assert_eq!(of("max:total=1s").actual, Some(320_000));
        let none = of("p99:total=1s");
        assert_eq!((none.actual, none.held), (None, None));
        assert!(!none.is_held() && none.reason.unwrap().contains("100 runs"));
        assert!(of("quic=1us").is_held());
    }
}
