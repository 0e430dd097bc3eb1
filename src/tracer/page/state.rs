//! What is known of a page so far: its resources, what waits for its turn, what was fetched.

mod ahead;
mod late;
mod second;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::ask::{credentials, is_own};
use super::covers::Covers;
use super::hosts::{Credentials, Hosts, Key, Speaks, Way};
use super::revisit::Revisits;
use super::slot::{Job, Waiting};
use crate::dns::UncountedLanes;
use crate::http;
use crate::page::{Cors, Embedder, Found, Pending, Place, Progress, Ranks, Schedule, Wish, can_wait, place};
use crate::plan::{Cookie, MAX_LEVELS, MAX_PAGE_BYTES, PagePlan, Potential, Reach, Sites};
use crate::suffix;
use crate::tcp;
use crate::tls;
use crate::trace::{
    Ahead, Asker, At, Blocking, Connection, ConnectionId, Dns, DocumentRead, Fate, Host, Initiator,
    InitiatorKind, Left, Priority, Request, RequestId, Resource, ResourceId, ResourceKind, Url, Use,
};
use crate::tracer::resend::is_refused_stream;
use crate::tracer::target::Origin;
use crate::url;

/// Resources that are told of, in all.
const MOST_TOLD: usize = 10_000;
/// Redirects that one resource may take.
const MAX_REDIRECTS: usize = 20;
/// Hints that something is done for.
const MOST_HINTS: usize = 16;

/// Why a request has no connection of its own.
pub(super) const OPEN: &str = "an earlier request's connection is used";
/// The same, where that was opened for nobody.
pub(super) const OPEN_AHEAD: &str = "the connection was opened ahead, for a hint";

/// What is known of a resource beside what is told of it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) wish: Wish,
    /// Levels below the document.
    level: usize,
    /// Below a frame: nothing of the page waits for it.
    framed: bool,
    /// Which.
    frame: Option<ResourceId>,
    redirects: usize,
    /// A connection that it must not go over again: it ended under the request before.
    pub(super) avoid: Option<ConnectionId>,
    pub(super) url: Option<Url>,
    /// It had to wait for its turn.
    pub(super) held: bool,
}

/// The state of a page.
pub(super) struct State {
    pub(super) plan: PagePlan,
    pub(super) resources: Vec<Resource>,
    pub(super) known: Vec<Known>,
    /// Whether a hint, or a file.
    seen: HashMap<(String, Cors, bool), ResourceId>,
    hints: VecDeque<ResourceId>,
    /// Hints that something was done for.
    prepared: usize,
    pending: Vec<ResourceId>,
    running: Vec<ResourceId>,
    /// Those of them that wait for a connection.
    waiting: Vec<Waiting>,
    /// Connections that are to be opened for these.
    pub(super) jobs: VecDeque<Job>,
    /// Of the document, and of each frame.
    ranks: HashMap<Option<ResourceId>, Ranks>,
    pub(super) hosts: Hosts,
    pub(super) cookies: Vec<Cookie>,
    pub(super) document: Option<Url>,
    pub(super) reach: Reach,
    pub(super) read: Option<DocumentRead>,
    pub(super) head_read: Option<At>,
    pub(super) document_ended: bool,
    pub(super) stopped: bool,
    bytes: u64,
    asked: usize,
    pub(super) requests: Vec<Request>,
    pub(super) lookups: Vec<Dns>,
    pub(super) connections: Vec<Connection>,
    pub(super) lanes: Vec<(usize, UncountedLanes)>,
    pub(super) watches: Vec<(usize, tcp::Watch)>,
    pub(super) unread: Vec<(usize, tls::Unread)>,
    pub(super) of_quic: Vec<(usize, crate::quic::Watch)>,
    /// What connections are good for.
    pub(super) covers: Vec<Covers>,
    /// What bodies that came whole are known again by, where there are two visits.
    pub(super) fingerprints: HashMap<Asker, [u8; 32]>,
    /// Origins in the clear of which it is known what the DNS says, and those of them that are asked by https.
    pub(super) looked: HashSet<Origin>,
    pub(super) secured: HashSet<Origin>,
    /// Origins that may be had by HTTP/3, by what a response has said.
    pub(super) offers: HashMap<Origin, Offer>,
    /// Origins whose servers want HTTP/1.1.
    pub(super) by_http1: HashSet<Origin>,
    /// What is visited once more; `None` at the first visit.
    pub(super) again: Option<Revisits>,
}

