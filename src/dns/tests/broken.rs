//! Servers and networks that are broken in ways that a walk gets past, on a scripted internet.

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{
    AUTH, ROOT, TLD, TRAP, auth, best, broken, local, other, plan, resolve, resolve_with, root, tld,
};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::trace::{Choice, Edns, FailureCode, Meaning, Rcode, Stray, Transport};

#[test]
fn a_server_that_changes_case_is_asked_by_tcp_once_and_remembered() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::LowerCase)]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let first = run.walk()[2];
        assert_eq!(first.meaning, Meaning::CaseChanged);
        let tcp =
            run.walk().into_iter().find(|packet| packet.chosen == Choice::CaseMismatch).unwrap().clone();
        assert_eq!((tcp.transport, tcp.server), (Transport::Tcp, first.server));
        assert_eq!(run.dns.packets[tcp.parent.unwrap()].meaning, Meaning::CaseChanged);
        assert!(matches!(tcp.meaning, Meaning::Answer { .. }));
        assert!(run.walk().iter().all(|packet| packet.qname == "www.example.test."));
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert_eq!(run.addresses().len(), 1);
        assert!(run.walk().iter().all(|packet| packet.transport == Transport::Udp), "it is known by now");
    });
}

#[test]
fn a_reply_from_elsewhere_is_not_believed_and_the_server_is_asked_by_tcp() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Elsewhere)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let first = run.walk()[2];
        let Meaning::WrongSource { from } = first.meaning else { panic!("{:?}", first.meaning) };
        assert_eq!((from.ip().to_string().as_str(), first.dropped, first.received), ("127.0.53.99", 1, None));
        let tcp = run.walk().into_iter().find(|packet| packet.chosen == Choice::WrongSource).unwrap();
        assert_eq!((tcp.transport, tcp.server), (Transport::Tcp, first.server));
        assert!(run.dns.notes.iter().any(|note| note.contains("not from 127.0.53.3")), "{:?}", run.dns.notes);

        let quirks = vec![Quirk::NoTcp, Quirk::Elsewhere];
        let net = TestNet::start(vec![root(), tld(), (auth().0, quirks, auth().2)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert!(
            run.message().contains("was answered for from another address or port by UDP"),
            "{}",
            run.message()
        );
    });
}

#[test]
fn a_reply_from_elsewhere_does_not_keep_the_right_one_from_being_heard() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::ElsewhereFirst)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(run.walk().iter().all(|packet| packet.transport == Transport::Udp));
        let answers = run.walk().into_iter().filter(|packet| packet.zone == "example.test.");
        assert!(answers.into_iter().all(|packet| packet.dropped == 1 && packet.received.is_some()));
    });
}

