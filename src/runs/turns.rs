//! Whose turn it is of many URLs: so many at a time, so many of one host, and where their order is kept, none far ahead
//! of the one that is waited for.
//!
//! Pure: what a turn is used for is elsewhere.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Those that wait at most: a host that has its share does not hold up what is so near behind.
const MOST_WAITING: usize = 256;

/// How many may have their turn at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Of all.
    pub at_once: usize,
    /// Of one host.
    pub per_host: usize,
    /// How far ahead of the first that has not been told another may begin; `None` where the order is free.
    pub ahead: Option<usize>,
}

/// Those that wait for their turn, and the hosts that are busy.
#[derive(Debug)]
pub struct Turns<T> {
    shares: Shares,
    waiting: VecDeque<Turn<T>>,
    busy: HashMap<Arc<str>, usize>,
    running: usize,
}

/// One that waits, or has its turn.
#[derive(Debug)]
pub struct Turn<T> {
    /// Its place among all.
    pub place: usize,
    /// Whose share it counts to; `None` for one that no host will see.
    pub host: Option<Arc<str>>,
    /// What it is.
    pub job: T,
}

impl<T> Turns<T> {
    /// Nobody waits yet.
    #[must_use]
    pub fn new(shares: Shares) -> Self {
        Self { shares, waiting: VecDeque::new(), busy: HashMap::new(), running: 0 }
    }

    /// Whether one more may wait.
    #[must_use]
    pub fn have_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many have their turn.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// Takes one up behind those that wait.
    pub fn line_up(&mut self, turn: Turn<T>) {
        self.waiting.push_back(turn);
    }

    /// The first that may begin; `untold` is the place of the first that has not been told. Its turn lasts until
    /// [`end`](Self::end).
    pub fn begin(&mut self, untold: usize) -> Option<Turn<T>> {
        let Self { shares, waiting, busy, running } = self;
        if *running >= shares.at_once {
            return None;
        }
        let has_share = |host: &Option<Arc<str>>| {
            host.as_ref().is_none_or(|host| busy.get(host).is_none_or(|many| *many < shares.per_host))
        };
        let is_near = |place: usize| shares.ahead.is_none_or(|ahead| place < untold + ahead);
        let next = waiting.iter().position(|turn| is_near(turn.place) && has_share(&turn.host))?;
        let turn = waiting.remove(next)?;
        *running += 1;
        if let Some(host) = &turn.host {
            *busy.entry(Arc::clone(host)).or_default() += 1;
        }
        Some(turn)
    }

    /// Ends the turn of one of this host.
    pub fn end(&mut self, host: Option<&Arc<str>>) {
        self.running = self.running.saturating_sub(1);
        let Some(host) = host else { return };
        if let Some(many) = self.busy.get_mut(host) {
            *many -= 1;
            if *many == 0 {
                self.busy.remove(host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(at_once: usize, per_host: usize, ahead: Option<usize>, hosts: &[&str]) -> Turns<()> {
        let mut turns = Turns::new(Shares { at_once, per_host, ahead });
        for (place, host) in hosts.iter().enumerate() {
            let host = (!host.is_empty()).then(|| Arc::from(*host));
            turns.line_up(Turn { place, host, job: () });
        }
        turns
    }

    fn begun(turns: &mut Turns<()>, untold: usize) -> Vec<usize> {
        std::iter::from_fn(|| turns.begin(untold)).map(|turn| turn.place).collect()
    }

    #[test]
    fn no_host_has_more_than_its_share_and_holds_nobody_up() {
        let mut turns = turns(4, 2, None, &["a", "a", "a", "b", "a", "", ""]);
        assert_eq!(begun(&mut turns, 0), [0, 1, 3, 5], "the third of a waits, the next do not");
        assert_eq!((turns.running(), turns.waiting()), (4, 3));
        turns.end(Some(&Arc::from("b")));
        assert_eq!(begun(&mut turns, 0), [6]);
        turns.end(Some(&Arc::from("a")));
        assert_eq!(begun(&mut turns, 0), [2]);
        turns.end(None);
        assert_eq!(begun(&mut turns, 0), Vec::<usize>::new(), "a has its share again");
    }

    #[test]
    fn where_the_order_is_kept_none_runs_far_ahead() {
        let mut turns = turns(16, 16, Some(2), &["a", "b", "c", "d"]);
        assert_eq!(begun(&mut turns, 0), [0, 1]);
        turns.end(Some(&Arc::from("b")));
        assert_eq!(begun(&mut turns, 0), Vec::<usize>::new(), "the first has not been told");
        turns.end(Some(&Arc::from("a")));
        assert_eq!(begun(&mut turns, 2), [2, 3]);
    }

    #[test]
    fn few_wait_however_many_there_are() {
        let mut turns = turns(1, 1, None, &["a"; MOST_WAITING - 1]);
        assert!(turns.have_room());
        turns.line_up(Turn { place: 0, host: None, job: () });
        assert!(!turns.have_room());
    }
}
