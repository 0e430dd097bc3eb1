//! Packets of a walk, and what stands in them.

use std::net::SocketAddr;

use super::super::*;

pub(super) fn record(name: &str, rtype: RecordType, ttl: u32, data: &str) -> Record {
    Record { name: name.into(), rtype, ttl, data: data.into() }
}

pub(super) fn server(name: &str, address: &str, source: AddressSource) -> NameServer {
    NameServer { name: name.into(), addresses: vec![(address.parse().unwrap(), source)] }
}

pub(super) fn reply(answers: usize, authorities: usize, additionals: usize) -> ReplyHeader {
    ReplyHeader {
        rcode: Rcode::NOERROR,
        authoritative: answers > 0,
        truncated: false,
        recursion_desired: false,
        recursion_available: false,
        authentic_data: false,
        answers,
        authorities,
        additionals,
        edns_size: Some(1_232),
        nsid: None,
        extended_errors: Vec::new(),
    }
}

/// A UDP packet of the walk that was answered.
pub(super) fn packet(
    zone: &str,
    qname: &str,
    server: (&str, &str, AddressSource),
    sent: u64,
    end: u64,
    meaning: Meaning,
) -> Packet {
    let (server_name, address, source) = server;
    let counts = match &meaning {
        Meaning::Answer { records } | Meaning::Cname { records, .. } => (records.len(), 0, 0),
        Meaning::Referral { servers, glue, .. } => (0, servers.len(), *glue),
        _ => (0, 0, 0),
    };
    Packet {
        parent: None,
        purpose: Purpose::Walk,
        zone: zone.into(),
        qname: qname.into(),
        qtype: RecordType::A,
        server_name: Some(server_name.into()),
        server: SocketAddr::new(address.parse().unwrap(), 53),
        source,
        chosen: Choice::First,
        transport: Transport::Udp,
        edns: Edns::Full,
        spelling: Spelling::Random,
        connection: None,
        sent: At(sent),
        connected: None,
        tcp_done: None,
        received: Some(At(end)),
        end: At(end),
        bytes_sent: 45,
        bytes_received: Some(180),
        dropped: 0,
        dropped_kinds: Vec::new(),
        reply: Some(reply(counts.0, counts.1, counts.2)),
        meaning,
        untrusted: Vec::new(),
    }
}

pub(super) fn referral(cut: &str, servers: Vec<NameServer>) -> Meaning {
    let glue = servers.iter().map(|server| server.addresses.len()).sum();
    let named = servers.len();
    Meaning::Referral { cut: cut.into(), servers, glue, ignored: 0, named }
}
