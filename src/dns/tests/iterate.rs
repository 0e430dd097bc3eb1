//! Whole walks against a scripted internet on loopback.

use crate::dns::tests::kit::{OTHER_ZONE, ROOT_ZONE, TLD_ZONE};
use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType as WireType;

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{
    AUTH, EXAMPLE, OTHER, ROOT, Run, SECOND, TLD, TRAP, auth, best, broken, local, other, plan, resolve,
    resolve_with, root, slow, tld,
};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::trace::{
    AddressSource, Choice, DnsLane, Edns, FailureCode, Meaning, Packet, Purpose, Rcode, Stray, Transport,
};

#[test]
fn a_cold_glued_name_costs_three_round_trips_and_asks_both_types_at_once() {
    local(async {
        let net = TestNet::start(vec![slow(root(), 20), slow(tld(), 30), slow(auth(), 40)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(
            run.lines(),
            [
                "1 www.example.test. A referral",
                "2 www.example.test. A referral",
                "3 www.example.test. A answer",
                "3 www.example.test. AAAA answer",
            ]
        );
        let packets = run.walk();
        for (before, after) in [(0, 1), (1, 2)] {
            assert!(packets[after].sent >= packets[before].received.unwrap());
            assert_eq!(packets[after].parent, Some(run.dns.critical_path[before]));
        }
        assert!(packets[3].sent < packets[2].received.unwrap(), "both types are on their way at once");
        // 20 + 30 + 40 ms were put in; 40 ms of scheduling are allowed, to the best of all runs: a busy
        // machine can only add.
        let again = async || resolve(&net, "www.example.test").await.took();
        let total = best(run.took(), 130, again).await;
        assert!((90..130).contains(&total), "{total} ms");
        let path: Vec<_> =
            run.dns.critical_path.iter().map(|id| run.dns.packets[*id].zone.as_str()).collect();
        assert_eq!(path, [".", "test.", "example.test."]);
        let zones: Vec<_> = run.dns.cuts.iter().map(|cut| (cut.zone.as_str(), cut.cached)).collect();
        assert_eq!(zones, [(".", false), ("test.", false), ("example.test.", false)]);
        assert_eq!(run.dns.cuts[1].learned_from, Some(0));
        assert_eq!(
            run.dns.cuts[2].servers[0].addresses,
            [(AUTH.parse().unwrap(), AddressSource::GlueInDomain)]
        );
        assert_eq!((run.dns.rcode, run.dns.lane), (Some(Rcode::NOERROR), DnsLane::Walk));
        assert_eq!(run.dns.hints.drift, Some(vec![]), "priming found the hints to hold");
    });
}

#[test]
fn a_lame_server_is_left_at_once_for_the_next() {
    for quirk in [
        Quirk::Rcode(ResponseCode::Refused),
        Quirk::Rcode(ResponseCode::ServFail),
        Quirk::Upward,
        Quirk::Garbled,
        Quirk::NoAuthority,
    ] {
        local(async {
            let tld_zone = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.4\n\
                example.test. NS ns2.example.test.\nns2.example.test. A 127.0.53.3\n";
            let lame = (SECOND, vec![quirk.clone()], vec![("example.test.", EXAMPLE)]);
            let net =
                TestNet::start(vec![root(), (TLD, vec![], vec![("test.", tld_zone)]), lame, auth()]).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{quirk:?}");
            let packets = run.walk();
            let (first, next) =
                (packets[2], packets.iter().find(|p| p.chosen == Choice::NextAfterFailure).unwrap());
            let want = match quirk {
                Quirk::Rcode(ResponseCode::Refused) => "refused",
                Quirk::Rcode(_) => "server-failure",
                Quirk::Upward => "upward-referral",
                Quirk::Garbled => "malformed",
                _ => "lame",
            };
            assert_eq!(first.meaning.as_str(), want);
            assert_eq!(next.server.ip().to_string(), AUTH);
            assert_eq!(run.dns.critical_path.len(), 4, "the failed one was waited for, too");
            assert!(packets.iter().all(|packet| packet.chosen != Choice::Hedge), "no wait for a timer");
        });
    }
}

#[test]
fn an_answer_without_authority_is_taken_when_nobody_does_better() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::NoAuthority)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
        assert!(run.noted("no server of example.test. did better"));
    });
}

