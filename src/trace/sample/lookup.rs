//! A walk from the root to an address, and one with everything that can come between.

use super::super::*;
use super::dnssec::dnssec;
use super::packet::{packet, record, referral, server};

const ROOT: (&str, &str, AddressSource) = ("a.root-servers.net.", "198.41.0.4", AddressSource::Hint);
const TOP: (&str, &str, AddressSource) = ("ns1.nic.test.", "127.53.0.2", AddressSource::GlueInDomain);

/// A walk that has asked nobody yet.
pub(super) fn begun(name: &str) -> Dns {
    let hints =
        RootHints { source: "built-in".into(), date: Some("2026-10-01".into()), drift: Some(Vec::new()) };
    let types = vec![RecordType::A, RecordType::AAAA];
    Dns { rcode: Some(Rcode::NOERROR), ..Dns::begun(name.into(), types, DnsLane::Walk, At(0), hints) }
}

/// Root, top-level domain, zone; priming and the machine's resolver beside it.
pub(super) fn dns(host: &str) -> Dns {
    let name = format!("{host}.");
    let zone = match host.split('.').collect::<Vec<_>>()[..] {
        [.., second, top] => format!("{second}.{top}."),
        _ => name.clone(),
    };
    let ns1 = format!("ns1.{zone}");
    let a = record(&name, RecordType::A, 300, "127.53.1.1");
    let aaaa = record(&name, RecordType::AAAA, 300, "2001:db8:53::1");
    let top_servers = vec![
        server(TOP.0, TOP.1, TOP.2),
        server("ns2.nic.test.", "127.53.0.12", AddressSource::GlueInDomain),
    ];
    let own_servers = vec![server(&ns1, "127.53.0.3", AddressSource::GlueInDomain)];
    let cut = |zone: &str, servers: &[NameServer], learned_from| Cut {
        zone: zone.into(),
        servers: servers.to_vec(),
        learned_from,
        ..Cut::default()
    };
    Dns {
        start: At(40),
        end: At(28_440),
        noticed: Some(At(28_520)),
        answers: vec![a.clone(), aaaa.clone()],
        addresses: vec!["127.53.1.1".parse().unwrap(), "2001:db8:53::1".parse().unwrap()],
        cuts: vec![
            cut(".", &[server(ROOT.0, ROOT.1, ROOT.2)], None),
            cut("test.", &top_servers, Some(0)),
            cut(&zone, &own_servers, Some(3)),
        ],
        packets: packets(&name, &zone, top_servers, own_servers, [&a, &aaaa]),
        critical_path: vec![0, 3, 4],
        stub: Some(Stub {
            servers: vec!["127.0.0.53:53".parse().unwrap()],
            server: Some("127.0.0.53:53".parse().unwrap()),
            start: At(70),
            end: At(2_170),
            rcode: Some(Rcode::NOERROR),
            answers: vec![record(&name, RecordType::A, 263, "127.53.1.1"), aaaa],
            ttl: Some(263),
            age: None,
            age_at_most: None,
            agrees: Some(true),
            error: None,
            authenticated: None,
        }),
        dnssec: Some(dnssec(DnssecVerdict::Secure)),
        ..begun(&name)
    }
}

