//! When something was learned, and in which run: what outlives a run counts on one time base, the machine's
//! monotonic clock.

use std::cell::Cell;
use std::rc::Rc;

use crate::clock::Moment;

/// Tells the runs of one resolver apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(u64);

/// Numbers the runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Rc<Cell<u64>>);

impl Runs {
    pub(crate) fn next(&self) -> RunId {
        self.0.set(self.0.get() + 1);
        RunId(self.0.get())
    }
}

/// A point of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) at: Moment,
    pub(crate) run: RunId,
}

impl Stamp {
    /// In which run something was found, in words that end a sentence.
    pub(crate) fn earlier(self, now: Self) -> &'static str {
        if self.run == now.run { "earlier in this run" } else { "in an earlier run" }
    }
}