#[test]
fn a_server_without_glue_is_asked_before_an_answer_without_authority_is_taken() {
    local(async {
        let tld_zone = format!("{TLD_ZONE}example.test. NS ns2.other.test.\n");
        let far = format!("{OTHER_ZONE}ns2.other.test. A {SECOND}\n");
        let good = (SECOND, vec![], vec![("example.test.", "www.example.test. A 192.0.2.99\n")]);
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", tld_zone.as_str())]),
            broken(auth(), Quirk::NoAuthority),
            (OTHER, vec![], vec![("other.test.", far.as_str())]),
            good,
        ])
        .await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.99"]);
        assert!(!run.noted("did better"), "{:?}", run.dns.notes);
    });
}

#[test]
fn glue_that_led_to_a_server_is_tried_where_its_published_address_is_of_no_use() {
    local(async {
        let root_zone = format!("{ROOT_ZONE}far. NS ns.far.\nns.far. A {OTHER}\n");
        let tld_zone = "example.test. NS ns.far.\n";
        let net = TestNet::start(vec![
            (ROOT, vec![], vec![(".", root_zone.as_str())]),
            (TLD, vec![], vec![("test.", tld_zone)]),
            (OTHER, vec![], vec![("far.", "ns.far. A 127.0.53.4\n"), ("example.test.", EXAMPLE)]),
            (SECOND, vec![Quirk::Rcode(ResponseCode::Refused)], vec![]),
        ])
        .await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses()[0], "192.0.2.1", "{:?}", run.lines());
        assert!(!net.seen(SECOND).is_empty());
    });
}

#[test]
fn a_silent_server_is_hedged_and_its_packet_superseded() {
    local(async {
        let tld_zone = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.4\n\
            example.test. NS ns2.example.test.\nns2.example.test. A 127.0.53.3\n";
        let silent = (SECOND, vec![Quirk::Silent], vec![]);
        let net =
            TestNet::start(vec![root(), (TLD, vec![], vec![("test.", tld_zone)]), silent, auth()]).await;
        let again = async || resolve(&net, "www.example.test").await;
        let run = again().await;
        assert_eq!(run.addresses().len(), 2);
        let first = run.walk()[2];
        assert_eq!((first.meaning.clone(), first.received), (Meaning::Superseded, None));
        // The others are near, so it gets 150 ms; 60 ms of scheduling are allowed.
        let waited = |run: &Run| {
            let hedge = run.walk().into_iter().find(|packet| packet.chosen == Choice::Hedge).unwrap();
            hedge.sent.since(run.walk()[2].sent)
        };
        let waited = best(waited(&run), 210, async || waited(&again().await)).await;
        assert!((150..210).contains(&waited), "{waited} ms");
        assert_eq!(run.dns.critical_path.len(), 4, "root, tld, the silent one, the hedge");
    });
}

#[test]
fn a_zone_of_silent_servers_is_asked_twice_and_named() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::DnsTimeout);
        assert!(
            run.message().contains("no server of zone example.test. gave an answer for www.example.test. A")
        );
        assert!(run.message().contains("ns1.example.test. (127.0.53.3) did not answer in 52"));
        let again = |transport| {
            let again = run.walk().into_iter().filter(move |p| p.chosen == Choice::Again);
            let mut types: Vec<_> = again.filter(|p| p.transport == transport).map(|p| p.qtype.0).collect();
            types.sort_unstable();
            types
        };
        assert_eq!(
            (again(Transport::Udp), again(Transport::Tcp)),
            ([vec![1; 8], vec![6], vec![28; 8]].concat(), vec![1, 28]),
            "6: about the zone itself"
        );
        let plain = run.walk().into_iter().filter(|packet| !packet.edns.is_some()).count();
        assert_eq!(plain, 2, "one of each type goes without EDNS");
        let by_udp = |packet: &&&Packet| packet.transport == Transport::Udp;
        assert!(run.walk()[2..].iter().filter(by_udp).all(|packet| packet.meaning == Meaning::Timeout));
        assert_eq!(run.dns.rcode, None);
    });
}

