//! Where the spans of a run are sent, and how. Who asked for it is not known here.

use super::Plan;

/// A collector of OpenTelemetry.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Its URL, with the path of traces.
    pub url: String,
    /// How it is reached, but for the body.
    pub plan: Plan,
    /// What the body is packed with.
    pub packing: Packing,
    /// What variables asked for in vain, a sentence each.
    pub unheeded: Vec<String>,
}

/// What a body is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Nothing.
    None,
}
