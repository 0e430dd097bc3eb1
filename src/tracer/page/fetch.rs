//! One request of a page, from its turn to its record.

use std::rc::Rc;
use std::time::Duration;

use super::ask;
use super::covers::Covers;
use super::engine::Engine;
use super::hosts::{Key, Way};
use super::inbox::{Came, Ear, Heard};
use super::numbers::of_page;
use super::revisit::Part;
use super::state::{OPEN, OPEN_AHEAD, State};
use crate::dns::UncountedLanes;
use crate::fault::Fault;
use crate::http::{self, Ask, Listener, Session};
use crate::plan::{HttpPlan, Plan, Reach, VersionChoice};
use crate::trace::{
    Asker, ConnectionId, Dns, DnsLane, Failure, FailureCode, Http, InitiatorKind, LookupId, REUSED, Request,
    RequestId, ResourceId, Stage, StageName, Trace, Unanswered, Url,
};
use crate::tracer::beside::Beside;
use crate::tracer::chain::end_of;
use crate::tracer::opening::Opened;
use crate::tracer::pool::Idle;
use crate::tracer::resend::is_refused_stream;
use crate::tracer::scene::Scene;
use crate::tracer::target::Origin;
use crate::tracer::way;
use crate::url;

/// A lookup that asked nobody and took no longer was one in a cache of ours.
const KNOWN_WITHIN: Duration = Duration::from_millis(2);
/// Why a name of a page has no lookup of its own.
const KNOWN: &str = "the name had been looked up for an earlier request";

