//! A small internet and the way to run a resolution in it, shared by this stage's tests.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::dns::resolver::Resolver;
use crate::dns::tests::server::{Quirk, Spec, TestNet};
use crate::finding::check_dns;
use crate::plan::{DnsPlan, HintsText, Question};
use crate::stop::Stop;
use crate::trace::{Dns, Failure, FailureCode, Packet, Purpose, RecordType};

pub(crate) const ROOT: &str = "127.0.53.1";

pub(crate) const TLD: &str = "127.0.53.2";

pub(crate) const AUTH: &str = "127.0.53.3";

pub(crate) const SECOND: &str = "127.0.53.4";

pub(crate) const OTHER: &str = "127.0.53.5";

pub(crate) const TRAP: &str = "127.0.53.66";

pub(crate) const STUB: &str = "127.0.53.77";

pub(crate) const ROOT_ZONE: &str =
    ". NS a.root.\na.root. A 127.0.53.1\ntest. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n";

pub(crate) const TLD_ZONE: &str = "test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n\
    example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
    other.test. NS ns1.other.test.\nns1.other.test. A 127.0.53.5\n";

pub(crate) const EXAMPLE: &str = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
    www.example.test. A 192.0.2.1\nwww.example.test. AAAA 2001:db8::1\n\
    mail.example.test. A 192.0.2.25\nexample.test. MX 10 mail.example.test.\n\
    alias.example.test. CNAME www.example.test.\n\
    shop.example.test. CNAME www.other.test.\n\
    loop.example.test. CNAME loop.other.test.\n\
    short.example.test. CNAME short2.example.test.\nshort2.example.test. CNAME short.example.test.\n\
    to-nowhere.example.test. CNAME nowhere.example.test.\n\
    old.example.test. DNAME new.other.test.\n";

pub(crate) const OTHER_ZONE: &str = "other.test. NS ns1.other.test.\nns1.other.test. A 127.0.53.5\n\
    www.other.test. A 192.0.2.80\nwww.other.test. AAAA 2001:db8::80\n\
    loop.other.test. CNAME loop.example.test.\n\
    x.new.other.test. A 192.0.2.81\n";

pub(crate) fn root() -> Spec<'static> {
    (ROOT, vec![], vec![(".", ROOT_ZONE)])
}

pub(crate) fn tld() -> Spec<'static> {
    (TLD, vec![], vec![("test.", TLD_ZONE)])
}

pub(crate) fn auth() -> Spec<'static> {
    (AUTH, vec![], vec![("example.test.", EXAMPLE)])
}

pub(crate) fn other() -> Spec<'static> {
    (OTHER, vec![], vec![("other.test.", OTHER_ZONE)])
}

pub(crate) fn slow(spec: Spec<'_>, delay: u64) -> Spec<'_> {
    (spec.0, vec![Quirk::Delay(Duration::from_millis(delay))], spec.2)
}

pub(crate) fn broken(spec: Spec<'_>, quirk: Quirk) -> Spec<'_> {
    (spec.0, vec![quirk], spec.2)
}

/// Runs a test as the program runs: one thread, one `LocalSet`.
pub(crate) fn local<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test)
}

pub(crate) fn plan(net: &TestNet) -> DnsPlan {
    DnsPlan {
        root_hints: Some(HintsText { source: "test".to_owned(), text: format!("a.root. 3600 A {ROOT}\n") }),
        server_port: net.port,
        dnssec: crate::plan::DnssecPlan::Off,
        ..DnsPlan::default()
    }
}

pub(crate) struct Run {
    pub(crate) dns: Dns,
    pub(crate) result: Result<Vec<IpAddr>, Failure>,
}

impl Run {
    pub(crate) fn walk(&self) -> Vec<&Packet> {
        let counted = |packet: &&Packet| matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress);
        self.dns.packets.iter().filter(counted).collect()
    }

    /// `server qname type meaning` of each packet of the walk.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |packet: &&Packet| {
            format!(
                "{} {} {} {}",
                packet.server.ip().to_string().rsplit('.').next().unwrap(),
                packet.qname,
                packet.qtype.mnemonic(),
                packet.meaning.as_str()
            )
        };
        self.walk().iter().map(line).collect()
    }

    pub(crate) fn took(&self) -> Duration {
        self.dns.end.since(self.dns.start)
    }

    /// Ids of what was found, but for what a busy machine finds of any server: that it is slow.
    pub(crate) fn findings(&self) -> Vec<&'static str> {
        let found = check_dns(&self.dns, std::time::SystemTime::UNIX_EPOCH);
        found.iter().map(|finding| finding.id).filter(|id| *id != "dns-server-slow").collect()
    }

    pub(crate) fn code(&self) -> FailureCode {
        self.result.as_ref().unwrap_err().code
    }

    pub(crate) fn message(&self) -> &str {
        &self.result.as_ref().unwrap_err().message
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.result.as_ref().unwrap().iter().map(ToString::to_string).collect()
    }

    pub(crate) fn noted(&self, words: &str) -> bool {
        self.dns.notes.iter().any(|note| note.contains(words))
    }
}

pub(crate) async fn resolve_with(resolver: &Resolver, host: &str) -> Run {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let (mut dns, result, uncounted) = resolver.resolve(host, 443, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
    Run { dns, result }
}

/// The best of some runs, this one the first, in whole milliseconds: a busy machine can only add. They
/// end with the first that is below a bound, or after ten seconds.
pub(crate) async fn best(first: Duration, bound: u128, mut again: impl AsyncFnMut() -> Duration) -> u128 {
    let (all, mut best) = (Stopwatch::start(), first.as_millis());
    while best >= bound && all.elapsed() < Duration::from_secs(10) {
        best = best.min(again().await.as_millis());
    }
    best
}

pub(crate) async fn resolve(net: &TestNet, host: &str) -> Run {
    resolve_with(&Resolver::new(plan(net)).unwrap(), host).await
}

pub(crate) async fn ask(net: &TestNet, name: &str, types: &[&str]) -> (Dns, Result<(), Failure>) {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let types = types.iter().map(|word| RecordType::from_mnemonic(word).unwrap()).collect();
    let question = Question { name: name.to_owned(), types };
    let resolver = Resolver::new(plan(net)).unwrap();
    let (mut dns, result, uncounted) = resolver.ask(&question, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
    (dns, result)
}
