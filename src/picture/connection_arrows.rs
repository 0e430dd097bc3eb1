//! The arrows of a request's connections and of the request: segments, flights, request and response.

use super::arrow::{Fate, Source};
use super::draft::{Draft, Sketch};
use super::label;
use super::lane::Peer;
use crate::explain::status::explain;
use crate::timeline;
use crate::trace::{
    Attempt, AttemptOutcome, Carrier, Connect, Connection, ConnectionId, Datagram, Direction, FailureCode,
    HandshakeMessage, Hop, Http, Proxy, ProxyUsage, Quic, Tls, Trace,
};
use crate::units;

/// Whose requests are drawn: of a page's there are many at a time, and what comes is told apart by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Run,
    Page,
}

pub(super) fn put(draft: &mut Draft, trace: &Trace, hop: &Hop<'_>, whose: Whose) {
    let peer = Peer::of_hop(hop);
    for (index, connection) in trace.connections.iter().enumerate() {
        if connection.opened_for != hop.id {
            continue;
        }
        let id = ConnectionId(index);
        rival_arrows(draft, &peer, id, &connection.tcp);
        if let Some(quic) = &connection.quic {
            datagram_arrows(draft, &peer, id, connection, quic);
            continue;
        }
        let proxy = connection.proxy.as_ref();
        let other_end = proxy.map_or_else(|| peer.clone(), Peer::of_proxy);
        for (place, attempt) in connection.tcp.attempts.iter().enumerate() {
            // Its SYN is the packet of the first data, which has its own arrow.
            if Some(place) == connection.tcp.winner && connection.tcp.is_deferred() {
                continue;
            }
            attempt_arrows(draft, &other_end, Source::Attempt(id, place), attempt);
        }
        if let Some(proxy) = proxy {
            if let Some(tls) = &proxy.tls {
                flight_arrows(draft, &other_end, |place| Source::ProxyFlight(id, place), tls);
            }
            round_arrows(draft, &other_end, id, proxy);
        }
        if let Some(tls) = connection.tls.as_ref().ran() {
            flight_arrows(draft, &peer, |place| Source::Flight(id, place), tls);
        }
    }
    let proxy = hop.connection.and_then(|connection| connection.proxy.as_ref());
    let forwards = proxy.filter(|proxy| proxy.usage == ProxyUsage::Forward);
    if let Some(http) = hop.http.ran() {
        exchange_arrows(draft, &forwards.map_or(peer, Peer::of_proxy), hop, http, whose);
    }
}

/// A sketch of what the run waited for.
const fn counted(label: String, fate: Fate, source: Source) -> Sketch {
    Sketch { label, fate, until: None, source, counted: true, critical: true }
}

/// The SYN, and what came back. The kernel's ACK has no stamp and no arrow.
fn attempt_arrows(draft: &mut Draft, peer: &Peer, source: Source, attempt: &Attempt) {
    let again = match attempt.syn_retransmits {
        Some(times) if times > 0 => format!(", again {}", units::count(times as usize, "time")),
        _ => String::new(),
    };
    let address = attempt.address.ip();
    let syn = format!("SYN {address}{again}");
    let (fate, back) = match &attempt.outcome {
        AttemptOutcome::Won => (Fate::Fine, Some(("SYN-ACK", Fate::Fine))),
        AttemptOutcome::Refused => (Fate::Fine, Some(("RST: refused", Fate::Failed))),
        AttemptOutcome::TimedOut => (Fate::Unanswered, None),
        AttemptOutcome::Lost | AttemptOutcome::Stopped => (Fate::NotAwaited, None),
        AttemptOutcome::Unreachable(_) | AttemptOutcome::Failed(_) => (Fate::Failed, None),
    };
    // Whether a SYN has left at all is not known of what the system turned down.
    let label = if fate == Fate::Failed { format!("connect {address}") } else { syn };
    let until = back.is_none().then_some(attempt.end);
    let critical = attempt.outcome != AttemptOutcome::Lost;
    draft.sent(
        peer,
        attempt.start,
        Sketch { until, critical, counted: critical, ..counted(label, fate, source) },
    );
    if let Some((label, fate)) = back {
        draft.received(peer, attempt.end, counted(label.to_owned(), fate, source));
    }
}