impl Known {
    /// Of a document that is gone to.
    pub(super) fn of_document(url: Url) -> Self {
        Self {
            wish: Wish::default(),
            level: 0,
            framed: false,
            frame: None,
            redirects: 0,
            avoid: None,
            url: Some(url),
            held: false,
        }
    }
}

/// Where an origin may be had by HTTP/3, by what a response has said (RFC 7838).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The port, at the origin's own host.
    pub(crate) port: u16,
    /// Until when that holds.
    pub(crate) until: At,
}

impl State {
    pub(super) fn new(plan: PagePlan) -> Self {
        Self {
            plan,
            resources: Vec::new(),
            known: Vec::new(),
            seen: HashMap::new(),
            hints: VecDeque::new(),
            prepared: 0,
            pending: Vec::new(),
            running: Vec::new(),
            waiting: Vec::new(),
            jobs: VecDeque::new(),
            ranks: HashMap::new(),
            hosts: Hosts::default(),
            cookies: Vec::new(),
            document: None,
            reach: Reach::Any,
            read: None,
            head_read: None,
            document_ended: false,
            stopped: false,
            bytes: 0,
            asked: 0,
            requests: Vec::new(),
            lookups: Vec::new(),
            connections: Vec::new(),
            lanes: Vec::new(),
            watches: Vec::new(),
            unread: Vec::new(),
            of_quic: Vec::new(),
            covers: Vec::new(),
            fingerprints: HashMap::new(),
            looked: HashSet::new(),
            secured: HashSet::new(),
            offers: HashMap::new(),
            by_http1: HashSet::new(),
            again: None,
        }
    }

    /// The connection that a retry must not go over.
    fn avoided(&self, id: ResourceId) -> Option<ConnectionId> {
        let Fate::Requested(request) = self.resources[id.0].fate else { return None };
        let request = &self.requests[request.0];
        let http = request.http.as_ref().ran();
        let is_refused = http
            .zip(request.failure.as_ref())
            .is_some_and(|(http, failure)| is_refused_stream(http, failure));
        // Nor does a 421 say anything of it: where it was another host's, that is known (`rode`).
        let is_misdirected = http.is_some_and(|http| http.status == Some(421));
        request.connection.ran().filter(|_| !is_refused && !is_misdirected)
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.bytes > MAX_PAGE_BYTES
    }

