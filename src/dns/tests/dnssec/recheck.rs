//! Validation through a resolver: the lab's, and resolvers that leave something out.

use std::time::Duration;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::survey::batch::ask_all;
use crate::dns::tests::dnssec::lab::{asked, plan, traced};
use crate::dns::tests::kit::local;
use crate::lab::{SCENARIOS, shared_lab};
use crate::plan::{Batch, DnssecPlan, Endpoint, EndpointHost, Plan, Question, ResolverChoice, Reuse};
use crate::stop::Stop;
use crate::trace::{
    ConnectionUse, Denied, Dns, DnssecVerdict, DsState, Failure, ProofKind, Purpose, RecordType, Transport,
};

/// The lab as its resolver tells it.
pub(crate) fn through_resolver() -> Plan {
    let mut plan = plan(shared_lab());
    plan.dns.lane = ResolverChoice::Server(plan.dns.stub_servers[0]);
    plan
}

pub(crate) fn of_dnssec(dns: &Dns) -> Vec<String> {
    let beside = dns
        .packets
        .iter()
        .filter(|packet| matches!(packet.purpose, Purpose::DnsKey | Purpose::Ds | Purpose::Recheck));
    let mut all: Vec<String> =
        beside.map(|packet| format!("{} {}", packet.qname, packet.qtype.mnemonic())).collect();
    all.sort();
    all
}