fn packets(
    name: &str,
    zone: &str,
    top_servers: Vec<NameServer>,
    own_servers: Vec<NameServer>,
    [a, aaaa]: [&Record; 2],
) -> Vec<Packet> {
    let ns1 = format!("ns1.{zone}");
    let own = (ns1.as_str(), "127.53.0.3", AddressSource::GlueInDomain);
    let answer = |record: &Record| Meaning::Answer { records: vec![record.clone()] };
    let mut stub_packet =
        packet("", name, ("", "127.0.0.53", AddressSource::Configured), 70, 2_170, answer(a));
    (stub_packet.purpose, stub_packet.server_name) = (Purpose::Stub, None);
    let mut priming =
        packet(".", ".", ROOT, 80, 6_080, answer(&record(".", RecordType::NS, 518_400, ROOT.0)));
    (priming.purpose, priming.qtype) = (Purpose::Priming, RecordType::NS);
    let mut second = packet("test.", name, TOP, 5_300, 13_300, referral(zone, own_servers));
    second.parent = Some(0);
    let mut third = packet(zone, name, own, 13_340, 28_430, answer(a));
    third.parent = Some(3);
    third.reply.as_mut().unwrap().nsid = Some(b"ams-3".to_vec());
    let mut fourth = packet(zone, name, own, 13_360, 20_360, answer(aaaa));
    (fourth.parent, fourth.qtype) = (Some(3), RecordType::AAAA);
    let first = packet(".", name, ROOT, 60, 5_260, referral("test.", top_servers));
    vec![first, stub_packet, priming, second, third, fourth]
}

/// Bends a good walk into one with an alias, a glueless cut, a lame server and a truncated answer.
pub(super) fn alias_walk(dns: &mut Dns) {
    let own = ("ns1.example.test.", "127.53.0.3", AddressSource::GlueInDomain);
    let name = dns.name.clone();
    let target = "edge.cdn.test.";
    let cname = record(&name, RecordType::CNAME, 60, target);
    let a = record(target, RecordType::A, 30, "127.53.1.1");
    let glueless = vec![NameServer { name: "ns.example.test.".into(), addresses: Vec::new() }];
    let after = |mut packet: Packet, parent: usize, chosen: Choice| {
        (packet.parent, packet.chosen) = (Some(parent), chosen);
        packet
    };
    let top = ("ns1.nic.test.", "127.53.0.2", AddressSource::GlueInDomain);
    let edge = ("ns.example.test.", "127.53.0.4", AddressSource::Walk);
    dns.packets.truncate(4);
    let chain = Meaning::Cname { records: vec![cname.clone()], target: target.into() };
    dns.packets.push(after(packet("example.test.", &name, own, 13_340, 15_340, chain), 3, Choice::First));
    dns.packets.push(after(
        packet("test.", target, top, 15_380, 17_380, referral("cdn.test.", glueless)),
        4,
        Choice::Fastest,
    ));
    let address = record("ns.example.test.", RecordType::A, 300, "127.53.0.4");
    let mut walk = packet(
        "example.test.",
        "ns.example.test.",
        own,
        17_400,
        19_400,
        Meaning::Answer { records: vec![address] },
    );
    walk.purpose = Purpose::NsAddress;
    dns.packets.push(after(walk, 5, Choice::Fastest));
    let lame = Meaning::Lame { reason: "an answer without authority" };
    dns.packets.push(after(packet("cdn.test.", target, edge, 19_420, 21_420, lame), 6, Choice::First));
    let mut cut = packet("cdn.test.", target, edge, 21_440, 23_440, Meaning::Truncated);
    cut.reply.as_mut().unwrap().truncated = true;
    dns.packets.push(after(cut, 7, Choice::Again));
    let mut tcp =
        packet("cdn.test.", target, edge, 23_450, 28_430, Meaning::Answer { records: vec![a.clone()] });
    (tcp.transport, tcp.connected) = (Transport::Tcp, Some(At(25_450)));
    tcp.connection = Some(ConnectionUse::Opened);
    dns.packets.push(after(tcp, 8, Choice::Truncated));
    dns.critical_path = vec![0, 3, 4, 5, 6, 7, 8, 9];
    dns.answers = vec![cname, a];
    dns.addresses.truncate(1);
    dns.stub.as_mut().unwrap().agrees = Some(false);
    dns.cuts.push(Cut {
        zone: "cdn.test.".into(),
        servers: vec![server("ns.example.test.", "127.53.0.4", AddressSource::Walk)],
        learned_from: Some(5),
        ..Cut::default()
    });
}
