//! From a URL to an open connection: the stages dns, tcp and tls of one request.

use std::net::IpAddr;

use tokio::net::TcpStream;

use super::endpoint;
use super::scene::Scene;
use super::target::Target;
use super::upgrade::{self, Upgrade};
use crate::dns::UncountedLanes;
use crate::http::{self, Ask, Session};
use crate::stream::Stream;
use crate::tcp;
use crate::tls;
use crate::trace::{
    Connection, ConnectionId, Dns, Failure, LookupId, RequestId, Scheme, Stage, StageName, Tls, Trace, Url,
};

/// Why a literal has no DNS time.
const IP_LITERAL: &str = "the host is an IP address";
const CONNECT_TO: &str = "--connect-to gives the address";
const PLAIN: &str = "http has no TLS";

/// What opening a connection leaves to be done later, also where it failed.
#[derive(Default)]
pub(super) struct Beside {
    /// Lanes of the lookup that are still running.
    pub(super) lanes: Option<(LookupId, UncountedLanes)>,
    /// What is left to read of the TLS handshake.
    pub(super) unread: Option<tls::Unread>,
    /// The request, made while the connection was awaited.
    pub(super) request: Option<http::Prepared>,
}

/// From the URL of a request to a connection that can carry it. An endpoint that an HTTPS record names may fail:
/// then the next is tried (RFC 9460 §3), each on a connection of its own in the trace.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    ask: &Ask,
    beside: &mut Beside,
) -> Result<(Session, ConnectionId), Failure> {
    let Scene { plan, clock, stop, on_stage, .. } = *scene;
    let Trace { requests, lookups, connections, .. } = trace;
    let request = &mut requests[id.0];
    let mut target = Target::of(&request.url, &plan.tcp);
    let endpoints = match target.literal() {
        Some(address) => {
            let given = target.redirected_from.is_some() && request.url.host.address().is_none();
            request.lookup = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
            endpoint::own(vec![address], target.port)
        }
        None => {
            let (dns, result, lanes) = resolve(scene, &mut request.url, &mut target).await;
            let lookup = LookupId(lookups.len());
            lookups.push(dns);
            request.lookup = Stage::Ran(lookup);
            beside.lanes = Some((lookup, lanes));
            endpoint::of(lookups[lookup.0].service.as_ref(), result?, target.port)
        }
    };
    let mut service = request.lookup.ran().and_then(|lookup| lookups[lookup.0].service.as_mut());
    on_stage(StageName::Tcp, &target.host);
    let found = endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum();
    let mut queue = tcp::line_up(&endpoints, &plan.tcp);
    loop {
        let url = &request.url;
        // What follows is made while the SYN is on its way: the ClientHello, or the request.
        let next = async {
            if url.scheme == Scheme::Http {
                beside.request = Some(http::prepare(url, ask, &plan.http));
                return None;
            }
            // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
            Some(scene.tls.prepare(url.host_ascii.trim_end_matches('.'), clock))
        };
        let connecting = tcp::connect(&queue, found, &plan.tcp, clock, stop);
        let ((mut tcp, stream), hello) = futures_util::join!(connecting, next);
        if let Some(from) = target.redirected_from.take() {
            tcp.redirected_from = Some(from);
        }
        let connection = ConnectionId(connections.len());
        request.connection = Stage::Ran(connection);
        endpoint::tell_attempts(service.as_deref_mut(), &tcp);
        connections.push(Connection { opened_for: id, tcp, tls: Stage::NotReached });
        let Connection { tcp, tls, .. } = &mut connections[connection.0];
        let stream = stream.map_err(|failure| endpoint::tell(service.as_deref(), tcp, failure))?;
        let Some(hello) = hello else {
            *tls = Stage::Skipped(PLAIN);
            return Ok((Session::new(stream.into(), None, &plan.http), connection));
        };
        // And the request while the handshake is.
        let made = async { http::prepare(&request.url, ask, &plan.http) };
        let (secured, made) =
            futures_util::join!(secure(scene, hello, tls, stream, &mut beside.unread), made);
        beside.request = Some(made);
        let failure = match secured {
            Ok(session) => return Ok((session, connection)),
            Err(failure) => failure,
        };
        let left = tcp::after(&queue, tcp);
        if left.is_empty() || !endpoint::may_be_replaced(&failure) {
            return Err(endpoint::tell(service.as_deref(), tcp, failure));
        }
        endpoint::tell_handshake(service.as_deref_mut(), tcp, &failure);
        queue = left;
    }
}

/// The addresses of the target. Its port and the URL's scheme may change by what the DNS says of the origin.
async fn resolve(
    scene: &Scene<'_>,
    url: &mut Url,
    target: &mut Target,
) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
    let Scene { plan, resolver, clock, stop, on_stage, .. } = *scene;
    on_stage(StageName::Dns, &target.host);
    let (host, port) = (target.host.as_str(), target.port);
    let (mut dns, result, lanes) = if target.redirected_from.is_none() {
        let protocols = tls::Client::protocols(plan.http.version);
        resolver.resolve_origin(url.scheme, host, port, protocols, clock, stop).await
    } else {
        // `--connect-to` names the endpoint itself.
        resolver.resolve(host, port, clock, stop).await
    };
    if upgrade::to_https(url, &mut dns) == Upgrade::Done {
        target.port = url.port;
    }
    (dns, result, lanes)
}

/// TLS over an open stream.
async fn secure(
    scene: &Scene<'_>,
    hello: tls::Prepared,
    handshake: &mut Stage<Tls>,
    stream: TcpStream,
    left: &mut Option<tls::Unread>,
) -> Result<Session, Failure> {
    (scene.on_stage)(StageName::Tls, hello.host());
    let address = stream.peer_addr().ok();
    let carrier = Stream::from(stream);
    let (record, stream, unread) =
        scene.tls.handshake_unread(carrier, hello, address, scene.clock, scene.stop).await;
    let alpn = record.alpn.clone();
    *handshake = Stage::Ran(record);
    *left = Some(unread);
    Ok(Session::new(Stream::Tls(Box::new(stream?)), alpn.as_deref(), &scene.plan.http))
}
