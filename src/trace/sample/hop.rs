//! A hop made by hand, ways to bend it, and laying it into the tables of a trace.

use std::time::Duration;

use super::super::*;
use super::connection::{connect, time, tls};
use super::exchange::http;
use super::lookup::dns;

/// A hop as it is made by hand; [`trace`] lays it into the tables.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) url: Url,
    pub(super) start: At,
    pub(super) end: At,
    pub(super) dns: Stage<Dns>,
    pub(super) connect: Stage<Connect>,
    pub(super) proxy: Option<Proxy>,
    pub(super) tls: Stage<Tls>,
    pub(super) http: Stage<Http>,
    /// The earlier hop whose connection it goes out on.
    pub(super) reused: Option<usize>,
    pub(super) failure: Option<Failure>,
}

pub(super) fn trace(input: &str, total: u64, hops: Vec<Draft>) -> Trace {
    // 2026-11-21T12:00:00.123456Z
    let started_at = time(1_795_262_400) + Duration::from_micros(123_456);
    let mut trace = Trace::new(input.into(), started_at, Duration::from_micros(1_840));
    trace.total = Duration::from_micros(total);
    trace.lab = true;
    for hop in hops {
        hop.lay_into(&mut trace);
    }
    trace
}

impl Draft {
    fn lay_into(self, trace: &mut Trace) {
        let Self { url, start, end, dns, connect, proxy, tls, http, reused, failure } = self;
        let id = RequestId(trace.requests.len());
        let lookup = match dns {
            Stage::Ran(dns) => Stage::Ran(trace.add_lookup(dns)),
            Stage::Skipped(reason) => Stage::Skipped(reason),
            Stage::NotReached => Stage::NotReached,
        };
        let connection = match (reused, connect) {
            (Some(earlier), _) => trace.requests[earlier].connection,
            (None, Stage::Ran(tcp)) => {
                Stage::Ran(trace.add_connection(Connection { opened_for: id, tcp, proxy, quic: None, tls }))
            }
            (None, Stage::Skipped(reason)) => Stage::Skipped(reason),
            (None, Stage::NotReached) => Stage::NotReached,
        };
        trace.add_request(Request {
            scan_skipped: None,
            until: url.scheme.last_stage(),
            url,
            start,
            end,
            lookup,
            connection,
            bypass: None,
            http,
            failure,
            retry_of: None,
            queued: None,
            waited: None,
            not_retried: None,
            kept: None,
            further: None,
            cors: None,
        });
    }
}

/// A URL without anything special.
pub(super) fn url(scheme: &str, host: &str, path: &str) -> Url {
    Url {
        href: format!("{scheme}://{host}{path}"),
        scheme: if scheme == "http" { Scheme::Http } else { Scheme::Https },
        scheme_assumed: false,
        username: None,
        password: None,
        host: Host::Name(host.into()),
        host_ascii: host.into(),
        host_unicode: host.into(),
        port: if scheme == "http" { 80 } else { 443 },
        port_is_default: true,
        path: path.into(),
        query: None,
        fragment: None,
        changes: Vec::new(),
    }
}

/// A hop that went well: 302.8 ms with a dead IPv6 address, 52.8 ms without.
pub(super) fn good_hop(scheme: &str, host: &str, path: &str, dead_ipv6: bool) -> Draft {
    let url = url(scheme, host, path);
    let port = url.port;
    let mut hop = Draft {
        url,
        start: At(20),
        end: At(302_820),
        dns: Stage::Ran(dns(host)),
        connect: Stage::Ran(connect(port)),
        proxy: None,
        tls: Stage::Ran(tls(host)),
        http: Stage::Ran(http(host, path)),
        reused: None,
        failure: None,
    };
    if !dead_ipv6 {
        let connect = hop.connect.ran_mut().unwrap();
        connect.attempts.remove(0);
        connect.winner = Some(0);
        shift(&mut hop, 0, &[(Pull::Race, 250_000)]);
    }
    hop
}

