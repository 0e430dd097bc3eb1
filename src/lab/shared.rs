//! What the servers of a lab share, and how each takes what comes: one connection after the other,
//! and no more in hand than it has places for.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::seen::Tally;
use super::web::moods::MOODS;
use super::web::reply::Bodies;
use crate::clock::Clock;

/// Questions and connections that one server has in hand at most; more are dropped, as a full
/// server does.
const MAX_IN_HAND: usize = 256;

/// What all servers of a lab share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) tally: Tally,
    pub(super) bodies: Bodies,
    /// Requests of the sites that answer now so, now so.
    pub(super) turns: [Cell<u32>; MOODS],
}

impl Shared {
    /// Counts a request of one of those; how many there were before it.
    pub(super) fn turn(&self, mood: usize) -> u32 {
        let turn = &self.turns[mood];
        turn.replace(turn.get().wrapping_add(1))
    }
}

/// Takes the next connection; `None` after an error, such as too many open files, that waiting may
/// mend.
pub(super) async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            // Out of descriptors, say.
            tokio::time::sleep(Duration::from_millis(10)).await; // at once, it would take the thread for itself
            None
        }
    }
}

/// A place among the things in hand, given back when dropped.
pub(super) struct Slot(Rc<Cell<usize>>);

impl Slot {
    pub(super) fn take(in_hand: &Rc<Cell<usize>>) -> Option<Self> {
        (in_hand.get() < MAX_IN_HAND).then(|| {
            in_hand.set(in_hand.get() + 1);
            Self(in_hand.clone())
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