#[test]
fn every_scenario_has_the_verdict_that_its_walk_has() {
    let plan = through_resolver();
    local(async {
        let mut wrong = Vec::new();
        for scenario in SCENARIOS.iter().filter(|scenario| scenario.is_looked_up()) {
            let dns = traced(&plan, &scenario.host()).await;
            if dns.rcode.is_none_or(|rcode| rcode.mnemonic() == "SERVFAIL") {
                // The resolver is not asked for what it cannot find.
                let verdict = dns.dnssec.as_ref().map(|dnssec| dnssec.verdict);
                if verdict.is_some_and(|verdict| verdict != DnssecVerdict::Indeterminate) {
                    wrong.push(format!("{}: {:?}", scenario.id, dns.dnssec));
                }
                continue;
            }
            let verdict = dns.dnssec.as_ref().map(|dnssec| dnssec.verdict.as_str());
            let why = dns.dnssec.as_ref().and_then(|dnssec| dnssec.why.clone());
            // The walk is lost where the resolver is not.
            if verdict != scenario.expect.dnssec && scenario.expect.dnssec != Some("indeterminate") {
                wrong
                    .push(format!("{}: {verdict:?}, not {:?}: {why:?}", scenario.id, scenario.expect.dnssec));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn a_sound_chain_takes_one_round_of_questions() {
    let plan = through_resolver();
    local(async {
        let dns = traced(&plan, "www.example.test").await;
        let dnssec = dns.dnssec.as_ref().unwrap();
        assert_eq!((dnssec.verdict, &dnssec.why), (DnssecVerdict::Secure, &None));
        let zones: Vec<_> = dnssec.chain.iter().map(|link| (link.zone.as_str(), link.ds_state)).collect();
        assert_eq!(
            zones,
            [(".", DsState::Anchor), ("test.", DsState::Present), ("example.test.", DsState::Present)]
        );
        assert_eq!(
            of_dnssec(&dns),
            [". DNSKEY", "example.test. DNSKEY", "example.test. DS", "test. DNSKEY", "test. DS"]
        );
        let last = dns.critical_path.iter().map(|id| dns.packets[*id].end).max().unwrap();
        for packet in &dns.packets {
            match packet.purpose {
                Purpose::Resolver => assert!(packet.end <= dns.end),
                _ => assert!(packet.sent >= last, "only when the answer is known"),
            }
        }
        assert_eq!((dns.authenticated, dns.unvalidated), (Some(true), None));
    });
}

#[test]
fn each_way_through_takes_its_number_of_packets() {
    let plan = through_resolver();
    local(async {
        for (host, first, keys, ds) in [
            ("www.example.test", 2, 3, 2),
            ("missing.example.test", 2, 3, 2),
            ("nowhere", 2, 1, 0),
            ("www.dnssec-insecure.test", 2, 2, 3),
            ("www.unsigned.dnssec-opt-out.test", 2, 3, 4),
            ("www.dnssec-expired.test", 2, 3, 2),
        ] {
            let dns = traced(&plan, host).await;
            let count = |purpose| dns.packets.iter().filter(|packet| packet.purpose == purpose).count();
            assert_eq!(
                (count(Purpose::Resolver), count(Purpose::DnsKey), count(Purpose::Ds), dns.packets.len()),
                (first, keys, ds, first + keys + ds),
                "{host}: {:?}",
                of_dnssec(&dns)
            );
        }
    });
}

#[test]
fn the_names_of_a_run_share_what_is_above_them() {
    let plan = through_resolver();
    local(async {
        let (clock, resolver) = (Clock::start(), Resolver::new(plan.dns).unwrap());
        let stop = Stop::after(clock, Duration::from_secs(30));
        let mut asked = Vec::new();
        for host in ["www.example.test", "example.test", "any.dnssec-wildcard.test"] {
            let (mut dns, _, uncounted) = resolver.resolve(host, 443, &clock, &stop).await;
            uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
            asked.push(of_dnssec(&dns).len());
            let dnssec = dns.dnssec.unwrap();
            assert_eq!((dnssec.verdict, dnssec.chain.len()), (DnssecVerdict::Secure, 3), "{:?}", dnssec.why);
        }
        assert_eq!(asked, [5, 0, 2]);
    });
}

#[test]
fn on_a_connection_the_one_that_is_kept_is_used() {
    let mut plan = through_resolver();
    let server = plan.dns.stub_servers[0];
    plan.dns.lane = ResolverChoice::Endpoint(Endpoint {
        text: "test".to_owned(),
        transport: Transport::Tcp,
        host: EndpointHost::Address(server.ip()),
        port: server.port(),
        certificate_name: String::new(),
        path: String::new(),
    });
    local(async {
        let dns = traced(&plan, "www.example.test").await;
        let dnssec = dns.dnssec.as_ref().unwrap();
        assert_eq!((dnssec.verdict, &dnssec.why), (DnssecVerdict::Secure, &None));
        assert_eq!(of_dnssec(&dns).len(), 5);
        for packet in &dns.packets {
            assert_eq!((packet.server, packet.transport), (server, Transport::Tcp));
            assert!(packet.purpose == Purpose::Resolver || packet.sent >= dns.end, "{packet:?}");
        }
        let opened = dns.packets.iter().filter(|packet| packet.connection == Some(ConnectionUse::Opened));
        assert_eq!(opened.count(), 1, "{:?}", dns.packets);

        let names = ["www.example.test", "example.test", "www.dnssec-expired.test", "nope.example.test"];
        let question = |name: &str| Question { name: name.to_owned(), types: vec![RecordType::A] };
        let batch = Batch {
            questions: names.map(question).into(),
            lines: std::collections::BTreeMap::new(),
            reuse: Reuse::Shared,
        };
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let mut said = Vec::new();
        let mut keep = |_: &Question, dns: Dns, _: Option<Failure>| {
            said.push((dns.dnssec.as_ref().unwrap().verdict, dns.packets));
            Ok(())
        };
        ask_all(&plan.dns, &batch, &clock, &stop, &mut keep).await.unwrap();
        let verdicts: Vec<_> = said.iter().map(|(verdict, _)| *verdict).collect();
        let (secure, bogus) = (DnssecVerdict::Secure, DnssecVerdict::Bogus);
        assert_eq!(verdicts, [secure, secure, bogus, secure]);
        let packets: Vec<_> = said.iter().flat_map(|(_, packets)| packets).collect();
        let opened = packets.iter().filter(|packet| packet.connected.is_some());
        assert_eq!((opened.count(), packets.len()), (1, 4 + 5 + 2), "each is asked once in a run");
    });
}

#[test]
fn without_dnssec_nothing_of_it_is_asked() {
    let mut plan = through_resolver();
    let with = plan.clone();
    plan.dns.dnssec = DnssecPlan::Off;
    local(async {
        let off = traced(&plan, "www.example.test").await;
        assert_eq!((off.dnssec.as_ref(), of_dnssec(&off)), (None, Vec::new()));
        assert_eq!(off.unvalidated.as_deref(), Some("--no-dnssec"));
        let on = traced(&with, "www.example.test").await;
        let size = |dns: &Dns| dns.packets[0].bytes_received.unwrap();
        assert!(size(&off) + 90 < size(&on), "no signature: {} and {}", size(&off), size(&on));
    });
}

#[test]
fn reasons_name_the_link_and_the_fault() {
    let plan = through_resolver();
    local(async {
        for (host, says) in [
            ("www.dnssec-expired.test", "the signature over dnssec-expired.test. DNSKEY expired 3 days ago"),
            ("www.dnssec-wrong-ds.test", "zone dnssec-wrong-ds.test. has no DNSKEY for DS tag "),
            ("www.dnssec-unsigned-answer.test", "RRSIG missing: www.dnssec-unsigned-answer.test. A came"),
            ("www.dnssec-insecure.test", "zone dnssec-insecure.test. has no DS in test., proven by NSEC"),
            (
                "www.unsigned.dnssec-opt-out.test",
                "zone unsigned.dnssec-opt-out.test. has no DS in dnssec-opt-out.test., which leaves unsigned \
                 zones out",
            ),
        ] {
            let dns = traced(&plan, host).await;
            let why = dns.dnssec.and_then(|dnssec| dnssec.why).unwrap();
            assert!(why.starts_with(says), "{host}: {why}");
            assert_eq!(dns.authenticated, Some(false), "{host}");
        }
    });
}

#[test]
fn denials_are_proven() {
    let plan = through_resolver();
    local(async {
        for (host, what, proof) in [
            ("missing.example.test", Denied::Name, ProofKind::Nsec),
            ("deep.down.missing.example.test", Denied::Name, ProofKind::Nsec),
            ("missing.dnssec-nsec3.test", Denied::Name, ProofKind::Nsec3),
            ("any.dnssec-wildcard.test", Denied::CloserName, ProofKind::Nsec),
            ("any.wild.dnssec-nsec3.test", Denied::CloserName, ProofKind::Nsec3),
            ("nowhere", Denied::Name, ProofKind::Nsec),
        ] {
            let dnssec = traced(&plan, host).await.dnssec.unwrap();
            assert_eq!(dnssec.verdict, DnssecVerdict::Secure, "{host}: {:?}", dnssec.why);
            assert_eq!((dnssec.denials[0].what, dnssec.denials[0].proof), (what, proof), "{host}");
        }
    });
}

#[test]
fn types_of_every_kind_are_validated() {
    let plan = through_resolver();
    local(async {
        for (name, rtype) in [
            ("example.test", "MX"),
            ("example.test", "SOA"),
            ("example.test", "DNSKEY"),
            ("example.test", "DS"),
            (".", "NS"),
            (".", "DNSKEY"),
            ("big.example.test", "TXT"),
            ("web.example.test", "CNAME"),
            ("dnssec-insecure.test", "DS"),
            ("example.test", "ANY"),
        ] {
            let dnssec = asked(&plan, name, rtype).await.dnssec.unwrap();
            assert_eq!(dnssec.verdict, DnssecVerdict::Secure, "{name} {rtype}: {:?}", dnssec.why);
        }
    });
}
