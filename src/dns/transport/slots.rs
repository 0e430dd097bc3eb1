//! The limit of outstanding queries to one server, and the wait for one of its slots.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::trace::At;

/// Servers whose places are kept in mind; beyond that, only those that are asked now.
const MOST_SERVERS: usize = 4_096;

/// How long one resolution has waited for its first place.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    since: Cell<Option<At>>,
    total: Cell<Duration>,
}

/// Waiting in a queue; it ends when this is dropped, whatever ends it.
#[derive(Debug)]
pub(crate) struct Queueing<'a> {
    queue: &'a Queue,
    clock: Clock,
}

impl Queue {
    /// `None` when the resolution is waiting with another of its questions already.
    pub(crate) fn enter(&self, clock: Clock) -> Option<Queueing<'_>> {
        let is_first = self.since.get().is_none();
        is_first.then(|| {
            self.since.set(Some(clock.now()));
            Queueing { queue: self, clock }
        })
    }

    pub(crate) fn length(&self, now: At) -> Duration {
        self.total.get() + self.since.get().map_or(Duration::ZERO, |since| now.since(since))
    }
}

impl Drop for Queueing<'_> {
    fn drop(&mut self) {
        self.queue.total.set(self.queue.length(self.clock.now()));
        self.queue.since.set(None);
    }
}

/// Bounds the questions that one server is asked at the same time.
#[derive(Debug)]
pub(crate) struct Slots {
    limit: Option<usize>,
    servers: RefCell<HashMap<SocketAddr, Arc<Semaphore>>>,
}

impl Slots {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit, servers: RefCell::default() }
    }

    /// Waits for a place at a server; without a limit there is always one.
    pub(crate) async fn take(&self, server: SocketAddr) -> Option<OwnedSemaphorePermit> {
        let limit = self.limit?;
        let slots = {
            let mut servers = self.servers.borrow_mut();
            if servers.len() >= MOST_SERVERS {
                // Who has a place, or waits for one, holds on to them.
                servers.retain(|_, slots| Arc::strong_count(slots) > 1);
            }
            Arc::clone(servers.entry(server).or_insert_with(|| Arc::new(Semaphore::new(limit))))
        };
        // It is never closed.
        slots.acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::tests::kit::local;

    #[test]
    fn a_server_has_so_many_places_and_no_more() {
        local(async {
            let server: SocketAddr = "192.0.2.1:53".parse().unwrap();
            assert!(Slots::new(None).take(server).await.is_none());
            let slots = Slots::new(Some(2));
            let (one, _two) = (slots.take(server).await, slots.take(server).await);
            assert!(futures_util::FutureExt::now_or_never(slots.take(server)).is_none());
            drop(one);
            assert!(futures_util::FutureExt::now_or_never(slots.take(server)).is_some());
        });
    }
}
