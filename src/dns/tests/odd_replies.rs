//! Replies that are odd, and delegations that are stale or thin, which resolvers get past: so does the walk.

use std::rc::Rc;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use crate::dns::cache::delegations::{Delegations, Reach};
use crate::dns::outcome::fault::{FailureKind, ServerFailure, Witness};
use crate::dns::outcome::words::{absent, zone_failed};
use crate::dns::resolver::Resolver;
use crate::dns::response::classify::{Question, classify};
use crate::dns::tests::kit::{
    AUTH, EXAMPLE, OTHER, Run, SECOND, TLD, TLD_ZONE, TRAP, ask, auth, broken, local, other, plan, resolve,
    resolve_with, root, tld,
};
use crate::dns::tests::server::{Bend, Quirk, Spec, TestNet};
use crate::dns::transport::ask::{Kept, NoReply};
use crate::dns::wire::message::{Decoded, decode};
use crate::dns::wire::name::parse_name;
use crate::trace::{Edns, FailureCode, Meaning, Negative, Purpose, Rcode, RecordType, Transport};

fn zone_of<'a>(server: &'a str, origin: &'a str, text: &'a str) -> Spec<'a> {
    (server, vec![], vec![(origin, text)])
}

/// The names of `example.test.` asked of a server that bends its answers.
fn bent(host: &str, bend: fn(&Message, &mut Message)) -> Run {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Bent(Bend(bend))), other()]).await;
        resolve(&net, host).await
    })
}

fn is_negative(reply: &Message) -> bool {
    reply.authorities.iter().any(|record| record.record_type() == WireType::SOA)
}

#[test]
fn nodata_without_soa_and_without_authority_is_an_answer() {
    let bare: fn(&Message, &mut Message) = |_, reply| {
        if is_negative(reply) {
            reply.metadata.authoritative = false;
            reply.authorities.clear();
        }
    };
    let only_nsec: fn(&Message, &mut Message) = |_, reply| {
        if is_negative(reply) {
            reply.metadata.authoritative = false;
            let nsec = RData::Unknown {
                code: WireType::NSEC,
                rdata: hickory_resolver::proto::rr::rdata::NULL::with(b"\x01a\0\0\x01\x40".to_vec()),
            };
            reply.authorities = vec![Record::from_rdata(reply.queries[0].name.clone(), 60, nsec)];
        }
    };
    for bend in [bare, only_nsec] {
        let run = bent("example.test", bend);
        assert_eq!(run.code(), FailureCode::NoData, "{}", run.message());
        assert_eq!(run.dns.rcode, Some(Rcode::NOERROR));
        let run = bent("mail.example.test", bend);
        assert_eq!(run.addresses(), ["192.0.2.25"], "AAAA is the type that is not there");
        assert!(!run.noted("AAAA failed"), "{:?}", run.dns.notes);
        // At the end of an alias.
        let zone =
            format!("{EXAMPLE}to-text.example.test. CNAME text.example.test.\ntext.example.test. TXT x\n");
        local(async {
            let auth = (AUTH, vec![Quirk::Bent(Bend(bend))], vec![("example.test.", zone.as_str())]);
            let net = TestNet::start(vec![root(), tld(), auth]).await;
            let run = resolve(&net, "to-text.example.test").await;
            assert_eq!(run.code(), FailureCode::NoData, "{}", run.message());
            assert!(run.message().starts_with("text.example.test. has no A or AAAA record"));
        });
    }
}

#[test]
fn an_empty_cache_of_a_resolver_denies_nothing() {
    let run = bent("example.test", |_, reply| {
        reply.metadata.authoritative = false;
        reply.metadata.recursion_available = true;
        reply.authorities.clear();
    });
    assert_eq!(run.code(), FailureCode::NoUsableServer, "{}", run.message());
}

