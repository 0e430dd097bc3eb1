//! One connection for a run: who shares it, what happens when it ends, what is on record.
#![cfg(feature = "encrypted-dns")]

use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::dns::resolver::Resolver;
use crate::dns::survey::batch::ask_all;
use crate::dns::tests::endpoint::{ALL, Conduct, Server, endpoint, millis, start};
use crate::dns::tests::kit::{Run, local, resolve_with};
use crate::plan::{Batch, DnsPlan, Question, Reuse};
use crate::stop::Stop;
use crate::trace::{Choice, ConnectionUse, Dns, Failure, Packet, RecordType, Transport};

const NAMES: usize = 50;

const AT_ONCE: usize = 8;

async fn batch(transport: Transport, server: &Server, reuse: Reuse) -> Vec<(Dns, Option<Failure>)> {
    let question = |number| Question { name: format!("n{number}.example.test"), types: vec![RecordType::A] };
    let batch = Batch {
        questions: (0..NAMES).map(question).collect(),
        lines: std::collections::BTreeMap::new(),
        reuse,
    };
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(60));
    let plan = DnsPlan { server_limit: Some(AT_ONCE), ..endpoint(transport, server, None) };
    let mut results = Vec::new();
    let mut keep = |_: &Question, dns: Dns, failure: Option<Failure>| {
        results.push((dns, failure));
        Ok(())
    };
    ask_all(&plan, &batch, &clock, &stop, &mut keep).await.unwrap();
    results
}

/// A hop of a run: what is shared by the hops is stamped by the clock of the run.
async fn hop(resolver: &Resolver, clock: &Clock, host: &str) -> Run {
    let stop = Stop::after(*clock, Duration::from_secs(30));
    let (dns, result, _) = resolver.resolve(host, 443, clock, &stop).await;
    Run { dns, result }
}

fn all_answered(results: &[(Dns, Option<Failure>)], transport: Transport) {
    assert_eq!(results.len(), NAMES);
    for (number, (dns, failure)) in results.iter().enumerate() {
        assert_eq!(failure.as_ref().map(|failure| &failure.message), None, "{transport:?} {:?}", dns.packets);
        assert_eq!(dns.answers[0].data, format!("192.0.2.{number}"), "{transport:?}");
    }
}

fn packets(results: &[(Dns, Option<Failure>)]) -> impl Iterator<Item = &Packet> {
    results.iter().flat_map(|(dns, _)| &dns.packets)
}

fn set_ups<'a>(packets: impl Iterator<Item = &'a Packet>) -> usize {
    packets.filter(|packet| packet.connected.is_some()).count()
}

#[test]
fn fifty_names_share_one_connection_and_each_gets_its_own_answer() {
    for transport in ALL {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(None)).await;
            let results = batch(transport, &server, Reuse::Shared).await;
            all_answered(&results, transport);
            assert_eq!(server.seen.connections.get(), 1, "{transport:?}");
            assert_eq!(set_ups(packets(&results)), 1, "{transport:?}");
            assert_eq!(packets(&results).count(), NAMES, "{transport:?}: nothing is asked twice");
            let opener = packets(&results).next().unwrap();
            assert!(opener.connected.is_some(), "it was opened for the first");
            let ready = opener.connected.unwrap();
            for (dns, _) in &results[1..] {
                let [packet] = &dns.packets[..] else { panic!("{:?}", dns.packets) };
                assert_eq!((packet.connection, packet.tcp_done), (Some(ConnectionUse::Kept), None));
                assert!(
                    packet.sent >= ready,
                    "{transport:?}: waiting for the connection is not the question"
                );
            }
            let noted = |(dns, _): &&(Dns, _)| {
                dns.notes.iter().any(|note| note.contains("ms for the connection to the resolver"))
            };
            // The handshake takes 60 ms, and as many as may be asked at once waited for it.
            if transport != Transport::Tcp {
                assert!(results[1..].iter().filter(noted).count() >= AT_ONCE - 1, "{transport:?}");
            }
            assert!(!noted(&&results[0]), "{transport:?}: {:?}", results[0].0.notes);
            if matches!(transport, Transport::Tcp | Transport::Tls) {
                let most = server.seen.most_at_once.get();
                assert!((2..=AT_ONCE).contains(&most), "{transport:?}: {most} at once");
            }
        });
    }
}

#[test]
fn cold_names_have_a_connection_each() {
    for transport in ALL {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(None)).await;
            let results = batch(transport, &server, Reuse::Cold).await;
            all_answered(&results, transport);
            assert_eq!(server.seen.connections.get(), NAMES, "{transport:?}");
            assert_eq!(set_ups(packets(&results)), NAMES, "{transport:?}");
        });
    }
}