    /// Takes a finding up.
    pub(super) fn find(&mut self, of: Asker, found: Found, at: At) {
        let mut found = found;
        let above = match of {
            Asker::Document => None,
            Asker::Resource(id) => Some((self.known[id.0].clone(), self.resources[id.0].clone())),
        };
        let level = 1 + above.as_ref().map_or(0, |(known, _)| known.level);
        let framed =
            above.as_ref().is_some_and(|(known, resource)| known.framed || is_document(resource.kind));
        let framed = framed || found.wish.framed;
        found.wish.framed = framed;
        let frame = match (of, above.as_ref()) {
            (Asker::Resource(id), Some((_, resource))) if is_document(resource.kind) => Some(id),
            (_, above) => above.and_then(|(known, _)| known.frame),
        };
        if let Some((known, _)) = above.as_ref().filter(|(_, resource)| !is_document(resource.kind)) {
            found.wish.terms = Rc::new(found.wish.terms.of_sheet(&known.wish.terms));
        }
        found.wish.credentialless =
            found.wish.terms.embedder == Embedder::Credentialless && !is_document(found.kind);
        let above = match above {
            Some((_, resource)) => resource.blocking,
            // An import of a style element is waited for as the element is (HTML section 4.2.6).
            None if found.by == InitiatorKind::Css => match found.wish.place {
                Place::Head => Blocking::Render,
                Place::Body => Blocking::Parser,
            },
            None => Blocking::None,
        };
        let mut placed = place(&found, above, self.ranks.entry(frame).or_default());
        if framed {
            placed.blocking = Blocking::None;
        }
        let (url, mut parsed, mut note, mut left) = self.readable(&found);
        let is_hint = left == Some(Left::Hint);
        if is_hint {
            parsed = url::parse(&url).ok();
            left = parsed.as_ref().filter(|url| self.is_foreign(url)).map_or(left, |_| Some(Left::OtherSite));
        }
        if left.is_none()
            && let Some(directive) = found.barred(&url, false)
        {
            (left, note) = (Some(Left::Policy), Some(directive));
        }
        if left.is_none() && level > MAX_LEVELS {
            left = Some(Left::TooDeep);
        }
        if left.is_none() && parsed.as_ref().is_some_and(|url| self.is_foreign(url)) {
            left = Some(Left::OtherSite);
        }
        let key = (url.clone(), found.wish.cors, is_hint);
        let resource = Resource {
            url,
            kind: found.kind,
            initiator: Initiator { kind: found.by, of, offset: found.offset },
            discovered: at,
            priority: placed.priority,
            blocking: if left.is_some() { Blocking::None } else { placed.blocking },
            ahead: found.wish.ahead(),
            cross_origin: found.wish.cors,
            fate: left.map_or(Fate::Unstarted, Fate::Left),
            note,
            integrity: None,
            unused: None,
            spare: None,
        };
        let known = Known {
            wish: found.wish,
            level,
            framed,
            frame,
            redirects: 0,
            avoid: None,
            url: parsed,
            held: false,
        };
        // What was looked up only is still to be connected to.
        let is_more = |id: &ResourceId| {
            let before = &self.resources[id.0];
            resource.kind == ResourceKind::Preconnect
                && before.kind == ResourceKind::DnsPrefetch
                && matches!(before.fate, Fate::Prepared(_))
        };
        if let Some(id) = self.seen.get(&key).copied().filter(|id| !is_more(id)) {
            self.find_again(id, resource, known);
        } else if let Some(id) = self.put(resource, known) {
            self.seen.insert(key, id);
            if is_hint {
                self.hints.push_back(id);
            }
        }
    }

    /// Something that is asked for a second time: a preload and its use are one request.
    fn find_again(&mut self, id: ResourceId, again: Resource, known: Known) {
        let resource = &mut self.resources[id.0];
        if resource.ahead == Some(Ahead::Preload(Use::Unseen)) && again.ahead.is_none() {
            resource.ahead = Some(Ahead::Preload(Use::Seen));
        }
        // Who connects has looked the name up.
        if again.kind == ResourceKind::Preconnect
            && resource.kind == ResourceKind::DnsPrefetch
            && matches!(resource.fate, Fate::Left(_))
        {
            resource.kind = again.kind;
        }
        if matches!(again.fate, Fate::Left(_)) {
            return;
        }
        if matches!(resource.fate, Fate::Left(_)) {
            // What was not asked for before is asked for now: this reference is the one that counts.
            *resource = Resource { ahead: resource.ahead.or(again.ahead), ..again };
            self.known[id.0] = known;
            self.pending.push(id);
            return;
        }
        resource.blocking = resource.blocking.max(again.blocking);
        if resource.fate == Fate::Unstarted {
            resource.priority = resource.priority.max(again.priority);
        }
    }

    /// Whether it is of another site, and these are not asked.
    fn is_foreign(&self, url: &Url) -> bool {
        let own = self.document.as_ref().filter(|_| self.plan.sites == Sites::Own);
        own.is_some_and(|own| suffix::site(&own.host_ascii) != suffix::site(&url.host_ascii))
    }

    /// The URL that is asked for, and why it is not.
    fn readable(&self, found: &Found) -> (String, Option<Url>, Option<String>, Option<Left>) {
        let (mut href, mut note) = (found.url.clone(), found.note.clone());
        let potential = found.left == Some(Left::Potential) && self.plan.potential == Potential::Fetched;
        let left = found.left.filter(|_| !potential);
        if left.is_some() {
            return (href, None, note, left);
        }
        let over_tls = self.document.as_ref().is_some_and(|document| !document.scheme.is_clear());
        // What cannot be read on the way is upgraded by nobody (Upgrade Insecure Requests section 3.2).
        let is_clear =
            href.starts_with("http:") && !url::parse(&href).is_ok_and(|url| url.host.is_this_machine());
        if found.wish.terms.policies.upgrade() && is_clear {
            note = Some(
                "http in the markup: asked for by https, as upgrade-insecure-requests has it".to_owned(),
            );
            href.replace_range(..4, "https");
        }
        if over_tls && is_clear && href.starts_with("http:") {
            // Browsers try images by https, and nothing else (Mixed Content, section 4).
            if !is_passive(found.kind, &found.wish) {
                return (href, None, note, Some(Left::MixedContent));
            }
            // And no address is (Mixed Content section 4.1).
            if url::parse(&href).is_ok_and(|url| is_address(&url)) {
                note = Some("in the clear on a page over TLS: browsers upgrade no address".to_owned());
            } else {
                note = Some(
                    "http in the markup of a page over TLS: asked for by https, as browsers do".to_owned(),
                );
                href.replace_range(..4, "https");
            }
        }
        match url::parse(&href) {
            Ok(url) => (href, Some(url), note, None),
            Err(_) => (href, None, note, Some(Left::BadUrl)),
        }
    }