#[test]
fn a_dname_that_makes_no_name_ends_the_walk_and_accuses_nobody() {
    let label = "a".repeat(60);
    let long = format!("{label}.{label}.{label}.old.example.test");
    let zone = format!("old.example.test. DNAME {label}.new.other.test.\n");
    let code = |code: ResponseCode| {
        let bend: fn(&Message, &mut Message) = match code {
            ResponseCode::YXDomain => |_, reply| reply.metadata.response_code = ResponseCode::YXDomain,
            _ => |_, reply| reply.metadata.response_code = ResponseCode::NoError,
        };
        (AUTH, vec![Quirk::Bent(Bend(bend))], vec![("example.test.", zone.as_str())])
    };
    local(async {
        // Whether the server says so or not.
        for said in [ResponseCode::YXDomain, ResponseCode::NoError] {
            let net = TestNet::start(vec![root(), tld(), code(said)]).await;
            let run = resolve(&net, &long).await;
            assert_eq!(run.code(), FailureCode::Yxdomain, "{}", run.message());
            assert!(run.message().contains("the DNAME old.example.test. -> aaa"), "{}", run.message());
            assert_eq!(run.dns.rcode.unwrap().mnemonic(), "YXDOMAIN");
            assert_eq!(run.dns.answers[0].rtype.mnemonic(), "DNAME");
            assert!(run.walk().iter().any(|packet| matches!(packet.meaning, Meaning::Yxdomain { .. })));
        }
        let net = TestNet::start(vec![root(), tld(), code(ResponseCode::YXDomain)]).await;
        let run = resolve(&net, "x.old.example.test").await;
        assert_eq!(run.code(), FailureCode::Yxdomain, "resolvers take its word");
        assert!(run.message().contains("makes x.aaa"), "{}", run.message());
    });
}

#[test]
fn the_cname_of_a_dname_is_made_here_whatever_came_along() {
    let run = bent("x.old.example.test", |_, reply| {
        for record in &mut reply.answers {
            if let RData::CNAME(target) = &mut record.data {
                *target = CNAME(Name::from_ascii("elsewhere.other.test.").unwrap());
            }
        }
    });
    assert_eq!(run.addresses(), ["192.0.2.81"]);
    assert_eq!(run.dns.answers[1].data, "x.new.other.test.");
}

#[test]
fn any_and_cname_have_an_alias_for_an_answer() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), other()]).await;
        for name in ["shop.example.test", "alias.example.test", "to-nowhere.example.test"] {
            for types in [&["ANY"][..], &["CNAME"]] {
                let (dns, result) = ask(&net, name, types).await;
                assert_eq!(result, Ok(()), "{name} {types:?}");
                assert_eq!(dns.answers.len(), 1, "{name} {types:?}");
            }
        }
        // The code is about the target (RFC 6604 §3).
        let denies = Quirk::Bent(Bend(|_, reply| reply.metadata.response_code = ResponseCode::NXDomain));
        let net = TestNet::start(vec![root(), tld(), broken(auth(), denies)]).await;
        let (dns, result) = ask(&net, "to-nowhere.example.test", &["ANY"]).await;
        assert_eq!((result, dns.answers.len()), (Ok(()), 1));
    });
}

#[test]
fn a_name_server_behind_an_alias_is_found() {
    local(async {
        let tld_zone = format!("{TLD_ZONE}odd.test. NS ns.example.test.\n");
        let example = format!("{EXAMPLE}ns.example.test. CNAME real.other.test.\n");
        let other_zone = format!(
            "other.test. NS ns1.other.test.\nns1.other.test. A {OTHER}\nreal.other.test. A {SECOND}\n"
        );
        let net = TestNet::start(vec![
            root(),
            zone_of(TLD, "test.", &tld_zone),
            zone_of(AUTH, "example.test.", &example),
            zone_of(OTHER, "other.test.", &other_zone),
            zone_of(SECOND, "odd.test.", "www.odd.test. A 192.0.2.9\n"),
        ])
        .await;
        assert_eq!(resolve(&net, "www.odd.test").await.addresses(), ["192.0.2.9"]);
    });
}

