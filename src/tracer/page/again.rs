//! The second visit of a page (`--again`): the first one's requests are judged as a browser's own cache judges them, and
//! what it would have to ask for is asked for, by the same schedule, over connections of its own.
//!
//! A visit by a link or a typed URL is meant, not a reload. Nothing of it is counted.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use super::ask::ask;
use super::engine::Engine;
use super::fetch::came;
use super::inbox::Came;
use super::revisit::{Revisits, Row};
use super::state::{Known, State};
use crate::http;
use crate::plan::PagePlan;
use crate::reading::{StaleUse, Stored, Times, hsts, stored};
use crate::trace::{
    Asker, At, Blocking, CrossOrigin, Fate, Http, Initiator, InitiatorKind, Left, Priority, Reasked, Request,
    RequestId, Resource, ResourceId, ResourceKind, ReuseReason, Revisit, Scheme, SecondVisit, Trace, Url,
    header,
};

/// A request of the first visit that came to its end, or a hint.
struct First {
    /// `None` of a hint.
    of: Option<RequestId>,
    resource: Resource,
    known: Known,
    request: Option<Request>,
    /// What its body is known again by.
    fingerprint: Option<[u8; 32]>,
    /// The place of what names it, how, and where.
    by: Option<(usize, InitiatorKind, Option<u64>)>,
}

impl Engine<'_> {
    /// Visits the page once more. `trace` has the document's requests; the page itself is not settled yet.
    pub(crate) async fn visit_again(&self, trace: &Trace) -> Option<SecondVisit> {
        let first = self.first(trace);
        if first.is_empty() || self.state.borrow().stopped {
            return None;
        }
        let start = self.scene.clock.now();
        let rows = self.judged(&first, trace);
        let mut state = {
            let own = self.state.borrow();
            let plan = PagePlan { max_resources: usize::MAX, ..own.plan.clone() };
            let mut state = State::new(plan);
            state.document.clone_from(&own.document);
            state.cookies.clone_from(&own.cookies);
            state.offers.clone_from(&own.offers);
            own.by_http1.iter().for_each(|origin| state.heed_http1(origin.clone()));
            (state.reach, state.document_ended, state.head_read) = (own.reach, true, Some(start));
            state
        };
        for one in &first {
            let fate = if one.of.is_some() { Fate::Unstarted } else { Fate::Left(Left::Hint) };
            let resource = Resource { fate, ..one.resource.clone() };
            state.enlist(resource, one.known.clone());
        }
        let mut again = Revisits::new(rows);
        let due = again.begin();
        state.again = Some(again);
        state.release(due, start);
        let again = self.of_second_visit(state);
        again.run().await;
        Some(again.second_visit(start, &first))
    }

    /// What was asked for at the first visit, without what had to be sent once more, and its hints.
    fn first(&self, trace: &Trace) -> Vec<First> {
        let state = self.state.borrow();
        let mut all: Vec<First> = Vec::new();
        let is_repeated = |id: RequestId| trace.requests.iter().any(|other| other.retry_of == Some(id));
        let chain = trace.requests.iter().enumerate().map(|(id, request)| (RequestId(id), request));
        for (of, request) in chain.filter(|(id, _)| !is_repeated(*id)) {
            let by = all.len().checked_sub(1).map(|before| (before, InitiatorKind::Redirect, None));
            all.push(First {
                of: Some(of),
                resource: document(&request.url),
                known: Known::of_document(request.url.clone()),
                request: Some(request.clone()),
                fingerprint: None,
                by,
            });
        }
        let Some(document) = all.len().checked_sub(1) else { return all };
        all[document].fingerprint = state.fingerprints.get(&Asker::Document).copied();
        let retries = state.resources.iter().filter(|it| it.initiator.kind == InitiatorKind::Retry);
        let retried: HashSet<Asker> = retries.map(|it| it.initiator.of).collect();
        let mut places: HashMap<ResourceId, usize> = HashMap::new();
        for (id, resource) in state.resources.iter().enumerate() {
            let request = match resource.fate {
                Fate::Requested(request) => Some(request),
                Fate::Prepared(_) | Fate::Left(Left::Hint) => None,
                Fate::Left(_) | Fate::Unstarted => continue,
            };
            let id = ResourceId(id);
            if retried.contains(&Asker::Resource(id)) {
                continue;
            }
            // One that was sent once more is named where the first was.
            let mut named = resource.initiator;
            while let (InitiatorKind::Retry, Asker::Resource(before)) = (named.kind, named.of) {
                named = state.resources[before.0].initiator;
            }
            let place = match named.of {
                Asker::Document => Some(document),
                Asker::Resource(asker) => places.get(&asker).copied(),
            };
            let Some(place) = place else { continue };
            places.insert(id, all.len());
            let mut known = state.known[id.0].clone();
            (known.avoid, known.held) = (None, false);
            all.push(First {
                of: request.map(|request| RequestId(request.0 + trace.requests.len())),
                resource: resource.clone(),
                known,
                request: request.map(|request| state.requests[request.0].clone()),
                fingerprint: state.fingerprints.get(&Asker::Resource(id)).copied(),
                by: Some((place, named.kind, named.offset)),
            });
        }
        all
    }

    /// What a browser does with each.
    fn judged(&self, first: &[First], trace: &Trace) -> Vec<Row> {
        let state = self.state.borrow();
        let now = self.scene.clock.wall_now();
        let page = state.document.as_ref();
        let row = |one: &First| {
            let stored = match (page, &one.request) {
                (Some(page), Some(request)) => {
                    let cookies = if one.resource.kind == ResourceKind::Document {
                        state.cookies.clone()
                    } else {
                        ask((page, &request.url), &one.known.wish, &state.cookies).cookies
                    };
                    let cookie = http::cookie_field(&cookies, &request.url);
                    judge((one.resource.kind, request), trace, now, cookie.as_deref())
                }
                _ => Stored::gone(ReuseReason::NoResponse),
            };
            let row = Row::new(one.of, stored, one.resource.kind == ResourceKind::Document);
            match one.by {
                Some((place, kind, offset)) => row.named(place, kind, offset),
                None => row,
            }
        };
        first.iter().map(row).collect()
    }

    /// What came of it.
    fn second_visit(self, start: At, first: &[First]) -> SecondVisit {
        let state = self.state.into_inner();
        let rows = state.again.map(|again| again.rows).unwrap_or_default();
        let asked = |place: usize| {
            let Fate::Requested(request) = state.resources[place].fate else { return None };
            let fingerprint = state.fingerprints.get(&Asker::Resource(ResourceId(place))).copied();
            Some(reasked(&state.requests[request.0], fingerprint, &first[place], &rows[place].stored))
        };
        let requests: Vec<Revisit> = rows
            .iter()
            .enumerate()
            .filter_map(|(place, row)| {
                let (reuse, why, asked) = (row.stored.reuse, row.stored.why, asked(place));
                Some(Revisit { of: row.of?, reuse, why, asked })
            })
            .collect();
        let ends = requests.iter().filter_map(|row| Some(row.asked.as_ref()?.end));
        SecondVisit { start, end: ends.fold(start, At::max), connections: state.connections.len(), requests }
    }
}

