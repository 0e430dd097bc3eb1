//! Who or what it was, for programs: the stage, the cause, and where it stands. The verdict's sentence is
//! in `verdict`.

use super::cause::Cause;
use super::claim::Claim;
use super::lookup::server_of;
use super::round_trips::address;
use crate::finding::asked::is_of_the_walk;
use crate::finding::found::{Finding, Severity};
use crate::finding::place::{InConnection, InRequest, Place};
use crate::timeline::{self, Phase, Subject, phases};
use crate::trace::{
    CertificateFault, Dns, Failure, FailureCode, Hop, Packet, ProxyUsage, Purpose, RequestId, StageName,
    Trace,
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

impl Culprit {
    /// Nothing, and nobody.
    pub(super) const NONE: Self =
        Self { stage: None, cause: Cause::None, span: None, place: None, host: None, server: None };
}

/// The culprit of a trace with these findings; `claim` is where most of the time went, if that stands out.
pub(super) fn culprit(
    trace: &Trace,
    findings: &[Finding],
    claim: Option<&Claim>,
    phase: Option<Phase>,
) -> Culprit {
    let none = Culprit::NONE;
    if let Some(failure) = trace.failure() {
        return of_failure(trace, failure, none);
    }
    if let Some(finding) = error(trace, findings) {
        return of_error(trace, finding);
    }
    let Some(phase) = phase else { return none };
    let part = claim.map(|claim| claim.lead_in(phase));
    let longest = || trace.hops().max_by_key(|hop| phases(hop).spent[phase]);
    let hop = part.map_or_else(longest, |part| trace.hops().nth(part.request.0));
    let Some(hop) = hop else { return none };
    let seen = part.map(|part| part.seen.clone()).unwrap_or_default();
    let subject = seen.subject.unwrap_or(Subject::Phase(phase));
    Culprit {
        stage: Some(phase.stage()),
        cause: claim.map_or(Cause::None, |claim| claim.cause),
        span: span(trace, hop.id, &subject),
        place: seen.place.or(Some(Place::Request(hop.id, InRequest::Phase(phase)))),
        host: Some(hop.url.host_ascii.clone()),
        server: seen.server.or_else(|| if phase == Phase::Dns { None } else { connected_to(&hop) }),
    }
}

/// What a right response can come in spite of, however bad it is: a slow server is not wrong, nor are weak proofs, nor
/// the way that led to it, nor an address that another one stood in for.
const IN_SPITE: &[&str] = &[
    "tcp-address-failed",
    "tls-ocsp-staple-bad",
    "http-first-byte-slow",
    "tls-weak-key",
    "tls-sha1",
    "tls-weak-cipher",
    "tls-ocsp-must-staple-missing",
    "http-redirect-downgrade",
];

/// The finding that says that the response itself is wrong, if one does: it is as wrong with `-k`, or for a
/// client that asked for what is not there.
pub(super) fn error<'f>(trace: &Trace, findings: &'f [Finding]) -> Option<&'f Finding> {
    let is_wrong =
        |finding: &&Finding| finding.severity <= Severity::Error && !IN_SPITE.contains(&finding.id);
    let answered_with = |finding: &&Finding| {
        let is_answer = matches!(
            finding.id,
            "http-status-error"
                | "http-rate-limited"
                | "http-graphql-errors"
                | "http-grpc-status"
                | "http-grpc-not-serving"
                | "http-grpc-message-refused"
        );
        is_answer && finding.severity <= Severity::Warning || is_distrusted(trace, finding)
    };
    // What was answered otherwise when it was asked once more is over.
    let stands = |finding: &&Finding| match finding.evidence.first() {
        Some(Place::Request(id, _)) => !trace.is_repeated(*id),
        _ => true,
    };
    findings.iter().find(is_wrong).or_else(|| findings.iter().filter(stands).find(answered_with))
}

/// Whether it is a fault of a certificate, and not a limit of what can be checked here.
fn is_distrusted(trace: &Trace, finding: &Finding) -> bool {
    let Some(Place::Connection(id, InConnection::CertificateFault(at))) = finding.evidence.first() else {
        return false;
    };
    let tls = trace.connections.get(id.0).and_then(|connection| connection.tls.as_ref().ran());
    let fault = tls.and_then(|tls| tls.verification.as_ref()?.faults.get(*at));
    fault.is_some_and(|fault| !matches!(fault, CertificateFault::Unchecked { .. }))
}

fn of_failure(trace: &Trace, failure: &Failure, none: Culprit) -> Culprit {
    let whole =
        Culprit { stage: Some(failure.stage), cause: Cause::Failure, place: Some(Place::Failure), ..none };
    let Some(hop) = trace.hops().next_back() else { return whole };
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
    let hop = hop.or_else(|| trace.hops().next_back());
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
        host: hop.as_ref().map(|hop| {
            // It spoke for itself, and the request went no further.
            let used = hop.connection.and_then(|used| used.proxy.as_ref());
            let refusing = used.filter(|proxy| {
                proxy.usage == ProxyUsage::Forward
                    && hop.http.ran().is_some_and(|http| http.status == Some(407))
            });
            refusing.map_or_else(|| hop.url.host_ascii.clone(), |proxy| proxy.host.clone())
        }),
        // A zone's fault is not that of the server that was asked for it.
        server: hop.filter(|_| finding.stage != StageName::Dns).as_ref().and_then(connected_to),
    }
}

/// The packet whose reply, or silence, ended a lookup.
fn last_asked(dns: &Dns) -> Option<&Packet> {
    let walked =
        || dns.packets.iter().rfind(|packet| is_of_the_walk(packet) || packet.purpose == Purpose::Resolver);
    dns.critical_path.last().and_then(|id| dns.packets.get(*id)).or_else(walked)
}

/// The address that a hop's request went to.
pub(super) fn connected_to(hop: &Hop<'_>) -> Option<String> {
    hop.connection.and_then(address).map(|address| address.to_string())
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