#[test]
fn glue_that_the_referral_lacks_is_asked_of_the_parent() {
    let no_glue: fn(&Message, &mut Message) = |request, reply| {
        let name = request.queries[0].name.to_lowercase().to_string();
        if name == "www.thin.test." {
            reply.additionals.clear();
        }
    };
    let tld_zone = format!("{TLD_ZONE}thin.test. NS ns1.thin.test.\nns1.thin.test. A {SECOND}\n");
    local(async {
        let tld = (TLD, vec![Quirk::Bent(Bend(no_glue))], vec![("test.", tld_zone.as_str())]);
        let thin = "thin.test. NS ns1.thin.test.\nwww.thin.test. A 192.0.2.7\nns1.thin.test. A 127.0.53.4\n";
        let net = TestNet::start(vec![root(), tld, zone_of(SECOND, "thin.test.", thin)]).await;
        let run = resolve(&net, "www.thin.test").await;
        assert_eq!(run.addresses(), ["192.0.2.7"], "{:#?}", run.lines());
        let asked: Vec<_> = run.walk().into_iter().filter(|p| p.purpose == Purpose::NsAddress).collect();
        assert_eq!((asked.len(), asked[0].zone.as_str()), (1, "test."), "{:#?}", run.lines());
    });
    // A parent that has none: a loop, as before.
    let tld_zone = format!("{TLD_ZONE}thin.test. NS ns1.thin.test.\n");
    local(async {
        let net = TestNet::start(vec![root(), zone_of(TLD, "test.", &tld_zone)]).await;
        let run = resolve(&net, "www.thin.test").await;
        assert_eq!(run.code(), FailureCode::GlueLoop, "{}", run.message());
    });
}

#[test]
fn a_server_whose_glue_is_old_is_looked_up() {
    // Its glue is dead, refuses, or answers for nobody; its own zone knows better.
    for quirks in [vec![Quirk::Silent], vec![Quirk::Rcode(ResponseCode::Refused)]] {
        local(async {
            let tld_zone =
                TLD_ZONE.to_owned() + &format!("moved.test. NS ns9.other.test.\nns9.other.test. A {TRAP}\n");
            let other_zone = format!(
                "other.test. NS ns1.other.test.\nns1.other.test. A {OTHER}\nns9.other.test. A {SECOND}\n"
            );
            let net = TestNet::start(vec![
                root(),
                zone_of(TLD, "test.", &tld_zone),
                (TRAP, quirks.clone(), vec![]),
                zone_of(OTHER, "other.test.", &other_zone),
                zone_of(
                    SECOND,
                    "moved.test.",
                    "www.moved.test. A 192.0.2.7\nwww.moved.test. AAAA 2001:db8::7\n",
                ),
            ])
            .await;
            let run = resolve(&net, "www.moved.test").await;
            assert_eq!(run.addresses(), ["192.0.2.7", "2001:db8::7"], "{quirks:?}: {:#?}", run.lines());
        });
    }
}

#[test]
fn a_dead_host_is_not_asked_for_its_own_address_again() {
    local(async {
        let tld_zone = TLD_ZONE.to_owned() + "moved.test. NS ns1.other.test.\n";
        let dead = (OTHER, vec![Quirk::Silent], vec![]);
        let net = TestNet::start(vec![root(), zone_of(TLD, "test.", &tld_zone), dead]).await;
        let run = resolve(&net, "www.moved.test").await;
        assert_eq!(run.code(), FailureCode::DnsTimeout, "{}", run.message());
        assert!(
            !net.seen(OTHER).iter().any(|seen| seen.contains("ns1.other.test.")),
            "{:?}",
            net.seen(OTHER)
        );
        assert!(run.took().as_millis() < 5_600, "{:?}", run.took());
    });
}

