//! Many names in one run: what is asked once, what is told of it, and the bounds.

use crate::dns::tests::kit::{EXAMPLE, ROOT_ZONE, TLD_ZONE};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hickory_resolver::proto::rr::RecordType as WireType;

use crate::clock::Clock;
use crate::dns::survey::batch::ask_all;
use crate::dns::tests::kit::{AUTH, ROOT, SECOND, STUB, TLD, auth, broken, local, plan, root, slow, tld};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::lab::shared_lab;
use crate::plan::{Batch, DnsPlan, Minimisation, Plan, Question, Reuse};
use crate::stop::Stop;
use crate::trace::{Dns, DnsLane, DnssecVerdict, Failure, FailureCode, Purpose, RecordType};

pub(crate) type Results = Vec<(String, Dns, Option<Failure>)>;

pub(crate) async fn ask_names(plan: DnsPlan, names: &[String], reuse: Reuse) -> Results {
    let question = |name: &String| Question { name: name.clone(), types: vec![RecordType::A] };
    ask_questions(plan, names.iter().map(question).collect(), reuse).await
}

pub(crate) async fn ask_questions(plan: DnsPlan, questions: Vec<Question>, reuse: Reuse) -> Results {
    let batch = Batch { questions, lines: std::collections::BTreeMap::new(), reuse };
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(60));
    let mut results = Results::new();
    let mut keep = |question: &Question, dns: Dns, failure: Option<Failure>| {
        results.push((question.name.clone(), dns, failure));
        Ok(())
    };
    let plan = DnsPlan { server_limit: Some(8), ..plan };
    ask_all(&plan, &batch, &clock, &stop, &mut keep).await.unwrap();
    results
}

const ZONES: usize = 100;

const NAMES: usize = 10;

/// A hundred zones below one TLD, ten names in each.
fn many() -> (String, Vec<(String, String)>, Vec<String>) {
    let mut tld = String::from("test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n");
    let (mut zones, mut names) = (Vec::new(), Vec::new());
    for zone in 0..ZONES {
        let cut = format!("test. NS ns.z{zone}.test.\nns.z{zone}.test. A {AUTH}\n");
        tld.push_str(&format!("z{zone}.{cut}"));
        let hosts: String =
            (0..NAMES).map(|host| format!("h{host}.z{zone}.test. A 192.0.{zone}.{host}\n")).collect();
        zones.push((format!("z{zone}.test."), format!("z{zone}.{cut}{hosts}")));
    }
    // Names of one zone are neighbours half of the time, and far apart the other half.
    for host in 0..NAMES {
        names.extend(
            (0..ZONES)
                .map(|zone| format!("h{host}.z{}.test", if host % 2 == 0 { zone } else { zone / 2 * 2 })),
        );
        names.extend(
            (0..ZONES)
                .filter(|zone| host % 2 == 1 && zone % 2 == 1)
                .map(|zone| format!("h{host}.z{zone}.test")),
        );
    }
    (tld, zones, names)
}

#[test]
fn a_thousand_names_ask_the_root_once_and_the_tld_once_per_cut() {
    local(async {
        let (tld_zone, zones, mut names) = many();
        let zones: Vec<_> = zones.iter().map(|(origin, text)| (origin.as_str(), text.as_str())).collect();
        let delay = || vec![Quirk::Delay(Duration::from_millis(1))];
        for order in ["as made", "reversed"] {
            if order == "reversed" {
                names.reverse();
            }
            let top = (TLD, delay(), vec![("test.", tld_zone.as_str())]);
            let net = TestNet::start(vec![slow(root(), 1), top, (AUTH, delay(), zones.clone())]).await;
            let results = ask_names(plan(&net), &names, Reuse::Shared).await;
            assert!(names.len() >= 1_000);
            let unique: HashSet<_> = names.iter().collect();
            assert_eq!(unique.len(), ZONES * NAMES);
            assert_eq!(net.seen(ROOT).len(), 1, "{order}: {:?}", net.seen(ROOT));
            assert_eq!(net.seen(TLD).len(), ZONES, "{order}");
            assert_eq!(net.seen(AUTH).len(), unique.len(), "{order}: the same question is asked once");
            for ((asked, dns, failure), name) in results.iter().zip(&names) {
                assert_eq!((asked, failure), (name, &None), "results come in the order of the names");
                let digits: Vec<_> = name.split(['h', '.', 'z']).filter(|part| !part.is_empty()).collect();
                assert_eq!(dns.answers[0].data, format!("192.0.{}.{}", digits[1], digits[0]));
                let learned = dns.cuts.iter().filter_map(|cut| cut.learned_from);
                assert!(learned.clone().all(|id| id < dns.packets.len()), "{learned:?}");
                assert!(
                    dns.cuts.iter().all(|cut| cut.zone == "." || cut.cached != cut.learned_from.is_some())
                );
            }
            let packets: usize = results.iter().map(|(_, dns, _)| dns.packets.len()).sum();
            assert_eq!(packets, 1 + ZONES + unique.len(), "every packet belongs to one name");
            assert!(busiest(&results) <= 8, "{}", busiest(&results));
        }
    });
}