#[test]
fn a_server_that_changes_case_and_has_no_tcp_is_believed_in_the_end() {
    local(async {
        let quirks = vec![Quirk::NoTcp, Quirk::LowerCase];
        let net = TestNet::start(vec![root(), tld(), (auth().0, quirks, auth().2)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let forms: Vec<_> = run.walk()[2..].iter().filter(|p| p.qtype.0 == 1).map(|p| p.transport).collect();
        assert_eq!(forms, [Transport::Udp, Transport::Tcp, Transport::Udp]);
    });
}

#[test]
fn truncation_without_tcp_is_told_apart() {
    local(async {
        let quirks = vec![Quirk::NoTcp, Quirk::Truncate];
        let net = TestNet::start(vec![root(), tld(), (auth().0, quirks, auth().2)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        assert!(
            run.message().contains("cut its reply by UDP short, and by TCP: connection closed"),
            "{}",
            run.message()
        );
    });
}

#[test]
fn records_from_outside_the_zone_are_listed_and_not_used() {
    local(async {
        let tld_zone = "example.test. NS ns1.other.test.\nexample.test. NS ns.foreign.\nns.foreign. A 127.0.53.66\n\
            other.test. NS ns1.other.test.\nns1.other.test. A 127.0.53.3\n";
        let trap = (TRAP, vec![], vec![("example.test.", "www.example.test. A 203.0.113.66\n")]);
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", tld_zone)]), auth(), trap]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses()[0], "192.0.2.1");
        assert_eq!(net.seen(TRAP), [""; 0], "the server that false glue names gets no packet");
        let untrusted = &run.walk()[1].untrusted;
        assert_eq!(untrusted.len(), 1);
        assert_eq!((untrusted[0].name.as_str(), untrusted[0].data.as_str()), ("ns.foreign.", "127.0.53.66"));
    });
}

#[test]
fn a_root_that_answers_as_a_resolver_is_taken_for_what_it_is() {
    local(async {
        let zone = "www.example.test. A 192.0.2.1\nalias.example.test. CNAME www.other.test.\nwww.other.test. A 192.0.2.8\n";
        let net = TestNet::start(vec![(ROOT, vec![Quirk::Recursive], vec![(".", zone)])]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert_eq!(run.lines(), ["1 www.example.test. A answer", "1 www.example.test. AAAA nodata"]);
        assert!(run.noted("answered as a resolver does"));
        let run = resolve_with(&resolver, "alias.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.8"]);
        let run = resolve_with(&resolver, "nothing.example.test").await;
        assert_eq!((run.code(), run.dns.rcode), (FailureCode::NxDomain, Some(Rcode::NXDOMAIN)));
    });
}

#[test]
fn with_udp_blocked_everything_goes_by_tcp() {
    local(async {
        let all = [root(), tld(), auth(), other()];
        let net = TestNet::start(all.into_iter().map(|spec| broken(spec, Quirk::NoUdp)).collect()).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        // TCP at the first step of 150 ms after 400 ms; 200 ms of scheduling are allowed.
        let again = async || resolve(&net, "www.example.test").await.took();
        let total = best(run.took(), 650, again).await;
        assert!((400..650).contains(&total), "{total} ms");
        assert!(run.noted("port 53 is blocked for UDP"));
        assert!(net.seen(TLD).iter().chain(&net.seen(AUTH)).all(|line| line.starts_with("tcp")));
        let run = resolve_with(&resolver, "www.other.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(run.walk().iter().all(|packet| packet.transport == Transport::Tcp));
    });
}

/// The broadcast address: whatever routes a machine has, nothing is sent there.
#[test]
fn an_address_that_nothing_can_be_sent_to_costs_only_itself() {
    local(async {
        let tld_zone = "example.test. NS ns1.example.test.\nns1.example.test. A 255.255.255.255\n\
            example.test. NS ns2.example.test.\nns2.example.test. A 127.0.53.3\n";
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", tld_zone)]), auth()]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let first = run.walk()[2];
        assert_eq!(
            (first.server.ip().to_string().as_str(), first.meaning.as_str()),
            ("255.255.255.255", "error")
        );
        assert!(!run.noted("route"), "{:?}", run.dns.notes);
    });
}

#[test]
fn a_server_that_drops_edns_is_asked_without_in_the_last_round_and_remembered() {
    local(async {
        let quirks = vec![Quirk::NoTcp, Quirk::DropsEdns];
        let net = TestNet::start(vec![root(), tld(), (auth().0, quirks, auth().2)]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let again =
            run.walk().into_iter().find(|packet| packet.reply.is_some() && packet.zone == "example.test.");
        let again = again.unwrap();
        assert_eq!((again.chosen, again.edns, again.transport), (Choice::Again, Edns::None, Transport::Udp));
        let note = "ns1.example.test. (127.0.53.3) answered only without EDNS: ";
        assert!(run.noted(note), "{:?}", run.dns.notes);
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert_eq!(run.addresses().len(), 1);
        assert!(run.walk().iter().all(|packet| !packet.edns.is_some()), "it is known by now");
    });
}

#[test]
fn one_lost_question_does_not_cost_a_server_its_edns() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::SilentFirst(2))]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(!run.noted("only without EDNS"), "{:?}", run.dns.notes);
    });
}

#[test]
fn a_server_that_answers_by_tcp_only_is_found_in_the_last_round_and_remembered() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::NoUdp)]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let tcp = run.walk().into_iter().find(|packet| packet.transport == Transport::Tcp).unwrap();
        assert_eq!((tcp.chosen, tcp.edns), (Choice::Again, Edns::Full));
        assert_eq!(run.dns.critical_path.len(), 4, "root, tld, the silent one, the same by TCP");
        assert!(run.noted("(127.0.53.3) answered only by TCP: "), "{:?}", run.dns.notes);
        assert!(!run.noted("UDP is blocked") && !run.noted("without EDNS"), "{:?}", run.dns.notes);
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert!(run.walk().iter().all(|packet| packet.transport == Transport::Tcp), "it is known by now");
    });
}

/// As long as a stub resolver waits for one reply: what is tried meanwhile costs no time.
#[test]
fn a_dead_zone_is_given_up_after_the_time_of_one_reply() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::DnsTimeout);
        assert!(run.message().contains("(127.0.53.3) did not answer in 52"), "{}", run.message());
        // 150 ms of scheduling are allowed.
        assert_eq!(run.dns.critical_path.len(), 4, "root, tld, the first, and one of those sent again");
        // For each type: six by UDP, one each in plain case, without options and without EDNS, one by TCP; and one
        // about the zone itself.
        assert_eq!(net.seen(AUTH).len(), 21, "{:?}", net.seen(AUTH));
        let again = async || resolve(&net, "www.example.test").await.took();
        let total = best(run.took(), 5_450, again).await;
        assert!(total < 5_450, "{total} ms");
    });
}

#[test]
fn replies_that_were_dropped_are_not_told_as_silence() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::WrongIds(12))]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::DnsTimeout);
        let told = "(127.0.53.3) sent only replies to other questions in 52";
        assert!(run.message().contains(told), "{}", run.message());
        assert!(run.noted("12 datagrams that were no reply"), "{:?}", run.dns.notes);
        assert!(run.noted("(wrong id): possible spoofing"), "{:?}", run.dns.notes);
    });
}

#[test]
fn a_reply_of_another_operation_is_none() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::WrongOperation)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.walk()[2].dropped_kinds, [(Stray::WrongOperation, 1)]);
        let answer =
            run.walk().into_iter().find(|packet| packet.zone == "example.test." && packet.received.is_some());
        assert_eq!(answer.unwrap().transport, Transport::Tcp);
    });
}

#[test]
fn servers_beyond_the_limit_are_told() {
    local(async {
        let mut tld_zone: String = (0..40)
            .map(|n| format!("example.test. NS n{n}.example.test.\nn{n}.example.test. A 127.0.53.3\n"))
            .collect();
        tld_zone.push_str("ns1.example.test. A 127.0.53.3\n");
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", &tld_zone)]), auth()]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(run.noted("the limit of 32 name servers for one zone was hit: example.test. has 40"));
        let Meaning::Referral { named, servers, ignored, .. } = &run.walk()[1].meaning else { panic!() };
        assert_eq!((*named, servers.len(), *ignored), (40, 32, 0));
    });
}