#[test]
fn the_other_family_of_a_server_is_asked_for_where_the_first_is_of_no_use() {
    local(async {
        let tld_zone = TLD_ZONE.to_owned() + "six.test. NS ns.other.test.\n";
        let other_zone = format!(
            "other.test. NS ns1.other.test.\nns1.other.test. A {OTHER}\nns.other.test. A {TRAP}\nns.other.test. AAAA ::1\n"
        );
        let late = Quirk::DelayFor(WireType::AAAA, std::time::Duration::from_millis(100));
        let net = TestNet::start(vec![
            root(),
            zone_of(TLD, "test.", &tld_zone),
            (OTHER, vec![late], vec![("other.test.", &other_zone)]),
            (TRAP, vec![Quirk::Rcode(ResponseCode::Refused)], vec![]),
            zone_of("::1", "six.test.", "www.six.test. A 192.0.2.6\n"),
        ])
        .await;
        let run = resolve(&net, "www.six.test").await;
        assert_eq!(run.addresses(), ["192.0.2.6"], "{:#?}", run.lines());
        // And where AAAA is all there is.
        let other_zone = other_zone.replace(&format!("ns.other.test. A {TRAP}\n"), "");
        let net = TestNet::start(vec![
            root(),
            zone_of(TLD, "test.", &tld_zone),
            zone_of(OTHER, "other.test.", &other_zone),
            zone_of("::1", "six.test.", "www.six.test. A 192.0.2.6\n"),
        ])
        .await;
        assert_eq!(resolve(&net, "www.six.test").await.addresses(), ["192.0.2.6"]);
        let glued = TLD_ZONE.to_owned() + "six.test. NS ns.six.test.\nns.six.test. AAAA ::1\n";
        let net = TestNet::start(vec![
            root(),
            zone_of(TLD, "test.", &glued),
            zone_of("::1", "six.test.", "www.six.test. A 192.0.2.6\n"),
        ])
        .await;
        assert_eq!(resolve(&net, "www.six.test").await.addresses(), ["192.0.2.6"]);
    });
}

#[test]
fn a_server_that_is_lame_for_one_name_is_asked_for_another() {
    local(async {
        let lame = Quirk::Bent(Bend(|request, reply| {
            if request.queries[0].name.to_lowercase().to_string() == "mail.example.test." {
                reply.metadata.authoritative = false;
                (reply.answers, reply.authorities) = (Vec::new(), Vec::new());
            }
        }));
        let net = TestNet::start(vec![root(), tld(), broken(auth(), lame)]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert_eq!(run.code(), FailureCode::NoData);
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
    });
}

#[test]
fn several_cnames_at_one_name_are_all_on_record_and_the_first_is_followed() {
    local(async {
        let zone = format!(
            "{EXAMPLE}two.example.test. CNAME www.example.test.\ntwo.example.test. CNAME mail.example.test.\n"
        );
        let net = TestNet::start(vec![root(), tld(), zone_of(AUTH, "example.test.", &zone)]).await;
        let run = resolve(&net, "two.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
        let aliases: Vec<_> = run.dns.answers[..2].iter().map(|record| record.data.as_str()).collect();
        assert_eq!(aliases, ["www.example.test.", "mail.example.test."]);
    });
}

/// As below the Internet's root servers.
fn of_the_internet(net: &TestNet) -> Resolver {
    let mut resolver = Resolver::new(plan(net)).unwrap();
    let context = Rc::get_mut(&mut resolver.context).unwrap();
    let mut delegations = Delegations::below(&context.hints);
    assert_eq!(delegations.reach, Reach::Anywhere, "hints of a root of our own");
    delegations.reach = Reach::Internet;
    context.delegations = Rc::new(delegations);
    resolver
}

#[test]
fn addresses_of_nobody_get_no_packet_below_the_internets_root() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        assert_eq!(
            resolve(&net, "www.example.test").await.addresses().len(),
            2,
            "below another root they do"
        );
        let run = resolve_with(&of_the_internet(&net), "www.example.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        let told = "no server of zone test. gave an answer for www.example.test. A: ns.nic.test. (127.0.53.2) was not \
                    asked: it is a loopback address, which means whoever asks";
        assert_eq!(run.message(), told);
        assert_eq!(net.seen(TLD).len(), 1, "that of the first walk: {:?}", net.seen(TLD));
        assert!(run.walk().iter().all(|packet| packet.zone == "."), "{:#?}", run.lines());
        assert_eq!(run.dns.cuts.last().unwrap().not_asked[0].name, "ns.nic.test.");
    });
}

#[test]
fn an_opt_among_the_answers_is_no_nodata_and_nothing_beside_it_is_used() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::MisplacedOpt)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        assert!(run.message().contains("sent a reply that cannot be read"), "{}", run.message());
        assert_eq!(run.walk()[2].meaning.as_str(), "malformed");
    });
}

