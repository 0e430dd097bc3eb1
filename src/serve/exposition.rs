//! The families that the server writes itself, put together one behind another; how they are written is the renderer's.

use crate::render::prometheus::{Dialect, Family, Kind, Label, Target, Value, exposition};

/// The media type of what is written.
pub(super) const MEDIA_TYPE: &str = Dialect::Prometheus.content_type();

/// Families that are written.
#[derive(Debug, Default)]
pub(super) struct Exposition(Vec<Family>);

impl Exposition {
    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.family(name, help, Kind::Gauge, [(Vec::new(), value)]);
    }

    /// A text, in labels.
    pub(super) fn info(&mut self, name: &'static str, help: &'static str, labels: Vec<Label>) {
        self.family(name, help, Kind::Info, [(labels, 1.0)]);
    }

    /// A family and its samples, each with labels of its own.
    pub(super) fn family(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        samples: impl IntoIterator<Item = (Vec<Label>, f64)>,
    ) {
        let mut family = Family::new(name, kind, help);
        samples.into_iter().for_each(|(labels, value)| family.add(labels, Value::Real(value)));
        self.0.push(family);
    }

    /// Families that are there already.
    pub(super) fn extend(&mut self, families: Vec<Family>) {
        self.0.extend(families);
    }

    /// All of it.
    pub(super) fn text(self) -> String {
        exposition(&[Target { labels: Vec::new(), families: self.0 }], Dialect::Prometheus)
    }
}
