//! From a URL to an open connection: whose addresses, and which way.

use std::net::IpAddr;
use std::path::Path;

use super::beside::{Beside, goes_on, make_request};
use super::by_tcp::{self, Company, Hello, PLAIN, secure, version_for};
use super::endpoint;
use super::opening::{Opened, Opening};
use super::quic as by_quic;
use super::race;
use super::scene::Scene;
use super::target::Target;
use super::until;
use super::upgrade::{self, Upgrade};
use crate::dns::UncountedLanes;
use crate::http::{Ask, Session};
use crate::stream::Stream;
use crate::tcp;
use crate::trace::{
    Connection, ConnectionId, Dns, Failure, LookupId, Request, RequestId, Scheme, Stage, StageName, Trace,
};

/// Why a literal has no DNS time.
pub(super) const IP_LITERAL: &str = "the host is an IP address";
pub(super) const CONNECT_TO: &str = "--connect-to gives the address";
const UNIX: &str = "--unix-socket names the server";

/// From the URL of a request to a connection that can carry it. An endpoint that an HTTPS record names may fail:
/// then the next is tried (RFC 9460 §3), each on a connection of its own in the trace.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    ask: &Ask,
    beside: &mut Beside,
) -> Opened {
    let Scene { plan, on_stage, .. } = *scene;
    let Trace { requests, lookups, connections, .. } = trace;
    let request = &mut requests[id.0];
    if request.until == StageName::Url {
        return Ok(None);
    }
    if let Some(path) = &plan.tcp.unix_socket {
        return over_unix(scene, (id, request, ask), connections, path, beside).await;
    }
    let mut target = Target::of(&request.url, &plan.tcp);
    let endpoints = find(scene, (request, lookups), &mut target, beside).await?;
    if request.until == StageName::Dns {
        return Ok(None);
    }
    let service = request.lookup.ran().and_then(|lookup| lookups[lookup.0].service.as_mut());
    on_stage(StageName::Tcp, &target.host);
    let endpoints = endpoint::within_reach(endpoints, (scene.reach, plan.tcp.reach), &target.host)?;
    let found = endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum();
    let queue = tcp::line_up(&endpoints, &plan.tcp);
    let by_udp = race::candidates(plan, request, &queue, service.as_deref());
    let (queue, lead) = match by_udp.is_empty() {
        true => (queue, None),
        false => race::for_tcp(endpoints, service.as_deref(), &plan.tcp),
    };
    let only_quic = by_quic::is_wanted(&request.url, plan.http.version);
    let redirected_from = target.redirected_from;
    let opening = Opening { id, request, ask, connections, queue, found, service, redirected_from };
    if only_quic {
        by_quic::open(scene, opening, beside).await
    } else if opening.queue.is_empty() && !by_udp.is_empty() {
        by_quic::open(scene, Opening { queue: by_udp, ..opening }, beside).await
    } else if by_udp.is_empty() {
        by_tcp::open(scene, opening, Company::None, beside).await
    } else {
        race::open(scene, opening, (&by_udp, lead), beside).await
    }
}

/// Where the target can be reached: at the address that its URL has, or where DNS says.
async fn find(
    scene: &Scene<'_>,
    (request, lookups): (&mut Request, &mut Vec<Dns>),
    target: &mut Target,
    beside: &mut Beside,
) -> Result<Vec<tcp::Endpoint>, Failure> {
    if let Some(address) = target.literal() {
        let given = target.redirected_from.is_some() && request.url.host.address().is_none();
        request.lookup = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
        return Ok(endpoint::own(vec![address], target.port));
    }
    let (dns, result, lanes) = resolve(scene, request, target).await;
    let lookup = LookupId(lookups.len());
    lookups.push(dns);
    request.lookup = Stage::Ran(lookup);
    beside.lanes = Some((lookup, lanes));
    Ok(endpoint::of(lookups[lookup.0].service.as_ref(), result?, target.port))
}

/// The same by a socket of this machine: nothing is looked up, and every redirect leads to it again.
async fn over_unix(
    scene: &Scene<'_>,
    (id, request, ask): (RequestId, &mut Request, &Ask),
    connections: &mut Vec<Connection>,
    path: &Path,
    beside: &mut Beside,
) -> Result<Option<(Session, ConnectionId)>, Failure> {
    request.lookup = Stage::Skipped(UNIX);
    if request.until == StageName::Dns {
        return Ok(None);
    }
    (scene.on_stage)(StageName::Tcp, &path.to_string_lossy());
    // Nothing of this connection takes long enough to make them meanwhile.
    let hello = Hello::wanted(scene, request);
    beside.request = make_request(scene, request, ask);
    let (tcp, stream) = tcp::connect_unix(path, &scene.plan.tcp, scene.clock, scene.stop).await;
    let connection = ConnectionId(connections.len());
    request.connection = Stage::Ran(connection);
    connections.push(Connection { opened_for: id, tcp, proxy: None, quic: None, tls: Stage::NotReached });
    let stream = Stream::from(stream?);
    let tls = &mut connections[connection.0].tls;
    let session = match hello {
        Some(hello) => secure(scene, hello, tls, stream, None, &mut beside.unread).await?,
        None if request.url.scheme.is_clear() => {
            *tls = Stage::Skipped(PLAIN);
            Session::in_the_clear(stream, version_for(request, &scene.plan.http))
        }
        None => {
            *tls = Stage::Skipped(until::reason(request));
            return Ok(None);
        }
    };
    Ok(goes_on(session, connection, request.until).await)
}

/// The addresses of the target. Its port and the URL's scheme may change by what the DNS says of the origin.
async fn resolve(
    scene: &Scene<'_>,
    Request { url, until, .. }: &mut Request,
    target: &mut Target,
) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
    let Scene { plan, resolver, clock, stop, on_stage, .. } = *scene;
    on_stage(StageName::Dns, &target.host);
    let (host, port) = (target.host.as_str(), target.port);
    let web = matches!(url.scheme, Scheme::Http | Scheme::Https);
    let (mut dns, result, lanes) = if web && target.redirected_from.is_none() {
        let protocols = race::protocols(plan, *until);
        resolver.resolve_origin(url.scheme, host, port, protocols, clock, stop).await
    } else {
        // `--connect-to` names the endpoint itself, and HTTPS records speak of the web alone.
        resolver.resolve(host, port, clock, stop).await
    };
    if upgrade::to_https(url, &mut dns) == Upgrade::Done {
        target.port = url.port;
    }
    (dns, result, lanes)
}