/// A document that is gone to.
fn document(url: &Url) -> Resource {
    Resource {
        url: url.href.clone(),
        kind: ResourceKind::Document,
        initiator: Initiator { kind: InitiatorKind::Redirect, of: Asker::Document, offset: None },
        discovered: At(0),
        priority: Priority::VeryHigh,
        blocking: Blocking::Render,
        ahead: None,
        cross_origin: CrossOrigin::No,
        fate: Fate::Unstarted,
        note: None,
        integrity: None,
        unused: None,
        spare: None,
    }
}

fn judge(
    (kind, request): (ResourceKind, &Request),
    trace: &Trace,
    now: SystemTime,
    cookie: Option<&str>,
) -> Stored {
    let url = &request.url;
    if kind == ResourceKind::Document && url.scheme == Scheme::Http && hsts::is_known(&url.host_ascii, trace)
    {
        return Stored::fresh(ReuseReason::Hsts);
    }
    let is_whole = |http: &&Http| http.status.is_some() && http.body.complete;
    let http = request.http.as_ref().ran().filter(is_whole).filter(|_| request.failure.is_none());
    let Some(http) = http else { return Stored::gone(ReuseReason::NoResponse) };
    let head = http.head_end.unwrap_or(http.end);
    let times = Times {
        came: trace.started_at + Duration::from_micros(head.0),
        delay: head.since(http.start.min(head)),
        now,
    };
    let stale = match kind {
        ResourceKind::Document | ResourceKind::Frame | ResourceKind::Fetch => StaleUse::Never,
        _ => StaleUse::Allowed,
    };
    stored(http, times, stale, cookie)
}

fn reasked(request: &Request, now: Option<[u8; 32]>, first: &First, by: &Stored) -> Reasked {
    let http = request.http.as_ref().ran();
    let etag = |http: Option<&Http>| header(&http?.headers, "etag").map(std::borrow::Cow::into_owned);
    let asked = first.request.as_ref();
    let is_whole = asked.is_some_and(|asked| came(asked, asked.failure.as_ref()) == Came::Whole);
    let before = first.fingerprint.filter(|_| is_whole);
    let before_etag = etag(asked.and_then(|asked| asked.http.as_ref().ran()));
    Reasked {
        start: request.start,
        end: request.end,
        by_etag: by.etag.is_some(),
        by_date: by.modified.is_some(),
        status: http.and_then(|http| http.status),
        head_bytes: http.map_or(0, |http| http.head_bytes),
        wire_bytes: http.map_or(0, |http| http.body.wire_bytes),
        same_body: before.zip(now).map(|(before, now)| before == now),
        same_etag: before_etag.zip(etag(http)).map(|(before, now)| before == now),
        failure: request.failure.as_ref().map(|failure| failure.code),
    }
}
