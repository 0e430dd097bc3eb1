//! What a unit of work may still do (RFC 1034 §5.3.3, "bound the amount of work"): whether anybody waits for it, and how
//! many packets are left for its name. Nothing is sent here.

use std::cell::Cell;
use std::rc::Rc;

use crate::dns::limits::NAME_BUDGET;

/// A unit of work that may be given up: it sends nothing more then, but still listens.
#[derive(Debug, Default)]
pub(crate) struct Work {
    above: Option<Rc<Self>>,
    detached: Cell<bool>,
}

impl Work {
    pub(crate) fn under(above: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self { above: Some(Rc::clone(above)), detached: Cell::new(false) })
    }

    pub(crate) fn detach(&self) {
        self.detached.set(true);
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.detached.get() || self.above.as_ref().is_some_and(|above| above.is_detached())
    }
}

/// The packets that may still be sent for one name.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u32>,
}

impl Budget {
    pub(crate) fn for_a_name() -> Rc<Self> {
        Rc::new(Self { left: Cell::new(NAME_BUDGET) })
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    pub(crate) fn spend(&self) {
        self.left.set(self.left.get().saturating_sub(1));
    }
}
