//! What a lookup cost: its round trips and its packets.

use crate::trace::{Dns, DnsLane, Packet, Purpose, Transport};

/// Questions of the counted lanes that had to wait for each other.
#[must_use]
pub fn round_trips(dns: &Dns) -> usize {
    let mut trips = 0;
    let mut free_from = None;
    let path = dns.critical_path.iter().filter_map(|id| dns.packets.get(*id));
    for packet in path.filter(|packet| has_left(packet)) {
        if free_from.is_none_or(|end| packet.sent >= end) {
            // A question on a connection of its own waits for that first, and for TLS inside it.
            trips += 1 + usize::from(packet.connected.is_some()) + usize::from(packet.tcp_done.is_some());
        }
        free_from = free_from.max(Some(packet.end));
    }
    trips
}

/// Whether anything of a question has left this machine: what has no route has not.
fn has_left(packet: &Packet) -> bool {
    packet.bytes_sent > 0 || packet.transport != Transport::Udp
}

/// Packets sent for the answer, without the lanes that only compare.
#[must_use]
pub fn counted_packets(dns: &Dns) -> usize {
    let fallback = dns.lane == DnsLane::StubFallback;
    dns.packets
        .iter()
        .filter(|packet| has_left(packet))
        .filter(|packet| match packet.purpose {
            Purpose::Walk | Purpose::NsAddress | Purpose::Resolver | Purpose::Bootstrap => true,
            Purpose::Stub => fallback,
            Purpose::Priming
            | Purpose::AllServers
            | Purpose::Propagation
            | Purpose::DnsKey
            | Purpose::Ds
            | Purpose::Recheck => false,
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn round_trips_are_those_that_waited_for_each_other() {
        let trace = sample::success();
        let dns = &trace.lookups[0];
        assert_eq!((round_trips(dns), counted_packets(dns)), (3, 4));
        let mut kept = dns.clone();
        kept.packets[kept.critical_path[0]].bytes_sent = 0;
        assert_eq!((round_trips(&kept), counted_packets(&kept)), (2, 3), "it never left this machine");
        let trace = sample::alias();
        let dns = &trace.lookups[0];
        assert_eq!(round_trips(dns), 9, "the TCP question waits for its connection, too");
    }
}
