//! Where requests of a page wait for connections by HTTP/1.1, and what is opened for them. Plain data and a bell.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;

use super::hosts::Key;
use crate::dns::UncountedLanes;
use crate::http::{self, Ask};
use crate::plan::HttpPlan;
use crate::trace::{ConnectionId, Dns, Failure, Request, ResourceId};
use crate::tracer::pool::Idle;

/// Where a request waits for a connection.
#[derive(Default)]
pub(super) struct Slot {
    given: RefCell<Option<Given>>,
    told: Notify,
    /// What was opened for it, until somebody uses that.
    pub(super) own: RefCell<Option<Own>>,
}

/// What it is given.
pub(super) enum Given {
    /// A connection, and whose that is.
    Connection(Idle, Key),
    /// None: that is what opening one came to.
    Failed(Box<Request>, Failure),
}

/// A connection that was opened for a request.
pub(super) struct Own {
    pub(super) connection: ConnectionId,
    /// The request as far as that, and made to be sent.
    pub(super) request: Box<Request>,
    pub(super) made: Option<http::Prepared>,
}

impl Slot {
    pub(super) fn give(&self, given: Given) {
        self.given.replace(Some(given));
        self.told.notify_one();
    }

    pub(super) async fn given(&self) -> Given {
        loop {
            if let Some(given) = self.given.take() {
                return given;
            }
            self.told.notified().await;
        }
    }
}

/// A connection that is to be opened for a request.
pub(super) struct Job {
    pub(super) id: ResourceId,
    /// The request's place among the page's.
    pub(super) number: usize,
    pub(super) key: Key,
    pub(super) request: Request,
    pub(super) ask: Ask,
    pub(super) http: HttpPlan,
    pub(super) looked_up: Option<(Dns, Option<UncountedLanes>)>,
    pub(super) slot: Rc<Slot>,
}

impl Job {
    /// The same once more.
    pub(super) fn again(&self) -> Self {
        Self {
            id: self.id,
            number: self.number,
            key: self.key.clone(),
            request: self.request.clone(),
            ask: self.ask.clone(),
            http: self.http.clone(),
            looked_up: None,
            slot: Rc::clone(&self.slot),
        }
    }
}

/// A request that waits for a connection.
pub(super) struct Waiting {
    /// How one is opened for it.
    pub(super) job: Job,
    /// Which that was, once it is open.
    pub(super) own: Option<ConnectionId>,
}
