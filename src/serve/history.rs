//! The last probes, as many as are kept: for the page of the server, whose reports are made when somebody asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::trace::Trace;

/// Probes that are kept.
pub(super) const MOST: usize = 100;
/// The largest trace that is kept, by the count of what it is made of: a long chain of redirects, a walk with many
/// packets.
const MOST_PARTS: usize = 4_000;

/// A probe that was made.
#[derive(Debug)]
pub(super) struct Kept {
    /// Its number, from 1.
    pub(super) id: u64,
    pub(super) module: String,
    pub(super) target: String,
    /// Why it was no success.
    pub(super) fault: Option<String>,
    /// `None` for one that is too large to be kept.
    pub(super) trace: Option<Arc<Trace>>,
}

/// The last probes, the newest last.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<(u64, VecDeque<Arc<Kept>>)>);

impl History {
    /// Adds one, and forgets the oldest.
    pub(super) fn add(&self, module: &str, target: &str, fault: Option<String>, trace: Arc<Trace>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let id = inner.0;
        let trace = Some(trace).filter(|trace| parts(trace) <= MOST_PARTS);
        let (module, target) = (module.to_owned(), target.to_owned());
        inner.1.push_back(Arc::new(Kept { id, module, target, fault, trace }));
        if inner.1.len() > MOST {
            inner.1.pop_front();
        }
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> Vec<Arc<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.iter().rev().cloned().collect()
    }

    /// One of them, while it is kept.
    pub(super) fn find(&self, id: u64) -> Option<Arc<Kept>> {
        self.all().into_iter().find(|kept| kept.id == id)
    }
}

/// What a trace is made of, counted.
fn parts(trace: &Trace) -> usize {
    let of_hop = |hop: crate::trace::Hop<'_>| {
        hop.http.ran().map_or(0, |http| http.headers.len() + http.bursts.len() + http.trailers.len())
    };
    let packets: usize = trace.lookups.iter().map(|dns| dns.packets.len()).sum();
    packets + trace.hops().map(of_hop).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    #[test]
    fn the_oldest_is_forgotten() {
        let history = History::default();
        for _ in 0..MOST + 5 {
            let trace = Trace::new(String::new(), Clock::start().started_at(), Duration::ZERO);
            history.add("http_2xx", "a.test", None, Arc::new(trace));
        }
        let all = history.all();
        assert_eq!((all.len(), all[0].id, all[MOST - 1].id), (MOST, 105, 6));
        assert!(history.find(5).is_none() && history.find(6).is_some());
    }
}