/// The most questions that one server had in hand at the same time.
pub(crate) fn busiest(results: &Results) -> usize {
    let mut events: HashMap<_, Vec<_>> = HashMap::new();
    for packet in results.iter().flat_map(|(_, dns, _)| &dns.packets) {
        let events = events.entry(packet.server).or_default();
        // At the same microsecond an end comes before a start.
        events.extend([(packet.sent, 1_i32), (packet.end, -1)]);
    }
    let peak = |events: &mut Vec<(crate::trace::At, i32)>| {
        events.sort_unstable();
        let mut open = 0;
        events
            .iter()
            .map(|(_, step)| {
                open += step;
                open
            })
            .max()
            .unwrap_or(0)
    };
    usize::try_from(events.values_mut().map(peak).max().unwrap_or(0)).unwrap()
}

#[test]
fn cold_names_know_nothing_of_each_other() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let names = ["www.example.test", "mail.example.test", "www.example.test"].map(str::to_owned);
        let results = ask_names(plan(&net), &names, Reuse::Cold).await;
        assert_eq!([ROOT, TLD, AUTH].map(|server| net.seen(server).len()), [3, 3, 3]);
        assert!(results.iter().all(|(_, dns, _)| dns.cuts.iter().all(|cut| !cut.cached)));
    });
}

#[test]
fn a_failed_leader_leaves_the_way_to_the_others() {
    local(async {
        // The first question to the TLD is for a name that its server never answers.
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let names = ["www.example.test", "mail.example.test", "a..b", "x.nope.test"].map(str::to_owned);
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        let codes: Vec<_> = results.iter().map(|(_, _, failure)| failure.as_ref().unwrap().code).collect();
        assert_eq!(
            codes,
            [
                FailureCode::DnsTimeout,
                FailureCode::DnsTimeout,
                FailureCode::InvalidName,
                FailureCode::NxDomain
            ]
        );
        assert_eq!(net.seen(ROOT).len(), 1);
    });
}

#[test]
fn zones_that_need_each_other_do_not_wait_for_ever() {
    local(async {
        // Each one's only server lies in the other, without glue.
        let top = "one.test. NS ns.two.test.\ntwo.test. NS ns.one.test.\n";
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", top)])]).await;
        let names = ["www.one.test", "www.two.test"].map(str::to_owned);
        let start = Clock::start();
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        let codes: Vec<_> = results.iter().map(|(_, _, failure)| failure.as_ref().unwrap().code).collect();
        assert_eq!(codes, [FailureCode::GlueLoop; 2]);
        assert!(start.now().since(crate::trace::At(0)) < Duration::from_secs(8));
    });
}

#[test]
fn minimisation_tells_each_server_one_label_more_than_its_zone() {
    local(async {
        let zone = format!("{EXAMPLE}a.b.www.example.test. A 192.0.2.7\n");
        let net =
            TestNet::start(vec![root(), tld(), (AUTH, vec![], vec![("example.test.", zone.as_str())])]).await;
        let relaxed = DnsPlan { minimisation: Minimisation::Relaxed, ..plan(&net) };
        let results = ask_names(relaxed.clone(), &["a.b.www.example.test".to_owned()], Reuse::Shared).await;
        assert_eq!(results[0].1.answers[0].data, "192.0.2.7");
        assert_eq!(net.seen(ROOT), ["udp test. A"]);
        assert_eq!(net.seen(TLD), ["udp example.test. A"]);
        assert_eq!(
            net.seen(AUTH),
            ["udp www.example.test. A", "udp b.www.example.test. A", "udp a.b.www.example.test. A"]
        );
        // A server that says NXDOMAIN of a part is asked for the whole.
        let results = ask_names(relaxed, &["a.b.nope.example.test".to_owned()], Reuse::Shared).await;
        assert_eq!(results[0].2.as_ref().unwrap().code, FailureCode::NxDomain);
        let whole = "udp a.b.nope.example.test. A";
        assert_eq!(
            net.seen(AUTH)[3..],
            ["udp nope.example.test. A", whole, whole],
            "and once more in plain case"
        );
        assert!(results[0].1.notes[0].contains("the whole name was asked"), "{:?}", results[0].1.notes);
    });
}