#[test]
fn servers_that_all_fail_are_named_one_by_one() {
    local(async {
        let failing = broken(auth(), Quirk::Rcode(ResponseCode::ServFail));
        let net = TestNet::start(vec![root(), tld(), failing]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        assert!(
            run.message().ends_with("ns1.example.test. (127.0.53.3) answered SERVFAIL"),
            "{}",
            run.message()
        );
        assert_eq!(run.dns.rcode, Some(Rcode(2)));
    });
}

#[test]
fn a_truncated_reply_goes_by_tcp_to_the_same_server() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Truncate)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let tcp = run.walk().into_iter().find(|packet| packet.transport == Transport::Tcp).unwrap();
        let udp = &run.dns.packets[tcp.parent.unwrap()];
        assert_eq!((udp.meaning.clone(), tcp.chosen), (Meaning::Truncated, Choice::Truncated));
        assert_eq!(udp.server, tcp.server);
        let connected = tcp.connected.unwrap();
        assert!(tcp.sent <= connected && connected <= tcp.received.unwrap());
        assert_eq!(run.dns.critical_path.len(), 4);
    });
}

#[test]
fn a_server_that_refuses_edns_is_asked_without_and_remembered() {
    local(async {
        let net = TestNet::start(vec![root(), broken(tld(), Quirk::NoEdns), auth()]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let at_tld: Vec<_> = run.walk().into_iter().filter(|p| p.server.ip().to_string() == TLD).collect();
        assert_eq!(at_tld.iter().map(|p| p.edns).collect::<Vec<_>>(), [Edns::Full, Edns::Bare, Edns::None]);
        let meanings: Vec<_> = at_tld.iter().map(|p| p.meaning.as_str()).collect();
        assert_eq!(meanings, ["edns-options-refused", "edns-refused", "referral"]);
        assert_eq!((at_tld[1].chosen, at_tld[2].chosen), (Choice::WithoutOptions, Choice::WithoutEdns));
        let run = resolve_with(&resolver, "nothing.test").await;
        assert!(run.walk()[0].edns == Edns::None, "it is not asked with EDNS again in this run");
    });
}

#[test]
fn a_spoofed_reply_is_dropped_counted_and_the_wait_goes_on() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Spoofed)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert_eq!(run.walk()[2].dropped, 3);
        let kinds = [Stray::WrongId, Stray::WrongQuestion, Stray::NotAReply].map(|kind| (kind, 1));
        assert_eq!(run.walk()[2].dropped_kinds, kinds);
        assert!(!run.noted("spoofing"));
    });
}