impl Engine<'_> {
    /// Makes a request, and takes up what it leads on to.
    pub(super) async fn fetch(&self, id: ResourceId, key: Key, way: Way) {
        let clock = self.scene.clock;
        let (resource, known, page, reach) = {
            let state = self.state.borrow();
            let (resource, known) = (state.resources[id.0].clone(), state.known[id.0].clone());
            (resource, known, state.document.clone(), state.reach)
        };
        let (Some(page), Some(named)) = (page, known.url.clone()) else { return };
        let queued = known.held.then(|| clock.now());
        let url = self.state.borrow().secured(&named).unwrap_or_else(|| named.clone());
        let mut request = Request { queued, ..Request::new(url, resource.discovered) };
        let number = self.state.borrow_mut().begin(id, request.clone());
        let Begin { key, way, looked_up } = self.begin(id, &mut request, (key, way)).await;
        let url = request.url.clone();
        if url.scheme != named.scheme {
            self.state.borrow_mut().asked_by_https(id, &url);
        }
        let (http, ask, ear) = self.draft(id, (&page, &url));
        let plan = Plan { http: self.offered(http, &url), ..self.scene.plan.clone() };
        let scene = self.scene_of(&plan, reach);
        let ear = Rc::new(ear);
        let ask = Ask { listener: Some(Listener(ear.clone())), ..ask };
        let local = Trace::new(String::new(), clock.started_at(), Duration::ZERO);
        let mut work = Work { number, key, ask, local, alone: known.avoid.is_some(), looked_up };
        work.local.add_request(request);
        self.keep_lookup(&mut work, way.as_ref());
        let failure = self.exchange(&scene, id, &mut work, way).await.err();
        let Work { key, mut local, .. } = work;
        let Some(mut request) = local.requests.pop() else { return };
        ear.end(came(&request, failure.as_ref()));
        let refused = ear.has_refused();
        self.heed_version(&request);
        let stops = failure
            .as_ref()
            .is_some_and(|failure| matches!(failure.code, FailureCode::MaxTime | FailureCode::Interrupted));
        request.failure = failure;
        let is_retry = resource.initiator.kind == InitiatorKind::Retry || self.state.borrow().is_retried(id);
        let own = Key { origin: Origin::of(&request.url), credentials: key.credentials };
        let rode = key != own;
        let next = self.next_of(&request, is_retry, rode);
        let next = next.filter(|_| !refused);
        let mut state = self.state.borrow_mut();
        if rode {
            state.rode(id, &key, &own, is_misdirected(&request));
        }
        state.stopped |= stops;
        let end = request.end;
        if matches!(&next, Some((InitiatorKind::Redirect, _)))
            && let Some(redirect) = request.http.ran_mut().and_then(|http| http.redirect.as_mut())
        {
            redirect.followed = true;
        }
        let came = request.failure.is_none();
        state.requests[number] = request;
        state.ended(id);
        if state.again.is_some() {
            if matches!(next, Some((InitiatorKind::Retry, _))) {
                state.repeat(id);
            } else if came {
                // Behind all that was heard of it; what nobody has named this time is not asked for.
                self.inbox.put(Heard::Came { of: Asker::Resource(id), part: Part::End, at: end });
            }
            return;
        }
        if let Some((kind, url)) = next {
            state.follow(id, kind, url, end);
        }
    }

    /// What a connection is opened with by a plan of the page's own.
    pub(super) fn scene_of<'s>(&'s self, plan: &'s Plan, reach: Reach) -> Scene<'s> {
        let own = *self.scene;
        let tls = if plan.http.version == VersionChoice::Http11 { own.http1_tls } else { own.tls };
        Scene { plan, tls, reach, ..own }
    }

    /// The plan of a request, the request, and who hears of its response.
    fn draft(&self, id: ResourceId, (page, url): (&Url, &Url)) -> (HttpPlan, Ask, Ear) {
        let state = self.state.borrow();
        let (resource, known) = (&state.resources[id.0], &state.known[id.0]);
        let (of, clock) = (&self.scene.plan.http, *self.scene.clock);
        let as_what = (resource.kind, resource.priority);
        let made = (
            ask::plan(of, (page, url), &known.wish, as_what),
            ask::ask((page, url), &known.wish, &state.cookies),
        );
        if let Some(row) = state.again.as_ref().and_then(|again| again.rows.get(id.0)) {
            let first = state.known.first().and_then(|known| known.url.as_ref());
            let (http, ask) = ask::once_more(made, row, of, (first, url), &state.cookies);
            return (http, ask, Ear::following(&self.inbox, Asker::Resource(id), clock));
        }
        let ear = Ear::new(&self.inbox, Asker::Resource(id), resource.kind, state.plan.viewport, clock);
        (made.0, made.1, ear.checking(&known.wish).comparing(state.plan.visits))
    }

    /// Takes up that a server wants HTTP/1.1, whatever else is asked of it.
    fn heed_version(&self, request: &Request) {
        let said = request.http.as_ref().ran().and_then(|http| http.unanswered);
        if said == Some(Unanswered::Http1Required) && self.scene.plan.http.version == VersionChoice::Auto {
            self.state.borrow_mut().heed_http1(Origin::of(&request.url));
        }
    }

    /// What a request leads on to: the target of its redirect, or itself on a connection of its own.
    fn next_of(&self, request: &Request, is_retry: bool, rode: bool) -> Option<(InitiatorKind, Url)> {
        let http = request.http.as_ref().ran();
        // It is asked for once more, over a connection of its own where the first was another host's (Fetch section 4.6).
        if is_misdirected(request) && (rode || !is_retry) {
            return Some((InitiatorKind::Retry, request.url.clone()));
        }
        let reused = [REUSED, OPEN, OPEN_AHEAD].map(Some).contains(&request.lookup.reason());
        // It speaks of the wait for a request, on a connection that was kept (RFC 9110 section 15.5.9).
        if http.is_some_and(|http| http.status == Some(408)) && reused && !is_retry {
            return Some((InitiatorKind::Retry, request.url.clone()));
        }
        if request.failure.is_some() {
            let again = http.and_then(|http| http.unanswered).is_some_and(|why| match why {
                Unanswered::Refused => true,
                Unanswered::Unprocessed | Unanswered::Unknown => reused,
                Unanswered::Http1Required => self.scene.plan.http.version == VersionChoice::Auto,
            });
            let again = again && !is_retry;
            return again.then(|| (InitiatorKind::Retry, request.url.clone()));
        }
        let target = http?.redirect.as_ref()?.target.as_ref()?;
        Some((InitiatorKind::Redirect, url::parse(target).ok()?))
    }

    /// Connection and exchange.
    async fn exchange(
        &self,
        scene: &Scene<'_>,
        id: ResourceId,
        work: &mut Work,
        way: Option<Way>,
    ) -> Result<(), Failure> {
        let waits = matches!(way, None | Some(Way::Coming));
        let usable = match self.usable(&work.key, way).await {
            Some(idle) => {
                let why = self.state.borrow().why_open(idle.connection);
                let request = &mut work.local.requests[0];
                request.connection = Stage::Ran(idle.connection);
                if request.lookup.ran().is_none() {
                    request.lookup = Stage::Skipped(why);
                }
                Some(idle)
            }
            None if waits => None,
            None => {
                self.come_home(work);
                self.ride(scene, work).await
            }
        };
        // Another may have opened one for all while the name was looked up.
        let hosts = |state: &State| state.hosts.binds_late(&work.key) || state.hosts.is_shared(&work.key);
        let binds_late = !work.alone && hosts(&self.state.borrow());
        let (idle, made) = match usable {
            Some(idle) => (idle, None),
            None if waits || binds_late => self.first_of_all(scene, id, work, waits).await?,
            None => self.its_own(scene, work).await?,
        };
        let Idle { session, connection } = idle;
        let url = work.local.requests[0].url.clone();
        (scene.on_stage)(StageName::Http, &url.host_ascii);
        let plan = &scene.plan.http;
        let made = made.unwrap_or_else(|| http::prepare(&url, &work.ask, plan));
        let hold = session.share();
        let carries_many = hold.is_some();
        let (http, result) =
            http::fetch(session, made, (&url, &work.ask), plan, scene.clock, scene.stop).await;
        let (left, failure) = match result {
            Ok(left) => (left, None),
            Err(failure) => (spared(hold, &http, &failure).await, Some(failure)),
        };
        let request = &mut work.local.requests[0];
        request.end = http.end;
        request.http = Stage::Ran(http);
        let hosts = &mut self.state.borrow_mut().hosts;
        match left {
            Some(session) => hosts.returned(&work.key, Idle { session, connection }),
            None => hosts.ended(&work.key, connection, carries_many),
        }
        failure.map_or(Ok(()), Err)
    }

    /// A connection of its own.
    async fn its_own(
        &self,
        scene: &Scene<'_>,
        work: &mut Work,
    ) -> Result<(Idle, Option<http::Prepared>), Failure> {
        let (opened, made, connection) = self.open(scene, work).await;
        match (opened, connection) {
            (Ok(Some((session, _))), Some(connection)) => {
                let mut state = self.state.borrow_mut();
                state.moved(&mut work.key, &work.local.requests[0].url);
                state.hosts.opened(&work.key, &session, connection);
                // Those that waited to know what it speaks need not wait any longer.
                self.inbox.wake.notify_one();
                self.settled.notify_waiters();
                Ok((Idle { session, connection }, made))
            }
            (opened, _) => {
                self.state.borrow_mut().hosts.failed(&work.key);
                let none = || {
                    let message = "the connection ended before the request";
                    Fault::new(StageName::Http, FailureCode::ConnectionReset, message)
                };
                Err(opened.err().unwrap_or_else(|| none().after(Duration::ZERO)))
            }
        }
    }

    /// Opens a connection, and puts it into the page's tables; gives what was made of the request meanwhile.
    pub(super) async fn open(
        &self,
        scene: &Scene<'_>,
        work: &mut Work,
    ) -> (Opened, Option<http::Prepared>, Option<ConnectionId>) {
        let mut beside = Beside::default();
        let opened = way::open(scene, &mut work.local, RequestId(0), &work.ask, &mut beside).await;
        work.restore_lookup(&mut beside);
        let end = work.local.hops().next_back().and_then(|hop| end_of(&hop));
        work.local.requests[0].end = end.unwrap_or_else(|| scene.clock.now());
        let made = beside.request.take();
        let connection = self.adopt(work, beside);
        (opened, made, connection)
    }

    /// The connection of a way, if it still stands.
    async fn usable(&self, key: &Key, way: Option<Way>) -> Option<Idle> {
        match way? {
            Way::Open | Way::Coming => None,
            Way::Idle(mut idle) => {
                let stands = idle.session.is_open().await;
                // Its place is taken by the one that is opened now.
                stands.then_some(idle)
            }
            Way::Shared(mut idle) => {
                if idle.session.is_open().await {
                    return Some(idle);
                }
                let mut state = self.state.borrow_mut();
                state.hosts.ended(key, idle.connection, true);
                state.hosts.replaced(key);
                None
            }
        }
    }

    /// Puts what was opened for a request into the page's tables; gives the connection's place there.
    pub(super) fn adopt(&self, work: &mut Work, beside: Beside) -> Option<ConnectionId> {
        let mut state = self.state.borrow_mut();
        let Trace { requests, lookups, connections, .. } = &mut work.local;
        let request = &mut requests[0];
        if let Some(dns) = lookups.pop() {
            let asked = !matches!(dns.lane, DnsLane::Given | DnsLane::Special);
            let known = asked && dns.noticed.is_none() && dns.end.since(dns.start) < KNOWN_WITHIN;
            if known && request.connection.ran().is_some() {
                request.lookup = Stage::Skipped(KNOWN);
            } else {
                request.lookup = Stage::Ran(LookupId(of_page(state.lookups.len())));
                let place = state.lookups.len();
                state.lanes.extend(beside.lanes.map(|(_, lanes)| (place, lanes)));
                state.lookups.push(dns);
            }
        }
        let first = state.connections.len();
        for (place, connection) in connections.iter().enumerate() {
            let id = ConnectionId(of_page(first + place));
            state.covers.extend(Covers::of(id, connection, beside.unread.as_ref()));
        }
        for mut connection in connections.drain(..) {
            connection.opened_for = RequestId(of_page(work.number));
            state.connections.push(connection);
        }
        state.watches.extend(beside.watch.map(|(own, watch)| (first + own.0, watch)));
        state.of_quic.extend(beside.quic.map(|(own, watch)| (first + own.0, watch)));
        let own = request.connection.ran()?;
        state.unread.extend(beside.unread.map(|unread| (first + own.0, unread)));
        let id = ConnectionId(of_page(first + own.0));
        request.connection = Stage::Ran(id);
        Some(id)
    }
}

