//! What one line of work may still do: whether anybody waits for it, how many packets are left; and
//! what became of one question.
//!
//! Nothing is sent here.

use std::cell::Cell;
use std::rc::Rc;

use super::fault::{Fault, ServerFailure};
use super::log::NAME_BUDGET;
use super::reply::Verdict;

/// A line of work that may be given up: it sends nothing more then, but still listens.
#[derive(Debug, Default)]
pub(super) struct Lane {
    above: Option<Rc<Self>>,
    detached: Cell<bool>,
}

impl Lane {
    pub(super) fn under(above: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self { above: Some(Rc::clone(above)), detached: Cell::new(false) })
    }

    pub(super) fn detach(&self) {
        self.detached.set(true);
    }

    pub(super) fn is_detached(&self) -> bool {
        self.detached.get() || self.above.as_ref().is_some_and(|above| above.is_detached())
    }
}

/// The packets that may still be sent for one name.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u32>,
}

impl Budget {
    pub(super) fn for_a_name() -> Rc<Self> {
        Rc::new(Self { left: Cell::new(NAME_BUDGET) })
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    pub(super) fn spend(&self) {
        self.left.set(self.left.get().saturating_sub(1));
    }
}

/// The useful answer.
#[derive(Debug)]
pub(super) struct Won {
    pub(super) id: usize,
    pub(super) verdict: Verdict,
    /// The packets the time was spent on, in order, the answered one last.
    pub(super) path: Vec<usize>,
    /// It was taken although the server did not answer with authority.
    pub(super) without_authority: bool,
}

/// No useful answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// All servers failed.
    Failed {
        failures: Vec<ServerFailure>,
        path: Vec<usize>,
    },
    /// No packet may be sent any more: for the name, or for the whole host.
    NameBudget,
    HostBudget,
    /// The line of work was given up.
    Detached,
    /// Another question has met the zone's silence meanwhile.
    Known(Box<Fault>),
}