#[test]
fn a_glueless_server_is_found_by_a_walk_of_its_own() {
    local(async {
        let tld_zone = format!("{TLD_ZONE}glueless.test. NS ns.other.test.\n");
        let other_zone = format!("{OTHER_ZONE}ns.other.test. A {SECOND}\n");
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &tld_zone)]),
            (OTHER, vec![], vec![("other.test.", &other_zone)]),
            (SECOND, vec![], vec![("glueless.test.", "www.glueless.test. A 192.0.2.9\n")]),
        ])
        .await;
        let run = resolve(&net, "www.glueless.test").await;
        assert_eq!(run.addresses(), ["192.0.2.9"]);
        let sub: Vec<_> = run.walk().into_iter().filter(|p| p.purpose == Purpose::NsAddress).collect();
        assert_eq!(sub[0].parent, Some(run.dns.critical_path[1]), "because of the referral without glue");
        assert_eq!(
            (sub[0].qname.as_str(), sub[0].zone.as_str()),
            ("ns.other.test.", "test."),
            "deepest known cut"
        );
        let path: Vec<_> = run.dns.critical_path.iter().map(|id| run.dns.packets[*id].server.ip()).collect();
        let want: Vec<IpAddr> =
            [ROOT, TLD, TLD, OTHER, SECOND].iter().map(|ip| ip.parse().unwrap()).collect();
        assert_eq!(path, want);
        let cut = run.dns.cuts.last().unwrap();
        assert_eq!(cut.servers[0].addresses, [(SECOND.parse().unwrap(), AddressSource::Walk)]);
    });
}

#[test]
fn glueless_servers_are_looked_up_once_the_glued_ones_have_failed() {
    local(async {
        let tld_zone = format!(
            "{TLD_ZONE}half.test. NS ns.half.test.\nns.half.test. A {SECOND}\nhalf.test. NS ns1.other.test.\n"
        )
        .replace("ns1.other.test. A 127.0.53.5\n", &format!("ns1.other.test. A {OTHER}\n"));
        // The sibling glue is left out, so that the second server has to be looked up.
        let tld_zone = tld_zone.replace("half.test. NS ns1.other.test.", "half.test. NS ns9.other.test.");
        let other_zone = format!("{OTHER_ZONE}ns9.other.test. A {OTHER}\n");
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &tld_zone)]),
            (SECOND, vec![Quirk::Rcode(ResponseCode::Refused)], vec![]),
            (
                OTHER,
                vec![],
                vec![("other.test.", &other_zone), ("half.test.", "www.half.test. A 192.0.2.7\n")],
            ),
        ])
        .await;
        let run = resolve(&net, "www.half.test").await;
        assert_eq!(run.addresses(), ["192.0.2.7"], "{:#?}", run.lines());
        let refused = run.walk().iter().position(|p| p.meaning == Meaning::Refused).unwrap();
        let lookup = run.walk().iter().position(|p| p.purpose == Purpose::NsAddress).unwrap();
        assert!(lookup > refused, "nobody is looked up before");
    });
}

#[test]
fn servers_that_can_only_be_found_by_asking_themselves_are_a_glue_loop() {
    local(async {
        let tld_zone = "a.test. NS ns.b.test.\nb.test. NS ns.a.test.\n";
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", tld_zone)])]).await;
        let run = resolve(&net, "www.a.test").await;
        assert_eq!(run.code(), FailureCode::GlueLoop, "{}", run.message());
        assert!(run.message().contains("ns.b.test. -> ns.a.test. -> ns.b.test."), "{}", run.message());
        assert!(run.walk().len() < 10);
    });
}

#[test]
fn glue_from_outside_the_asked_zone_is_never_used() {
    local(async {
        let tld_zone = format!("victim.test. NS ns.elsewhere.\nns.elsewhere. A {TRAP}\n");
        let root_zone = format!("{ROOT_ZONE}elsewhere. NS ns.elsewhere.\nns.elsewhere. A {OTHER}\n");
        let net = TestNet::start(vec![
            (ROOT, vec![], vec![(".", &root_zone)]),
            (TLD, vec![], vec![("test.", &tld_zone)]),
            (OTHER, vec![], vec![("elsewhere.", &format!("ns.elsewhere. A {SECOND}\n"))]),
            (SECOND, vec![], vec![("victim.test.", "www.victim.test. A 192.0.2.5\n")]),
            (TRAP, vec![], vec![("victim.test.", "www.victim.test. A 192.0.2.66\n")]),
        ])
        .await;
        let run = resolve(&net, "www.victim.test").await;
        assert_eq!(run.addresses(), ["192.0.2.5"]);
        assert_eq!(net.seen(TRAP), Vec::<String>::new());
        let ignored = run.walk().iter().find_map(|packet| match &packet.meaning {
            Meaning::Referral { cut, glue, ignored, .. } if cut == "victim.test." => Some((*glue, *ignored)),
            _ => None,
        });
        assert_eq!(ignored, Some((0, 1)));
    });
}