/// What a stage's time can be taken out of a hop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// The time before the connection.
    Dns,
    /// The wait for a dead address.
    Race,
    /// The handshake.
    Tls,
}

/// Moves a hop to begin `by` later, and everything behind the named stages earlier.
pub(super) fn shift(hop: &mut Draft, by: u64, pulls: &[(Pull, u64)]) {
    let pull = |upto: &[Pull]| -> u64 {
        pulls.iter().filter(|(pull, _)| upto.contains(pull)).map(|(_, us)| us).sum()
    };
    let (before_connect, before_tls) = (pull(&[Pull::Dns]), pull(&[Pull::Dns, Pull::Race]));
    let before_http = pull(&[Pull::Dns, Pull::Race, Pull::Tls]);
    let at = |at: &mut At, earlier: u64| *at = At(at.0 + by - earlier);
    at(&mut hop.start, 0);
    at(&mut hop.end, before_http);
    if let Some(dns) = hop.dns.ran_mut() {
        at(&mut dns.start, 0);
        at(&mut dns.end, 0);
        for packet in &mut dns.packets {
            at(&mut packet.sent, 0);
            at(&mut packet.end, 0);
            for stamp in [&mut packet.connected, &mut packet.received].into_iter().flatten() {
                at(stamp, 0);
            }
        }
        if let Some(stub) = &mut dns.stub {
            at(&mut stub.start, 0);
            at(&mut stub.end, 0);
        }
    }
    if let Some(connect) = hop.connect.ran_mut() {
        at(&mut connect.start, before_connect);
        at(&mut connect.end, before_tls);
        for attempt in &mut connect.attempts {
            at(&mut attempt.start, before_tls);
            at(&mut attempt.end, before_tls);
        }
    }
    if let Some(tls) = hop.tls.ran_mut() {
        at(&mut tls.start, before_tls);
        at(&mut tls.end, before_tls);
        for flight in &mut tls.flights {
            at(&mut flight.start, before_tls);
            at(&mut flight.end, before_tls);
        }
        if let Some(verification) = &mut tls.verification {
            at(&mut verification.start, before_tls);
        }
    }
    if let Some(http) = hop.http.ran_mut() {
        at(&mut http.start, before_http);
        at(&mut http.end, before_http);
        for stamp in [&mut http.sent, &mut http.first_byte, &mut http.head_end].into_iter().flatten() {
            at(stamp, before_http);
        }
        http.body.arrivals =
            http.body.arrivals.points().fold(Arrivals::default(), |mut moved, (mut moment, bytes)| {
                at(&mut moment, before_http);
                moved.note(moment, bytes);
                moved
            });
        for burst in &mut http.bursts {
            at(&mut burst.start, before_http);
            at(&mut burst.end, before_http);
        }
        for interim in &mut http.informational {
            at(&mut interim.at, before_http);
        }
    }
}

/// Ends a hop in `stage`: what comes after was not reached.
pub(super) fn fail(
    hop: &mut Draft,
    input: &str,
    stage: StageName,
    code: FailureCode,
    message: &str,
    hint: Option<&str>,
) -> Trace {
    let (start, end) = match stage {
        StageName::Dns => hop.dns.as_ref().ran().map(|dns| (dns.start, dns.end)),
        StageName::Tcp => hop.connect.as_ref().ran().map(|connect| (connect.start, connect.end)),
        StageName::Tls => hop.tls.as_ref().ran().map(|tls| (tls.start, tls.end)),
        StageName::Url | StageName::Http => hop.http.as_ref().ran().map(|http| (http.start, http.end)),
    }
    .unwrap();
    if stage < StageName::Tcp {
        hop.connect = Stage::NotReached;
    }
    if stage < StageName::Tls {
        hop.tls = Stage::NotReached;
    }
    if stage < StageName::Http {
        hop.http = Stage::NotReached;
    }
    hop.end = end;
    hop.failure = Some(Failure {
        stage,
        code,
        message: message.into(),
        hint: hint.map(Into::into),
        running: end.since(start),
    });
    trace(input, end.0, vec![hop.clone()])
}
