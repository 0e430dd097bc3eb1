//! Who or what it was, for programs: the stage, the cause, and where it stands. The verdict's sentence is
//! in `verdict`.
//!
//! A time is given to what the trace has seen; where it cannot tell distance from a server's own time,
//! the server is named, because it is what was waited for.

use std::time::Duration;

use super::asked::is_of_the_walk;
use super::found::{Finding, Severity};
use super::place::{AttemptField, InConnection, InLookup, InRequest, PacketField, Place};
use super::waited::Waited;
use crate::timeline::{self, Phase, Subject, phases};
use crate::trace::{
    AttemptOutcome, Dns, Failure, FailureCode, Hop, LookupId, Packet, PacketId, Purpose, RequestId,
    StageName, Trace,
};

/// What a run's result is owed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The stage; `None` where nothing was measured.
    pub stage: Option<StageName>,
    /// What kind of thing it is.
    pub cause: Cause,
    /// The waterfall's row that shows it, by its id.
    pub span: Option<usize>,
    /// Where it is seen.
    pub place: Option<Place>,
    /// The host of the URL that was under way.
    pub host: Option<String>,
    /// The server: a name server's name, or the address of whoever was talked to.
    pub server: Option<String>,
}

/// The kinds of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A stage failed.
    Failure,
    /// Something is wrong, although there is a response: a status of 4xx or 5xx, a bogus zone.
    Error,
    /// A server took its time.
    Server,
    /// The way there and back.
    Distance,
    /// Packets were lost and sent again.
    Loss,
    /// It waited for its turn.
    Queue,
    /// It was tried elsewhere first, in vain.
    Retry,
    /// This machine's own work.
    Us,
    /// Nothing was measured.
    None,
}

impl Cause {
    /// Every cause.
    pub const ALL: &'static [Self] = &[
        Self::Failure,
        Self::Error,
        Self::Server,
        Self::Distance,
        Self::Loss,
        Self::Queue,
        Self::Retry,
        Self::Us,
        Self::None,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::Server => "server",
            Self::Distance => "distance",
            Self::Loss => "loss",
            Self::Queue => "queue",
            Self::Retry => "retry",
            Self::Us => "us",
            Self::None => "none",
        }
    }
}

/// The culprit of a trace with these findings; `largest` is the phase that took most.
pub(super) fn culprit(trace: &Trace, findings: &[Finding], largest: Option<Phase>) -> Culprit {
    let none = Culprit { stage: None, cause: Cause::None, span: None, place: None, host: None, server: None };
    if let Some(failure) = trace.failure() {
        return of_failure(trace, failure, none);
    }
    if let Some(finding) = error(findings) {
        return of_error(trace, finding);
    }
    let Some(phase) = largest else { return none };
    let Some(hop) = trace.hops().max_by_key(|hop| phases(hop).spent[phase]) else { return none };
    let (cause, seen) = match phase {
        Phase::Dns => of_dns(&hop),
        Phase::Connect => of_connect(&hop),
        Phase::Tls => of_tls(&hop),
        Phase::Wait => of_wait(&hop),
        Phase::Receive => of_receive(&hop),
        Phase::Send | Phase::Proxy | Phase::Quic => (Cause::Distance, Seen::default()),
    };
    let Seen { subject, place, server } = seen;
    let subject = subject.unwrap_or(Subject::Phase(phase));
    Culprit {
        stage: Some(phase.stage()),
        cause,
        span: span(trace, hop.id, &subject),
        place: place.or(Some(Place::Request(hop.id, InRequest::Phase(phase)))),
        host: Some(hop.url.host_ascii.clone()),
        server: server.or_else(|| if phase == Phase::Dns { None } else { connected_to(&hop) }),
    }
}

/// The finding that says that the response itself is wrong, if one does.
pub(super) fn error(findings: &[Finding]) -> Option<&Finding> {
    let is_status = |finding: &&Finding| matches!(finding.id, "http-status-error" | "http-rate-limited");
    let worst = findings.iter().find(|finding| finding.severity <= Severity::Error);
    worst.or_else(|| findings.iter().find(is_status))
}

/// What a phase's time is owed to, as far as it is narrower than the phase.
#[derive(Default)]
struct Seen {
    subject: Option<Subject>,
    place: Option<Place>,
    server: Option<String>,
}

