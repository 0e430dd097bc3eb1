//! Series in Prometheus's text format 0.0.4: families one behind another, each with its help and type.

use std::fmt::Write as _;

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
}

/// Families that are written.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, help, Kind::Gauge, &[(&[], value)]);
    }

    /// A family and its samples, each with labels of its own.
    pub(super) fn family(&mut self, name: &str, help: &str, kind: Kind, samples: &[(&[(&str, &str)], f64)]) {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let text = &mut self.0;
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            text.push_str(name);
            for (index, (label, value)) in labels.iter().enumerate() {
                let before = if index == 0 { '{' } else { ',' };
                let _ = write!(text, "{before}{label}=\"{}\"", escape(value));
            }
            text.push_str(if labels.is_empty() { " " } else { "} " });
            let _ = writeln!(text, "{value}");
        }
    }

    /// All of it.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// A label's value: only these three are escaped.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let mut text = Exposition::default();
        text.family("a_info", "one\ntwo \\", Kind::Gauge, &[(&[("x", "a\"b\\c\nd"), ("y", "")], 1.0)]);
        text.gauge("b_seconds", "time", 0.25);
        assert_eq!(
            text.text(),
            "# HELP a_info one\\ntwo \\\\\n# TYPE a_info gauge\na_info{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 1\n\
             # HELP b_seconds time\n# TYPE b_seconds gauge\nb_seconds 0.25\n"
        );
    }
}