#[test]
fn a_name_server_that_many_zones_share_is_looked_up_once() {
    local(async {
        let top = "one.test. NS ns1.example.test.\ntwo.test. NS ns1.example.test.\nthree.test. NS ns1.example.test.\n\
            example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n"
            .replace("ns1.example.test.\n", "ns.host.other.\n")
            .replace("ns1.example.test. A 127.0.53.3\n", "");
        let root_zone = "test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n\
            other. NS ns.nic.test.\n";
        let shared = "ns.host.other. A 127.0.53.4\n";
        let zone = |name: &str| format!("www.{name}.test. A 192.0.2.9\n");
        let (one, two, three) = (zone("one"), zone("two"), zone("three"));
        let net = TestNet::start(vec![
            (ROOT, vec![], vec![(".", root_zone)]),
            (
                TLD,
                vec![Quirk::Delay(Duration::from_millis(2))],
                vec![("test.", top.as_str()), ("other.", shared)],
            ),
            (SECOND, vec![], vec![("one.test.", &one), ("two.test.", &two), ("three.test.", &three)]),
        ])
        .await;
        let names = ["www.one.test", "www.two.test", "www.three.test"].map(str::to_owned);
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        for (name, dns, failure) in &results {
            assert_eq!((failure, dns.answers[0].data.as_str()), (&None, "192.0.2.9"), "{name}");
        }
        let lookups = net.seen(TLD).iter().filter(|line| line.contains("ns.host.other.")).count();
        assert_eq!(lookups, 2, "A and AAAA, once: {:?}", net.seen(TLD));
    });
}

#[test]
fn keys_are_asked_for_once_a_zone_however_many_names_need_them() {
    let mut lab = Plan::default();
    shared_lab().apply(&mut lab);
    local(async {
        let mut names: Vec<String> = Vec::new();
        for number in 0..250 {
            for zone in ["dnssec-wildcard.test", "example.test", "dnssec-nsec3.test", "dnssec-insecure.test"]
            {
                names.push(format!("h{}.{zone}", number / 2));
            }
        }
        let results = ask_names(lab.dns.clone(), &names, Reuse::Shared).await;
        let mut asked: HashMap<(Purpose, &str, String), usize> = HashMap::new();
        for packet in results.iter().flat_map(|(_, dns, _)| &dns.packets) {
            *asked
                .entry((packet.purpose, packet.zone.as_str(), packet.qtype.mnemonic().into()))
                .or_default() += 1;
        }
        let count = |purpose, zone, rtype: &str| asked.get(&(purpose, zone, rtype.to_owned())).copied();
        assert_eq!(count(Purpose::Walk, ".", "A"), Some(1), "the root: once for the walk");
        assert_eq!(count(Purpose::DnsKey, ".", "DNSKEY"), Some(1), "and once for its keys");
        assert_eq!(count(Purpose::Walk, "test.", "A"), Some(4), "the TLD: once a cut");
        assert_eq!(count(Purpose::DnsKey, "test.", "DNSKEY"), Some(1));
        for zone in ["dnssec-wildcard.test.", "example.test.", "dnssec-nsec3.test."] {
            let walked = count(Purpose::Walk, zone, "A");
            // What is not there is checked in plain case, until the server has answered a name in random case.
            assert!((125..=250).contains(&walked.unwrap()), "{zone}: {walked:?}");
            assert_eq!(count(Purpose::DnsKey, zone, "DNSKEY"), Some(1), "{zone}");
        }
        assert!(count(Purpose::Walk, "dnssec-insecure.test.", "A").unwrap() <= 250);
        let packets: usize = asked.values().sum();
        assert!(packets <= 1 + 4 + 6 * 125 + 5, "nothing else is asked: {asked:?}");
        for (name, dns, _) in &results {
            let verdict =
                if name.ends_with("insecure.test") { DnssecVerdict::Insecure } else { DnssecVerdict::Secure };
            let dnssec = dns.dnssec.as_ref().unwrap();
            assert_eq!((dnssec.verdict, &dns.unvalidated), (verdict, &None), "{name}: {:?}", dnssec.why);
        }
        assert!(busiest(&results) <= 8, "{}", busiest(&results));
    });
}

