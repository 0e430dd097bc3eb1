//! Requests and connections apart, by HTTP/1.1 and where it is not known yet what a host speaks: a request that waits takes
//! whichever connection to its host is free or open first, as in Chromium's pools of sockets. What was opened for it is then
//! there for the next; where another came first that carries all requests, by HTTP/2 or HTTP/3, it is broken off.
//!
//! A connection that was not used by whom it was opened for is told as of a request that goes no further than that, and
//! is none. Chromium's second attempt at a connection that is slow is not made here: whichever of the two were open first
//! would be no fact of the path.

use std::rc::Rc;
use std::time::Duration;

use super::engine::Engine;
use super::fetch::Work;
use super::hosts::Key;
use super::slot::{Given, Job, Own, Slot};
use super::state::State;
use crate::http::{self, Ask, Session};
use crate::plan::{Http3, HttpPlan, Plan};
use crate::trace::{ConnectionId, Failure, Request, ResourceId, Stage, StageName, Trace};
use crate::tracer::beside::Beside;
use crate::tracer::opening::Opened;
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
        let is_first = !self.state.borrow().hosts.are_coming(&work.key);
        let job = Job {
            id,
            number: work.number,
            key: work.key.clone(),
            request: Request { start: scene.clock.now(), queued: None, ..work.local.requests[0].clone() },
            ask: Ask { listener: None, ..work.ask.clone() },
            http: one_of_several(scene.plan.http.clone(), is_first),
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
            state.hosts.ended(&work.key, idle.connection, idle.session.share().is_some());
            state.wait(Job { key: work.key.clone(), ..again.again() });
        }
    }

    /// Opens a connection for a request, and leaves it to whoever is the first to want it.
    pub(super) async fn open_for(&self, job: Job) {
        let Job { id, number, key, request, ask, http, looked_up, slot } = job;
        let plan = Plan { http, ..self.scene.plan.clone() };
        let reach = self.state.borrow().reach;
        let scene = self.scene_of(&plan, reach);
        let local = Trace::new(String::new(), scene.clock.started_at(), Duration::ZERO);
        let mut work = Work { number, key, ask, local, alone: true, looked_up };
        work.local.add_request(request);
        let whose = work.key.clone();
        if self.state.borrow().hosts.is_shared(&whose) {
            // One came before this was begun.
            let mut state = self.state.borrow_mut();
            state.hosts.came(&whose);
            return state.hosts.left(&whose);
        }
        let opened = tokio::select! {
            biased;
            opened = self.open(&scene, &mut work) => Some(opened),
            () = self.shared(&whose) => None,
            () = self.over() => None,
        };
        let is_unneeded = opened.is_none() && self.state.borrow().hosts.is_shared(&whose);
        let broken_off = is_unneeded.then(|| self.broken_off(&mut work));
        let Work { mut key, local, .. } = work;
        let superfluous = {
            let mut state = self.state.borrow_mut();
            state.hosts.came(&key);
            local.requests.iter().for_each(|request| state.moved(&mut key, &request.url));
            self.take_up(&mut state, (id, &key, &slot), (opened, local.requests), broken_off)
        };
        self.inbox.wake.notify_one();
        if let Some(session) = superfluous {
            session.close().await;
        }
    }

    /// Takes up what opening a connection came to; gives one that is of no use.
    fn take_up(
        &self,
        state: &mut State,
        (id, key, slot): (ResourceId, &Key, &Rc<Slot>),
        (opened, mut requests): (Option<Opening>, Vec<Request>),
        broken_off: Option<Request>,
    ) -> Option<Session> {
        match (opened, requests.pop()) {
            (None, _) => {
                state.hosts.left(key);
                broken_off.into_iter().for_each(|request| state.spare(id, request));
            }
            // Another came at the same time.
            (Some((Ok(Some((session, _))), ..)), Some(request)) if state.hosts.is_shared(key) => {
                state.hosts.left(key);
                state.spare(id, request);
                return Some(session);
            }
            (Some((Ok(Some((session, _))), made, Some(connection))), Some(request)) => {
                self.settled.notify_waiters();
                state.opened_for(id, (slot, key), Own { connection, request: Box::new(request), made });
                state.hosts.opened(key, &session, connection);
                state.hosts.returned(key, Idle { session, connection });
            }
            (opened, request) => {
                state.hosts.failed(key);
                let failure = opened.and_then(|(opened, ..)| opened.err());
                if let (Some(failure), Some(request)) = (failure, request) {
                    state.not_opened_for(id, slot, request, failure);
                }
            }
        }
        None
    }

    /// Until one connection carries all of a host's requests.
    async fn shared(&self, key: &Key) {
        loop {
            let told = self.settled.notified();
            if self.state.borrow().hosts.is_shared(key) {
                return;
            }
            told.await;
        }
    }

    /// What is told of a connection that was broken off: what had come of it.
    fn broken_off(&self, work: &mut Work) -> Request {
        let until = match work.local.connections.last_mut() {
            Some(connection) => {
                if matches!(connection.tls, Stage::NotReached) {
                    connection.tls = Stage::Skipped(BROKEN_OFF);
                }
                StageName::Tcp
            }
            None => StageName::Dns,
        };
        let end = work.local.connections.last().map(|connection| connection.tcp.end);
        let request = &mut work.local.requests[0];
        request.until = until;
        request.end =
            end.or(request.lookup.ran().map(|id| work.local.lookups[id.0].end)).unwrap_or(request.start);
        if request.connection.ran().is_none() {
            request.connection = Stage::Skipped(BROKEN_OFF);
        }
        self.adopt(work, Beside::default());
        work.local.requests[0].clone()
    }
}

/// What opening a connection came to.
type Opening = (Opened, Option<http::Prepared>, Option<ConnectionId>);

/// What is told of a connection that was not opened to its end.
const BROKEN_OFF: &str = "another connection came first, and carries all requests";

/// The plan by which a connection is opened: QUIC is tried by the first alone of several that are opened at a time.
fn one_of_several(plan: HttpPlan, is_first: bool) -> HttpPlan {
    match plan.http3 {
        Http3::WhereOffered | Http3::Remembered(_) if !is_first => HttpPlan { http3: Http3::Never, ..plan },
        _ => plan,
    }
}
