//! Of the state of a page: requests that wait for a connection of HTTP/1.1, and which of them gets one.

use std::cmp::Reverse;
use std::rc::Rc;

use super::State;
use crate::page::{Pending, Schedule};
use crate::trace::{
    ConnectionId, Failure, Fate, PageProfile, Priority, Request, RequestId, ResourceId, Stage, StageName,
};
use crate::tracer::page::hosts::Key;
use crate::tracer::page::numbers::of_page;
use crate::tracer::page::slot::{Given, Job, Own, Slot, Waiting};

/// Why nothing was asked over a connection by whom it was opened for.
const SPARE: &str = "another connection was free or open before";
/// The same, told of the request.
const ANOTHER: &str = "goes over a connection that was free or open before its own";

impl State {
    /// A request waits for a connection, and has one opened.
    pub(crate) fn open_and_wait(&mut self, job: Job) {
        self.hosts.coming(&job.key);
        self.wait(job.again());
        self.jobs.push_back(job);
    }

    /// A request waits for a connection.
    pub(crate) fn wait(&mut self, job: Job) {
        self.waiting.push(Waiting { job, own: None });
    }

    /// What was opened for a request is there.
    pub(crate) fn opened_for(&mut self, id: ResourceId, (slot, key): (&Rc<Slot>, &Key), own: Own) {
        match self.waiting.iter_mut().find(|one| Rc::ptr_eq(&one.job.slot, slot)) {
            Some(waiting) => {
                waiting.own = Some(own.connection);
                waiting.job.key.clone_from(key);
                slot.own.replace(Some(own));
            }
            None => self.spare(id, *own.request),
        }
    }

    /// It could not be opened: that is what the request comes to, if it still waits.
    pub(crate) fn not_opened_for(
        &mut self,
        id: ResourceId,
        slot: &Rc<Slot>,
        request: Request,
        failure: Failure,
    ) {
        match self.waiting.iter().position(|one| Rc::ptr_eq(&one.job.slot, slot)) {
            Some(place) => {
                self.waiting.remove(place);
                slot.give(Given::Failed(Box::new(request), failure));
            }
            None => self.spare(id, Request { failure: Some(failure), ..request }),
        }
    }

    /// Gives the connections that are free to those that wait: to the most wanted first, and of these to whose own it is.
    pub(crate) fn bind(&mut self) {
        let mut order: Vec<_> = self
            .waiting
            .iter()
            .map(|one| {
                let is_own = one.own.is_some_and(|own| self.hosts.is_idle(&one.job.key, own));
                (Reverse(self.rank(one.job.id)), !is_own, one.job.id)
            })
            .collect();
        order.sort_unstable();
        for (Reverse(rank), _, id) in order {
            let Some(place) = self.waiting.iter().position(|one| one.job.id == id) else { continue };
            let key = self.waiting[place].job.key.clone();
            let is_before = |other: &ResourceId| {
                self.rank(*other) > rank
                    && self.would_take(*other)
                    && self.key(*other).is_some_and(|other| other == key)
            };
            if self.pending.iter().any(is_before) {
                continue;
            }
            let Some(idle) = self.hosts.free(&key, self.waiting[place].own) else { continue };
            let Waiting { job, own } = self.waiting.remove(place);
            if own != Some(idle.connection) {
                let own = job.slot.own.take();
                // One that carries all requests stays with whom it was opened for, too.
                if idle.session.share().is_none() {
                    self.given_away(idle.connection);
                }
                own.into_iter().for_each(|own| self.spare(id, *own.request));
                self.resources[id.0].note.get_or_insert_with(|| ANOTHER.to_owned());
            }
            job.slot.give(Given::Connection(idle, key));
        }
        for place in 0..self.waiting.len() {
            let key = &self.waiting[place].job.key;
            let waiting = self.waiting.iter().filter(|other| other.job.key == *key).count();
            if self.hosts.opens_for(key, waiting) {
                let job = self.waiting[place].job.again();
                self.jobs.push_back(job);
            }
        }
    }

    /// Whether something that waits for its turn would take a connection that is free.
    fn would_take(&self, id: ResourceId) -> bool {
        let (known, priority) = (&self.known[id.0], self.resources[id.0].priority);
        let one = Pending { number: id.0, priority, is_told: false };
        let is_bound = known.avoid.is_some() || known.wish.prefetch;
        let is_over = self.stopped || self.asked >= self.plan.max_resources || self.is_too_large();
        !is_bound && !is_over && Schedule(self.plan.profile).may_start(one, self.progress())
    }

    fn rank(&self, id: ResourceId) -> Priority {
        match self.plan.profile {
            PageProfile::Chrome => self.resources[id.0].priority,
            PageProfile::Plain => Priority::VeryLow,
        }
    }

    /// A connection goes to another than the one that it was opened for.
    pub(super) fn given_away(&mut self, connection: ConnectionId) {
        let whose = self.waiting.iter_mut().find(|one| one.own == Some(connection));
        let Some(whose) = whose else { return };
        whose.own = None;
        let (id, own) = (whose.job.id, whose.job.slot.own.take());
        own.into_iter().for_each(|own| self.spare(id, *own.request));
    }

    /// What opening a connection came to that its request had no need of: told as of a request that goes no further.
    pub(crate) fn spare(&mut self, id: ResourceId, request: Request) {
        let Fate::Requested(RequestId(opener)) = self.resources[id.0].fate else { return };
        let number = self.requests.len();
        let own = self.connections.iter_mut().filter(|it| it.opened_for == RequestId(of_page(opener)));
        own.for_each(|it| it.opened_for = RequestId(of_page(number)));
        let until = match request.until {
            StageName::Http if request.url.scheme.is_clear() => StageName::Tcp,
            StageName::Http => StageName::Tls,
            // It was broken off before.
            until => until,
        };
        self.requests.push(Request { until, http: Stage::Skipped(SPARE), ..request });
        self.resources[id.0].spare.get_or_insert(RequestId(number));
    }
}