#[test]
fn a_referral_counts_for_all_names_before_the_one_that_was_referred_has_its_answer() {
    local(async {
        let ds = "DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        let (top, below) = (format!("{ROOT_ZONE}test. {ds}\n"), format!("{TLD_ZONE}example.test. {ds}\n"));
        let slow = Quirk::DelayFor(WireType::MX, Duration::from_millis(150));
        let net = TestNet::start(vec![
            (ROOT, vec![], vec![(".", top.as_str())]),
            (TLD, vec![], vec![("test.", below.as_str())]),
            broken(auth(), slow),
        ])
        .await;
        let anchors = crate::plan::AnchorsText { source: "t".to_owned(), text: format!(". IN {ds}") };
        let signed = DnsPlan { dnssec: crate::plan::DnssecPlan::On { anchors: Some(anchors) }, ..plan(&net) };
        let question =
            |(name, rtype): (&str, RecordType)| Question { name: name.to_owned(), types: vec![rtype] };
        let questions = [("example.test", RecordType(15)), ("www.example.test", RecordType::A)].map(question);
        let results = ask_questions(signed, questions.to_vec(), Reuse::Shared).await;
        let (first, second) = (&results[0].1, &results[1].1);
        assert_eq!((first.cuts[2].cached, second.cuts[2].cached), (false, true), "the first was referred");
        assert!(second.end < first.end, "and the second has its answer earlier");
        for server in [ROOT, TLD] {
            let seen = net.seen(server);
            assert!(!seen.iter().any(|line| line.ends_with(" DS")), "{server} has said it: {seen:?}");
        }
    });
}

#[test]
fn keys_that_cannot_be_had_are_not_asked_for_again_by_every_name() {
    local(async {
        // No zone of this internet is signed: the anchor of the real root has no key here.
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let text = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        let anchors = crate::plan::AnchorsText { source: "t".to_owned(), text: text.to_owned() };
        let signed = DnsPlan { dnssec: crate::plan::DnssecPlan::On { anchors: Some(anchors) }, ..plan(&net) };
        let names: Vec<String> = (0..20).map(|number| format!("h{number}.example.test")).collect();
        let results = ask_names(signed, &names, Reuse::Shared).await;
        for server in [ROOT, TLD] {
            let keys = net.seen(server).iter().filter(|line| line.ends_with("DNSKEY")).count();
            assert!(keys <= 1, "{server}: {:?}", net.seen(server));
        }
        assert!(
            results.iter().all(|(_, dns, _)| dns.dnssec.as_ref().unwrap().verdict == DnssecVerdict::Bogus)
        );
    });
}

#[test]
fn without_any_root_the_resolver_answers_and_each_name_says_so() {
    local(async {
        let zone = "www.example.test. A 192.0.2.1\nmail.example.test. A 192.0.2.25\n";
        let stub = (STUB, vec![Quirk::Recursive], vec![(".", zone)]);
        let net = TestNet::start(vec![broken(root(), Quirk::Silent), stub]).await;
        let plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
        let names: Vec<String> =
            (0..200).map(|number| ["www", "mail", "nope"][number % 3].to_owned() + ".example.test").collect();
        let start = Clock::start();
        let results = ask_names(plan, &names, Reuse::Shared).await;
        // Two seconds of patience with the root, once and not for each name.
        assert!(start.now().since(crate::trace::At(0)) < Duration::from_secs(4));
        for (name, dns, failure) in &results {
            assert_eq!(dns.lane, DnsLane::StubFallback, "{name}: {failure:?}");
            assert_eq!(failure.is_some(), name.starts_with("nope"), "{name}");
            assert!(dns.notes.iter().any(|note| note.contains("no root server answered")), "{:?}", dns.notes);
            assert!(dns.stub.is_some(), "{name}");
        }
        assert!(net.seen(ROOT).len() < 130, "{}", net.seen(ROOT).len());
    });
}

#[test]
fn where_the_root_answers_no_resolver_is_asked() {
    local(async {
        let stub = (STUB, vec![Quirk::Recursive], vec![(".", "www.example.test. A 192.0.2.99\n")]);
        let net = TestNet::start(vec![root(), tld(), auth(), stub]).await;
        let plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
        let results = ask_names(plan, &["www.example.test".to_owned()], Reuse::Shared).await;
        assert_eq!((results[0].1.answers[0].data.as_str(), net.seen(STUB).len()), ("192.0.2.1", 0));
    });
}
