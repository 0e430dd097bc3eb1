//! The packets of a lookup as rows: those that ask one zone one behind the other, taken together.

use std::collections::HashSet;

use crate::trace::{At, Dns, DnsLane, Packet, PacketId, Purpose};

/// Packets that are shown as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) packets: Vec<PacketId>,
    pub(super) name: String,
    pub(super) start: At,
    pub(super) end: At,
}

impl Row {
    fn of(id: PacketId, packet: &Packet, name: String) -> Self {
        Self { packets: vec![id], name, start: packet.sent, end: packet.end }
    }

    fn take_in(&mut self, id: PacketId, packet: &Packet) {
        self.packets.push(id);
        self.start = self.start.min(packet.sent);
        self.end = self.end.max(packet.end);
    }
}

/// The counted packets, with those that ask the same zone one behind the other taken together.
pub(super) fn counted(dns: &Dns) -> Vec<Row> {
    let ids: Vec<usize> = if dns.critical_path.is_empty() {
        // A walk that never came to an end has no critical path: then everything it sent counts.
        let lane = match dns.lane {
            DnsLane::Resolver => Purpose::Resolver,
            DnsLane::StubFallback => Purpose::Stub,
            _ => Purpose::Walk,
        };
        let all = dns.packets.iter().enumerate();
        all.filter(|(_, packet)| packet.purpose == lane).map(|(id, _)| id).collect()
    } else {
        dns.critical_path.clone()
    };
    let mut rows: Vec<(Purpose, &str, Row)> = Vec::new();
    for (id, packet) in ids.into_iter().filter_map(|id| Some((PacketId(id), dns.packets.get(id)?))) {
        match rows.last_mut() {
            Some((purpose, key, row)) if (*purpose, *key) == (packet.purpose, key_of(packet)) => {
                row.take_in(id, packet);
            }
            _ => rows.push((packet.purpose, key_of(packet), Row::of(id, packet, name_of(packet)))),
        }
    }
    rows.into_iter().map(|(.., row)| row).collect()
}

/// Walks for name servers' addresses that the counted walk did not wait for: a row a server.
pub(super) fn side_walks(dns: &Dns) -> Vec<Row> {
    let awaited: HashSet<&str> = dns
        .critical_path
        .iter()
        .filter_map(|id| dns.packets.get(*id))
        .filter(|packet| packet.purpose == Purpose::NsAddress)
        .map(|packet| packet.qname.as_str())
        .collect();
    let mut sides: Vec<(&str, Row)> = Vec::new();
    for (id, packet) in of(dns, |purpose| purpose == Purpose::NsAddress) {
        if awaited.contains(packet.qname.as_str()) {
            continue;
        }
        match sides.iter_mut().find(|(server, _)| *server == packet.qname) {
            Some((_, row)) => row.take_in(id, packet),
            None => sides.push((&packet.qname, Row::of(id, packet, name_of(packet)))),
        }
    }
    sides.into_iter().map(|(_, row)| row).collect()
}

/// The priming query (RFC 9609).
pub(super) fn priming(dns: &Dns) -> impl Iterator<Item = Row> {
    of(dns, |purpose| purpose == Purpose::Priming)
        .map(|(id, packet)| Row::of(id, packet, "priming . NS".to_owned()))
}

/// All that was asked for DNSSEC, as one.
pub(super) fn keys(dns: &Dns) -> Option<Row> {
    let asked = of(dns, |purpose| matches!(purpose, Purpose::DnsKey | Purpose::Ds | Purpose::Recheck));
    let mut row: Option<Row> = None;
    for (id, packet) in asked {
        match &mut row {
            Some(row) => row.take_in(id, packet),
            None => row = Some(Row::of(id, packet, "DNSSEC keys".to_owned())),
        }
    }
    row
}

fn of(dns: &Dns, wanted: impl Fn(Purpose) -> bool) -> impl Iterator<Item = (PacketId, &Packet)> {
    let all = dns.packets.iter().enumerate().map(|(id, packet)| (PacketId(id), packet));
    all.filter(move |(_, packet)| wanted(packet.purpose))
}

/// What packets of one row have in common.
fn key_of(packet: &Packet) -> &str {
    let by_name = matches!(packet.purpose, Purpose::NsAddress | Purpose::Bootstrap);
    if by_name { &packet.qname } else { &packet.zone }
}

fn name_of(packet: &Packet) -> String {
    match packet.purpose {
        Purpose::Resolver | Purpose::Stub => format!("resolver {}", packet.server.ip()),
        Purpose::Bootstrap => format!("bootstrap {}", packet.qname),
        Purpose::Walk
        | Purpose::NsAddress
        | Purpose::Priming
        | Purpose::AllServers
        | Purpose::Propagation
        | Purpose::DnsKey
        | Purpose::Ds
        | Purpose::Recheck => key_of(packet).to_owned(),
    }
}