#[test]
fn a_server_that_closes_early_still_gives_every_answer_and_each_opening_is_on_record() {
    for (transport, limit) in ALL.into_iter().flat_map(|transport| [(transport, 1), (transport, 3)]) {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(Some(limit))).await;
            let results = batch(transport, &server, Reuse::Shared).await;
            all_answered(&results, transport);
            let connections = server.seen.connections.get();
            assert!(connections > 1, "{transport:?} {limit}: {connections}");
            assert_eq!(set_ups(packets(&results)), connections, "{transport:?} {limit}");
            // What was lost is there, and who asks again says why and after what.
            for (dns, _) in &results {
                for packet in dns.packets.iter().filter(|packet| packet.parent.is_some()) {
                    assert_eq!(packet.chosen, Choice::ConnectionEnded);
                    let lost = &dns.packets[packet.parent.unwrap()];
                    assert!(!lost.meaning.is_useful() && lost.received.is_none());
                }
                // Once, and a last time alone: how many QUIC answers before its end shows is not the same
                // on every connection, so that a question can be among those lost twice.
                assert!(dns.packets.len() <= 3, "{transport:?}: {:?}", dns.packets);
                if let [_, _, alone] = &dns.packets[..] {
                    assert_eq!(alone.connection, Some(ConnectionUse::Opened));
                }
                if transport != Transport::Quic {
                    assert!(dns.packets.len() <= 2, "once, {transport:?}: {:?}", dns.packets);
                }
            }
        });
    }
}

#[test]
fn a_question_that_was_lost_twice_with_others_is_asked_alone() {
    local(async {
        let server = start(Transport::Tcp, "x", Conduct::Averse).await;
        let results = batch(Transport::Tcp, &server, Reuse::Shared).await;
        all_answered(&results, Transport::Tcp);
        assert_eq!(server.seen.averted.get(), 2);
        let [first, again, alone] = &results[6].0.packets[..] else { panic!("{:?}", results[6].0.packets) };
        assert_eq!((first.received, again.received), (None, None));
        assert_eq!((alone.chosen, alone.parent), (Choice::ConnectionEnded, Some(1)));
        assert_eq!(alone.connection, Some(ConnectionUse::Opened));
    });
}

#[test]
fn a_later_hop_has_no_set_up() {
    for transport in ALL {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(None)).await;
            let resolver = Resolver::new(endpoint(transport, &server, None)).unwrap();
            let clock = Clock::start();
            let first = hop(&resolver, &clock, "www.example.test").await;
            assert_eq!(first.addresses().len(), 2, "{transport:?}");
            let second = hop(&resolver, &clock, "n9.example.test").await;
            assert_eq!(second.addresses()[0], "192.0.2.9", "{transport:?}");
            assert_eq!(server.seen.connections.get(), 1, "{transport:?}");
            assert_eq!((set_ups(first.dns.packets.iter()), set_ups(second.dns.packets.iter())), (1, 0));
            let [a, aaaa] = &second.dns.packets[..] else { panic!("{:?}", second.dns.packets) };
            assert!(a.received.is_some() && aaaa.received.is_some());
            // 60 ms were put into the handshake, 30 into replies by HTTPS and QUIC, 3 into others.
            // The best of all hops counts: a busy machine can only add.
            let (all, mut took) = (Stopwatch::start(), millis(a.sent, a.received.unwrap()));
            for number in (10..250).take_while(|_| all.elapsed() < Duration::from_secs(10)) {
                if took < 58 {
                    break;
                }
                let later = hop(&resolver, &clock, &format!("n{number}.example.test")).await;
                let a = &later.dns.packets[0];
                took = took.min(millis(a.sent, a.received.unwrap()));
            }
            assert!(took < 58, "{transport:?}: {took} ms");
            assert!(second.dns.packets.iter().all(|packet| packet.connection == Some(ConnectionUse::Kept)));
            assert_eq!((a.chosen, &second.dns.critical_path[..]), (Choice::First, &[0][..]));
        });
    }
}

