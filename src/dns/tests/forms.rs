//! Servers that answer a question in one form and not in another: EDNS and its options (RFC 6891), types they do not
//! know, the case of letters (RFC 4343).

use std::net::SocketAddr;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType as WireType;

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{
    AUTH, Run, SECOND, TLD, auth, broken, local, plan, resolve, resolve_with, root, tld,
};
use crate::dns::tests::server::{Quirk, Spec, TestNet};
use crate::trace::{Choice, Edns, FailureCode, Packet, RecordType, Spelling, Transport};

/// Two servers of `example.test.`.
const PAIR: &str = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
    example.test. NS ns2.example.test.\nns2.example.test. A 127.0.53.4\n";

async fn with(quirks: Vec<Quirk>) -> TestNet {
    TestNet::start(vec![root(), tld(), (AUTH, quirks, auth().2)]).await
}

async fn pair(first: Quirk, second: Quirk) -> TestNet {
    let tld: Spec<'_> = (TLD, vec![], vec![("test.", PAIR)]);
    let second = (SECOND, vec![second], auth().2);
    TestNet::start(vec![root(), tld, broken(auth(), first), second]).await
}

/// The packets to the last zone for a type.
fn of(run: &Run, rtype: RecordType) -> Vec<Packet> {
    let packets =
        run.walk().into_iter().filter(|packet| packet.zone == "example.test." && packet.qtype == rtype);
    packets.cloned().collect()
}

fn forms(packets: &[Packet]) -> Vec<(Choice, Edns)> {
    packets.iter().map(|packet| (packet.chosen, packet.edns)).collect()
}

#[test]
fn a_type_that_is_not_served_costs_the_server_no_edns() {
    local(async {
        let https = WireType::HTTPS;
        for quirk in [
            Quirk::RcodeFor(https, ResponseCode::NotImp),
            Quirk::RcodeFor(https, ResponseCode::FormErr),
            Quirk::PlainRcodeFor(https, ResponseCode::ServFail),
        ] {
            let net = with(vec![quirk.clone()]).await;
            let resolver = Resolver::new(plan(&net)).unwrap();
            let run = resolve_with(&resolver, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{quirk:?}");
            assert!(of(&run, RecordType::A).iter().all(|packet| packet.edns == Edns::Full), "{quirk:?}");
            let server = SocketAddr::new(AUTH.parse().unwrap(), net.port);
            assert!(!run.findings().iter().any(|id| id.starts_with("dns-edns")), "{:?}", run.findings());
            let run = resolve_with(&resolver, "mail.example.test").await;
            let own = run.walk().into_iter().filter(|packet| packet.server == server);
            assert!(
                own.into_iter().all(|packet| packet.chosen != Choice::First || packet.edns == Edns::Full)
            );
        }
    });
}

/// FORMERR and NOTIMP without an OPT record may be for EDNS: it is tried, and where that is no better, nothing is
/// learnt of the server.
#[test]
fn an_error_that_stays_without_edns_was_not_for_it() {
    local(async {
        for code in [ResponseCode::NotImp, ResponseCode::FormErr] {
            let net = with(vec![Quirk::NoEdns, Quirk::RcodeFor(WireType::A, code)]).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses(), ["2001:db8::1"], "{code}");
        }
    });
}

#[test]
fn a_server_that_stumbles_over_an_option_keeps_its_edns() {
    local(async {
        for (code, sends_opt) in
            [(ResponseCode::BADVERS, true), (ResponseCode::FormErr, true), (ResponseCode::FormErr, false)]
        {
            let net = with(vec![Quirk::RefusesOptions(code, sends_opt)]).await;
            let resolver = Resolver::new(plan(&net)).unwrap();
            let run = resolve_with(&resolver, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2);
            let want = [(Choice::First, Edns::Full), (Choice::WithoutOptions, Edns::Bare)];
            assert_eq!(forms(&of(&run, RecordType::A)), want, "{code}");
            assert_eq!(run.findings(), ["dns-edns-option-refused"], "{code}");
            let run = resolve_with(&resolver, "mail.example.test").await;
            assert!(run.walk().iter().all(|packet| packet.edns == Edns::Bare), "it is known by now");
        }
    });
}

