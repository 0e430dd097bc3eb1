//! The whole way against the lab: each scenario's verdict and reason, and what the lane may cost.

use std::time::Duration;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::local;
use crate::lab::{Lab, SCENARIOS, shared_lab};
use crate::plan::{AnchorsText, DnssecPlan, Plan, Question};
use crate::stop::Stop;
use crate::trace::{Denied, Dns, Dnssec, DnssecVerdict, DsState, ProofKind, Purpose, RecordType, Transport};

pub(crate) fn plan(lab: &Lab) -> Plan {
    let mut plan = Plan::default();
    lab.apply(&mut plan);
    plan
}

pub(crate) async fn traced(plan: &Plan, host: &str) -> Dns {
    let (clock, resolver) = (Clock::start(), Resolver::new(plan.dns.clone()).unwrap());
    let stop = Stop::after(clock, Duration::from_secs(30));
    let (mut dns, _, uncounted) = resolver.resolve(host, 443, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
    dns
}

pub(crate) async fn asked(plan: &Plan, name: &str, rtype: &str) -> Dns {
    let (clock, resolver) = (Clock::start(), Resolver::new(plan.dns.clone()).unwrap());
    let stop = Stop::after(clock, Duration::from_secs(30));
    let question = Question { name: name.to_owned(), types: vec![RecordType::from_mnemonic(rtype).unwrap()] };
    let (mut dns, _, uncounted) = resolver.ask(&question, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
    dns
}

fn verdict(host: &str) -> Dnssec {
    let plan = plan(shared_lab());
    local(async { traced(&plan, host).await.dnssec.unwrap() })
}

#[test]
fn every_scenario_has_its_verdict() {
    let plan = plan(shared_lab());
    local(async {
        let mut wrong = Vec::new();
        for scenario in SCENARIOS.iter().filter(|scenario| scenario.is_looked_up()) {
            let dns = traced(&plan, &scenario.host()).await;
            let verdict = dns.dnssec.as_ref().map(|dnssec| dnssec.verdict.as_str());
            let why = dns.dnssec.as_ref().and_then(|dnssec| dnssec.why.clone());
            if verdict != scenario.expect.dnssec {
                wrong.push(format!("{}: {verdict:?} {why:?}", scenario.id));
            }
            // Room for everything at 1232 bytes, but where truncation is the point, and for more than ten
            // signatures.
            let mut cut = dns.packets.iter().filter(|packet| packet.meaning.as_str() == "truncated");
            let cuts = ["truncated-answer", "truncated-without-tcp", "cname-chain", "dnssec-crowded"];
            let cuts = cuts.contains(&scenario.id);
            if cut.next().is_some() != cuts {
                wrong.push(format!("{}: cut short", scenario.id));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn a_sound_chain_is_shown_link_by_link() {
    let dnssec = verdict("www.example.test");
    assert_eq!((dnssec.verdict, &dnssec.why, dnssec.clock_suspected), (DnssecVerdict::Secure, &None, false));
    let zones: Vec<_> = dnssec.chain.iter().map(|link| (link.zone.as_str(), link.ds_state)).collect();
    assert_eq!(
        zones,
        [(".", DsState::Anchor), ("test.", DsState::Present), ("example.test.", DsState::Present)]
    );
    assert_eq!(dnssec.chain[0].keys.len(), 2, "the root has a KSK and a ZSK");
    for link in &dnssec.chain {
        assert!(link.ds.iter().all(|ds| ds.matched && ds.algorithm == 13), "{link:?}");
        assert!(!link.signatures.is_empty());
        assert!(
            link.signatures
                .iter()
                .all(|signature| signature.ok() && (20..=21).contains(&signature.days_left))
        );
    }
    assert_eq!(dnssec.signatures[0].owner, "www.example.test.");
    assert_eq!(dnssec.denials[0].what, Denied::Type(RecordType::AAAA));
}

#[test]
fn reasons_name_the_link_and_the_fault() {
    for (host, says) in [
        ("www.dnssec-expired.test", "the signature over dnssec-expired.test. DNSKEY expired 3 days ago"),
        ("www.dnssec-wrong-ds.test", "zone dnssec-wrong-ds.test. has no DNSKEY for DS tag "),
        ("www.dnssec-unsigned-answer.test", "RRSIG missing: www.dnssec-unsigned-answer.test. A came without"),
        ("www.dnssec-insecure.test", "zone dnssec-insecure.test. has no DS in test., proven by NSEC"),
        (
            "www.unsigned.dnssec-opt-out.test",
            "zone unsigned.dnssec-opt-out.test. has no DS in dnssec-opt-out.test., which leaves unsigned zones out",
        ),
    ] {
        let why = verdict(host).why.unwrap();
        assert!(why.starts_with(says), "{host}: {why}");
    }
}

#[test]
fn denials_are_proven_by_nsec_and_nsec3() {
    for (host, what, proof) in [
        ("missing.example.test", Denied::Name, ProofKind::Nsec),
        ("deep.down.missing.example.test", Denied::Name, ProofKind::Nsec),
        ("nodata.example.test", Denied::Type(RecordType::A), ProofKind::Nsec),
        ("missing.dnssec-nsec3.test", Denied::Name, ProofKind::Nsec3),
        ("x.y.missing.dnssec-nsec3.test", Denied::Name, ProofKind::Nsec3),
        ("text.dnssec-nsec3.test", Denied::Type(RecordType::A), ProofKind::Nsec3),
        ("b.deep.dnssec-nsec3.test", Denied::Type(RecordType::A), ProofKind::Nsec3),
        ("any.dnssec-wildcard.test", Denied::CloserName, ProofKind::Nsec),
        ("any.wild.dnssec-nsec3.test", Denied::CloserName, ProofKind::Nsec3),
        ("nowhere", Denied::Name, ProofKind::Nsec),
    ] {
        let dnssec = verdict(host);
        assert_eq!(dnssec.verdict, DnssecVerdict::Secure, "{host}: {:?}", dnssec.why);
        assert_eq!((dnssec.denials[0].what, dnssec.denials[0].proof), (what, proof), "{host}");
    }
}

#[test]
fn types_of_every_kind_are_validated() {
    let plan = plan(shared_lab());
    local(async {
        for (name, rtype) in [
            ("example.test", "MX"),
            ("example.test", "TXT"),
            ("example.test", "CAA"),
            ("example.test", "NS"),
            ("example.test", "SOA"),
            ("example.test", "NSEC"),
            ("www.example.test", "NSEC"),
            ("dnssec-nsec3.test", "NSEC"),
            ("dnssec-nsec3.test", "NSEC3PARAM"),
            ("example.test", "NSEC3PARAM"),
            ("example.test", "CDS"),
            ("example.test", "DNSKEY"),
            ("example.test", "DS"),
            (".", "NS"),
            ("big.example.test", "TXT"),
            ("web.example.test", "CNAME"),
            ("web.example.test", "A"),
            ("dnssec-insecure.test", "DS"),
            ("example.test", "ANY"),
            (".", "DNSKEY"),
            ("test", "SOA"),
        ] {
            let dnssec = asked(&plan, name, rtype).await.dnssec.unwrap();
            assert_eq!(dnssec.verdict, DnssecVerdict::Secure, "{name} {rtype}: {:?}", dnssec.why);
        }
    });
}

#[test]
fn the_counted_lane_is_the_same_with_and_without() {
    local(async {
        let lab = Lab::start().await.unwrap();
        let with = plan(&lab);
        let mut without = plan(&lab);
        without.dns.dnssec = DnssecPlan::Off;
        let (with, without) =
            (traced(&with, "www.example.test").await, traced(&without, "www.example.test").await);
        let counted = |dns: &Dns| -> Vec<(String, RecordType, String)> {
            let walk = dns.packets.iter().filter(|packet| packet.purpose == Purpose::Walk);
            // A busy machine may hedge, and the types of the last zone are asked side by side.
            let mut questions: Vec<_> =
                walk.map(|packet| (packet.qname.clone(), packet.qtype, packet.zone.clone())).collect();
            questions.sort();
            questions.dedup();
            questions
        };
        assert_eq!(counted(&with), counted(&without));
        assert_eq!((with.critical_path.len(), without.critical_path.len()), (3, 3), "three round trips");
        assert_eq!(without.dnssec, None);
        let beside: Vec<_> = with
            .packets
            .iter()
            .filter(|packet| matches!(packet.purpose, Purpose::DnsKey | Purpose::Ds))
            .collect();
        assert_eq!(
            beside.iter().map(|packet| packet.qname.as_str()).collect::<Vec<_>>(),
            [".", "test.", "example.test."]
        );
        for packet in beside {
            assert_eq!((packet.purpose, packet.transport), (Purpose::DnsKey, Transport::Udp));
            assert!(packet.sent >= with.end, "only when the answer is known");
        }
        assert!(!without.packets.iter().any(|packet| packet.purpose == Purpose::DnsKey));
    });
}

#[test]
fn what_one_hop_has_learned_the_next_need_not_ask() {
    let plan = plan(shared_lab());
    local(async {
        let (clock, resolver) = (Clock::start(), Resolver::new(plan.dns).unwrap());
        let stop = Stop::after(clock, Duration::from_secs(30));
        let mut runs = Vec::new();
        for host in ["www.example.test", "example.test", "www.example.test"] {
            let (mut dns, _, uncounted) = resolver.resolve(host, 443, &clock, &stop).await;
            uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
            let fetched = dns.packets.iter().filter(|packet| packet.purpose == Purpose::DnsKey).count();
            let dnssec = dns.dnssec.unwrap();
            assert_eq!((dnssec.verdict, dnssec.chain.len()), (DnssecVerdict::Secure, 3), "{:?}", dnssec.why);
            runs.push((fetched, dns.packets.is_empty()));
        }
        assert_eq!(runs, [(3, false), (0, false), (0, true)]);
    });
}

#[test]
fn other_anchors_make_other_verdicts() {
    let with = |text: &str| {
        let mut plan = plan(shared_lab());
        local(async {
            let anchors = AnchorsText { source: "t".to_owned(), text: text.to_owned() };
            plan.dns.dnssec = DnssecPlan::On { anchors: Some(anchors) };
            traced(&plan, "www.example.test").await.dnssec.unwrap()
        })
    };
    let world = with(". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D");
    assert_eq!(world.verdict, DnssecVerdict::Bogus);
    assert!(world.why.unwrap().starts_with("zone . has no DNSKEY for trust anchor tag 20326"));
    let elsewhere =
        with("elsewhere. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D");
    assert_eq!(elsewhere.verdict, DnssecVerdict::Indeterminate);
    assert_eq!(elsewhere.why.unwrap(), "no trust anchor covers the name");
    // The lab's root is not the Internet's: IANA's keys say nothing of it.
    let mut plan = plan(shared_lab());
    local(async {
        plan.dns.dnssec = DnssecPlan::On { anchors: None };
        let none = traced(&plan, "www.example.test").await.dnssec.unwrap();
        assert_eq!(none.verdict, DnssecVerdict::Indeterminate);
        assert!(none.why.unwrap().ends_with("--trust-anchor gives theirs"));
    });
}

#[test]
fn a_walk_that_is_lost_tells_how_far_the_chain_holds() {
    let plan = plan(shared_lab());
    local(async {
        for (host, says, keys) in [
            (
                "www.refused.test",
                "holds down to zone test.; zone refused.test. has no DS in test., proven by NSEC",
                2,
            ),
            (
                "www.loop-a.test",
                "holds down to zone test.; zone loop-a.test. has no DS in test., proven by NSEC",
                2,
            ),
            ("loop.example.test", "holds down to zone example.test.", 3),
        ] {
            let dns = traced(&plan, host).await;
            let dnssec = dns.dnssec.as_ref().unwrap_or_else(|| panic!("{host}: {:?}", dns.unvalidated));
            assert_eq!(dnssec.verdict, DnssecVerdict::Indeterminate, "{host}");
            let why = dnssec.why.as_deref().unwrap();
            assert!(
                why.starts_with("there is no answer to validate; ") && why.contains(says),
                "{host}: {why}"
            );
            let fetched = dns.packets.iter().filter(|packet| packet.purpose == Purpose::DnsKey).count();
            assert_eq!(fetched, keys, "{host}: a dead zone is not asked for its keys");
        }
    });
}

#[test]
fn where_nothing_is_validated_it_says_why() {
    let plan = plan(shared_lab());
    local(async {
        let mut off = plan.clone();
        off.dns.dnssec = DnssecPlan::Off;
        for (plan, host, says) in
            [(&off, "www.example.test", "--no-dnssec"), (&plan, "localhost", "nobody was asked")]
        {
            let dns = traced(plan, host).await;
            assert!(dns.dnssec.is_none() && dns.unvalidated.as_deref().unwrap().starts_with(says), "{host}");
        }
        assert_eq!(traced(&plan, "www.example.test").await.unvalidated, None);
    });
}
