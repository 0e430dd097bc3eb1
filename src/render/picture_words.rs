//! What is told of a row of the waterfall or an arrow of the ladder beside its name. Nothing is escaped here.

use super::{ladder_words, proxy_words, quic_words, words};
use crate::explain::status::explain;
use crate::picture::{Arrow, Row, Source, Standing, What};
use crate::timeline::Subject;
use crate::trace::{
    Attempt, AttemptOutcome, Connection, Flight, LookupId, Packet, PacketId, RequestId, Trace,
};
use crate::units;

/// Packets that are told one by one.
const MOST: usize = 8;

/// A row in lines: its name and times, then what it is.
pub(super) fn row(trace: &Trace, row: &Row) -> Vec<String> {
    let mut told = vec![row.label.clone()];
    if let (Some((start, end)), Some(micros)) = (row.time, row.micros()) {
        let (start, end) = (units::micros(start.0), units::micros(end.0));
        told[0].push_str(&format!(": {}, from {start} to {end}", units::micros(micros)));
    } else if let Some((at, _)) = row.time {
        told[0].push_str(&format!(" at {}", units::micros(at.0)));
    }
    let mark = mark(row.standing);
    if !mark.is_empty() {
        told.push(mark.to_owned());
    }
    match &row.what {
        What::Missing(_, reason) => told.push((*reason).to_owned()),
        What::Unaccounted(_) => told.push("this program's own work, no phase's".to_owned()),
        What::Packet(lookup, id) => told.extend(packet_of(trace, *lookup, *id).map(packet)),
        What::Part(Subject::Packets(packets)) => {
            let lookup = trace.requests.get(row.request.0).and_then(|request| request.lookup.ran());
            let all = packets.iter().filter_map(|id| packet_of(trace, lookup?, *id));
            told.extend(all.take(MOST).map(packet));
            if packets.len() > MOST {
                told.push(format!("and {} more", packets.len() - MOST));
            }
        }
        What::Part(Subject::Datagrams(place)) => {
            let quic = connection(trace, row.request).and_then(|opened| opened.quic.as_ref());
            let flight = quic.map(|quic| quic_words::row(quic, *place)).unwrap_or_default();
            told.extend(flight.iter().take(MOST).map(quic_words::datagram));
        }
        What::Part(Subject::Attempt(place)) => {
            let attempt = connection(trace, row.request).and_then(|opened| opened.tcp.attempt(*place));
            told.extend(attempt.map(outcome));
        }
        What::Part(Subject::Flight(place)) => {
            let tls = connection(trace, row.request).and_then(|opened| opened.tls.as_ref().ran());
            told.extend(tls.and_then(|tls| tls.flights.get(*place)).map(flight));
        }
        What::Part(Subject::ProxyRound(place)) => {
            let proxy = connection(trace, row.request).and_then(|opened| opened.proxy.as_ref());
            let round = proxy.and_then(|proxy| proxy.rounds.get(*place));
            told.extend(round.map(proxy_words::answer));
        }
        What::Part(Subject::Metric(_)) => {
            told.push(
                "by the server's word (Server-Timing); where in the wait it was is not known".to_owned(),
            );
        }
        What::Request | What::Phase(_) | What::Part(_) => {}
    }
    told
}

/// A request as the head of its rows: `https://www.example.test/  200 OK`.
pub(super) fn request(trace: &Trace, row: &Row) -> String {
    let Some(request) = trace.requests.get(row.request.0) else { return row.label.clone() };
    let status = request.http.as_ref().ran().and_then(|http| http.status);
    let status = status.map_or_else(String::new, |code| format!("  {code:03} {}", explain(code).name));
    format!("{} {}{status}", row.request.0 + 1, request.url.href)
}

/// What stands beside the bar of a row that is not simply counted.
pub(super) const fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Counted => "",
        Standing::Failed => "✗ failed",
        Standing::Uncounted => "not counted",
        Standing::Won | Standing::Lost | Standing::Hedged => standing.as_str(),
    }
}

/// An arrow in lines: what it is and when, then what it was a part of.
pub(super) fn arrow(trace: &Trace, arrow: &Arrow) -> Vec<String> {
    let what = if arrow.is_sent() { "sent" } else { "received" };
    let mut told = vec![format!("{}, {what} at {}", ladder_words::label(arrow), units::micros(arrow.at().0))];
    match arrow.source {
        Source::SetUp(lookup, id) | Source::Question(lookup, id) | Source::Reply(lookup, id) => {
            told.extend(packet_of(trace, lookup, id).map(packet));
        }
        Source::Attempt(id, place) => {
            told.extend(
                trace.connections.get(id.0).and_then(|opened| opened.tcp.attempt(place)).map(outcome),
            );
        }
        Source::ProxyFlight(id, place) => {
            let proxy = trace.connections.get(id.0).and_then(|opened| opened.proxy.as_ref());
            let tls = proxy.and_then(|proxy| proxy.tls.as_ref());
            told.extend(tls.and_then(|tls| tls.flights.get(place)).map(flight));
        }
        Source::ProxyRound(id, place) => {
            let proxy = trace.connections.get(id.0).and_then(|opened| opened.proxy.as_ref());
            told.extend(proxy.and_then(|proxy| proxy.rounds.get(place)).map(proxy_words::answer));
        }
        Source::Datagrams(id, place) => {
            let quic = trace.connections.get(id.0).and_then(|opened| opened.quic.as_ref());
            let flight = quic.map(|quic| quic_words::row(quic, place)).unwrap_or_default();
            told.extend(flight.iter().take(MOST).map(quic_words::datagram));
        }
        Source::Flight(id, place) => {
            let tls = trace.connections.get(id.0).and_then(|opened| opened.tls.as_ref().ran());
            told.extend(tls.and_then(|tls| tls.flights.get(place)).map(flight));
        }
        Source::Request(_) | Source::Informational(..) | Source::Response(_) => {}
        Source::Round(..) | Source::Body(_) | Source::Live(_) => {}
    }
    told
}

fn connection(trace: &Trace, request: RequestId) -> Option<&Connection> {
    trace.connections.get(trace.requests.get(request.0)?.connection.ran()?.0)
}

fn packet_of(trace: &Trace, lookup: LookupId, id: PacketId) -> Option<&Packet> {
    trace.lookups.get(lookup.0)?.packets.get(id.0)
}

/// `A? www.example.test. to a.nic.test. 192.0.2.1 by udp: referral to test., 2 NS, 2 glue`.
fn packet(packet: &Packet) -> String {
    let name = packet.server_name.as_ref().map_or_else(String::new, |name| format!("{name} "));
    format!(
        "{}? {} to {name}{} by {}: {}",
        packet.qtype.mnemonic(),
        packet.qname,
        packet.server,
        packet.transport.as_str(),
        words::meaning(packet)
    )
}

fn outcome(attempt: &Attempt) -> String {
    let why = match &attempt.outcome {
        AttemptOutcome::Unreachable(why) | AttemptOutcome::Failed(why) => format!(": {why}"),
        _ => String::new(),
    };
    format!("{} {}{why}", attempt.address, attempt.outcome.as_str())
}

fn flight(flight: &Flight) -> String {
    format!("{}, {} of our own work", units::bytes(flight.bytes as u64), units::duration(flight.cpu))
}
