//! The text that Prometheus reads: metric families, their samples and labels, in its own format (0.0.4) and as
//! OpenMetrics 1.0.
//!
//! What is measured is not known here. Whatever a label holds, the text stays one that parses: each line is whole,
//! families stand together, and no series comes twice.

use std::borrow::Cow;

use crate::render::escape;
use crate::render::style::Charset;

/// Which of the two is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Prometheus's text format, version 0.0.4.
    Prometheus,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Dialect {
    /// The media type of a response with it.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a family's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that goes up and down.
    Gauge,
    /// A number that only goes up; its name ends in `_total`.
    Counter,
    /// A text, in labels: the number is 1, and the name ends in `_info`.
    Info,
    /// Quantiles, with their sum and count.
    Summary,
}

/// The number of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Microseconds, written as seconds with each digit.
    Micros(u64),
    /// A whole number.
    Whole(i64),
    /// Any number.
    Real(f64),
}

impl Value {
    /// A count, as large as it may be.
    #[must_use]
    pub fn count(number: impl TryInto<i64>) -> Self {
        Self::Whole(number.try_into().unwrap_or(i64::MAX))
    }

    fn text(self) -> String {
        match self {
            Self::Micros(us) => {
                let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Self::Whole(number) => number.to_string(),
            Self::Real(number) if number.is_nan() => "NaN".to_owned(),
            Self::Real(number) if number.is_infinite() => {
                if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
            }
            Self::Real(number) => number.to_string(),
        }
    }
}

/// A name, and a value of any bytes.
pub type Label = (&'static str, String);

/// A sample of a family.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    suffix: &'static str,
    labels: Vec<Label>,
    value: Value,
}

/// A metric: its name, what it is, and its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    samples: Vec<Sample>,
}

impl Family {
    /// One without a sample. Its help must be the same wherever the name is used.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, help, samples: Vec::new() }
    }

    /// Its name, as in queries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Adds a sample. Of two with the same labels the first stays.
    pub fn add(&mut self, labels: Vec<Label>, value: Value) {
        self.add_to("", labels, value);
    }

    /// Adds the sum and the count of a summary.
    pub fn add_sum(&mut self, labels: &[Label], sum: Value, count: usize) {
        self.add_to("_sum", labels.to_vec(), sum);
        self.add_to("_count", labels.to_vec(), Value::count(count));
    }

    fn add_to(&mut self, suffix: &'static str, labels: Vec<Label>, value: Value) {
        let labels: Vec<Label> = labels.into_iter().map(|(name, value)| (name, tame(&value))).collect();
        let known = self.samples.iter().any(|known| known.suffix == suffix && known.labels == labels);
        if !known {
            self.samples.push(Sample { suffix, labels, value });
        }
    }

    /// The name in the lines that describe it.
    fn described(&self, dialect: Dialect) -> &'static str {
        let suffix = match (dialect, self.kind) {
            (Dialect::OpenMetrics, Kind::Info) => "_info",
            (Dialect::OpenMetrics, Kind::Counter) => "_total",
            _ => return self.name,
        };
        self.name.strip_suffix(suffix).unwrap_or(self.name)
    }

    const fn kind(&self, dialect: Dialect) -> &'static str {
        match (self.kind, dialect) {
            (Kind::Gauge, _) | (Kind::Info, Dialect::Prometheus) => "gauge",
            (Kind::Info, Dialect::OpenMetrics) => "info",
            (Kind::Counter, _) => "counter",
            (Kind::Summary, _) => "summary",
        }
    }

    fn head(&self, dialect: Dialect, out: &mut String) {
        let (name, kind) = (self.described(dialect), self.kind(dialect));
        let help = self.help.replace('\\', "\\\\").replace('\n', "\\n");
        let (help, unit) = match dialect {
            Dialect::Prometheus => (help, None),
            Dialect::OpenMetrics => {
                let has = |unit: &&str| name.strip_suffix(*unit).is_some_and(|rest| rest.ends_with('_'));
                (help.replace('"', "\\\""), ["seconds", "bytes"].into_iter().find(has))
            }
        };
        out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        if let Some(unit) = unit {
            out.push_str(&format!("# UNIT {name} {unit}\n"));
        }
    }
}

/// The families of one target, and the labels that all of them have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// Labels of every sample.
    pub labels: Vec<Label>,
    /// The families.
    pub families: Vec<Family>,
}

