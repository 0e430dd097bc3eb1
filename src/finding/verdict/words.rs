//! The sentence on where the time went, and what would be won.

use std::time::Duration;

use super::cause::Cause;
use super::claim::Claim;
use super::part::Part;
use crate::finding::asked;
use crate::finding::found::{Load, Saving};
use crate::finding::place::{InLookup, InRequest, Place};
use crate::timeline::{Phase, slow_start};
use crate::trace::{Hop, Http, Meaning, Packet, Proxy, RetryWait, Trace, Transient, WaitRule};
use crate::units::{bytes, count, duration};

/// `612 of 655 ms`, `1.02 s of 1.10 s` as `1.02 of 1.10 s`, `all 655 ms`.
pub(super) fn of(part: Duration, whole: Duration) -> String {
    let (part, whole) = (duration(part), duration(whole));
    if part == whole {
        return format!("all {whole}");
    }
    match (part.split_once(' '), whole.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

/// A sentence behind another. What is no word of ours, as the name of a host, stays as it is.
pub(super) fn capital(sentence: String) -> String {
    match sentence.strip_prefix('t').filter(|rest| rest.starts_with("he ") || rest.starts_with("his ")) {
        Some(rest) => format!("T{rest}"),
        None => sentence,
    }
}

/// Where the time went, in one sentence.
pub(super) fn sentence(trace: &Trace, claim: &Claim) -> String {
    let share = of(claim.time, trace.total);
    let lead = claim.lead();
    let Some(hop) = trace.hops().nth(lead.request.0) else { return share };
    // Where a proxy stands between, it is what was connected to.
    let connected = hop.proxy.filter(|_| lead.phase == Some(Phase::Connect)).map(Proxy::words);
    let host = &connected.unwrap_or_else(|| hop.url.host_ascii.clone());
    match (claim.cause, lead.phase) {
        (Cause::Distance, Some(phase)) if is_of_body(lead, phase) && sent_body(&hop) > 0 => {
            of_body(&hop, claim, &share)
        }
        (Cause::Distance, _) => distance(trace, claim),
        (Cause::Us, _) => format!("{share} are this machine's own work{}", own(claim)),
        (Cause::Loss, Some(Phase::Dns)) => {
            format!("{share}: a question to {}, or its reply, was lost on the way", who(trace, lead))
        }
        (Cause::Loss, Some(Phase::Tls | Phase::Quic | Phase::Wait)) => {
            format!("{share}: packets to or from {} were lost, and sent again", who_of(host, lead))
        }
        (Cause::Loss, _) => {
            format!("{share}: the first SYN to {}, or the answer to it, was lost", who_of(host, lead))
        }
        (Cause::Retry, Some(Phase::Dns)) => {
            format!("{share} went by on {}, {}", who(trace, lead), what_of(trace, lead))
        }
        (Cause::Retry, Some(Phase::Queue)) => {
            format!("{share} were waited before {host} was asked once more{}", words_of_wait(&hop))
        }
        (Cause::Retry, _) => {
            let dead = lead.seen.server.as_deref().unwrap_or("another address");
            format!("{share} went by on {dead}, an address of {host}, before the connection to another stood")
        }
        (Cause::Queue, Some(Phase::Tls | Phase::Quic | Phase::Wait)) => {
            format!(
                "{share}: data to {} was sent twice, as no acknowledgement came in time",
                who_of(host, lead)
            )
        }
        (Cause::Queue, _) => {
            format!(
                "{share}: the connection to {} came about later than the way explains",
                who_of(host, lead)
            )
        }
        (_, Some(Phase::Dns)) => {
            format!("{} took {share} to answer{}", who(trace, lead), beside_others(trace, lead))
        }
        (_, Some(Phase::Receive)) => arrival(hop.http.ran(), host, &share),
        (Cause::Server, Some(Phase::Connect)) => {
            format!("this machine's resolver took {share} to find the address of {host}")
        }
        (_, Some(Phase::Proxy)) => match hop.proxy {
            Some(proxy) => format!(
                "the {} took {share} to open the tunnel; what of that was its own way to {host} cannot be seen here",
                proxy.words()
            ),
            None => share,
        },
        (_, Some(phase)) if proxy_of(&hop).is_some() => {
            let proxy = proxy_of(&hop).unwrap_or_default();
            let part = match phase {
                Phase::Tls => "the TLS handshake",
                Phase::Receive => "the body",
                _ => "the answer",
            };
            format!(
                "{share} were spent on {part} behind the {proxy}: its way to {host} and the server's own time cannot be told apart here"
            )
        }
        _ => by_the_server(&hop, lead, host, &share),
    }
}

/// What is put down to a server, as far as it can be.
fn by_the_server(hop: &Hop<'_>, lead: &Part, host: &str, share: &str) -> String {
    match lead.phase {
        Some(phase) if is_like_a_loss(hop, lead) => {
            let part =
                if phase == Phase::Wait { "before the answer of" } else { "in the TLS handshake with" };
            format!(
                "{share} went by {part} {}: its own time, or one lost packet from it, which costs as much and leaves no trace \
                 here (-n 5 tells them apart)",
                who_of(host, lead)
            )
        }
        Some(Phase::Tls | Phase::Quic) => {
            format!("{} took {share} over its part of the TLS handshake{}", who_of(host, lead), trip(hop))
        }
        _ if hides_the_server(hop) => format!(
            "{share} went by between the last byte of the request and the answer of {}: how long its body was on its way \
             cannot be told here",
            who_of(host, lead)
        ),
        _ => format!("the server {} thought for {share}{}", who_of(host, lead), trip(hop)),
    }
}

/// Whether a server took as long as its TCP waits before it sends a lost packet again (RFC 6298 §2: 200 ms and the round
/// trip with Linux, which measures at both ends alike). When nothing came behind that packet, nobody but the server knows.
fn is_like_a_loss(hop: &Hop<'_>, part: &Part) -> bool {
    /// The timer's grain, before and behind; and a server that thinks for a moment.
    const GRAIN: Duration = Duration::from_millis(5);
    const MOMENT: Duration = Duration::from_millis(20);
    let info = hop.connection.and_then(|connection| connection.tcp.tcp_info);
    let Some((info, rto)) = info.and_then(|info| Some((info, info.rto?))) else { return false };
    part.cause == Cause::Server
        && matches!(part.phase, Some(Phase::Tls | Phase::Wait))
        && part.time + GRAIN >= rto
        && part.time <= rto + MOMENT + info.rtt
}

/// Whether a part of the way is that of a request's body, which is no round trip.
fn is_of_body(part: &Part, phase: Phase) -> bool {
    matches!(phase, Phase::Send | Phase::Wait) && part.trips == 0
}

/// The way of a request's body, and what is told beside it.
fn of_body(hop: &Hop<'_>, claim: &Claim, share: &str) -> String {
    let on_its_way =
        claim.parts.iter().filter(|part| part.phase.is_some_and(|phase| is_of_body(part, phase)));
    let time: Duration = on_its_way.map(|part| part.time).sum();
    let trips: u32 = claim.parts.iter().map(|part| part.trips).sum();
    let others = match claim.time.saturating_sub(time) {
        rest if trips > 0 && !rest.is_zero() => {
            format!(", and {} are {}", duration(rest), count(trips as usize, "round trip"))
        }
        _ => String::new(),
    };
    format!(
        "{share} are the way: the request's body ({}) took {} to get to {}{others}",
        bytes(sent_body(hop)),
        duration(time),
        hop.url.host_ascii
    )
}

fn sent_body(hop: &Hop<'_>) -> u64 {
    hop.http.ran().map_or(0, |http| http.request.body_bytes)
}

/// Whether the body of a request may have been on its way for any part of the wait.
fn hides_the_server(hop: &Hop<'_>) -> bool {
    hop.http.ran().is_some_and(|http| http.body_lag().is_none())
}

/// Whether most of the time that a response took to arrive went by before its head was whole.
fn is_of_head(http: &Http) -> bool {
    let first = http.first_byte.unwrap_or(http.end);
    http.head_end.unwrap_or(http.end).since(first) * 2 > http.end.since(first)
}

/// What came in the time that a response took: a body, its events, or the pong of a WebSocket.
fn arrival(http: Option<&Http>, host: &str, share: &str) -> String {
    match http {
        Some(http) if http.websocket.is_some() => {
            format!("{share} went by from the open WebSocket of {host} to its pong")
        }
        Some(http) if http.body.events.is_some() => format!("{share} went by while {host} sent its events"),
        Some(http) if is_of_head(http) => {
            format!("the head of the response of {host} ({}) took {share} to arrive", bytes(http.head_bytes))
        }
        http => {
            let size = http.map_or(0, |http| http.body.wire_bytes);
            format!("the body of {host} ({}) took {share} to arrive", bytes(size))
        }
    }
}

/// Round trips, whose they are, and which a cache would spare.
fn distance(trace: &Trace, claim: &Claim) -> String {
    let share = of(claim.time, trace.total);
    let trips: u32 = claim.parts.iter().map(|part| part.trips).sum();
    let each = || claim.parts.iter().filter(|part| part.trips > 0).map(|part| part.time / part.trips);
    let (Some(least), Some(most)) = (each().min(), each().max()) else {
        return format!("{share} are distance");
    };
    // What is no round trip, as the way of a body, has no share in their length.
    let time: Duration = claim.parts.iter().filter(|part| part.trips > 0).map(|part| part.time).sum();
    let range = if least * 5 >= most * 4 { duration(time / trips) } else { between(least, most) };
    let mut text = format!("{share} are distance: {} of {range}", count(trips as usize, "round trip"));
    let dns: u32 =
        claim.parts.iter().filter(|part| part.phase == Some(Phase::Dns)).map(|part| part.trips).sum();
    match dns {
        0 => {}
        all if all == trips => text.push_str(", all for DNS and gone when the answer is cached"),
        1 => text.push_str("; 1 of them is DNS and gone when the answer is cached"),
        some => text.push_str(&format!("; {some} of them are DNS and gone when the answer is cached")),
    }
    text.push_str(&in_rounds(trace, claim).unwrap_or_default());
    text
}

/// The part of it that is rounds of slow start, where they are plain to see.
fn in_rounds(trace: &Trace, claim: &Claim) -> Option<String> {
    let of_rounds = |part: &&Part| matches!(part.seen.place, Some(Place::Request(_, InRequest::SlowStart)));
    let longest = claim.parts.iter().filter(of_rounds).max_by_key(|part| part.time)?;
    let hop = trace.hops().nth(longest.request.0)?;
    let found = slow_start(&hop)?;
    let time: Duration = claim
        .parts
        .iter()
        .filter(of_rounds)
        .filter(|part| part.request == longest.request)
        .map(|part| part.time)
        .sum();
    let came = if found.after.is_some() { "began with" } else { "came in" };
    let rounds = count(found.rounds.len(), "round");
    Some(format!("; {}: the body {came} {rounds} of slow start", of(time, claim.time)))
}

/// `1.00 to 200 ms`, `900 ms to 1.20 s`.
fn between(least: Duration, most: Duration) -> String {
    let (least, most) = (duration(least), duration(most));
    match (least.split_once(' '), most.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} to {most}"),
        _ => format!("{least} to {most}"),
    }
}

/// In which phase most of our own work was done.
fn own(claim: &Claim) -> &'static str {
    match claim.phase() {
        Some(Phase::Dns) => ", most of it during name resolution",
        Some(Phase::Tls) => ", most of it cryptography for TLS",
        _ => "",
    }
}