#[test]
fn an_alias_into_another_zone_is_walked_from_the_deepest_known_cut() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), other()]).await;
        let run = resolve(&net, "shop.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.80", "2001:db8::80"]);
        let on: Vec<_> = run.lines().into_iter().filter(|line| line.contains("www.other.test.")).collect();
        assert_eq!(
            on,
            ["2 www.other.test. A referral", "5 www.other.test. A answer", "5 www.other.test. AAAA answer",],
            "the root is not asked again"
        );
        let answers: Vec<_> = run.dns.answers.iter().map(|r| (r.name.as_str(), r.data.as_str())).collect();
        assert_eq!(
            answers,
            [
                ("shop.example.test.", "www.other.test."),
                ("www.other.test.", "192.0.2.80"),
                ("www.other.test.", "2001:db8::80"),
            ]
        );
        let zones: Vec<_> = run.dns.cuts.iter().map(|cut| cut.zone.as_str()).collect();
        assert_eq!(zones, [".", "test.", "example.test.", "other.test."]);
    });
}

#[test]
fn aliases_inside_a_reply_and_by_dname_are_followed() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), other()]).await;
        let run = resolve(&net, "alias.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(run.walk().len(), 4);
        assert_eq!(run.dns.answers[0].data, "www.example.test.");
        let run = resolve(&net, "x.old.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.81"]);
        let types: Vec<_> = run.dns.answers.iter().map(|r| r.rtype.mnemonic().into_owned()).collect();
        assert_eq!(types, ["DNAME", "CNAME", "A"]);
    });
}

#[test]
fn alias_loops_are_named_with_their_chain() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), other()]).await;
        let run = resolve(&net, "loop.example.test").await;
        assert_eq!(run.code(), FailureCode::CnameLoop);
        assert!(
            run.message().contains("loop.example.test. -> loop.other.test. -> loop.example.test."),
            "{}",
            run.message()
        );
        assert_eq!(run.dns.answers.len(), 2, "the chain is in the record");
        let run = resolve(&net, "short.example.test").await;
        assert_eq!(run.code(), FailureCode::CnameLoop);
        assert!(
            run.message().contains("short.example.test. -> short2.example.test. -> short.example.test."),
            "{}",
            run.message()
        );
    });
}

#[test]
fn a_chain_of_too_many_aliases_ends() {
    local(async {
        let chain = |last: u32| {
            let links: String =
                (0..last).map(|n| format!("c{n}.example.test. CNAME c{}.example.test.\n", n + 1)).collect();
            format!("{links}c{last}.example.test. A 192.0.2.3\n")
        };
        let (eleven, twelve) = (chain(11), chain(12));
        let net = TestNet::start(vec![root(), tld(), (AUTH, vec![], vec![("example.test.", &eleven)])]).await;
        assert_eq!(resolve(&net, "c0.example.test").await.addresses(), ["192.0.2.3"]);
        let net = TestNet::start(vec![root(), tld(), (AUTH, vec![], vec![("example.test.", &twelve)])]).await;
        let run = resolve(&net, "c0.example.test").await;
        assert_eq!(run.code(), FailureCode::CnameChainTooLong);
        assert!(run.noted("the limit of 11 CNAMEs was hit"));
    });
}