    fn put(&mut self, resource: Resource, known: Known) -> Option<ResourceId> {
        if self.resources.len() >= MOST_TOLD {
            return None;
        }
        let id = ResourceId(self.resources.len());
        if resource.fate == Fate::Unstarted {
            self.pending.push(id);
        }
        self.resources.push(resource);
        self.known.push(known);
        Some(id)
    }

    /// What a resource leads on to: where it was redirected to, or the same once more.
    pub(super) fn follow(&mut self, id: ResourceId, kind: InitiatorKind, url: Url, at: At) {
        let (before, mut known) = (self.resources[id.0].clone(), self.known[id.0].clone());
        known.held = false;
        known.avoid = None;
        if kind == InitiatorKind::Retry {
            known.avoid = self.avoided(id);
        }
        known.redirects += usize::from(kind == InitiatorKind::Redirect);
        if kind == InitiatorKind::Redirect
            && let Some(from) = &known.url
        {
            known.wish.tainted |=
                !is_own(&known.wish, from) && http::origin_of(from) != http::origin_of(&url);
        }
        let over_tls = self.document.as_ref().is_some_and(|document| !document.scheme.is_clear());
        let is_clear = kind == InitiatorKind::Redirect && url.scheme.is_clear();
        // The steps of a first request are taken for each redirect (Fetch section 4.1).
        let is_upgraded = known.wish.terms.policies.upgrade()
            || over_tls && !is_address(&url) && is_passive(before.kind, &known.wish);
        let upgraded = (is_clear && is_upgraded && !url.host.is_this_machine())
            .then(|| url::parse(&url.href.replacen("http:", "https:", 1)).ok());
        let (url, is_clear) = match upgraded.flatten() {
            Some(url) => (url, false),
            None => (url, is_clear),
        };
        let left = if known.redirects > MAX_REDIRECTS {
            Some(Left::TooDeep)
        } else if over_tls && is_clear && !url.host.is_this_machine() && !is_passive(before.kind, &known.wish)
        {
            Some(Left::MixedContent)
        } else {
            None
        };
        let found = Found {
            url: url.href.clone(),
            kind: before.kind,
            by: kind,
            offset: None,
            wish: known.wish.clone(),
            left: None,
            note: None,
        };
        let left = left.or_else(|| self.is_foreign(&url).then_some(Left::OtherSite));
        let barred = found.barred(&url.href, true);
        let note = barred.filter(|_| left.is_none() && kind == InitiatorKind::Redirect);
        let left = left.or_else(|| note.as_ref().map(|_| Left::Policy));
        let resource = Resource {
            url: url.href.clone(),
            initiator: Initiator { kind, of: Asker::Resource(id), offset: None },
            discovered: at,
            blocking: if left.is_some() { Blocking::None } else { before.blocking },
            fate: left.map_or(Fate::Unstarted, Fate::Left),
            note,
            integrity: None,
            unused: None,
            spare: None,
            ..before
        };
        known.url = Some(url);
        self.put(resource, known);
    }

    fn key(&self, id: ResourceId) -> Option<Key> {
        self.document.as_ref()?;
        let known = &self.known[id.0];
        let url = known.url.as_ref()?;
        let secure = self.secured(url);
        let url = secure.as_ref().unwrap_or(url);
        Some(Key { origin: Origin::of(url), credentials: credentials(&known.wish, url) })
    }