#[test]
fn a_server_that_drops_options_is_asked_without_and_keeps_its_edns() {
    local(async {
        let net = with(vec![Quirk::DropsOptions, Quirk::NoTcp]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        let answered = of(&run, RecordType::A).into_iter().find(|packet| packet.received.is_some()).unwrap();
        assert_eq!((answered.edns, answered.chosen), (Edns::Bare, Choice::Again));
        assert!(run.took().as_millis() < 1_000, "{:?}", run.took());
        assert!(run.noted("answered only without EDNS options"), "{:?}", run.dns.notes);
        assert_eq!(run.findings(), ["dns-edns-option-refused"]);
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert!(run.walk().iter().all(|packet| packet.edns == Edns::Bare), "it is known by now");
    });
}

#[test]
fn a_denial_of_a_name_in_random_case_is_checked_in_plain_case() {
    local(async {
        let net = with(vec![Quirk::CaseSensitive]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2, "{:?}", run.result);
        let a = of(&run, RecordType::A);
        assert_eq!((a.len(), a[1].chosen, a[1].spelling), (2, Choice::PlainCase, Spelling::Plain));
        assert_eq!(run.findings(), ["dns-case-sensitive"]);
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert!(run.walk().iter().all(|packet| packet.spelling == Spelling::Plain), "it is known by now");
    });
}

#[test]
fn an_error_to_a_name_in_random_case_is_checked_where_nobody_does_better() {
    local(async {
        for code in [ResponseCode::Refused, ResponseCode::ServFail, ResponseCode::NoError] {
            let net = with(vec![Quirk::RcodeForCapitals(code)]).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{code}: {:?}", run.result);
            assert_eq!(run.findings(), ["dns-case-sensitive"], "{code}");
            let net = pair(Quirk::RcodeForCapitals(code), Quirk::RcodeForCapitals(code)).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{code}: {:?}", run.result);
        }
        let net =
            pair(Quirk::Rcode(ResponseCode::Refused), Quirk::RcodeForCapitals(ResponseCode::Refused)).await;
        assert_eq!(resolve(&net, "www.example.test").await.addresses().len(), 2);
        let net = with(vec![Quirk::Rcode(ResponseCode::Refused)]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        assert_eq!(of(&run, RecordType::A).len(), 2, "once more in plain case, and no more");
    });
}

#[test]
fn who_failed_and_who_is_silent_are_both_asked_again() {
    local(async {
        let refuses = Quirk::RcodeForCapitals(ResponseCode::Refused);
        // The first would answer in plain case, the second what is sent again.
        for (first, second) in
            [(refuses, Quirk::Silent), (Quirk::Rcode(ResponseCode::ServFail), Quirk::LosesFirst(3))]
        {
            let net = pair(first, second).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{:?}", run.result);
            assert!(run.took().as_millis() < 1_500, "{:?}", run.took());
        }
    });
}

#[test]
fn a_server_that_drops_names_in_random_case_is_asked_in_plain_case() {
    local(async {
        let net = with(vec![Quirk::DropsCapitals]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2, "{:?}", run.result);
        assert!(run.took().as_millis() < 1_000, "{:?}", run.took());
        assert_eq!(run.findings(), ["dns-case-sensitive"], "{:?}", run.dns.notes);
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert!(run.walk().iter().all(|packet| packet.spelling == Spelling::Plain), "it is known by now");
    });
}

/// Whoever has answered a name in random case is believed: a sound walk has no packet more.
#[test]
fn what_is_absent_beside_an_answer_is_believed_at_once() {
    local(async {
        for _ in 0..8 {
            let net = with(vec![]).await;
            let run = resolve(&net, "mail.example.test").await;
            assert_eq!(run.addresses(), ["192.0.2.25"]);
            assert_eq!(net.seen(AUTH).len(), 2, "{:?}", net.seen(AUTH));
        }
    });
}

#[test]
fn a_name_that_does_not_exist_is_checked_once_for_all_types() {
    local(async {
        let net = with(vec![]).await;
        let run = resolve(&net, "nothing.example.test").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
        assert_eq!(net.seen(AUTH).len(), 3, "{:?}", net.seen(AUTH));
        assert!(run.findings().is_empty());
        let tcp = run.walk().into_iter().filter(|packet| packet.transport == Transport::Tcp).count();
        assert_eq!(tcp, 0);
    });
}
