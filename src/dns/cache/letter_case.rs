//! What a server makes of the case of letters in a name (RFC 4343 §3: names are compared without it), as far as a
//! run has seen: an answer to a name in drawn case shows that it does not matter, its absence shows nothing.
//!
//! Nothing is sent here; who doubts a reply waits here for what the other questions on their way show.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::dns::transport::log::Log;
use crate::trace::Spelling;

/// How long other questions are awaited before a reply is checked: as long as a server is at least.
const PATIENCE: Duration = Duration::from_millis(150);

/// Of one server.
#[derive(Debug, Default)]
pub(crate) struct LetterCase {
    known: Cell<Known>,
    /// The last name that it said does not exist in plain case, too; the packet, and whose it is.
    absent: RefCell<Option<(Name, usize, Weak<Log>)>>,
    /// Questions in drawn case that are on their way, and those that check a reply to one.
    drawn: Cell<usize>,
    checks: Cell<usize>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    #[default]
    Nothing,
    /// It has answered a name in drawn case.
    Ignored,
    /// It answers names in plain case only, or does not keep the case of a question.
    Matters,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Drawn,
    Check,
}

/// A question on its way.
#[derive(Debug)]
pub(crate) struct OnItsWay {
    case: Rc<LetterCase>,
    role: Role,
}

impl LetterCase {
    pub(crate) fn set_ignored(&self) {
        if self.known.get() == Known::Nothing {
            self.known.set(Known::Ignored);
            self.changed.notify_waiters();
        }
    }

    pub(crate) fn set_matters(&self) {
        self.known.set(Known::Matters);
    }

    /// How names are written for it.
    pub(crate) fn spelling(&self) -> Spelling {
        if self.known.get() == Known::Matters { Spelling::Plain } else { Spelling::Random }
    }

    /// Whether it is known to answer names in any case.
    pub(crate) fn is_ignored(&self) -> bool {
        self.known.get() == Known::Ignored
    }

    /// A name does not exist, however it is written: for no type.
    pub(crate) fn set_absent(&self, name: Name, packet: usize, log: &Rc<Log>) {
        self.absent.replace(Some((name, packet, Rc::downgrade(log))));
    }

    /// Whether nothing is left to check of a reply to this name.
    pub(crate) fn is_settled(&self, name: &Name) -> bool {
        self.is_ignored() || self.absent.borrow().as_ref().is_some_and(|(absent, ..)| absent == name)
    }

    /// The packet of this resolution that has settled it, if one had to.
    pub(crate) fn settled_by(&self, log: &Rc<Log>) -> Option<usize> {
        let absent = self.absent.borrow();
        let (_, packet, _) =
            absent.as_ref().filter(|(_, _, of)| !self.is_ignored() && of.ptr_eq(&Rc::downgrade(log)))?;
        Some(*packet)
    }

    pub(crate) fn begin(self: &Rc<Self>, role: Role) -> OnItsWay {
        let count = self.count(role);
        count.set(count.get() + 1);
        OnItsWay { case: Rc::clone(self), role }
    }

    /// Waits until it is known, or nothing on its way can show it. With `alone` also until nobody else checks a
    /// reply: a name that does not exist is checked once for all types.
    pub(crate) async fn settle(&self, alone: bool) {
        let settled = async {
            // Whoever has waited before goes first.
            tokio::task::yield_now().await;
            while !self.is_ignored() && (self.drawn.get() > 0 || alone && self.checks.get() > 0) {
                self.changed.notified().await;
            }
        };
        let _ = timeout(PATIENCE, settled).await; // one of them may be lost on the way
    }

    fn count(&self, role: Role) -> &Cell<usize> {
        match role {
            Role::Drawn => &self.drawn,
            Role::Check => &self.checks,
        }
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let count = self.case.count(self.role);
        count.set(count.get() - 1);
        if count.get() == 0 {
            self.case.changed.notify_waiters();
        }
    }
}