#[test]
fn a_connection_that_ended_between_hops_is_opened_again_in_sight() {
    for transport in ALL {
        local(async {
            // Both types of the first hop, then it closes.
            let server = start(transport, "dns.resolver.test", Conduct::Steady(Some(2))).await;
            let resolver = Resolver::new(endpoint(transport, &server, None)).unwrap();
            let clock = Clock::start();
            let first = hop(&resolver, &clock, "www.example.test").await;
            assert_eq!(set_ups(first.dns.packets.iter()), 1, "{transport:?}: {:?}", first.dns.packets);
            let ended = async {
                while resolver.client.as_ref().unwrap().kept.is_open() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap();
            let second = hop(&resolver, &clock, "n9.example.test").await;
            assert_eq!(second.addresses()[0], "192.0.2.9", "{transport:?}");
            let again = second.dns.packets.iter().find(|packet| packet.connected.is_some()).unwrap();
            assert_eq!(
                (again.chosen, again.connection),
                (Choice::ConnectionEnded, Some(ConnectionUse::Opened)),
                "{transport:?}"
            );
            assert_eq!(server.seen.connections.get(), 2, "{transport:?}");
        });
    }
}

#[test]
fn a_connection_gone_silent_holds_nobody_for_long_and_is_not_asked_again() {
    local(async {
        let server = start(Transport::Tcp, "x", Conduct::Stalls).await;
        let resolver = Resolver::new(endpoint(Transport::Tcp, &server, None)).unwrap();
        let clock = Clock::start();
        assert_eq!(hop(&resolver, &clock, "www.example.test").await.addresses().len(), 2);
        let silent = hop(&resolver, &clock, "n9.example.test").await;
        assert!(silent.message().contains("did not answer in 5 s"), "{}", silent.message());
        assert!(silent.dns.packets.iter().all(|packet| packet.connection == Some(ConnectionUse::Kept)));
        // 5 s is the limit of a question; both were asked at the same time.
        assert!((5_000..5_500).contains(&millis(silent.dns.start, silent.dns.end)));
        let after = hop(&resolver, &clock, "n9.example.test").await;
        assert_eq!(after.addresses()[0], "192.0.2.9");
        assert_eq!(after.dns.packets[0].chosen, Choice::ConnectionEnded);
        assert_eq!(server.seen.connections.get(), 2);
    });
}

#[test]
fn waiting_for_room_on_a_connection_is_noted_and_is_not_the_time_of_the_question() {
    local(async {
        let server = start(Transport::Https, "dns.resolver.test", Conduct::OneAtATime).await;
        let resolver = Resolver::new(endpoint(Transport::Https, &server, None)).unwrap();
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        // What the server has room for is known from here on.
        hop(&resolver, &clock, "www.example.test").await;
        // Not a hop: that waits 50 ms for the second type at most, which has to wait 30 ms for room and
        // is answered after 30 more.
        let types = vec![RecordType::A, RecordType::AAAA];
        let question = Question { name: "n9.example.test".to_owned(), types };
        let (dns, result, _) = resolver.ask(&question, &clock, &stop).await;
        assert!(result.is_ok(), "{result:?}");
        let [a, aaaa] = &dns.packets[..] else { panic!("{:?}", dns.packets) };
        // The first is answered after 30 ms.
        assert!(millis(a.sent, aaaa.sent) >= 30, "{:?}", dns.packets);
        assert!(dns.notes.iter().any(|note| note.contains("took one more")), "{:?}", dns.notes);
    });
}

#[test]
fn questions_are_padded_where_the_transport_encrypts() {
    for transport in ALL {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(None)).await;
            let resolver = Resolver::new(endpoint(transport, &server, None)).unwrap();
            let run = resolve_with(&resolver, "www.example.test").await;
            let told: Vec<_> = run.dns.packets.iter().map(|packet| packet.bytes_sent).collect();
            let seen = server.seen.questions.borrow();
            assert_eq!(seen.iter().map(|(length, _)| *length).collect::<Vec<_>>(), told, "{transport:?}");
            for (length, padding) in seen.iter() {
                if transport == Transport::Tcp {
                    assert_eq!((*padding, length % 128 == 0), (None, false));
                } else {
                    assert!(padding.is_some() && *length == 128, "{transport:?}: {length}");
                }
            }
        });
    }
}

#[test]
fn names_that_come_together_fail_together_by_one_attempt() {
    local(async {
        let mut server = start(Transport::Tcp, "x", Conduct::Steady(None)).await;
        server.address = "127.0.0.1:1".parse().unwrap();
        let results = batch(Transport::Tcp, &server, Reuse::Shared).await;
        assert_eq!(packets(&results).count(), 1);
        for (number, (dns, failure)) in results.iter().enumerate() {
            let message = &failure.as_ref().unwrap().message;
            assert!(message.contains("127.0.0.1:1 connection refused"), "{message}");
            let told = dns.notes.iter().any(|note| note.contains("tried for another question"));
            assert_eq!(told, number != 0);
        }
    });
}

#[test]
fn a_kept_connection_stamps_by_the_clock_of_the_run_that_asks() {
    for transport in ALL {
        local(async {
            let server = start(transport, "dns.resolver.test", Conduct::Steady(None)).await;
            let resolver = Resolver::new(endpoint(transport, &server, None)).unwrap();
            let early = Clock::start();
            hop(&resolver.of_another_run(), &early, "n1.example.test").await;
            tokio::time::sleep(Duration::from_millis(300)).await; // the age of the connection that is kept
            let late = Clock::start();
            let dns = hop(&resolver.of_another_run(), &late, "n2.example.test").await.dns;
            assert_eq!(server.seen.connections.get(), 1, "{transport:?}: it is the resolver's");
            for packet in &dns.packets {
                let received = packet.received.unwrap();
                assert!(packet.sent >= dns.start && received >= packet.sent, "{transport:?}: {packet:?}");
                assert!(received <= late.now(), "{transport:?}: {packet:?}");
            }
        });
    }
}