/// A connection that goes on though one of its requests failed: what a server says of a stream it says of that alone (RFC
/// 9113 section 5.4.2). None where the request has to go by another.
async fn spared(hold: Option<Session>, http: &Http, failure: &Failure) -> Option<Session> {
    let mut session = hold?;
    let is_of_stream = http.unanswered.is_none() || is_refused_stream(http, failure);
    (is_of_stream && session.is_open().await).then_some(session)
}

/// Whether a server says that it is not asked for this host on this connection (RFC 9110 section 15.5.20).
fn is_misdirected(request: &Request) -> bool {
    request.http.as_ref().ran().is_some_and(|http| http.status == Some(421))
}

/// Whether a body can be judged: it is that of a success, and all of it came and is decoded.
pub(super) fn came(request: &Request, failure: Option<&Failure>) -> Came {
    let whole = request.http.as_ref().ran().is_some_and(|http| {
        let body = &http.body;
        let plain = body.encoding.is_none() || body.decoded_bytes.is_some() && body.decode_error.is_none();
        http.status.is_some_and(|status| (200..300).contains(&status)) && body.complete && plain
    });
    if whole && failure.is_none() { Came::Whole } else { Came::InPart }
}

/// How a request begins.
pub(super) struct Begin {
    pub(super) key: Key,
    /// `None`: it waits for what others open.
    pub(super) way: Option<Way>,
    /// Its lookup, where that was made before it was known whether it needs a connection.
    pub(super) looked_up: Option<(Dns, Option<UncountedLanes>)>,
}

impl Work {
    /// Puts the lookup that was made before in place of the one that has just found the same in a cache.
    pub(super) fn restore_lookup(&mut self, beside: &mut Beside) {
        let Some(place) = self.local.lookups.len().checked_sub(1) else { return };
        if let Some((dns, lanes)) = self.looked_up.take() {
            // What came of the endpoints of its records is told by the later one.
            let service = self.local.lookups[place].service.take().or(dns.service);
            self.local.lookups[place] = Dns { service, ..dns };
            beside.lanes = lanes.map(|lanes| (LookupId(place), lanes)).or(beside.lanes.take());
        }
    }
}

/// A request under way.
pub(super) struct Work {
    /// Its place among the page's.
    pub(super) number: usize,
    pub(super) key: Key,
    pub(super) ask: Ask,
    /// What it has by itself.
    pub(super) local: Trace,
    /// It is to have a connection of its own host.
    pub(super) alone: bool,
    /// Its lookup, where that was made before it was known whether it needs a connection.
    pub(super) looked_up: Option<(Dns, Option<UncountedLanes>)>,
}
