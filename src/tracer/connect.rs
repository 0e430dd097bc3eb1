//! From a URL to an open connection: the stages dns, tcp and tls of one request.

use std::net::IpAddr;

use tokio::net::TcpStream;

use super::scene::Scene;
use super::target::Target;
use super::upgrade::{self, Upgrade};
use crate::dns::UncountedLanes;
use crate::http::Session;
use crate::stream::Stream;
use crate::tcp;
use crate::tls::{self, Peer};
use crate::trace::{
    Connection, ConnectionId, Dns, Failure, LookupId, RequestId, Scheme, ServiceBinding, Stage, StageName,
    Tls, Trace, Url,
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
}

/// From the URL of a request to a connection that can carry it.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    beside: &mut Beside,
) -> Result<(Session, ConnectionId), Failure> {
    let Scene { plan, tls, clock, stop, on_stage, .. } = *scene;
    let Trace { requests, lookups, connections, .. } = trace;
    let request = &mut requests[id.0];
    let mut target = Target::of(&request.url, &plan.tcp);
    let mut offer = None;
    let addresses = match target.literal() {
        Some(address) => {
            let given = target.redirected_from.is_some() && request.url.host.address().is_none();
            request.lookup = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
            vec![address]
        }
        None => {
            let (dns, result, lanes) = resolve(scene, &mut request.url, &mut target, &mut offer).await;
            let lookup = LookupId(lookups.len());
            lookups.push(dns);
            request.lookup = Stage::Ran(lookup);
            beside.lanes = Some((lookup, lanes));
            result?
        }
    };
    on_stage(StageName::Tcp, &target.host);
    let (mut tcp, stream) = tcp::connect(&addresses, target.port, &plan.tcp, clock, stop).await;
    if let Some(from) = target.redirected_from {
        tcp.redirected_from = Some(from);
    }
    let connection = ConnectionId(connections.len());
    request.connection = Stage::Ran(connection);
    connections.push(Connection { opened_for: id, tcp, tls: Stage::NotReached });
    let handshake = &mut connections[connection.0].tls;
    let stream = stream?;
    let session = if request.url.scheme == Scheme::Http {
        *handshake = Stage::Skipped(PLAIN);
        Session::new(stream.into(), None, &plan.http)
    } else {
        let tls = offer.as_ref().unwrap_or(tls);
        secure(scene, &request.url.host_ascii, handshake, stream, tls, beside).await?
    };
    Ok((session, connection))
}

/// The addresses of the target. Its port, the URL's scheme and what TLS is to offer may change by what
/// the DNS says of the origin.
async fn resolve(
    scene: &Scene<'_>,
    url: &mut Url,
    target: &mut Target,
    offer: &mut Option<tls::Client>,
) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
    let Scene { plan, resolver, tls, clock, stop, on_stage } = *scene;
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
    if let Some(record) = dns.service.as_ref().and_then(ServiceBinding::used) {
        target.port = record.port.unwrap_or(target.port);
        *offer = tls.offering(&record.protocols());
    }
    (dns, result, lanes)
}

/// TLS over an open stream.
async fn secure(
    scene: &Scene<'_>,
    host: &str,
    handshake: &mut Stage<Tls>,
    stream: TcpStream,
    tls: &tls::Client,
    beside: &mut Beside,
) -> Result<Session, Failure> {
    (scene.on_stage)(StageName::Tls, host);
    // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
    let host = host.trim_end_matches('.');
    let peer = Peer { host, address: stream.peer_addr().ok() };
    let carrier = Stream::from(stream);
    let (record, stream, unread) = tls.handshake_unread(carrier, peer, scene.clock, scene.stop).await;
    let alpn = record.alpn.clone();
    *handshake = Stage::Ran(record);
    beside.unread = Some(unread);
    Ok(Session::new(Stream::Tls(Box::new(stream?)), alpn.as_deref(), &scene.plan.http))
}