#[test]
fn a_name_that_does_not_exist_is_told_with_its_zone_and_ttl() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let run = resolve(&net, "nope.example.test").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
        assert_eq!(
            run.message(),
            "nope.example.test. does not exist: NXDOMAIN by zone example.test. (negative TTL 60 s)"
        );
        assert_eq!(run.dns.rcode, Some(Rcode::NXDOMAIN));
        let negative = run.dns.negative.clone().unwrap();
        assert_eq!(
            (negative.zone.as_deref(), negative.ttl, negative.rtype),
            (Some("example.test."), Some(60), None)
        );
        let run = resolve(&net, "to-nowhere.example.test").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
        assert!(
            run.message().starts_with("nowhere.example.test. does not exist"),
            "RFC 6604: the last target"
        );
        assert_eq!(run.dns.answers.len(), 1);
        let run = resolve(&net, "absent-tld").await;
        assert_eq!((run.code(), run.walk().len()), (FailureCode::NxDomain, 2), "and once more in plain case");
    });
}

#[test]
fn a_name_without_addresses_is_no_data() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let run = resolve(&net, "example.test").await;
        assert_eq!(run.code(), FailureCode::NoData);
        assert_eq!(
            run.message(),
            "example.test. has no A or AAAA record, by zone example.test. (negative TTL 60 s)"
        );
        assert_eq!(run.dns.rcode, Some(Rcode::NOERROR));
        let run = resolve(&net, "mail.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.25"], "one family is enough");
    });
}

#[test]
fn aaaa_is_awaited_fifty_milliseconds_more_and_no_longer() {
    local(async {
        let late = Quirk::DelayFor(WireType::AAAA, Duration::from_millis(300));
        let net = TestNet::start(vec![root(), tld(), broken(auth(), late)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert!(run.noted("AAAA was not awaited"));
        // 50 ms are waited; 60 ms of scheduling are allowed.
        let again = async || resolve(&net, "www.example.test").await.took();
        let total = best(run.took(), 110, again).await;
        assert!((50..110).contains(&total), "{total} ms");
        assert_eq!(run.lines()[3], "3 www.example.test. AAAA superseded");
    });
}

#[test]
fn aaaa_alone_is_success_when_a_fails() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::SilentFor(WireType::A))]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses(), ["2001:db8::1"]);
        assert!(run.noted("A failed"));
    });
}

#[test]
fn a_hostile_zone_cannot_make_us_send_without_end() {
    local(async {
        // A server that refers one label deeper with each question, always to itself.
        let zone = format!("deep.test. NS ns.deep.test.\nns.deep.test. A {SECOND}\n");
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &zone)]),
            (SECOND, vec![Quirk::Deeper], vec![]),
        ])
        .await;
        let run = resolve(&net, &format!("{}deep.test", "x.".repeat(60))).await;
        assert_eq!(run.code(), FailureCode::TooManyCuts, "{}", run.message());
        assert!(run.noted("the limit of 16 referrals"));
        assert!(run.walk().len() <= 64, "{}", run.walk().len());

        // Many servers without glue that do not exist: looked up three at a time, five at most.
        let many: String = (0..30).map(|n| format!("nxns.test. NS ns{n}.example.test.\n")).collect();
        let tld_zone = format!("{TLD_ZONE}{many}");
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", &tld_zone)]), auth()]).await;
        let run = resolve(&net, "www.nxns.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer, "{}", run.message());
        assert!(run.noted("5 name servers that do not exist"), "{:?}", run.dns.notes);
        assert!(run.walk().len() <= 36, "{:#?}", run.lines());
    });
}

#[test]
fn packets_for_a_name_are_limited() {
    local(async {
        // Forty servers that refuse: two types, and the limit is 64 packets.
        let servers: String = (0..70)
            .map(|n| format!("big.test. NS n{n}.big.test.\nn{n}.big.test. A 127.0.54.{}\n", n + 1))
            .collect();
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", &servers)])]).await;
        let run = resolve(&net, "www.big.test").await;
        assert_eq!(run.code(), FailureCode::PacketBudget, "{}", run.message());
        assert!(run.noted("the limit of 64 packets"), "{:?}", run.dns.notes);
        assert_eq!(run.walk().len(), 64);
    });
}