fn of_failure(trace: &Trace, failure: &Failure, none: Culprit) -> Culprit {
    let whole =
        Culprit { stage: Some(failure.stage), cause: Cause::Failure, place: Some(Place::Failure), ..none };
    let Some(hop) = trace.hops().last() else { return whole };
    let phase = Phase::ALL
        .into_iter()
        .rev()
        .find(|phase| phase.stage() == failure.stage && phases(&hop).spent[*phase].is_some());
    let server = match failure.stage {
        StageName::Dns if is_of_servers(failure.code) => hop.dns.ran().and_then(last_asked).map(server_of),
        // Who says that there is nothing is not at fault.
        StageName::Dns => None,
        StageName::Tcp => hop
            .connect
            .ran()
            .and_then(|connect| connect.attempts.last())
            .map(|attempt| attempt.address.ip().to_string()),
        _ => connected_to(&hop),
    };
    let span = phase.and_then(|phase| span(trace, hop.id, &Subject::Phase(phase)));
    Culprit { span, host: Some(hop.url.host_ascii.clone()), server, ..whole }
}

/// Whether servers are to blame, and not what they say.
const fn is_of_servers(code: FailureCode) -> bool {
    use FailureCode::{DnsTimeout, DnsUnreachable, NoUsableServer, ResolverFailed};
    matches!(code, DnsTimeout | DnsUnreachable | NoUsableServer | ResolverFailed)
}

fn of_error(trace: &Trace, finding: &Finding) -> Culprit {
    let place = finding.evidence.first().copied();
    let hop = trace.hops().find(|hop| match place {
        Some(Place::Request(id, _)) => hop.id == id,
        Some(Place::Lookup(id, _)) => hop.request.lookup.ran() == Some(id),
        Some(Place::Connection(id, _)) => hop.request.connection.ran() == Some(id),
        _ => false,
    });
    let hop = hop.or_else(|| trace.hops().last());
    let phase = match finding.stage {
        StageName::Dns => Phase::Dns,
        StageName::Tcp => Phase::Connect,
        StageName::Tls => Phase::Tls,
        StageName::Url | StageName::Http => Phase::Wait,
    };
    Culprit {
        stage: Some(finding.stage),
        cause: Cause::Error,
        span: hop.as_ref().and_then(|hop| span(trace, hop.id, &Subject::Phase(phase))),
        place,
        host: hop.as_ref().map(|hop| hop.url.host_ascii.clone()),
        // A zone's fault is not that of the server that was asked for it.
        server: hop.filter(|_| finding.stage != StageName::Dns).as_ref().and_then(connected_to),
    }
}

fn of_dns(hop: &Hop<'_>) -> (Cause, Seen) {
    let (Some(dns), Some(lookup)) = (hop.dns.ran(), hop.request.lookup.ran()) else {
        return (Cause::Us, Seen::default());
    };
    let whole = dns.end.since(dns.start);
    let waited = Waited::of(dns);
    let seen = |id: usize| Seen {
        subject: Some(Subject::Packets(vec![PacketId(id)])),
        place: Some(packet(lookup, id)),
        server: dns.packets.get(id).map(server_of),
    };
    if waited.own * 2 > whole {
        return (Cause::Us, Seen::default());
    }
    let spent = |id: &usize| dns.packets.get(*id).map(|packet| packet.end.since(packet.sent));
    let longest = |of: &dyn Fn(&usize) -> bool| {
        let ids = dns.critical_path.iter().copied().filter(|id| of(id));
        ids.max_by_key(|id| spent(id).unwrap_or_default())
    };
    let failed = |id: &usize| dns.packets.get(*id).is_some_and(|packet| !packet.meaning.is_of_use());
    let lost: Duration = dns.critical_path.iter().filter(|id| failed(id)).filter_map(spent).sum();
    if let Some(id) = longest(&failed).filter(|_| lost * 2 >= whole) {
        return (Cause::Retry, seen(id));
    }
    match longest(&|_| true) {
        Some(id) if spent(&id).unwrap_or_default() * 2 >= whole => (Cause::Server, seen(id)),
        Some(id) => (Cause::Distance, seen(id)),
        None => (Cause::Us, Seen::default()),
    }
}

