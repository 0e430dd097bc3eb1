//! Silence: what is lost on the way is sent again, the next server is another host, and slow is not dead.

use std::time::Duration;

use crate::dns::tests::kit::{AUTH, SECOND, TLD, auth, best, broken, local, resolve, root, slow, tld};
use crate::dns::tests::server::{Quirk, Spec, TestNet};
use crate::trace::{Choice, Edns, RecordType, Spelling, Transport};

async fn losing(number: usize) -> TestNet {
    TestNet::start(vec![root(), tld(), broken(auth(), Quirk::LosesFirst(number))]).await
}

#[test]
fn a_lost_datagram_is_sent_again_soon_and_says_nothing_of_the_server() {
    local(async {
        // 150 ms, then 300 and 600 ms more; 140 ms of scheduling are allowed.
        for (number, due) in [(1, 150), (2, 450), (3, 450), (5, 1_050)] {
            let net = losing(number).await;
            let run = resolve(&net, "www.example.test").await;
            assert!(!run.addresses().is_empty(), "{number}: {:?}", run.result);
            let again = async || resolve(&losing(number).await, "www.example.test").await.took();
            let took = best(run.took(), due + 140, again).await;
            assert!((due..due + 140).contains(&took), "{number}: {took} ms");
            let accusing: Vec<_> = run.findings().into_iter().filter(|id| *id != "dns-packet-lost").collect();
            assert!(accusing.is_empty(), "{number}: {accusing:?}");
            assert!(!run.noted("answered only"), "{number}: {:?}", run.dns.notes);
            let answered = run.walk().into_iter().rfind(|packet| {
                packet.qtype == RecordType::A && packet.zone == "example.test." && packet.received.is_some()
            });
            let answered = answered.unwrap();
            assert_eq!((answered.chosen, answered.transport), (Choice::Again, Transport::Udp));
            assert!(answered.edns != Edns::None, "{number}");
        }
    });
}

#[test]
fn loss_is_named_and_every_packet_is_on_record() {
    local(async {
        let net = losing(1).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.findings(), ["dns-packet-lost"]);
        let a: Vec<_> = run
            .walk()
            .into_iter()
            .filter(|packet| packet.zone == "example.test." && packet.qtype == RecordType::A)
            .map(|packet| (packet.chosen, packet.meaning.as_str(), packet.spelling))
            .collect();
        let want =
            [(Choice::First, "timeout", Spelling::Random), (Choice::Again, "answer", Spelling::Random)];
        assert_eq!(a, want);
        assert_eq!(run.dns.critical_path.len(), 4, "root, TLD, the lost one, and the same again");
    });
}

#[test]
fn an_only_server_that_is_slow_is_waited_for() {
    local(async {
        for (delay, quirk) in [(1_600, None), (1_600, Some(Quirk::Truncate)), (4_900, None)] {
            let mut spec = slow(auth(), delay);
            spec.1.extend(quirk);
            let net = TestNet::start(vec![root(), tld(), spec]).await;
            let run = resolve(&net, "www.example.test").await;
            assert_eq!(run.addresses().len(), 2, "{delay}: {:?}", run.result);
            assert!(!run.noted("answered only"), "{:?}", run.dns.notes);
            assert!(run.findings().iter().all(|id| *id == "dns-answer-truncated"));
        }
    });
}

/// Two hosts with two addresses each, the first dead.
#[test]
fn the_next_server_is_another_host_and_not_another_address_of_the_silent_one() {
    local(async {
        let zone = "example.test. NS ns1.example.test.\nexample.test. NS ns2.example.test.\n\
            ns1.example.test. A 127.0.53.3\nns1.example.test. A 127.0.53.6\n\
            ns2.example.test. A 127.0.53.4\nns2.example.test. A 127.0.53.7\n";
        let tld: Spec<'_> = (TLD, vec![], vec![("test.", zone)]);
        let dead = |address| (address, vec![Quirk::Silent], vec![]);
        let second = (SECOND, vec![], auth().2);
        let net = TestNet::start(vec![root(), tld, dead(AUTH), dead("127.0.53.6"), second]).await;
        let run = resolve(&net, "www.example.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert_eq!(net.seen("127.0.53.6"), [""; 0]);
        let again = async || resolve(&net, "www.example.test").await.took();
        let took = best(run.took(), 290, again).await;
        assert!(took < 290, "{took} ms: one hedge is enough");
        assert!(run.took() >= Duration::from_millis(150));
    });
}
