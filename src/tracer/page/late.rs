//! Requests and connections apart, by HTTP/1.1: a request that waits takes whichever connection to its host is free or
//! open first, as in Chromium's pools of sockets. What was opened for it is then there for the next.
//!
//! A connection that was not used by whom it was opened for is told as of a request that goes no further than that, and
//! is none. Chromium's second attempt at a connection that is slow is not made here: whichever of the two were open first
//! would be no fact of the path.

use std::rc::Rc;
use std::time::Duration;

use super::engine::Engine;
use super::fetch::Work;
use super::slot::{Given, Job, Own, Slot};
use crate::http::{self, Ask};
use crate::plan::Plan;
use crate::trace::{Failure, Request, ResourceId, Stage, Trace};
use crate::tracer::pool::Idle;
use crate::tracer::scene::Scene;

impl Engine<'_> {
    /// The first connection to its host that is free or open, while one is opened for it.
    pub(super) async fn first_of_all(
        &self,
        scene: &Scene<'_>,
        id: ResourceId,
        work: &mut Work,
        only_waits: bool,
    ) -> Result<(Idle, Option<http::Prepared>), Failure> {
        let slot = Rc::new(Slot::default());
        let job = Job {
            id,
            number: work.number,
            key: work.key.clone(),
            request: Request { start: scene.clock.now(), queued: None, ..work.local.requests[0].clone() },
            ask: Ask { listener: None, ..work.ask.clone() },
            http: scene.plan.http.clone(),
            looked_up: work.looked_up.take(),
            slot: Rc::clone(&slot),
        };
        let again = job.again();
        match only_waits {
            true => self.state.borrow_mut().wait(job),
            false => self.state.borrow_mut().open_and_wait(job),
        }
        let request = &mut work.local.requests[0];
        loop {
            self.inbox.wake.notify_one();
            let mut idle = match slot.given().await {
                Given::Failed(opened, failure) => {
                    *request = Request { start: request.start, queued: request.queued, ..*opened };
                    return Err(failure);
                }
                Given::Connection(idle, key) => {
                    work.key = key;
                    idle
                }
            };
            if let Some(own) = slot.own.take() {
                *request = Request { start: request.start, queued: request.queued, ..*own.request };
                return Ok((idle, own.made));
            }
            let stands = idle.session.is_open().await;
            let mut state = self.state.borrow_mut();
            if stands {
                let why = state.why_open(idle.connection);
                request.url = state.secured(&request.url).unwrap_or_else(|| request.url.clone());
                request.queued = Some(scene.clock.now());
                (request.lookup, request.connection) = (Stage::Skipped(why), Stage::Ran(idle.connection));
                return Ok((idle, None));
            }
            state.hosts.returned(&work.key, None, idle.connection);
            state.wait(Job { key: work.key.clone(), ..again.again() });
        }
    }

    /// Opens a connection for a request, and leaves it to whoever is the first to want it.
    pub(super) async fn open_for(&self, job: Job) {
        let Job { id, number, key, request, ask, http, looked_up, slot } = job;
        let plan = Plan { http, ..self.scene.plan.clone() };
        let reach = self.state.borrow().reach;
        let scene = Scene { plan: &plan, reach, ..*self.scene };
        let local = Trace::new(String::new(), scene.clock.started_at(), Duration::ZERO);
        let mut work = Work { number, key, ask, local, alone: true, looked_up };
        work.local.add_request(request);
        let opened = tokio::select! {
            biased;
            opened = self.open(&scene, &mut work) => Some(opened),
            () = self.over() => None,
        };
        let Work { mut key, mut local, .. } = work;
        let mut state = self.state.borrow_mut();
        state.hosts.came(&key);
        local.requests.iter().for_each(|request| state.moved(&mut key, &request.url));
        match (opened, local.requests.pop()) {
            (Some((Ok(Some((session, _))), made, Some(connection))), Some(request)) => {
                state.opened_for(id, (&slot, &key), Own { connection, request: Box::new(request), made });
                state.hosts.opened(&key, &session, connection);
                state.hosts.returned(&key, Some(Idle { session, connection }), connection);
            }
            (opened, request) => {
                state.hosts.failed(&key);
                let failure = opened.and_then(|(opened, ..)| opened.err());
                if let (Some(failure), Some(request)) = (failure, request) {
                    state.not_opened_for(id, &slot, request, failure);
                }
            }
        }
        self.inbox.wake.notify_one();
    }
}