fn of_connect(hop: &Hop<'_>) -> (Cause, Seen) {
    let (Some(connect), Some(id)) = (hop.connect.ran(), hop.request.connection.ran()) else {
        return (Cause::Distance, Seen::default());
    };
    let Some(winner) = connect.winner.and_then(|winner| connect.attempts.get(winner)) else {
        return (Cause::Distance, Seen::default());
    };
    let before = winner.start.since(connect.start);
    let first = connect.attempts.iter().position(|attempt| attempt.outcome != AttemptOutcome::Won);
    if let Some(first) = first.filter(|_| before * 2 >= connect.end.since(connect.start)) {
        let seen = Seen {
            subject: Some(Subject::Attempt(first)),
            place: Some(Place::Connection(id, InConnection::Attempt(first, AttemptField::Outcome))),
            server: connect.attempts.get(first).map(|attempt| attempt.address.ip().to_string()),
        };
        return (Cause::Retry, seen);
    }
    let lost = winner.syn_retransmits.is_some_and(|syns| syns > 0);
    (if lost { Cause::Loss } else { Cause::Distance }, Seen::default())
}

fn of_tls(hop: &Hop<'_>) -> (Cause, Seen) {
    let Some(tls) = hop.tls.ran() else { return (Cause::Server, Seen::default()) };
    let whole = tls.end.since(tls.start);
    let cpu = tls.verification.as_ref().map_or(Duration::ZERO, |verification| verification.cpu);
    let way = round_trip(hop).map(|trip| trip * tls.round_trips);
    let cause = match way {
        _ if cpu * 2 >= whole => Cause::Us,
        Some(way) if way * 2 >= whole => Cause::Distance,
        _ => Cause::Server,
    };
    (cause, Seen::default())
}

fn of_wait(hop: &Hop<'_>) -> (Cause, Seen) {
    let wait = phases(hop).spent[Phase::Wait].map_or(Duration::ZERO, Duration::from_micros);
    let distance = round_trip(hop).is_some_and(|trip| trip * 2 >= wait);
    (if distance { Cause::Distance } else { Cause::Server }, Seen::default())
}

/// Ten segments in the first round trip, twice as many in each that follows (RFC 6928, RFC 5681).
fn of_receive(hop: &Hop<'_>) -> (Cause, Seen) {
    let received = phases(hop).spent[Phase::Receive].map_or(Duration::ZERO, Duration::from_micros);
    let bytes = hop.http.ran().map_or(0, |http| http.body.wire_bytes);
    let segments = bytes
        / hop
            .connect
            .ran()
            .and_then(|connect| connect.tcp_info)
            .map_or(1460, |info| u64::from(info.mss.max(1)));
    let trips = (segments / 10 + 1).ilog2();
    let distance = round_trip(hop).is_some_and(|trip| trip * trips * 2 >= received);
    (if distance { Cause::Distance } else { Cause::Server }, Seen::default())
}

fn round_trip(hop: &Hop<'_>) -> Option<Duration> {
    let info = hop.connection?.tcp.tcp_info?;
    Some(info.min_rtt.unwrap_or(info.rtt))
}

fn packet(lookup: LookupId, id: usize) -> Place {
    Place::Lookup(lookup, InLookup::Packet(PacketId(id), PacketField::Meaning))
}

fn server_of(packet: &Packet) -> String {
    packet.server_name.clone().unwrap_or_else(|| packet.server.ip().to_string())
}

/// The packet whose reply, or silence, ended a lookup.
fn last_asked(dns: &Dns) -> Option<&Packet> {
    let walked =
        || dns.packets.iter().rfind(|packet| is_of_the_walk(packet) || packet.purpose == Purpose::Resolver);
    dns.critical_path.last().and_then(|id| dns.packets.get(*id)).or_else(walked)
}

/// The address that a hop's request went to.
fn connected_to(hop: &Hop<'_>) -> Option<String> {
    let connect = &hop.connection?.tcp;
    Some(connect.attempts.get(connect.winner?)?.address.ip().to_string())
}

/// The row that shows a subject; packets are in the row that holds the first of them.
fn span(trace: &Trace, request: RequestId, subject: &Subject) -> Option<usize> {
    let shows = |other: &Subject| match (subject, other) {
        (Subject::Packets(wanted), Subject::Packets(held)) => {
            wanted.first().is_some_and(|id| held.contains(id))
        }
        _ => subject == other,
    };
    let spans = timeline::spans(trace);
    spans.iter().find(|span| span.request == request && shows(&span.subject)).map(|span| span.id)
}

#[cfg(test)]
#[path = "culprit_tests.rs"]
mod tests;