#[test]
fn an_address_in_place_of_a_name_is_told_where_it_belongs() {
    local(async {
        let net = TestNet::start(vec![root(), tld()]).await;
        for name in ["192.0.2.1", "2001:db8::1"] {
            let hint = ask(&net, name, &["A"]).await.1.unwrap_err().hint.unwrap();
            assert!(hint.contains(&format!("`urltrace dns -x {name}`")), "{hint}");
        }
    });
}

#[test]
fn records_of_another_class_are_none_of_the_answer() {
    let name = |text: &str| parse_name(text).unwrap();
    let (qname, zone) = (name("www.example.test"), name("example.test"));
    let question = b"\x03www\x07example\x04test\0\0\x01\0\x01";
    let header = [0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0];
    // CH and HS (RFC 1035 section 3.2.4), as an answer to a question of class IN.
    for (class, want) in [(1, "answer"), (3, "lame"), (4, "lame")] {
        let record = [0xc0, 12, 0, 1, 0, class, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];
        let bytes = [&header[..], question, &record].concat();
        let Decoded::Reply(reply) = decode(&qname, RecordType::A, &bytes) else { panic!("class {class}") };
        let asked = Question {
            zone: &zone,
            qname: &qname,
            qtype: RecordType::A,
            transport: Transport::Udp,
            edns: Edns::Full,
        };
        assert_eq!(classify(&reply, &asked).meaning().as_str(), want, "class {class}");
    }
}

#[test]
fn a_header_alone_that_says_truncated_leads_to_tcp() {
    let qname = parse_name("www.example.test").unwrap();
    for (flags, want) in [([0x86, 0], Some("truncated")), ([0x84, 0], None), ([0x84, 5], Some("refused"))] {
        let bytes = [&[0x12, 0x34][..], &flags, &[0; 8]].concat();
        let asked = Question {
            zone: &Name::root(),
            qname: &qname,
            qtype: RecordType::A,
            transport: Transport::Udp,
            edns: Edns::None,
        };
        let said = match decode(&qname, RecordType::A, &bytes) {
            Decoded::Reply(reply) => Some(classify(&reply, &asked).meaning().as_str()),
            _ => None,
        };
        assert_eq!(said, want, "{flags:?}");
    }
}

#[test]
fn of_a_name_without_the_type_it_is_not_said_that_it_exists() {
    // RFC 9824 section 2: a compact denial says NOERROR of names that do not exist, too.
    let negative = Negative { zone: None, foreign_soa: None, ttl: None, rtype: Some(RecordType::A) };
    let fault = absent(&parse_name("www.example.test").unwrap(), &[RecordType::A], negative, Witness::Walk);
    assert_eq!(fault.message, "www.example.test. has no A record, by its server");
    let hint = "the name may have records of other types: ask for them with `urltrace dns`";
    assert_eq!(fault.hint.as_deref(), Some(hint));
}

#[test]
fn nobody_is_blamed_for_questions_that_have_not_left() {
    let name = parse_name("example.test").unwrap();
    for (kinds, is_blamed) in [
        (&[FailureKind::Unsent, FailureKind::Unsent][..], false),
        (&[FailureKind::Unsent, FailureKind::Timeout], true),
        (&[FailureKind::Other], true),
    ] {
        let failure = |kind: &FailureKind| ServerFailure {
            server: "ns1.example.test. (2001:db8::1)".to_owned(),
            why: "could not be asked".to_owned(),
            kind: *kind,
        };
        let failures: Vec<ServerFailure> = kinds.iter().map(failure).collect();
        let hint = zone_failed(&name, &name, RecordType::A, &failures, None).hint.unwrap();
        assert_eq!(hint.contains("operator has to fix"), is_blamed, "{hint}");
    }
    for (code, transport, kept) in [
        (libc::EPERM, Transport::Udp, Some(Kept::Forbidden)),
        (libc::ENETUNREACH, Transport::Udp, Some(Kept::NoRoute)),
        // It may have come by ICMP.
        (libc::EACCES, Transport::Tcp, None),
    ] {
        let error = std::io::Error::from_raw_os_error(code);
        let server = "127.0.0.1:53".parse().unwrap();
        let NoReply::Error { kept: found, .. } = NoReply::of(&error, transport, server) else {
            panic!("{error}")
        };
        assert_eq!(found, kept, "{error}");
    }
}