/// The text of some targets together: each family once, with the samples of all.
#[must_use]
pub fn exposition(targets: &[Target], dialect: Dialect) -> String {
    let mut out = String::new();
    let mut written: Vec<&str> = Vec::new();
    for family in targets.iter().flat_map(|target| &target.families).filter(|family| !family.is_empty()) {
        if written.contains(&family.name) {
            continue;
        }
        written.push(family.name);
        family.head(dialect, &mut out);
        let mut known: Vec<String> = Vec::new();
        for target in targets {
            for sample in of_name(target, family.name) {
                let series = series(family.name, sample, &target.labels);
                if !known.contains(&series) {
                    out.push_str(&format!("{series} {}\n", sample.value.text()));
                    known.push(series);
                }
            }
        }
    }
    if dialect == Dialect::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn of_name<'a>(target: &'a Target, name: &'a str) -> impl Iterator<Item = &'a Sample> {
    target.families.iter().filter(move |family| family.name == name).flat_map(|family| &family.samples)
}

/// Name and labels, which tell a sample from every other.
fn series(name: &str, sample: &Sample, constant: &[Label]) -> String {
    let own = |name: &str| sample.labels.iter().any(|(own, _)| *own == name);
    let constant = constant.iter().filter(|(name, _)| !own(name)).map(|(name, value)| (*name, tame(value)));
    let labels: Vec<String> = constant
        .chain(sample.labels.iter().cloned())
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(&value)))
        .collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    format!("{name}{}{labels}", sample.suffix)
}

/// Characters of a label's value at most.
const MOST: usize = 8_192;

/// A value without what a terminal or a page would obey, and no longer than [`MOST`].
fn tame(value: &str) -> String {
    let shown = match escape::text(value, Charset::Unicode) {
        Cow::Borrowed(value) => value.to_owned(),
        Cow::Owned(value) => value,
    };
    match shown.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &shown[..at]),
        None => shown,
    }
}

/// The three escapes that both formats have.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(labels: Vec<Label>, value: &str) -> Target {
        let mut seconds = Family::new("x_seconds", Kind::Gauge, "A \"time\".\\");
        seconds.add(labels.clone(), Value::Micros(1_500_000));
        seconds.add(labels, Value::Micros(2));
        let mut info = Family::new("x_info", Kind::Info, "A text.");
        info.add(vec![("text", value.to_owned())], Value::Whole(1));
        let mut all = Family::new("x_all_total", Kind::Counter, "A count.");
        all.add(Vec::new(), Value::count(usize::MAX));
        Target { labels: Vec::new(), families: vec![seconds, info, all] }
    }

    #[test]
    fn both_formats_are_written_as_their_documents_say() {
        let target = target(Vec::new(), "a\\b\"c");
        let prometheus = concat!(
            "# HELP x_seconds A \"time\".\\\\\n# TYPE x_seconds gauge\nx_seconds 1.5\n",
            "# HELP x_info A text.\n# TYPE x_info gauge\nx_info{text=\"a\\\\b\\\"c\"} 1\n",
            "# HELP x_all_total A count.\n# TYPE x_all_total counter\nx_all_total 9223372036854775807\n",
        );
        let open_metrics = concat!(
            "# HELP x_seconds A \\\"time\\\".\\\\\n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 1.5\n",
            "# HELP x A text.\n# TYPE x info\nx_info{text=\"a\\\\b\\\"c\"} 1\n",
            "# HELP x_all A count.\n# TYPE x_all counter\nx_all_total 9223372036854775807\n# EOF\n",
        );
        assert_eq!(exposition(std::slice::from_ref(&target), Dialect::Prometheus), prometheus);
        assert_eq!(exposition(&[target], Dialect::OpenMetrics), open_metrics);
    }

    #[test]
    fn targets_share_a_family_and_no_series_comes_twice() {
        let of = |url: &str| Target { labels: vec![("url", url.to_owned())], ..target(Vec::new(), "") };
        let text = exposition(&[of("a"), of("b"), of("a")], Dialect::Prometheus);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("x_seconds")).collect();
        assert_eq!(lines, ["x_seconds{url=\"a\"} 1.5", "x_seconds{url=\"b\"} 1.5"]);
        assert_eq!(text.matches("# TYPE x_seconds ").count(), 1);
    }

    #[test]
    fn numbers_keep_every_digit() {
        for (value, text) in [
            (Value::Micros(0), "0"),
            (Value::Micros(10), "0.00001"),
            (Value::Micros(12_000_000), "12"),
            (Value::Micros(100_000_000), "100"),
            (Value::Whole(-3), "-3"),
            (Value::Real(f64::NAN), "NaN"),
            (Value::Real(f64::NEG_INFINITY), "-Inf"),
            (Value::Real(0.25), "0.25"),
        ] {
            assert_eq!(value.text(), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_label_holds_its_line_stays_one(value in ".*\\PC*") {
            let text = exposition(&[target(vec![("text", value.clone())], &value)], Dialect::OpenMetrics);
            prop_assert_eq!(text.lines().count(), 11, "{}", text);
            prop_assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{}", text);
        }
    }
}
