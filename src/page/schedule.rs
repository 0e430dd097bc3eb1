//! What may start now: Chrome's tight mode, its limit on what can wait, and six connections a host in HTTP/1.1.
//!
//! Chrome loads a page in two phases. In the first, which ends when the head is read and its scripts are there, what
//! can wait is begun only where fewer than two requests are under way. Behind it, what can wait may have ten requests
//! at a time. A server that is told of priorities, by HTTP/2 or 3, is trusted with the second limit.

use crate::trace::{PageProfile, Priority};

/// HTTP/1.1 connections to one host.
pub const PER_HOST: usize = 6;
/// In tight mode: requests under way from which on nothing that can wait is begun.
const TIGHT: usize = 2;
/// Requests that can wait, in all, where servers are not told of priorities.
const DELAYABLE: usize = 10;

/// How far the page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The head is read, or nothing of the document is left to read.
    pub head_is_read: bool,
    /// Scripts and stylesheets of the head that are still under way or to be started.
    pub blocking_left: usize,
    /// Requests under way.
    pub under_way: usize,
    /// Those of them that could have waited.
    pub delayable: usize,
}

/// Something that waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its place in the order of discovery.
    pub number: usize,
    /// How soon it is wanted.
    pub priority: Priority,
    /// Whether it goes to a server that is told of priorities.
    pub is_told: bool,
}

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule(pub PageProfile);

impl Schedule {
    /// Which of these is first, by priority and then by discovery.
    pub fn order(self, pending: &mut [Pending]) {
        match self.0 {
            PageProfile::Chrome => {
                pending.sort_by_key(|one| (std::cmp::Reverse(one.priority), one.number));
            }
            PageProfile::Plain => pending.sort_by_key(|one| one.number),
        }
    }

    /// Whether one may start, connections left aside.
    #[must_use]
    pub fn may_start(self, one: Pending, progress: Progress) -> bool {
        if self.0 == PageProfile::Plain || !can_wait(one.priority) {
            return true;
        }
        let is_tight = !progress.head_is_read || progress.blocking_left > 0;
        if is_tight {
            return progress.under_way < TIGHT;
        }
        one.is_told || progress.delayable < DELAYABLE
    }
}

/// Whether a resource can wait, as Chrome has it.
#[must_use]
pub const fn can_wait(priority: Priority) -> bool {
    matches!(priority, Priority::VeryLow | Priority::Low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{High, Low, Medium, VeryLow};

    fn pending(number: usize, priority: Priority, is_told: bool) -> Pending {
        Pending { number, priority, is_told }
    }

    #[test]
    fn the_most_wanted_is_first_and_then_the_first_found() {
        let mut all = [pending(0, Low, true), pending(1, High, true), pending(2, High, true)];
        Schedule(PageProfile::Chrome).order(&mut all);
        assert_eq!(all.map(|one| one.number), [1, 2, 0]);
        Schedule(PageProfile::Plain).order(&mut all);
        assert_eq!(all.map(|one| one.number), [0, 1, 2]);
    }

    #[test]
    fn tight_mode_and_the_limit_behind_it() {
        let chrome = Schedule(PageProfile::Chrome);
        let at = |head_is_read, blocking_left, under_way, delayable| Progress {
            head_is_read,
            blocking_left,
            under_way,
            delayable,
        };
        for (one, progress, may) in [
            // What blocks is never held up.
            (pending(0, High, false), at(false, 3, 9, 0), true),
            (pending(0, Medium, false), at(false, 3, 9, 0), true),
            // Tight: one beside one, and none beside two.
            (pending(0, Low, true), at(false, 0, 1, 0), true),
            (pending(0, Low, true), at(false, 0, 2, 0), false),
            (pending(0, Low, true), at(true, 1, 2, 0), false),
            // Behind it.
            (pending(0, Low, true), at(true, 0, 50, 40), true),
            (pending(0, Low, false), at(true, 0, 12, 9), true),
            (pending(0, VeryLow, false), at(true, 0, 12, 10), false),
        ] {
            assert_eq!(chrome.may_start(one, progress), may, "{one:?} {progress:?}");
            assert!(Schedule(PageProfile::Plain).may_start(one, progress), "plain holds up nothing");
        }
    }
}
