//! `--all-addresses`: when the trace has ended, every address of its hosts is connected to for its own sake, with TLS
//! and, if wanted, the request. Nothing of it is counted.
//!
//! Eight at a time, and no more than [`MOST`] in one run: it is a look at what the URL's own servers do, not a scan.

use std::net::SocketAddr;

use futures_util::stream::{self, StreamExt};

use super::scene::Scene;
use super::target::Origin;
use crate::http::{self, Ask, OnBehalf, Session};
use crate::plan::{AddressProbe, ExpectPlan, HttpPlan, TcpPlan, Wanted};
use crate::stop::Stop;
use crate::stream::Stream;
use crate::tcp::{self, Turn};
use crate::tls::{self, Peer};
use crate::trace::{
    AT_ONCE, AddressCheck, AddressOutcome, AttemptOutcome, CertificateFault, Connect, ConnectionId,
    EndpointSource, Failure, FailureCode, Hop, Scheme, StageName, Tls, Trace, Url,
};

/// Addresses that are tried in one run at most.
pub(super) const MOST: usize = 64;

/// Tries the addresses of every connection that a request was to have of its own.
pub(super) async fn check_all(scene: &Scene<'_>, trace: &mut Trace, probe: AddressProbe) {
    let (mut left, mut skipped) = (MOST, Vec::new());
    let hops: Vec<(ConnectionId, Checker<'_>, Vec<SocketAddr>)> = trace
        .hops()
        .filter_map(|hop| {
            let connect = hop.connect.ran()?;
            let connection = hop.request.connection.ran()?;
            if let Some(why) = needless(&hop, connect) {
                skipped.push((connection, why));
                return None;
            }
            Some((connection, Checker::new(scene, trace, &hop, probe), known(&hop, connect)))
        })
        .collect();
    for (connection, why) in skipped {
        trace.connections[connection.0].tcp.addresses_skipped = Some(why);
    }
    for (connection, checker, addresses) in hops {
        let (now, never) = addresses.split_at(addresses.len().min(left));
        left -= now.len();
        // In their order, whichever ends first.
        let checks = stream::iter(now).map(|address| checker.check(*address)).buffered(AT_ONCE);
        let mut checks: Vec<AddressCheck> = checks.collect().await;
        checks.extend(never.iter().map(|address| AddressCheck::untried(*address)));
        trace.connections[connection.0].tcp.addresses = Some(checks);
    }
}

/// Why a connection has no addresses of the server that could be tried.
fn needless(hop: &Hop<'_>, connect: &Connect) -> Option<&'static str> {
    match (hop.proxy.is_some(), connect.unix_socket.is_some()) {
        (true, _) => Some("behind a proxy: which of the server's addresses it uses is its own choice"),
        (_, true) => Some("a unix socket has no addresses"),
        (false, false) => None,
    }
}

/// Every address that the race knew, tried or not, those of endpoints that were given up included.
fn known(hop: &Hop<'_>, connect: &Connect) -> Vec<SocketAddr> {
    let before = hop.abandoned.iter().map(|connection| &connection.tcp);
    let mut known: Vec<SocketAddr> = Vec::new();
    for race in before.chain([connect]) {
        for address in race.attempts.iter().map(|attempt| attempt.address).chain(race.untried.iter().copied())
        {
            if !known.contains(&address) {
                known.push(address);
            }
        }
    }
    known
}

/// How the addresses of one host are tried.
struct Checker<'a> {
    scene: &'a Scene<'a>,
    url: Url,
    tcp: TcpPlan,
    /// The client, where the URL has TLS.
    tls: Option<&'a tls::Client>,
    /// The request, where it is wanted.
    http: Option<(Ask, HttpPlan)>,
}

impl<'a> Checker<'a> {
    fn new(scene: &'a Scene<'a>, trace: &Trace, hop: &Hop<'_>, probe: AddressProbe) -> Self {
        let (plan, url, until) = (scene.plan, hop.url, hop.request.until);
        let tcp = plan.tcp.afterwards();
        let client = match url.scheme {
            Scheme::Https => Some(scene.tls),
            Scheme::Wss => Some(scene.http1_tls),
            Scheme::Grpcs => Some(scene.http2_tls),
            Scheme::Tls => Some(scene.bare_tls),
            Scheme::Http | Scheme::Ws | Scheme::Grpc | Scheme::Quic | Scheme::Tcp | Scheme::Dns => None,
        };
        // What opens a WebSocket, or calls, is more than a look.
        let asks =
            until == StageName::Http && url.scheme.of_http() == url.scheme && !url.scheme.is_websocket();
        let http = (probe == AddressProbe::Http && asks).then(|| {
            let first = trace.requests.first().map(|request| &request.url);
            let ask = Ask {
                method: plan.http.method.clone().unwrap_or_else(|| "GET".to_owned()),
                body: None,
                expect: ExpectPlan::Never,
                cookies: plan.http.cookies.clone(),
                credentials: first.is_some_and(|first| Origin::of(first) == Origin::of(url)),
                given_host: first.is_some_and(|first| first.host_ascii == url.host_ascii),
                on_behalf: OnBehalf::Nobody,
                trace: None,
                listener: None,
            };
            (ask, HttpPlan { output: None, wanted: Wanted::Head, ..plan.http.clone() })
        });
        Self { scene, url: url.clone(), tcp, tls: client.filter(|_| until >= StageName::Tls), http }
    }

    async fn check(&self, address: SocketAddr) -> AddressCheck {
        let Scene { clock, stop, .. } = *self.scene;
        let mut check = AddressCheck::untried(address);
        // What is over begins nothing.
        if stop.within(None, tokio::task::yield_now()).await.is_err() {
            return check;
        }
        let endpoint = tcp::Endpoint {
            addresses: vec![address.ip()],
            port: address.port(),
            source: EndpointSource::Host,
            turn: Turn::Next,
        };
        let queue = tcp::line_up(&[endpoint], &self.tcp);
        let (connect, stream) = tcp::connect(&queue, 1, &self.tcp, clock, stop).await;
        of_connect(&mut check, &connect);
        let stream = match stream {
            Ok(stream) => Stream::from(stream),
            Err(failure) => return failed(check, failure),
        };
        let (stream, alpn) = match self.tls {
            None => (stream, None),
            Some(client) => {
                let peer = Peer { host: self.url.host_ascii.trim_end_matches('.'), address: None };
                let (record, stream) = client.handshake(stream, peer, clock, stop).await;
                of_tls(&mut check, &record);
                match stream {
                    Ok(stream) => (Stream::Tls(Box::new(stream)), record.alpn),
                    Err(failure) => return failed(check, failure),
                }
            }
        };
        match &self.http {
            None => check.outcome = AddressOutcome::Ok,
            Some((ask, plan)) => {
                let session = Session::new(stream, alpn.as_deref(), plan);
                let patience: Stop = stop.child(self.tcp.connect_timeout);
                let made = http::prepare(&self.url, ask, plan);
                let (http, result) =
                    http::fetch(session, made, (&self.url, ask), plan, clock, &patience).await;
                check.status = http.status;
                match result {
                    // Its own time is over, and not the run's.
                    Err(Failure { code: FailureCode::MaxTime, message, .. })
                        if stop.within(None, tokio::task::yield_now()).await.is_ok() =>
                    {
                        (check.outcome, check.error) = (AddressOutcome::HttpFailed, Some(message));
                    }
                    Err(failure) => return failed(check, failure),
                    Ok(_) => check.outcome = AddressOutcome::Ok,
                }
            }
        }
        check
    }
}

fn of_connect(check: &mut AddressCheck, connect: &Connect) {
    let Some(attempt) = connect.attempts.first() else { return };
    check.connect = Some(attempt.end.since(attempt.start));
    check.rtt = connect.tcp_info.filter(|info| info.retransmits == 0).map(|info| info.rtt);
    check.outcome = match &attempt.outcome {
        AttemptOutcome::Won => AddressOutcome::Ok,
        AttemptOutcome::Refused => AddressOutcome::Refused,
        AttemptOutcome::TimedOut => AddressOutcome::TimedOut,
        AttemptOutcome::Unreachable(_) => AddressOutcome::Unreachable,
        AttemptOutcome::Failed(_) => AddressOutcome::Failed,
        AttemptOutcome::Lost | AttemptOutcome::Stopped => AddressOutcome::Stopped,
    };
}

fn of_tls(check: &mut AddressCheck, tls: &Tls) {
    check.tls = Some(tls.end.since(tls.start));
    check.tls_version = tls.version;
    check.fingerprint = tls.chain.first().map(|leaf| leaf.sha256.clone());
    let unchecked = |fault: &CertificateFault| matches!(fault, CertificateFault::Unchecked { .. });
    check.verified = tls.verification.as_ref().and_then(|it| match &it.faults[..] {
        [] => Some(true),
        faults if faults.iter().all(unchecked) => None,
        _ => Some(false),
    });
}

/// The check of an address that the trace would have failed at.
fn failed(mut check: AddressCheck, failure: Failure) -> AddressCheck {
    use FailureCode::{Interrupted, MaxTime};
    check.outcome = match (failure.code, failure.stage) {
        (Interrupted | MaxTime, _) => AddressOutcome::Stopped,
        (_, StageName::Tls) => AddressOutcome::TlsFailed,
        (_, StageName::Http) => AddressOutcome::HttpFailed,
        _ => check.outcome,
    };
    check.code = Some(failure.code);
    check.error = Some(failure.message);
    check
}
