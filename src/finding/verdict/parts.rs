//! The time of a trace in parts: each microsecond once, and each part owed to one thing.
//!
//! Of a phase, its round trips times the smallest one seen are distance; the rest is somebody's: the
//! server's, of a loss, of attempts elsewhere, or this machine's own. Who cannot be told apart from the way
//! to him is named as who was waited for.

use std::time::Duration;

use super::cause::Cause;
use super::lookup;
use super::part::{Cutter, Part, Seen};
use super::round_trips::{RoundTrips, address};
use crate::finding::place::{AttemptField, InConnection, InRequest, Place};
use crate::timeline::{Phase, Subject, phases, slow_start};
use crate::trace::{At, AttemptOutcome, Hop, Http, Trace};

/// All parts of a trace's time. They sum to the time of its hops.
pub(super) fn parts(trace: &Trace) -> Vec<Part> {
    let trips = RoundTrips::of(trace);
    trace.hops().flat_map(|hop| of_hop(&hop, &trips)).collect()
}

/// The parts of one request's time: of a page's, too.
pub(super) fn of_hop(hop: &Hop<'_>, trips: &RoundTrips) -> Vec<Part> {
    let phases = phases(hop);
    let mut all = Vec::new();
    let mut cut = |phase: Option<Phase>, micros: u64, take_apart: &dyn Fn(&mut Cutter)| {
        let left = Duration::from_micros(micros);
        let mut cutter = Cutter::new(hop.id, phase, left);
        take_apart(&mut cutter);
        all.extend(cutter.into_parts());
    };
    let trip = hop.connection.and_then(|connection| trips.of_connection(connection));
    let handshake_in = handshake_in(hop);
    for (phase, micros) in phases.spent.iter() {
        cut(Some(phase), micros.unwrap_or(0), &|cutter| {
            if handshake_in == Some(phase) {
                cutter.give(Cause::Distance, trip.unwrap_or_default(), 1, Seen::default());
            }
            match phase {
                Phase::Dns => lookup::take_apart(hop, trips, cutter),
                Phase::Connect => of_connect(hop, trip, cutter),
                // One handshake for both; that of an address that was silent is no distance.
                Phase::Tls | Phase::Quic => of_tls(hop, phase, trip, cutter),
                Phase::Wait => {
                    cutter.give(Cause::Distance, trip.unwrap_or_default(), 1, Seen::default());
                    of_slow_start(hop, Phase::Wait, cutter);
                    of_body(hop, trip, cutter);
                    of_loss(hop, phase, cutter);
                    cutter.give_rest(Cause::Server, connected_to(hop));
                }
                Phase::Receive => of_receive(hop, trip, cutter),
                Phase::Proxy => of_proxy(hop, trip, cutter),
                Phase::Queue => cutter.give_rest(Cause::Retry, Seen::default()),
                Phase::Send => {
                    // A head alone fits the kernel's buffer: nobody else is waited for. By QUIC there is none, and the
                    // server says when a stream may be opened.
                    let has_body = hop.http.ran().is_some_and(|http| http.request.body_bytes > 0);
                    let by_quic = hop.connection.is_some_and(|used| used.quic.is_some());
                    let cause = if has_body || by_quic { Cause::Distance } else { Cause::Us };
                    cutter.give_rest(cause, Seen::default());
                }
            }
        });
    }
    cut(None, phases.unaccounted, &|cutter| cutter.give_rest(Cause::Us, Seen::default()));
    all
}

/// The phase that the round trip of a connect lies in that was put off, and whose data the server did not take with
/// the SYN (RFC 7413); with data that it took there is none.
fn handshake_in(hop: &Hop<'_>) -> Option<Phase> {
    let connect = hop.connect.ran().filter(|connect| connect.is_deferred())?;
    let is_extra = connect.fast_open.is_none_or(|fast_open| fast_open.data_accepted != Some(true));
    is_extra.then_some(if hop.tls.ran().is_some() { Phase::Tls } else { Phase::Wait })
}