/// How far away a hop's server is.
fn trip(hop: &Hop<'_>) -> String {
    let info = hop.connection.and_then(|connection| connection.tcp.tcp_info);
    info.map_or_else(String::new, |info| {
        format!("; the network round trip is {}", duration(info.min_rtt.unwrap_or(info.rtt)))
    })
}

/// What a wait before a further attempt was for.
fn words_of_wait(hop: &Hop<'_>) -> String {
    let Some(RetryWait { cause, rule, .. }) = hop.request.waited else { return String::new() };
    let after = match cause {
        Transient::Status(status) => format!(", after {status}"),
        Transient::Timeout => ", after a time-out".to_owned(),
        Transient::Refused => ", after it refused the connection".to_owned(),
    };
    if rule == WaitRule::RetryAfter { format!("{after}, as its Retry-After says") } else { after }
}

/// The proxy that a hop's request went through.
fn proxy_of(hop: &Hop<'_>) -> Option<String> {
    Some(hop.connection?.proxy.as_ref()?.words())
}

/// A host and the address that was talked to.
fn who_of(host: &str, part: &Part) -> String {
    match part.seen.server.as_deref().filter(|server| *server != host) {
        Some(server) => format!("{host} ({server})"),
        None => host.to_owned(),
    }
}

/// The packet that a part of a lookup's time is owed to.
fn packet<'t>(trace: &'t Trace, part: &Part) -> Option<&'t Packet> {
    match part.seen.place? {
        Place::Lookup(lookup, InLookup::Packet(id, _)) => trace.lookups.get(lookup.0)?.packets.get(id.0),
        _ => None,
    }
}