/// The other transport, which ran beside this one and was not first: the packet each address was tried by.
fn rival_arrows(draft: &mut Draft, peer: &Peer, id: ConnectionId, connect: &Connect) {
    for (place, attempt) in connect.rivals.iter().enumerate() {
        let address = attempt.address.ip();
        let label = match attempt.transport {
            Carrier::Tcp => format!("SYN {address}"),
            Carrier::Quic => format!("QUIC Initial {address}"),
        };
        let fate = match attempt.outcome {
            AttemptOutcome::TimedOut => Fate::Unanswered,
            AttemptOutcome::Won | AttemptOutcome::Lost | AttemptOutcome::Stopped => Fate::NotAwaited,
            AttemptOutcome::Refused | AttemptOutcome::Unreachable(_) | AttemptOutcome::Failed(_) => {
                Fate::Failed
            }
        };
        let sketch = counted(label, fate, Source::Attempt(id, connect.attempts.len() + place));
        let beside = Sketch { until: Some(attempt.end), critical: false, counted: false, ..sketch };
        draft.sent(peer, attempt.start, beside);
    }
}

/// A handshake of QUIC by its datagrams; what nobody answered is one arrow for each address.
fn datagram_arrows(draft: &mut Draft, peer: &Peer, id: ConnectionId, connection: &Connection, quic: &Quic) {
    for (place, attempt) in connection.tcp.attempts.iter().enumerate() {
        let fate = match attempt.outcome {
            AttemptOutcome::Won => continue,
            AttemptOutcome::TimedOut => Fate::Unanswered,
            AttemptOutcome::Lost | AttemptOutcome::Stopped => Fate::NotAwaited,
            AttemptOutcome::Refused | AttemptOutcome::Unreachable(_) | AttemptOutcome::Failed(_) => {
                Fate::Failed
            }
        };
        let label = format!("QUIC Initial {}", attempt.address.ip());
        let critical = attempt.outcome != AttemptOutcome::Lost;
        let sketch = counted(label, fate, Source::Attempt(id, place));
        draft.sent(
            peer,
            attempt.start,
            Sketch { until: Some(attempt.end), critical, counted: critical, ..sketch },
        );
    }
    if connection.tcp.winner.is_none() {
        return;
    }
    for (place, flight) in quic.flights().enumerate() {
        let (Some(first), Some(last)) = (flight.first(), flight.last()) else { continue };
        let mut names: Vec<&str> = flight.iter().flat_map(Datagram::names).collect();
        names.dedup();
        let label = format!("QUIC {}", names.join(", "));
        let until = (last.at > first.at).then_some(last.at);
        let sketch = Sketch { until, ..counted(label, Fate::Fine, Source::Datagrams(id, place)) };
        match first.direction {
            Direction::Sent => draft.sent(peer, first.at, sketch),
            Direction::Received => draft.received(peer, first.at, sketch),
        }
    }
}

fn round_arrows(draft: &mut Draft, peer: &Peer, id: ConnectionId, proxy: &Proxy) {
    for (place, round) in proxy.rounds.iter().enumerate() {
        let source = Source::ProxyRound(id, place);
        let fate = if round.answer.is_some() { Fate::Fine } else { Fate::Unanswered };
        let until = round.answer.is_none().then_some(round.end);
        draft.sent(peer, round.start, Sketch { until, ..counted(round.asked.clone(), fate, source) });
        if let Some(answer) = &round.answer {
            let last = place + 1 == proxy.rounds.len();
            let fate = if last && !proxy.stands() { Fate::Failed } else { Fate::Fine };
            draft.received(peer, round.end, counted(answer.clone(), fate, source));
        }
    }
}

fn flight_arrows(draft: &mut Draft, peer: &Peer, source: impl Fn(usize) -> Source, tls: &Tls) {
    for (place, flight) in tls.flights.iter().enumerate() {
        let alert = flight.messages.contains(&HandshakeMessage::Alert);
        let mut label = label::messages(&flight.messages);
        if let Some(told) = tls.alert.as_ref().filter(|told| alert && told.direction == flight.direction) {
            label = format!("{label} {}", told.description);
        }
        // An alert is no arrow that got lost: it ends at its goal, whatever it says.
        let fate = if alert && flight.direction == Direction::Received { Fate::Failed } else { Fate::Fine };
        let until = (flight.end > flight.start).then_some(flight.end);
        let sketch = Sketch { until, ..counted(label, fate, source(place)) };
        match flight.direction {
            Direction::Sent => draft.sent(peer, flight.start, sketch),
            Direction::Received => draft.received(peer, flight.start, sketch),
        }
    }
}

