//! From a URL to an open connection: the stages dns, tcp and tls of one hop.

use std::net::IpAddr;

use tokio::net::TcpStream;

use super::scene::Scene;
use super::target::Target;
use super::upgrade::{self, Upgrade};
use crate::dns::SideLanes;
use crate::http::{Session, Stream};
use crate::tcp;
use crate::tls;
use crate::trace::{Failure, Hop, Scheme, ServiceBinding, Stage, StageName};

/// Why a literal has no DNS time.
const IP_LITERAL: &str = "the host is an IP address";
const CONNECT_TO: &str = "--connect-to gives the address";
pub(super) const PLAIN: &str = "http has no TLS";

/// What opening a connection leaves to be done later, also where it failed.
#[derive(Default)]
pub(super) struct Beside {
    /// Lanes of the resolution that are still running.
    pub(super) lanes: Option<SideLanes>,
    /// What is left to read of the TLS handshake.
    pub(super) unread: Option<tls::Unread>,
}

/// From the URL of a hop to a connection that can carry a request.
pub(super) async fn open(scene: &Scene<'_>, hop: &mut Hop, beside: &mut Beside) -> Result<Session, Failure> {
    let Scene { plan, tls, clock, stop, on_stage, .. } = *scene;
    let mut target = Target::of(&hop.url, &plan.tcp);
    let mut offer = None;
    let addresses = match target.literal() {
        Some(address) => {
            let given = target.redirected_from.is_some() && hop.url.host.address().is_none();
            hop.dns = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
            vec![address]
        }
        None => resolve(scene, hop, &mut target, &mut offer, beside).await?,
    };
    on_stage(StageName::Tcp, &target.host);
    let (mut connect, stream) = tcp::connect(&addresses, target.port, &plan.tcp, clock, stop).await;
    if let Some(from) = target.redirected_from {
        connect.redirected_from = Some(from);
    }
    hop.connect = Stage::Ran(connect);
    let stream = stream?;
    if hop.url.scheme == Scheme::Http {
        hop.tls = Stage::Skipped(PLAIN);
        return Ok(Session::new(Stream::Plain(stream), None, &plan.http));
    }
    secure(scene, hop, stream, offer.as_ref().unwrap_or(tls), beside).await
}

/// The addresses of the target. Its port, the hop's scheme and what TLS is to offer may change by what
/// the DNS says of the origin.
async fn resolve(
    scene: &Scene<'_>,
    hop: &mut Hop,
    target: &mut Target,
    offer: &mut Option<tls::Client>,
    beside: &mut Beside,
) -> Result<Vec<IpAddr>, Failure> {
    let Scene { plan, resolver, tls, clock, stop, on_stage } = *scene;
    on_stage(StageName::Dns, &target.host);
    let (host, port) = (target.host.as_str(), target.port);
    let (mut dns, result, lanes) = if target.redirected_from.is_none() {
        let protocols = tls::Client::protocols(plan.http.version);
        resolver.resolve_origin(hop.url.scheme, host, port, protocols, clock, stop).await
    } else {
        // `--connect-to` names the endpoint itself.
        resolver.resolve(host, port, clock, stop).await
    };
    if upgrade::to_https(&mut hop.url, &mut dns) == Upgrade::Done {
        target.port = hop.url.port;
    }
    if let Some(record) = dns.service.as_ref().and_then(ServiceBinding::used) {
        target.port = record.port.unwrap_or(target.port);
        *offer = tls.offering(&record.protocols());
    }
    hop.dns = Stage::Ran(dns);
    beside.lanes = Some(lanes);
    result
}

/// TLS over an open stream.
async fn secure(
    scene: &Scene<'_>,
    hop: &mut Hop,
    stream: TcpStream,
    tls: &tls::Client,
    beside: &mut Beside,
) -> Result<Session, Failure> {
    (scene.on_stage)(StageName::Tls, &hop.url.host_ascii);
    // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
    let host = hop.url.host_ascii.trim_end_matches('.');
    let (record, stream, unread) = tls.handshake_unread(stream, host, scene.clock, scene.stop).await;
    let alpn = record.alpn.clone();
    hop.tls = Stage::Ran(record);
    beside.unread = Some(unread);
    Ok(Session::new(Stream::Tls(Box::new(stream?)), alpn.as_deref(), &scene.plan.http))
}
