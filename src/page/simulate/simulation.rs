//! A measured page beside itself, mended.

use std::time::Duration;

use super::measured;
use super::mend::Mend;
use super::model::Model;
use super::run::run;
use crate::trace::{At, Blocking, Marks, Trace};

/// A simulated page that was not mended may differ from the measured one by so much, or by a twentieth.
const TOLERANCE: Duration = Duration::from_millis(20);
const TOLERANCE_SHARE: u64 = 20;
/// Larger pages are not simulated: each mend takes time that grows with the square of it.
const MOST_REQUESTS: usize = 500;

/// The marks of a simulated page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Before this nothing can have been painted; `None` where that was not measured either.
    pub start_render: Option<At>,
    /// The end of all.
    pub end: At,
}

/// A page that can be simulated: what comes of it without a change is what was measured.
#[derive(Clone, Debug)]
pub struct Simulation {
    model: Model,
    base: Outcome,
    doubt: Duration,
}

impl Simulation {
    /// `None` where the trace has no page or one of more than 500 requests, and where the simulation comes to other marks
    /// than were measured.
    #[must_use]
    pub fn of(trace: &Trace) -> Option<Self> {
        let model = measured::model(trace).filter(|model| model.nodes.len() <= MOST_REQUESTS)?;
        let base = outcome(&model);
        let marks = trace.page.as_ref()?.marks;
        let apart = |one: Option<At>, other: Option<At>| match (one, other) {
            (Some(one), Some(other)) => Duration::from_micros(one.0.abs_diff(other.0)),
            _ => Duration::ZERO,
        };
        let doubt = apart(base.start_render, marks.start_render).max(apart(Some(base.end), marks.end));
        holds(base, marks).then_some(Self { model, base, doubt })
    }

    /// By how much the page that was not mended differs from the measured one.
    #[must_use]
    pub const fn doubt(&self) -> Duration {
        self.doubt
    }

    /// The page as it was.
    #[must_use]
    pub const fn base(&self) -> Outcome {
        self.base
    }

    /// The page with all of these mends. No mark of it is later than it was: a mend that would do harm is not made.
    #[must_use]
    pub fn mended(&self, mends: &[Mend]) -> Outcome {
        let mended = outcome(&self.model.mended(mends));
        let start_render = match (mended.start_render, self.base.start_render) {
            (Some(mended), Some(base)) => Some(mended.min(base)),
            (_, base) => base,
        };
        Outcome { start_render, end: mended.end.min(self.base.end) }
    }
}

/// What a model comes to.
pub(super) fn outcome(model: &Model) -> Outcome {
    let run = run(model);
    let ended = || run.times.iter().zip(&model.nodes).filter_map(|(times, node)| Some((node, (*times)?.end)));
    let blocking = ended().filter(|(node, _)| node.blocking == Blocking::Render).map(|(_, end)| end);
    let start_render = run.head_read.map(|head| At(blocking.fold(head, u64::max)));
    Outcome { start_render, end: At(ended().map(|(_, end)| end).max().unwrap_or(0)) }
}

/// Whether it is what was measured. The start of rendering is judged where it was measured.
fn holds(base: Outcome, marks: Marks) -> bool {
    let is_near = |simulated: At, measured: At| {
        let tolerance = u64::try_from(TOLERANCE.as_micros()).unwrap_or(u64::MAX);
        simulated.0.abs_diff(measured.0) <= tolerance.max(measured.0 / TOLERANCE_SHARE)
    };
    let start = match (base.start_render, marks.start_render) {
        (Some(simulated), Some(measured)) => is_near(simulated, measured),
        (None, Some(_)) => false,
        (_, None) => true,
    };
    start && marks.end.is_some_and(|end| is_near(base.end, end))
}
