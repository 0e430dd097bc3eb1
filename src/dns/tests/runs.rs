//! Many runs of one resolver, one after another and side by side: what they share, and what they do not.

use std::time::Duration;

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{AUTH, Run, TLD, local, plan, resolve_with, root, slow};
use crate::dns::tests::server::{Spec, TestNet};

const HOST: &str = "www.example.test";

/// Answers and the delegation to them hold for a second, the delegation above for longer.
fn brief() -> [Spec<'static>; 3] {
    const TLD_ZONE: &str = "test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n\
        example.test. 1 IN NS ns1.example.test.\nns1.example.test. 1 IN A 127.0.53.3\n";
    const ZONE: &str = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
        www.example.test. 1 IN A 192.0.2.1\nwww.example.test. 1 IN AAAA 2001:db8::1\n";
    [root(), (TLD, vec![], vec![("test.", TLD_ZONE)]), (AUTH, vec![], vec![("example.test.", ZONE)])]
}

async fn run(resolver: &Resolver) -> Run {
    resolve_with(&resolver.of_another_run(), HOST).await
}

/// The last bytes of the servers' addresses that a walk asked, in turn.
fn asked(run: &Run) -> String {
    let mut asked: Vec<_> = run.walk().iter().map(|packet| packet.server.ip().to_string()).collect();
    asked.dedup();
    asked.iter().filter_map(|server| server.rsplit('.').next()).collect()
}

#[test]
fn what_is_older_than_its_ttl_is_asked_for_again_by_a_later_run() {
    local(async {
        let net = TestNet::start(brief().into()).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let first = run(&resolver).await;
        assert_eq!(asked(&first), "123", "{:?}", first.lines());
        let second = run(&resolver).await;
        assert_eq!((asked(&second).as_str(), second.addresses()), ("", first.addresses()));
        assert!(second.noted("from an earlier run"), "{:?}", second.dns.notes);
        tokio::time::sleep(Duration::from_millis(1_100)).await; // the TTL of a second runs out
        // The clock of this one begins where those of the others did: at zero.
        let third = run(&resolver).await;
        assert_eq!((asked(&third).as_str(), third.addresses()), ("23", first.addresses()));
        assert!(third.dns.cuts.iter().any(|cut| cut.zone == "test." && cut.cached));
    });
}

#[test]
fn runs_side_by_side_share_a_question_and_outlive_the_one_that_asked_it() {
    local(async {
        let [root, tld, auth] = brief();
        let net = TestNet::start(vec![root, tld, slow(auth, 130)]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(100), run(&resolver));
        let (given_up, second, third) = tokio::join!(given_up, run(&resolver), run(&resolver));
        assert!(given_up.is_err());
        for run in [&second, &third] {
            assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"], "{:?}", run.lines());
            assert!(run.took() < Duration::from_secs(2), "{:?}", run.took());
        }
        let sent = |run: &Run| run.walk().len();
        assert!(sent(&second).min(sent(&third)) < 4, "{:?} {:?}", second.lines(), third.lines());
    });
}
