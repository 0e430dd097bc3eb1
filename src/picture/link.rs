//! Which rows and arrows a finding rests on, by the places of its evidence.

use super::arrow::{Arrow, Source};
use super::row::{Row, What};
use crate::finding::{Finding, InConnection, InLookup, InRequest, Place};
use crate::timeline::{Phase, Subject};
use crate::trace::{RequestId, Trace};

/// Tells the rows which findings rest on them.
pub(super) fn rows(rows: &mut [Row], trace: &Trace, findings: &[Finding]) {
    for (index, finding) in findings.iter().enumerate() {
        let mut of: Vec<usize> =
            finding.evidence.iter().filter_map(|place| row_of(rows, trace, *place)).collect();
        // What a page asks for has rows of its own.
        let elsewhere =
            finding.evidence.iter().any(|place| matches!(place, Place::Resource(..) | Place::Again(..)));
        if of.is_empty() && !elsewhere {
            // What it speaks of is a stage; the last request that had it stands for all.
            of.extend(
                rows.iter()
                    .rposition(|row| row.is_whole() && row.phase.map(Phase::stage) == Some(finding.stage)),
            );
        }
        of.sort_unstable();
        of.dedup();
        for row in of {
            rows[row].findings.push(index);
        }
    }
}

/// The row that a place stands in, the deepest there is.
fn row_of(rows: &[Row], trace: &Trace, place: Place) -> Option<usize> {
    let phase = |request: RequestId, phase: Phase| {
        rows.iter().position(|row| row.request == request && row.what == What::Phase(phase))
    };
    let part = |request: RequestId, wanted: &dyn Fn(&Subject) -> bool| {
        rows.iter().position(
            |row| matches!(&row.what, What::Part(subject) if row.request == request && wanted(subject)),
        )
    };
    match place {
        Place::Request(id, InRequest::Phase(wanted)) => phase(id, wanted),
        Place::Request(id, InRequest::Informational(place)) => {
            part(id, &|subject| *subject == Subject::Informational(place))
        }
        Place::Request(id, InRequest::Expect) => {
            part(id, &|subject| *subject == Subject::Expect).or_else(|| phase(id, Phase::Send))
        }
        Place::Request(
            id,
            InRequest::Status | InRequest::RedirectTarget | InRequest::Header(_) | InRequest::Version,
        ) => phase(id, Phase::Wait).or_else(|| phase(id, Phase::Receive)),
        Place::Request(id, InRequest::WireBytes | InRequest::Framing) => phase(id, Phase::Receive),
        Place::Request(id, _) => {
            rows.iter().position(|row| row.request == id && matches!(row.what, What::Request))
        }
        Place::Connection(id, place) => {
            let request = trace.connections.get(id.0)?.opened_for;
            let used = trace.requests.get(request.0)?.connection.ran() == Some(id);
            if !used {
                return part(request, &|subject| matches!(subject, Subject::Abandoned(_)));
            }
            match place {
                InConnection::Attempt(place, _) => {
                    part(request, &|subject| *subject == Subject::Attempt(place))
                }
                InConnection::Certificate(..) | InConnection::CertificateFault(_) => {
                    part(request, &|subject| *subject == Subject::Verification)
                }
                InConnection::Duration | InConnection::RoundTrip | InConnection::LeastRoundTrip => {
                    phase(request, Phase::Connect)
                }
                InConnection::ProxyCredentials => {
                    phase(request, Phase::Proxy).or_else(|| phase(request, Phase::Connect))
                }
                _ => phase(request, Phase::Tls),
            }
        }
        Place::Lookup(id, place) => {
            let request = trace.hops().find(|hop| hop.request.lookup.ran() == Some(id))?.id;
            let deepest = match place {
                InLookup::Packet(packet, _) => {
                    let own = rows.iter().position(|row| row.what == What::Packet(id, packet));
                    own.or_else(|| {
                        part(request, &|subject| {
                            matches!(subject, Subject::Packets(packets) if packets.contains(&packet))
                        })
                    })
                }
                InLookup::StubAgrees | InLookup::StubAnswers | InLookup::StubAge => {
                    part(request, &|subject| *subject == Subject::Stub)
                }
                _ => None,
            };
            deepest.or_else(|| phase(request, Phase::Dns))
        }
        _ => None,
    }
}

/// Tells the arrows which findings rest on them.
pub(super) fn arrows(arrows: &mut [Arrow], findings: &[Finding]) {
    for arrow in arrows {
        let source = arrow.source;
        let rests = |finding: &Finding| finding.evidence.iter().any(|place| is_at(source, *place));
        arrow.findings = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| rests(finding))
            .map(|(index, _)| index)
            .collect();
    }
}

fn is_at(source: Source, place: Place) -> bool {
    match (source, place) {
        (
            Source::SetUp(lookup, packet) | Source::Question(lookup, packet) | Source::Reply(lookup, packet),
            Place::Lookup(other, InLookup::Packet(named, _)),
        ) => (lookup, packet) == (other, named),
        (Source::Attempt(id, attempt), Place::Connection(other, InConnection::Attempt(named, _))) => {
            (id, attempt) == (other, named)
        }
        (
            Source::Response(id),
            Place::Request(other, InRequest::Status | InRequest::RedirectTarget | InRequest::Header(_)),
        ) => id == other,
        (
            Source::Body(id),
            Place::Request(
                other,
                InRequest::WireBytes | InRequest::GrpcStatus | InRequest::GrpcServing | InRequest::GrpcFaults,
            ),
        )
        | (Source::Round(id, _), Place::Request(other, InRequest::SlowStart)) => id == other,
        (Source::Informational(id, place), Place::Request(other, InRequest::Informational(named))) => {
            (id, place) == (other, named)
        }
        (Source::Request(id), Place::Request(other, InRequest::Phase(Phase::Wait) | InRequest::Failure)) => {
            id == other
        }
        _ => false,
    }
}