/// The server of a packet, and whose it is.
fn who(trace: &Trace, part: &Part) -> String {
    let Some(packet) = packet(trace, part) else {
        return part.seen.server.clone().unwrap_or_default();
    };
    match (&packet.server_name, packet.zone.as_str()) {
        (_, "") => format!("the resolver {}", packet.server.ip()),
        (_, ".") => format!("the root server {}", asked::server(packet)),
        (_, zone) => format!("{} of zone {zone}", asked::server(packet)),
    }
}

/// What a server did that was of no use.
fn what_of(trace: &Trace, part: &Part) -> &'static str {
    match packet(trace, part).map(|packet| &packet.meaning) {
        Some(Meaning::Timeout) => "which did not answer",
        Some(Meaning::Superseded) => "which had not answered when another server was asked",
        Some(Meaning::Refused) => "which refused the question",
        Some(Meaning::ServerFailure) => "which answered with an error",
        Some(Meaning::EdnsRefused | Meaning::EdnsOptionsRefused) => {
            "which did not take the question with EDNS"
        }
        Some(Meaning::UpwardReferral { .. } | Meaning::Lame { .. }) => "which does not serve the zone",
        Some(Meaning::Error { .. }) => "which could not be reached",
        _ => "which was of no use",
    }
}

/// How long the other servers on the way took.
fn beside_others(trace: &Trace, part: &Part) -> String {
    let Some(Place::Lookup(lookup, _)) = part.seen.place else { return String::new() };
    let (Some(slow), Some(dns)) = (packet(trace, part), trace.lookups.get(lookup.0)) else {
        return String::new();
    };
    let path = dns.critical_path.iter().filter_map(|id| dns.packets.get(*id));
    let others = path.filter(|other| other.server != slow.server);
    let longest = others.filter_map(|other| Some(other.received?.since(other.sent))).max();
    longest.map_or_else(String::new, |longest| {
        format!("; no other server on the way took more than {}", duration(longest))
    })
}

