//! Who drives a page: what was heard becomes requests, and the turn of each is kept.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Notify;

use super::covers::Covers;
use super::hosts::{Credentials, Key, Way};
use super::inbox::{Came, Ear, Heard, Inbox};
use super::slot::Job;
use super::state::State;
use crate::http::{self, Listener, Session};
use crate::plan::{Cookie, CookieJar, PagePlan, Reach};
use crate::tls;
use crate::trace::{Asker, Connection, ConnectionId, Header, ResourceId, ResourceKind, Url};
use crate::tracer::endpoint::is_public;
use crate::tracer::pool::Pool;
use crate::tracer::scene::Scene;
use crate::tracer::target::Origin;

/// How often others get their turn before a connection is opened beside the document's: each time, what has come to
/// this machine is read on.
const YIELDS: usize = 8;

/// What is done next.
enum Turn {
    /// A request, by its way.
    Fetch(ResourceId, Key, Box<Way>),
    /// What a hint asks for.
    Prepare(ResourceId, Key),
    /// A connection for a request.
    Open(Box<Job>),
}

/// Fetches what a document asks for, from its first byte on.
pub(crate) struct Engine<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) state: RefCell<State>,
    pub(super) inbox: Rc<Inbox>,
    ear: Rc<Ear>,
    /// Set when nothing is left but what is done for hints.
    is_over: Cell<bool>,
    over: Notify,
    /// Rung where it is known what a host speaks.
    pub(super) settled: Notify,
    /// Connections of the document's chain that are known here.
    lent: RefCell<HashMap<(Key, ConnectionId), bool>>,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(scene: &'a Scene<'a>, plan: PagePlan) -> Self {
        let inbox = Rc::new(Inbox::default());
        let ear = Ear::new(&inbox, Asker::Document, ResourceKind::Document, plan.viewport, *scene.clock);
        let ear = ear.comparing(plan.visits);
        let state = RefCell::new(State::new(plan));
        let (is_over, over, settled, lent) = Default::default();
        Self { scene, state, inbox, ear: Rc::new(ear), is_over, over, settled, lent }
    }

    /// The same once more, of a state that is known from the begin.
    pub(super) fn of_second_visit(&self, state: State) -> Self {
        let again = Self::new(self.scene, state.plan.clone());
        again.state.replace(state);
        again
    }

    /// Who hears of the document.
    pub(crate) fn listener(&self) -> Listener {
        Listener(self.ear.clone())
    }

    /// The document, or what redirects to it, is about to be asked for on this connection, with what is kept of cookies.
    pub(crate) fn document_connected(
        &self,
        url: &Url,
        session: &Session,
        (connection, unread): (&Connection, Option<&tls::Unread>),
        id: ConnectionId,
        cookies: &[Cookie],
    ) {
        let mut state = self.state.borrow_mut();
        state.cookies = cookies.to_vec();
        state.covers.extend(Covers::of(id, connection, unread));
        let key = Key { origin: Origin::of(url), credentials: Credentials::Sent };
        let carries_many = session.share().is_some();
        if self.lent.borrow_mut().insert((key.clone(), id), carries_many).is_none() {
            state.hosts.lent(&key, session, id);
        }
        let address = connection.tcp.winner.and_then(|winner| connection.tcp.attempts.get(winner));
        let public = address.is_some_and(|attempt| is_public(attempt.address.ip()));
        let guarded = state.plan.reach == Reach::Public && public && connection.proxy.is_none();
        state.reach = if guarded { Reach::Public } else { Reach::Any };
        state.document = Some(url.clone());
    }

    /// The server of the document, or of what redirects to it, wants HTTP/1.1.
    pub(crate) fn heed_http1(&self, url: &Url) {
        self.state.borrow_mut().heed_http1(Origin::of(url));
    }

    /// The document has ended: its connections are for the page now.
    pub(crate) fn document_ended(&self, pool: Pool) {
        self.ear.end(Came::Whole);
        let mut state = self.state.borrow_mut();
        state.document_ended = true;
        let mut lent = self.lent.take();
        for (origin, idle) in pool.into_idle() {
            let key = Key { origin, credentials: Credentials::Sent };
            lent.remove(&(key.clone(), idle.connection));
            state.hosts.returned(&key, idle);
        }
        for ((key, connection), carries_many) in lent {
            state.hosts.ended(&key, connection, carries_many);
        }
        self.inbox.wake.notify_one();
    }

    /// Fetches until nothing is left that could be asked for.
    pub(crate) async fn run(&self) {
        let mut active = FuturesUnordered::new();
        loop {
            self.hear();
            self.read_what_has_come().await;
            while let Some(turn) = self.next() {
                active.push(self.take(turn));
            }
            if active.is_empty() && self.state.borrow().document_ended {
                break;
            }
            if self.state.borrow().is_over() {
                self.is_over.set(true);
                self.over.notify_waiters();
            }
            tokio::select! {
                biased;
                Some(()) = active.next(), if !active.is_empty() => {}
                () = self.inbox.wake.notified() => {}
            }
        }
        let open: Vec<Session> = std::mem::take(&mut self.state.borrow_mut().hosts).into_open().collect();
        for session in open {
            session.close().await;
        }
    }

    /// Before a connection is opened beside the document's, by HTTP/1.1: that may be free as soon as what has already
    /// come is read, and browsers take it then.
    async fn read_what_has_come(&self) {
        for _ in 0..YIELDS {
            if !self.state.borrow().would_open_beside_document() {
                return;
            }
            tokio::task::yield_now().await;
            self.hear();
        }
    }

    /// Until nothing is left but what is done for hints.
    pub(super) async fn over(&self) {
        let told = self.over.notified();
        if !self.is_over.get() {
            told.await;
        }
    }

    /// The next that can be done. Connections that are free go to those that wait for them first.
    fn next(&self) -> Option<Turn> {
        let mut state = self.state.borrow_mut();
        state.bind();
        if let Some(job) = state.jobs.pop_front() {
            return Some(Turn::Open(Box::new(job)));
        }
        if let Some((id, key)) = state.next_hint() {
            return Some(Turn::Prepare(id, key));
        }
        state.next().map(|(id, key, way)| Turn::Fetch(id, key, Box::new(way)))
    }

    async fn take(&self, turn: Turn) {
        match turn {
            Turn::Fetch(id, key, way) => self.fetch(id, key, *way).await,
            Turn::Prepare(id, key) => self.prepare(id, key).await,
            Turn::Open(job) => self.open_for(*job).await,
        }
    }

    /// Takes the cookies that a response sets.
    fn take_cookies(&self, state: &mut State, of: Asker, (url, fields): (&Url, &[Header])) {
        let now = self.scene.clock.wall_now();
        match of {
            Asker::Resource(id) => state.take_cookies(id, (url, fields), now),
            Asker::Document if self.scene.plan.http.cookie_jar == CookieJar::OfChain => {
                let _ = http::take_cookies(&mut state.cookies, url, fields, now);
            }
            Asker::Document => {}
        }
    }

    /// Takes up what was heard.
    fn hear(&self) {
        let mut state = self.state.borrow_mut();
        for heard in self.inbox.take() {
            match heard {
                Heard::Found { of, found, at } => {
                    found.into_iter().for_each(|found| state.find(of, found, at));
                }
                Heard::HeadRead(at) => state.head_read = state.head_read.or(Some(at)),
                Heard::Document(read) => state.read = Some(read),
                Heard::Cookies { of, url, fields } => self.take_cookies(&mut state, of, (&url, &fields)),
                Heard::Offered { url, said } => state.take_offer(&url, &said, self.scene.clock.now()),
                Heard::Came { of, part, at } => state.came(of, part, at),
                Heard::Whole { of, fingerprint } => {
                    state.fingerprints.insert(of, fingerprint);
                }
                Heard::Checked { of: Asker::Resource(ResourceId(id)), integrity, unused } => {
                    let resource = &mut state.resources[id];
                    (resource.integrity, resource.unused) = (integrity, unused);
                }
                Heard::Checked { of: Asker::Document, .. } => {}
            }
        }
    }
}
