//! Of the state of a page: what comes of its responses, and how far its second visit is.

use std::time::{Duration, SystemTime};

use super::{Known, Offer, State};
use crate::http;
use crate::reading::{AltSvc, Alternative};
use crate::trace::{Asker, At, Fate, Header, Resource, ResourceId, Url};
use crate::tracer::page::ask::{credentials, is_other_site};
use crate::tracer::page::hosts::{Credentials, Key};
use crate::tracer::page::revisit::Part;
use crate::tracer::target::Origin;
use crate::tracer::upgrade;

/// What is told of a request that is asked for by https.
const BY_HTTPS: &str =
    "http as it is named: asked for by https, as its host has an HTTPS record (RFC 9460 section 9.5)";

/// The first port that needs no right of the system's.
const USERS: u16 = 1024;

impl State {
    /// Something of a response came.
    pub(crate) fn came(&mut self, of: Asker, part: Part, at: At) {
        if let Part::Bytes(bytes) = part {
            self.bytes = self.bytes.saturating_add(bytes as u64);
        }
        if let (Some(again), Asker::Resource(id)) = (&mut self.again, of) {
            let due = again.came(id, part);
            self.release(due, at);
        }
    }

    /// Takes the cookies that a resource's response sets, where it was asked for with credentials.
    pub(crate) fn take_cookies(&mut self, id: ResourceId, (url, fields): (&Url, &[Header]), now: SystemTime) {
        let Some(page) = &self.document else { return };
        let wish = &self.known[id.0].wish;
        if credentials(wish, url) == Credentials::Omitted {
            return;
        }
        let before = self.cookies.clone();
        let _ = http::take_cookies(&mut self.cookies, url, fields, now);
        // What another site sets for itself alone is not taken from here.
        if is_other_site((page, url), wish) {
            self.cookies.retain(|cookie| cookie.cross_site || before.contains(cookie));
        }
    }

    /// The URL that is asked for in place of one in the clear, where it is known that its host has an HTTPS record.
    pub(crate) fn secured(&self, url: &Url) -> Option<Url> {
        let is_it = !self.secured.is_empty() && self.secured.contains(&Origin::of(url));
        is_it.then(|| upgrade::by_https(url)).flatten()
    }

    /// It is asked for by https in place of http.
    pub(crate) fn asked_by_https(&mut self, id: ResourceId, url: &Url) {
        let resource = &mut self.resources[id.0];
        resource.url.clone_from(&url.href);
        resource.note.get_or_insert_with(|| BY_HTTPS.to_owned());
        self.known[id.0].url = Some(url.clone());
    }

    /// Where a connection leads to another origin than it was to be opened to: an HTTPS record was heeded on the way.
    pub(crate) fn moved(&mut self, key: &mut Key, url: &Url) {
        let origin = Origin::of(url);
        if key.origin != origin {
            self.hosts.left(key);
            self.secured.insert(std::mem::replace(&mut key.origin, origin));
            self.hosts.replaced(key);
        }
    }

    /// A server wants HTTP/1.1, whatever is asked of it, with credentials or without.
    pub(crate) fn heed_http1(&mut self, origin: Origin) {
        if self.by_http1.insert(origin.clone()) {
            for credentials in [Credentials::Sent, Credentials::Omitted] {
                self.hosts.by_http1(&Key { origin: origin.clone(), credentials });
            }
        }
    }

    /// Takes up where an origin may be had by HTTP/3, and until when: the first such place at its own host, another is not
    /// tried here. As in Chromium, a port that any user of a machine may listen at speaks for no port of the system's.
    pub(crate) fn take_offer(&mut self, url: &Url, said: &AltSvc, now: At) {
        let is_own = |one: &&Alternative| {
            one.host.as_ref().is_none_or(|host| host.eq_ignore_ascii_case(&url.host_ascii))
                && (one.port < USERS || url.port >= USERS)
        };
        let offer = said.http3().find(is_own);
        let offer =
            offer.map(|one| Offer { port: one.port, until: now.after(Duration::from_secs(one.max_age)) });
        match offer {
            Some(offer) => drop(self.offers.insert(Origin::of(url), offer)),
            None => drop(self.offers.remove(&Origin::of(url))),
        }
    }

    /// Of the second visit: what may be asked for from now on.
    pub(crate) fn release(&mut self, due: Vec<ResourceId>, at: At) {
        for id in due {
            let resource = &mut self.resources[id.0];
            resource.discovered = at;
            match resource.fate {
                Fate::Left(_) => self.hints.push_back(id),
                _ => self.pending.push(id),
            }
        }
    }

    /// Of the second visit: a request is sent once more.
    pub(crate) fn repeat(&mut self, id: ResourceId) {
        self.known[id.0].avoid = self.avoided(id);
        if let Some(again) = &mut self.again {
            again.rows[id.0].retried = true;
        }
        self.pending.push(id);
    }

    /// Whether it is sent once more already.
    pub(crate) fn is_retried(&self, id: ResourceId) -> bool {
        self.again.as_ref().and_then(|again| again.rows.get(id.0)).is_some_and(|row| row.retried)
    }

    /// Something that was asked for at the first visit, and waits to be released.
    pub(crate) fn enlist(&mut self, resource: Resource, known: Known) {
        self.resources.push(resource);
        self.known.push(known);
    }
}