/// What would be won without it. Behind a proxy the server's own time is not known.
pub(super) fn saving(trace: &Trace, claim: &Claim) -> Option<Saving> {
    let hop = trace.hops().nth(claim.lead().request.0);
    let is_uncertain = |hop: Hop<'_>| proxy_of(&hop).is_some() || is_like_a_loss(&hop, claim.lead());
    if claim.cause == Cause::Server && hop.is_some_and(is_uncertain) {
        return None;
    }
    let of_lookup = claim.lead().phase == Some(Phase::Dns);
    match (claim.cause, claim.phase()?) {
        (Cause::Distance, _) => {
            Saving::measured(claim.of_phase(Phase::Dns), "when the answer of DNS is cached", Load::Repeat)
        }
        (Cause::Loss, _) => Saving::derived(claim.time, "when nothing is lost", Load::This),
        (Cause::Retry, _) if of_lookup => {
            Saving::measured(claim.time, "on every lookup that asks this server first", Load::Cold)
        }
        // Whoever asks once more has to wait before.
        (Cause::Retry, Phase::Queue) => None,
        (Cause::Retry, _) => {
            Saving::measured(claim.time, "on every new connection that tries this address first", Load::This)
        }
        (Cause::Server, Phase::Dns) => {
            Saving::derived(claim.time, "on every lookup of this zone that no cache answers", Load::Cold)
        }
        (Cause::Server, Phase::Tls | Phase::Quic) => {
            Saving::derived(claim.time, "on every full handshake", Load::This)
        }
        (Cause::Server, Phase::Wait) if hop.is_some_and(|hop| hides_the_server(&hop)) => None,
        (Cause::Server, Phase::Wait) => {
            Saving::derived(claim.time, "on every request that no cache answers", Load::This)
        }
        _ => None,
    }
}
