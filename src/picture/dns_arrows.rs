//! The arrows of a lookup: each question at the time it was sent, each reply at the time it was there.

use super::arrow::{Fate, Source};
use super::draft::{Draft, Sketch};
use super::label;
use super::lane::Peer;
use crate::trace::{ConnectionUse, Dns, DnsLane, LookupId, Meaning, Packet, PacketId, Purpose, Transport};

pub(super) fn put(draft: &mut Draft, lookup: LookupId, dns: &Dns) {
    for (index, packet) in dns.packets.iter().enumerate() {
        let of = Of {
            lookup,
            id: PacketId(index),
            counted: is_counted(dns, packet.purpose),
            // A walk that found nothing has no critical path.
            critical: dns.critical_path.is_empty() || dns.critical_path.contains(&index),
        };
        of.put(draft, packet);
    }
}

/// Whether the packets of a purpose are in the counted lane.
const fn is_counted(dns: &Dns, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Walk | Purpose::NsAddress | Purpose::Resolver | Purpose::Bootstrap => true,
        Purpose::Stub => matches!(dns.lane, DnsLane::StubFallback),
        Purpose::Priming
        | Purpose::AllServers
        | Purpose::Propagation
        | Purpose::DnsKey
        | Purpose::Ds
        | Purpose::Recheck => false,
    }
}

/// Whose arrows are made.
struct Of {
    lookup: LookupId,
    id: PacketId,
    counted: bool,
    critical: bool,
}

impl Of {
    fn put(&self, draft: &mut Draft, packet: &Packet) {
        let peer = Peer::of_packet(packet);
        let fate = fate(packet);
        let opened = packet.transport != Transport::Udp && packet.connection != Some(ConnectionUse::Kept);
        let mut asked_at = packet.sent;
        if opened {
            let syn = match packet.transport {
                Transport::Quic => "QUIC Initial",
                _ => "SYN",
            };
            // What never came about has no question: then the set-up bears its fate.
            let own = if packet.connected.is_some() { Fate::Fine } else { fate };
            draft.sent(&peer, packet.sent, self.set_up(syn, own, packet));
            if let Some(tcp) = packet.tcp_done {
                draft.received(&peer, tcp, self.set_up("SYN-ACK", Fate::Fine, packet));
                draft.sent(&peer, tcp, self.set_up("ClientHello", own, packet));
            }
            let Some(connected) = packet.connected else { return };
            if packet.transport == Transport::Tcp {
                draft.received(&peer, connected, self.set_up("SYN-ACK", Fate::Fine, packet));
            }
            asked_at = connected;
        }
        // Nothing that never left this machine is an arrow that arrived.
        let until = packet.received.is_none().then_some(packet.end);
        let question = Source::Question(self.lookup, self.id);
        draft.sent(&peer, asked_at, self.sketch(label::question(packet), fate, until, question));
        if let Some(received) = packet.received {
            let fate = if label::is_of_no_use(&packet.meaning) { Fate::Failed } else { Fate::Fine };
            let reply = Source::Reply(self.lookup, self.id);
            draft.received(&peer, received, self.sketch(label::reply(packet), fate, None, reply));
        }
    }

    fn set_up(&self, label: &str, fate: Fate, packet: &Packet) -> Sketch {
        let until = (fate != Fate::Fine).then_some(packet.end);
        self.sketch(label.to_owned(), fate, until, Source::SetUp(self.lookup, self.id))
    }

    const fn sketch(
        &self,
        label: String,
        fate: Fate,
        until: Option<crate::trace::At>,
        source: Source,
    ) -> Sketch {
        Sketch { label, fate, until, source, counted: self.counted, critical: self.critical }
    }
}

/// What became of a question.
const fn fate(packet: &Packet) -> Fate {
    if packet.received.is_some() {
        return Fate::Fine;
    }
    match packet.meaning {
        Meaning::Timeout => Fate::Unanswered,
        Meaning::Stopped(_) | Meaning::Superseded => Fate::NotAwaited,
        _ => Fate::Failed,
    }
}