fn of_connect(hop: &Hop<'_>, trip: Option<Duration>, cutter: &mut Cutter) {
    let race = hop.connect.ran().zip(hop.request.connection.ran());
    let winner = race.and_then(|(connect, _)| connect.attempts.get(connect.winner?));
    let (Some((connect, id)), Some(winner)) = (race, winner) else {
        return cutter.give_rest(Cause::Distance, Seen::default());
    };
    if let Some(lookup) = hop.proxy.and_then(|proxy| proxy.lookup.as_ref()) {
        let seen = Seen { subject: Some(Subject::ProxyLookup), place: None, server: None };
        cutter.give(Cause::Server, lookup.end.since(lookup.start), 0, seen);
    }
    // What was given up before, and attempts that did not get there.
    let begun = hop.abandoned.first().map_or(connect.start, |first| first.tcp.start);
    let first = connect.attempts.iter().position(|attempt| attempt.outcome != AttemptOutcome::Won);
    // Where QUIC had the way for itself, its attempts are what was waited for.
    let first = if connect.is_led_by_quic() { Some(connect.attempts.len()) } else { first };
    let before = match (hop.abandoned.first().and_then(address), first) {
        (Some(address), _) => {
            Seen { subject: Some(Subject::Abandoned(0)), place: None, server: Some(address.to_string()) }
        }
        (None, Some(first)) => Seen {
            subject: Some(Subject::Attempt(first)),
            place: Some(Place::Connection(id, InConnection::Attempt(first, AttemptField::Outcome))),
            server: connect.attempt(first).map(|attempt| attempt.address.ip().to_string()),
        },
        (None, None) => Seen::default(),
    };
    let cause = if before == Seen::default() { Cause::Us } else { Cause::Retry };
    cutter.give(cause, winner.start.since(begun), 0, before);
    let took = winner.end.since(winner.start);
    if winner.syn_retransmits.is_some_and(|syns| syns > 0) {
        // What is not a round trip is the wait until the SYN went out again.
        cutter.give(Cause::Distance, trip.unwrap_or_default().min(took), 1, Seen::default());
        let place = connect
            .winner
            .map(|winner| Place::Connection(id, InConnection::Attempt(winner, AttemptField::SynRetransmits)));
        let server = Some(winner.address.ip().to_string());
        let subject = connect.winner.map(Subject::Attempt);
        return cutter.give_rest(Cause::Loss, Seen { subject, place, server });
    }
    let way = trip.unwrap_or(took);
    cutter.give(Cause::Distance, way, 1, Seen::default());
    // Another packet came through faster: this one stood in a queue somewhere on the way.
    cutter.give_rest(Cause::Queue, connected_to(hop));
}

/// What a proxy took beyond the way to it, for its own lookup and connection, is the proxy's matter.
fn of_proxy(hop: &Hop<'_>, trip: Option<Duration>, cutter: &mut Cutter) {
    let Some(proxy) = hop.proxy else { return cutter.give_rest(Cause::Server, Seen::default()) };
    let own =
        proxy.tls.as_ref().map_or(Duration::ZERO, |tls| tls.flights.iter().map(|flight| flight.cpu).sum());
    cutter.give(Cause::Us, own, 0, Seen::default());
    let rounds =
        u32::try_from(proxy.rounds.len()).unwrap_or(0) + proxy.tls.as_ref().map_or(0, |tls| tls.round_trips);
    cutter.give(Cause::Distance, trip.unwrap_or_default() * rounds, rounds, Seen::default());
    cutter.give_rest(Cause::Server, connected_to(hop));
}

