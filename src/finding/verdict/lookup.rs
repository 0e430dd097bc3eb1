//! The time of a lookup in parts, moment by moment: which packet was waited for, and what that is owed to.

use std::time::Duration;

use super::cause::Cause;
use super::part::{Cutter, Seen};
use super::round_trips::RoundTrips;
use crate::finding::asked::same_question;
use crate::finding::place::{InLookup, PacketField, Place};
use crate::timeline::Subject;
use crate::trace::{At, Dns, Hop, LookupId, Packet, PacketId, Purpose};

/// A reply this much later than those of the others is worth a word of its own.
const STANDS_OUT: Duration = Duration::from_millis(5);

/// Takes the time of a hop's lookup apart.
pub(super) fn take_apart(hop: &Hop<'_>, trips: &RoundTrips, cutter: &mut Cutter) {
    let (Some(dns), Some(lookup)) = (hop.dns.ran(), hop.request.lookup.ran()) else { return };
    let typical = typical(dns, trips);
    let waited = waited(dns);
    let mut covered = Duration::ZERO;
    for (id, time) in waited {
        let Some(packet) = dns.packets.get(id) else { continue };
        covered += time;
        let seen = seen(lookup, id, packet);
        if !packet.meaning.is_of_use() {
            let again =
                dns.packets.iter().any(|other| same_question(other, packet) && other.meaning.is_useful());
            let silent = packet.received.is_none();
            cutter.give(if again && silent { Cause::Loss } else { Cause::Retry }, time, 0, seen);
            continue;
        }
        let round = 1 + u32::from(packet.connected.is_some()) + u32::from(packet.tcp_done.is_some());
        let least = trips.to(packet.server.ip()).unwrap_or(time / round);
        let far = typical.is_none_or(|typical| least >= typical * 3 && least > typical + STANDS_OUT);
        if far {
            cutter.give(Cause::Server, time, 0, seen);
            continue;
        }
        let way = (least * round).min(time);
        cutter.give(Cause::Distance, way, round, seen.clone());
        cutter.give(Cause::Server, time - way, 0, seen);
    }
    let rest = dns.end.since(dns.start).saturating_sub(covered);
    cutter.give(Cause::Us, rest, 0, Seen::default());
}

/// The median of the smallest round trips to the servers on the way; `None` for one alone.
fn typical(dns: &Dns, trips: &RoundTrips) -> Option<Duration> {
    let mut servers: Vec<_> = Vec::new();
    for packet in dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)) {
        if packet.received.is_some() && !servers.contains(&packet.server.ip()) {
            servers.push(packet.server.ip());
        }
    }
    let mut all: Vec<_> = servers.iter().filter_map(|server| trips.to(*server)).collect();
    all.sort_unstable();
    // Of an even number the smaller: what stands out must not hide behind itself.
    (all.len() > 1).then(|| all[(all.len() - 1) / 2])
}

/// The packets that were waited for, each with its own time: of several under way at one moment, the one on
/// the way to the answer that was sent last.
fn waited(dns: &Dns) -> Vec<(usize, Duration)> {
    let inside = |at: At| at.clamp(dns.start, dns.end.max(dns.start));
    let counted = |packet: &Packet| {
        matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress | Purpose::Resolver | Purpose::Bootstrap)
    };
    let mut edges: Vec<At> = vec![dns.start, dns.end.max(dns.start)];
    edges.extend(dns.packets.iter().flat_map(|packet| [inside(packet.sent), inside(packet.end)]));
    edges.sort_unstable();
    edges.dedup();
    let mut waited: Vec<(usize, Duration)> = Vec::new();
    for pair in edges.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let covers =
            |id: &usize| dns.packets.get(*id).is_some_and(|packet| packet.sent <= from && packet.end >= to);
        let latest = |id: &usize| dns.packets.get(*id).map(|packet| packet.sent);
        let on_the_way = dns.critical_path.iter().copied().filter(|id| covers(id)).max_by_key(latest);
        let beside = || {
            let others = (0..dns.packets.len()).filter(|id| counted(&dns.packets[*id]));
            others.filter(|id| covers(id)).max_by_key(latest)
        };
        let Some(id) = on_the_way.or_else(beside) else { continue };
        match waited.iter_mut().find(|(known, _)| *known == id) {
            Some((_, time)) => *time += to.since(from),
            None => waited.push((id, to.since(from))),
        }
    }
    waited
}

fn seen(lookup: LookupId, id: usize, packet: &Packet) -> Seen {
    Seen {
        subject: Some(Subject::Packets(vec![PacketId(id)])),
        place: Some(Place::Lookup(lookup, InLookup::Packet(PacketId(id), PacketField::Meaning))),
        server: Some(server_of(packet)),
    }
}

/// A name server's name, or its address where nothing else is known.
pub(super) fn server_of(packet: &Packet) -> String {
    packet.server_name.clone().unwrap_or_else(|| packet.server.ip().to_string())
}
