//! HTTPS records from a resolver, against a scripted one on loopback.

use std::time::Duration;

use hickory_resolver::proto::rr::RecordType as WireType;

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{OTHER_ZONE, STUB, best, local, plan};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::dns::tests::service::{ZONE, origin};
use crate::plan::{DnsPlan, HttpsRecords, ResolverChoice};
use crate::trace::{Dns, Failure, FailureCode, Scheme};

/// What the resolver knows: all of it at once.
fn zone() -> String {
    let records = |zone: &'static str| zone.lines().filter(|line| !line.contains(" NS "));
    let mut text: Vec<&str> = records(ZONE).chain(records(OTHER_ZONE)).collect();
    text.push("six.example.test. AAAA 2001:db8::6");
    text.join("\n") + "\n"
}

/// Asks for an origin at the resolver; what came of it, and the questions it got.
async fn ask(quirk: Option<Quirk>, host: &str, port: u16, records: HttpsRecords) -> Asked {
    let quirks = [Quirk::Recursive].into_iter().chain(quirk).collect();
    let zone = zone();
    let net = TestNet::start(vec![(STUB, quirks, vec![(".", zone.as_str())])]).await;
    let lane = ResolverChoice::Server(net.address(STUB));
    let plan = DnsPlan { lane, https_records: records, ..plan(&net) };
    let (dns, result) = origin(&Resolver::new(plan).unwrap(), Scheme::Https, host, port).await;
    let addresses = result.map(|addresses| addresses.iter().map(ToString::to_string).collect());
    Asked { dns, addresses, questions: net.seen(STUB) }
}

struct Asked {
    dns: Dns,
    addresses: Result<Vec<String>, Failure>,
    questions: Vec<String>,
}

impl Asked {
    fn took(&self) -> Duration {
        self.dns.end.since(self.dns.start)
    }
}

#[test]
fn the_record_comes_with_the_addresses_at_no_extra_round_trip() {
    local(async {
        let delay = Quirk::Delay(Duration::from_millis(60));
        let again = async || ask(Some(delay.clone()), "www.example.test", 443, HttpsRecords::Use).await;
        let asked = again().await;
        // 60 ms were put in; 40 ms of scheduling are allowed.
        let took = best(asked.took(), 100, async || again().await.took()).await;
        assert!((60..100).contains(&took), "{took} ms");
        assert_eq!(asked.addresses.unwrap(), ["192.0.2.1", "2001:db8::1"]);
        let expected = ["A", "AAAA", "HTTPS"].map(|rtype| format!("udp www.example.test. {rtype}"));
        assert_eq!(asked.questions, expected);
        assert_eq!(asked.dns.critical_path.len(), 1);
        let service = asked.dns.service.unwrap();
        assert_eq!((service.used, service.records[0].alpn.len()), (Some(0), 2));
        assert!(asked.dns.answers.iter().all(|record| record.rtype.mnemonic() != "HTTPS"));

        let asked = ask(None, "www.example.test", 443, HttpsRecords::Ignore).await;
        assert_eq!((asked.dns.service, asked.questions.len()), (None, 2));
        let asked = ask(None, "plain.example.test", 443, HttpsRecords::Use).await;
        assert_eq!((asked.dns.service, asked.dns.notes.len()), (None, 0));
    });
}

#[test]
fn a_target_costs_one_more_round_trip_of_the_counted_time() {
    local(async {
        for (host, port, addresses, questions) in [
            ("alias.example.test", 443, vec!["192.0.2.80", "2001:db8::80"], 6),
            ("www.example.test", 8443, vec!["192.0.2.5"], 5),
        ] {
            let delay = Quirk::Delay(Duration::from_millis(60));
            let again = async || ask(Some(delay.clone()), host, port, HttpsRecords::Use).await;
            let asked = again().await;
            // Twice 60 ms, and 40 ms of scheduling.
            let took = best(asked.took(), 160, async || again().await.took()).await;
            assert!((120..160).contains(&took), "{host}: {took} ms");
            assert_eq!(asked.addresses.unwrap(), addresses, "{host}");
            assert_eq!((asked.questions.len(), asked.dns.critical_path.len()), (questions, 2), "{host}");
            assert!(asked.dns.service.is_some(), "{host}");
        }
    });
}

#[test]
fn a_silent_or_late_answer_costs_fifty_milliseconds_and_nothing_else() {
    for quirk in
        [Quirk::SilentFor(WireType::HTTPS), Quirk::DelayFor(WireType::HTTPS, Duration::from_millis(300))]
    {
        for host in ["www.example.test", "six.example.test"] {
            let quirk = quirk.clone();
            local(async move {
                let again = async || ask(Some(quirk.clone()), host, 443, HttpsRecords::Use).await;
                let asked = again().await;
                let took = best(asked.took(), 90, async || again().await.took()).await;
                assert!((50..90).contains(&took), "{host}: {took} ms");
                assert!(!asked.addresses.unwrap().is_empty());
                let notes = &asked.dns.notes;
                assert!(
                    notes.iter().any(|note| note.contains("HTTPS records were not awaited")),
                    "{notes:?}"
                );
                assert_eq!(asked.dns.service, None);
            });
        }
    }
}

#[test]
fn without_the_name_nobody_waits_for_its_records() {
    local(async {
        let asked =
            ask(Some(Quirk::SilentFor(WireType::HTTPS)), "nope.example.test", 443, HttpsRecords::Use).await;
        assert_eq!(asked.addresses.unwrap_err().code, FailureCode::NxDomain);
        assert_eq!(asked.dns.notes, Vec::<String>::new(), "nothing was awaited in vain");
    });
}
