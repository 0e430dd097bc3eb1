//! A model made from what was measured.

use super::model::{Anchor, HostModel, Leaves, Model, Moment, Node, Times};
use super::waited::{self, Measured, Prepared};
use crate::timeline::{Phase, phases};
use crate::trace::{
    Ahead, Asker, Blocking, CrossOrigin, Hop, HttpVersion, InitiatorKind, Page, Priority, ResourceKind,
    Trace, Url, directive,
};

/// A model of the page of a trace; `None` where there is none, or its document never came.
pub(super) fn model(trace: &Trace) -> Option<Model> {
    let page = trace.page.as_ref()?;
    let document = trace.hops().next_back()?;
    document.http.ran()?.first_byte?;
    let mut hosts = Table::default();
    let mut all: Vec<Measured> = Vec::new();
    let mut ids = Vec::new();
    for (place, hop) in trace.hops().enumerate() {
        let host = hosts.place(&hop, CrossOrigin::No, document.url);
        all.push(of_chain(&hop, place, host));
        ids.push(hop.id);
    }
    let chain = all.len();
    let places = places(page, chain);
    for (_, resource, id) in page.requested() {
        let hop = trace.page_hop(id)?;
        let host = hosts.place(&hop, resource.cross_origin, document.url);
        let asker = match resource.initiator.of {
            Asker::Document => last_begun(&all[..chain], hop.start.0),
            Asker::Resource(asker) => places.get(asker.0).copied().flatten(),
        };
        let asker = asker.filter(|asker| *asker < all.len()).unwrap_or(chain - 1);
        let mut one = measured(&hop, host);
        one.node.found = all[asker].times.moment(hop.start.0);
        one.node.asker = Some(asker);
        (one.node.by, one.node.kind) = (resource.initiator.kind, resource.kind);
        (one.node.priority, one.node.blocking) = (resource.priority, resource.blocking);
        one.node.is_later = resource.ahead == Some(Ahead::Prefetch);
        all.push(one);
        ids.push(id);
    }
    let times = all[chain - 1].times;
    let head = page.marks.head_read.map(|at| times.moment(at.0));
    let asked = |one: &&Measured| one.node.asker == Some(chain - 1) && one.node.by == InitiatorKind::Parser;
    let first = all[chain..].iter().filter(asked).map(|one| one.times.found).min();
    let first_found = first.map_or(Moment { anchor: Anchor::FirstByte, lag: 0 }, |at| times.moment(at));
    hosts.learn(&all);
    waited::settle(
        &mut all,
        chain,
        (page.marks.head_read.map(|at| at.0), &prepared(trace, page)),
        &hosts.models,
    );
    let nodes = all.into_iter().map(|one| one.node).collect();
    Some(Model { ids, nodes, hosts: hosts.models, chain, head, first_found, profile: page.profile })
}

/// The connections that were opened ahead.
fn prepared(trace: &Trace, page: &Page) -> Vec<Prepared> {
    let all = page.prepared().filter_map(|(_, _, request)| {
        let hop = trace.page_hop(request)?;
        Some(Prepared { connection: hop.request.connection.ran()?, origin: origin(hop.url), end: hop.end.0 })
    });
    all.collect()
}

/// Where each resource stands among the nodes.
fn places(page: &Page, chain: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; page.resources.len()];
    for (place, (id, ..)) in page.requested().enumerate() {
        places[id.0] = Some(chain + place);
    }
    places
}

fn last_begun(chain: &[Measured], at: u64) -> Option<usize> {
    chain.iter().rposition(|one| one.times.found <= at)
}

fn of_chain(hop: &Hop<'_>, place: usize, host: usize) -> Measured {
    let mut one = measured(hop, host);
    // What a request of the chain waits for is no turn.
    let queue = one.times.turn - one.times.found;
    one.node.own += queue;
    one.times.turn = one.times.found;
    one.node.asker = place.checked_sub(1);
    one.node.found = match place {
        0 => Moment { anchor: Anchor::Found, lag: hop.start.0 },
        _ => Moment { anchor: Anchor::End, lag: 0 },
    };
    one
}