fn of_tls(hop: &Hop<'_>, phase: Phase, trip: Option<Duration>, cutter: &mut Cutter) {
    let Some(tls) = hop.tls.ran() else { return cutter.give_rest(Cause::Server, connected_to(hop)) };
    let checked = tls.verification.as_ref().map_or(Duration::ZERO, |verification| verification.cpu);
    let worked: Duration = tls.flights.iter().map(|flight| flight.cpu).sum();
    cutter.give(Cause::Us, worked.max(checked), 0, Seen::default());
    cutter.give(
        Cause::Distance,
        trip.unwrap_or_default() * tls.round_trips,
        tls.round_trips,
        Seen::default(),
    );
    of_loss(hop, phase, cutter);
    cutter.give_rest(Cause::Server, connected_to(hop));
}

/// The rounds of slow start in a phase, where they are plain to see; says whether they are. The first byte above TLS may
/// come rounds later than the first below it, as a record is read when it is whole.
fn of_slow_start(hop: &Hop<'_>, phase: Phase, cutter: &mut Cutter) -> bool {
    let (Some(found), Some(first)) = (slow_start(hop), hop.http.ran().and_then(|http| http.first_byte))
    else {
        return false;
    };
    let starts: Vec<At> = found.rounds.iter().chain(&found.after).map(|round| round.start).collect();
    let rounds = starts.windows(2).filter(|pair| (pair[1] > first) == (phase == Phase::Receive));
    let (mut time, mut trips) = (Duration::ZERO, 0);
    for pair in rounds {
        (time, trips) = (time + pair[1].since(pair[0]), trips + 1);
    }
    let place = Some(Place::Request(hop.id, InRequest::SlowStart));
    cutter.give(Cause::Distance, time, trips, Seen { subject: None, place, server: None });
    true
}

/// A body that was on its way for longer than a packet is: no server thinks about what it has not got.
fn of_body(hop: &Hop<'_>, trip: Option<Duration>, cutter: &mut Cutter) {
    let lag = hop.http.ran().and_then(Http::body_lag).unwrap_or_default();
    cutter.give(Cause::Distance, lag.saturating_sub(trip.unwrap_or_default()), 0, Seen::default());
}

/// Ten segments in the first round trip, twice as many in each that follows (RFC 6928, RFC 5681).
fn of_receive(hop: &Hop<'_>, trip: Option<Duration>, cutter: &mut Cutter) {
    if of_slow_start(hop, Phase::Receive, cutter) {
        return cutter.give_rest(Cause::Server, connected_to(hop));
    }
    let bytes = hop.http.ran().map_or(0, |http| http.body.wire_bytes);
    let info = hop.connection.and_then(|connection| connection.tcp.tcp_info);
    let segments = bytes / info.map_or(1460, |info| u64::from(info.mss.max(1)));
    let trips = (segments / 10 + 1).ilog2();
    cutter.give(Cause::Distance, trip.unwrap_or_default() * trips, trips, Seen::default());
    cutter.give_rest(Cause::Server, connected_to(hop));
}

/// What may have been waited for before something was sent again: nobody's thinking.
fn of_loss(hop: &Hop<'_>, phase: Phase, cutter: &mut Cutter) {
    let (Some(connection), Some(id)) = (hop.connection, hop.request.connection.ran()) else { return };
    if let Some(quic) = &connection.quic {
        let waited = if phase == Phase::Quic { quic.unheard() } else { quic.waited_to_send_again() };
        let cause = if quic.lost.is_some_and(|lost| lost > 0) { Cause::Loss } else { Cause::Queue };
        return cutter.give(cause, waited, 0, connected_to(hop));
    }
    let tcp = &connection.tcp;
    let place = Some(Place::Connection(id, InConnection::Retransmits));
    let server = connected_to(hop).server;
    let cause = if tcp.lost().is_some_and(|lost| lost > 0) { Cause::Loss } else { Cause::Queue };
    if tcp.sent_again() > 0 {
        cutter.give(cause, tcp.waited_to_send_again(), 0, Seen { subject: None, place, server });
    }
}

/// Whom a hop's request went to.
fn connected_to(hop: &Hop<'_>) -> Seen {
    let server = hop.connection.and_then(address).map(|address| address.to_string());
    Seen { subject: None, place: None, server }
}