    fn progress(&self) -> Progress {
        let waited_for = |id: &&ResourceId| {
            let resource = &self.resources[id.0];
            resource.blocking == Blocking::Render
        };
        let delayable = |id: &&ResourceId| can_wait(self.resources[id.0].priority);
        Progress {
            head_is_read: self.head_read.is_some() || self.document_ended,
            blocking_left: self.running.iter().chain(&self.pending).filter(waited_for).count(),
            under_way: self.running.len(),
            delayable: self.running.iter().filter(delayable).count(),
        }
    }

    /// Whether something waits that goes where the document comes from, over a connection that carries one request at a
    /// time.
    pub(super) fn would_open_beside_document(&self) -> bool {
        let Some(document) = self.document.as_ref().filter(|_| !self.document_ended) else { return false };
        let key = Key { origin: Origin::of(document), credentials: Credentials::Sent };
        self.hosts.speaks(&key) == Speaks::Http1
            && self.pending.iter().any(|id| self.key(*id).is_some_and(|own| own == key))
    }

    /// The next to start, and how it gets its connection.
    pub(super) fn next(&mut self) -> Option<(ResourceId, Key, Way)> {
        if self.document.is_none() || self.stopped {
            return None;
        }
        let schedule = Schedule(self.plan.profile);
        let is_any_told = self.hosts.are_any_told();
        let mut order: Vec<Pending> = self
            .pending
            .iter()
            .map(|id| Pending {
                number: id.0,
                priority: self.resources[id.0].priority,
                is_told: is_any_told
                    && self.key(*id).is_some_and(|key| self.hosts.speaks(&key) == Speaks::Many),
            })
            .collect();
        schedule.order(&mut order);
        let progress = self.progress();
        for one in order {
            let id = ResourceId(one.number);
            let why = match () {
                () if self.asked >= self.plan.max_resources => Some(Left::TooMany),
                () if self.is_too_large() => Some(Left::TooLarge),
                () => None,
            };
            if let Some(why) = why {
                self.leave(id, why);
                continue;
            }
            let may = schedule.may_start(one, progress)
                // What is for later waits for all else.
                && (one.priority > Priority::VeryLow || !self.known[id.0].wish.prefetch || self.is_quiet());
            let way = if may { self.key(id) } else { None };
            // What must not go over a connection once more has one of its own host.
            let alone = self.known[id.0].avoid.is_some();
            let way = way.map(|key| if alone { key } else { self.hosts.whose(key) });
            let way = way.and_then(|key| self.hosts.way(&key, self.known[id.0].avoid).map(|way| (key, way)));
            let Some((key, way)) = way else {
                self.known[id.0].held = true;
                continue;
            };
            if let Way::Idle(idle) = &way {
                self.given_away(idle.connection);
            }
            self.pending.retain(|other| *other != id);
            self.running.push(id);
            self.asked += 1;
            return Some((id, key, way));
        }
        None
    }

    /// Whether all that the page needs is there.
    fn is_quiet(&self) -> bool {
        let of_page = |id: &ResourceId| !self.known[id.0].wish.prefetch;
        self.document_ended && !self.running.iter().chain(&self.pending).any(of_page)
    }

    fn leave(&mut self, id: ResourceId, why: Left) {
        self.pending.retain(|other| *other != id);
        let resource = &mut self.resources[id.0];
        (resource.fate, resource.blocking) = (Fate::Left(why), Blocking::None);
    }

    /// A place for a request that begins.
    pub(super) fn begin(&mut self, id: ResourceId, request: Request) -> usize {
        let number = self.requests.len();
        self.requests.push(request);
        // Its number is that of the page until the page is settled.
        self.resources[id.0].fate = Fate::Requested(RequestId(number));
        number
    }

    pub(super) fn ended(&mut self, id: ResourceId) {
        self.running.retain(|other| *other != id);
    }
}

/// Whether what it asks for is asked for by a document of its own.
const fn is_document(kind: ResourceKind) -> bool {
    matches!(kind, ResourceKind::Frame | ResourceKind::Object)
}

/// What browsers do not block on a page over TLS: they try it by https, or take it in the clear from an address.
fn is_passive(kind: ResourceKind, wish: &Wish) -> bool {
    matches!(kind, ResourceKind::Image | ResourceKind::Media) && !wish.of_set
}

fn is_address(url: &Url) -> bool {
    !matches!(url.host, Host::Name(_))
}