/// A request's phases. Its own work lies before its exchange.
fn measured(hop: &Hop<'_>, host: usize) -> Measured {
    let phases = phases(hop);
    let spent = |phase: Phase| phases.spent[phase];
    let sum = |all: &[Phase]| all.iter().filter_map(|phase| spent(*phase)).sum::<u64>();
    let connecting = [Phase::Connect, Phase::Proxy, Phase::Tls, Phase::Quic];
    let opens = connecting.iter().any(|phase| spent(*phase).is_some());
    let dns = spent(Phase::Dns).unwrap_or(0);
    let opening = opens.then(|| dns + sum(&connecting));
    let own = phases.unaccounted + if opens { 0 } else { dns };
    let http = hop.http.ran();
    let closes = http.is_some_and(|http| {
        directive(&http.headers, "connection", "close").is_some() || http.version == HttpVersion::Http10
    });
    let node = Node {
        asker: None,
        found: Moment { anchor: Anchor::Found, lag: 0 },
        by: InitiatorKind::Redirect,
        kind: ResourceKind::Document,
        priority: Priority::VeryHigh,
        blocking: Blocking::None,
        is_later: false,
        host,
        opening,
        own,
        send: spent(Phase::Send).unwrap_or(0),
        wait: spent(Phase::Wait).unwrap_or(0),
        receive: spent(Phase::Receive).unwrap_or(0),
        leaves: match (http, hop.failure) {
            (None, _) => Leaves::Unopened,
            (Some(_), Some(_)) => Leaves::Closed,
            (Some(_), None) if closes => Leaves::Closed,
            (Some(_), None) => Leaves::Open,
        },
        is_gone: false,
    };
    let found = hop.start.0;
    let times = Times::of(&node, found, found + spent(Phase::Queue).unwrap_or(0), opening.unwrap_or(0));
    Measured { node, times, connection: hop.request.connection.ran() }
}

/// The hosts met so far.
#[derive(Default)]
struct Table {
    models: Vec<HostModel>,
    /// Whether requests to it go without credentials.
    omitted: Vec<bool>,
}

impl Table {
    /// Where requests like this go, by origin and credentials (Fetch standard, section 2.4).
    fn place(&mut self, hop: &Hop<'_>, cross_origin: CrossOrigin, page: &Url) -> usize {
        let origin = origin(hop.url);
        let omitted = cross_origin == CrossOrigin::Anonymous && origin != self::origin(page);
        let shared = hop.http.ran().filter(|http| http.first_byte.is_some());
        let shared =
            shared.is_some_and(|http| matches!(http.version, HttpVersion::Http2 | HttpVersion::Http3));
        let same = |place: &usize| self.models[*place].origin == origin && self.omitted[*place] == omitted;
        let known = (0..self.models.len()).find(same);
        let place = known.unwrap_or_else(|| {
            let is_clear = hop.url.scheme.is_clear();
            self.models.push(HostModel {
                origin,
                is_clear,
                is_shared: false,
                opening: 0,
                is_connected_ahead: false,
            });
            self.omitted.push(omitted);
            self.models.len() - 1
        });
        self.models[place].is_shared |= shared;
        place
    }

    /// What opening a connection usually takes: the median of those of the origin.
    fn learn(&mut self, all: &[Measured]) {
        let origins: Vec<String> = self.models.iter().map(|host| host.origin.clone()).collect();
        for host in &mut self.models {
            let of_origin = all.iter().filter(|one| origins[one.node.host] == host.origin);
            let mut openings: Vec<u64> = of_origin.filter_map(|one| one.node.opening).collect();
            openings.sort_unstable();
            host.opening = openings.get(openings.len() / 2).copied().unwrap_or(0);
        }
    }
}

fn origin(url: &Url) -> String {
    format!("{}://{}:{}", url.scheme.as_str(), url.host_ascii, url.port)
}
