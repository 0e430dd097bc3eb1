//! How many queries one server is sent at the same time, and the wait for a place among them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::dns::cache::in_flight::MOST_SERVERS;
use crate::trace::At;

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
pub(crate) struct Places {
    limit: Option<usize>,
    servers: RefCell<HashMap<SocketAddr, Arc<Semaphore>>>,
}

impl Places {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit, servers: RefCell::default() }
    }

    /// Waits for a place at a server; without a limit there is always one.
    pub(crate) async fn take(&self, server: SocketAddr) -> Option<OwnedSemaphorePermit> {
        let limit = self.limit?;
        let places = {
            let mut servers = self.servers.borrow_mut();
            if servers.len() >= MOST_SERVERS {
                // Who has a place, or waits for one, holds on to them.
                servers.retain(|_, places| Arc::strong_count(places) > 1);
            }
            Arc::clone(servers.entry(server).or_insert_with(|| Arc::new(Semaphore::new(limit))))
        };
        // It is never closed.
        places.acquire_owned().await.ok()
    }
}