fn exchange_arrows(draft: &mut Draft, peer: &Peer, hop: &Hop<'_>, http: &Http, whose: Whose) {
    let named = |label: String| match whose {
        Whose::Run => label,
        Whose::Page => format!("{label}: {}", file_of(&hop.url.path)),
    };
    let answered = http.first_byte.is_some();
    let fate = match hop.failure.map(|failure| failure.code) {
        _ if answered || !http.informational.is_empty() => Fate::Fine,
        Some(FailureCode::Interrupted | FailureCode::MaxTime) if http.sent.is_some() => Fate::Unanswered,
        Some(_) => Fate::Failed,
        None => Fate::Fine,
    };
    let until = match (fate, http.sent) {
        (Fate::Fine, Some(sent)) => (sent > http.start).then_some(sent),
        _ => Some(http.end),
    };
    // A request has left when its last byte has: that is the stamp; what never was whole has its start.
    let at = http.sent.unwrap_or(http.start);
    let sketch = counted(label::request(http), fate, Source::Request(hop.id));
    draft.sent(peer, at, Sketch { until, ..sketch });
    for (place, interim) in http.informational.iter().enumerate() {
        let source = Source::Informational(hop.id, place);
        draft.received(peer, interim.at, counted(named(status(interim.status)), Fate::Fine, source));
    }
    let Some(first) = http.first_byte else { return };
    let (label, fate) = match http.status {
        Some(code) if code >= 400 => (status(code), Fate::Failed),
        Some(code) => (status(code), Fate::Fine),
        None => ("response that is not HTTP".to_owned(), Fate::Failed),
    };
    draft.received(peer, first, counted(named(label), fate, Source::Response(hop.id)));
    live_arrows(draft, peer, hop, http);
    slow_start_arrows(draft, peer, hop);
    if http.status.is_some() && http.body.wire_bytes > 0 && http.end > first {
        let bytes = units::bytes(http.body.wire_bytes);
        let (label, fate) = if http.body.complete {
            (format!("body, {bytes}{}", label::call_end(http)), Fate::Fine)
        } else if http.is_left_early() {
            (format!("body, {bytes} of it"), Fate::Fine)
        } else {
            (format!("body breaks off after {bytes}"), Fate::Failed)
        };
        draft.received(peer, http.end, counted(named(label), fate, Source::Body(hop.id)));
    }
}

/// What comes and goes on an open WebSocket, or in a stream of events.
fn live_arrows(draft: &mut Draft, peer: &Peer, hop: &Hop<'_>, http: &Http) {
    let source = Source::Live(hop.id);
    if let Some(socket) = &http.websocket {
        if let Some(ping) = socket.ping {
            let fate = if socket.pong.is_some() { Fate::Fine } else { Fate::Unanswered };
            let until = (fate == Fate::Unanswered).then_some(http.end);
            draft.sent(peer, ping, Sketch { until, ..counted("ping".to_owned(), fate, source) });
        }
        if let Some(pong) = socket.pong {
            draft.received(peer, pong, counted("pong".to_owned(), Fate::Fine, source));
        }
    }
    if let Some(first) = http.body.events.and_then(|events| events.first_event) {
        draft.received(peer, first, counted("first event".to_owned(), Fate::Fine, source));
    }
}

/// The bursts in which the response came, where they are rounds of slow start.
fn slow_start_arrows(draft: &mut Draft, peer: &Peer, hop: &Hop<'_>) {
    let rounds = timeline::slow_start(hop).map(|found| found.rounds).unwrap_or_default();
    for (place, round) in rounds.iter().enumerate() {
        let label = format!("round {} of slow start, {}", place + 1, units::bytes(round.bytes));
        let sketch = counted(label, Fate::Fine, Source::Round(hop.id, place));
        let until = (round.end > round.start).then_some(round.end);
        draft.received(peer, round.start, Sketch { until, ..sketch });
    }
}

/// The last part of a path, by which people know a file.
fn file_of(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("/")
}

fn status(code: u16) -> String {
    format!("{code:03} {}", explain(code).name)
}
