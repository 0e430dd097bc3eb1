//! The uncounted lanes of a resolution: the machine's stub resolver (RFC 1034 §5.3.1), the priming query (RFC 9609),
//! validation (RFC 4035 §5).
//!
//! Each is a task of its own. What it finds is added to the record when the trace has ended.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, SetOnce};
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::dns::context::Context;
use crate::dns::lanes::copy_age::age;
use crate::dns::lanes::stopped::cut_off;
use crate::dns::lanes::stub::StubLane;
use crate::dns::lanes::validation::checking::Checking;
use crate::dns::outcome::fault::is_answer;
use crate::dns::resolvers::ad_bit::authenticated;
use crate::dns::resolvers::combine::ResolverAnswer;
use crate::dns::transport::log::Log;
use crate::hosts::consult;
use crate::stop::{Stop, Stopped};
use crate::trace::{At, Dns, DnsLane, DnssecVerdict, Meaning, Purpose, Rcode, Record, RecordType, Stub};

/// The uncounted lanes (stub, priming) of one resolution, still running beside the trace.
#[derive(Debug)]
pub struct UncountedLanes {
    pub(crate) log: Option<Rc<Log>>,
    pub(crate) context: Option<Rc<Context>>,
    pub(crate) stub: Option<Rc<StubLane>>,
    pub(crate) priming: Option<Rc<SetOnce<()>>>,
    validation: Option<Rc<Checking>>,
    /// Validation waits for it.
    go: Rc<Notify>,
    tasks: Vec<AbortHandle>,
    /// The types the counted lane has answered: those can be compared.
    pub(crate) types: Vec<RecordType>,
}

impl UncountedLanes {
    pub(crate) fn none() -> Self {
        let (tasks, types) = (Vec::new(), Vec::new());
        let go = Rc::default();
        Self { log: None, context: None, stub: None, priming: None, validation: None, go, tasks, types }
    }

    /// Gets ready to fetch what the answer's validation needs.
    pub(crate) fn check(&mut self, (checking, work): (Rc<Checking>, impl Future<Output = ()> + 'static)) {
        self.validation = Some(checking);
        let (go, log) = (Rc::clone(&self.go), self.log.clone());
        self.spawn(async move {
            go.notified().await;
            if let Some(log) = log {
                log.close_spent();
            }
            work.await;
        });
    }

    /// Begins to fetch it. Making its questions takes time of ours: what a phase waits for goes out first.
    pub fn begin(&self) {
        self.go.notify_one();
    }

    /// The validation that runs in these lanes.
    #[cfg(test)]
    pub(crate) fn checking(&self) -> Option<Rc<Checking>> {
        self.validation.clone()
    }

    pub(crate) fn spawn(&mut self, work: impl Future<Output = ()> + 'static) {
        self.tasks.push(tokio::task::spawn_local(work).abort_handle());
    }

    /// Waits for what is still running, `grace` at most, for validation somewhat longer, and adds
    /// it to the record. A stop ends the waits; what came until then is added all the same.
    pub async fn settle(self, dns: &mut Dns, grace: Duration, clock: &Clock, stop: &Stop) {
        self.begin();
        let Some(log) = &self.log else { return self.consult_files(dns) };
        log.close_spent();
        let from = clock.now();
        let all = async {
            if let Some(stub) = &self.stub {
                stub.heard().await;
            }
            if let Some(priming) = &self.priming {
                priming.wait().await;
            }
        };
        // What has not come by then is told as such below.
        let stopped = stop.within(Some(from.after(grace)), all).await.err();
        self.validate(dns, from.after(grace.max(self.grace())), clock, stop, stopped).await;
        self.write(dns, clock);
        dns.packets = log.packets();
        self.consult_files(dns);
    }

    /// What validation needs after everything else.
    fn grace(&self) -> Duration {
        self.validation.as_ref().map(|checking| checking.grace()).unwrap_or_default()
    }

    fn consult_files(&self, dns: &mut Dns) {
        if let Some(context) = &self.context {
            consult(&context.plan, dns);
        }
    }

    /// The same for one of many names, beside which nothing but validation runs. Others wait behind
    /// it at the same servers: it has more time.
    pub(crate) async fn settle_one_of_many(self, dns: &mut Dns, clock: &Clock, stop: &Stop) {
        self.begin();
        self.validate(dns, clock.now().after(self.grace() * 3), clock, stop, None).await;
        self.write(dns, clock);
        if let Some(log) = &self.log {
            dns.packets = log.packets();
        }
    }

    /// Judges the answer when all that is needed is there, or at `limit`: without its keys a zone is
    /// told to be indeterminate.
    async fn validate(
        &self,
        dns: &mut Dns,
        limit: At,
        clock: &Clock,
        stop: &Stop,
        stopped_before: Option<Stopped>,
    ) {
        let checked = async {
            if let Some(checking) = &self.validation {
                checking.finished().await;
            }
        };
        let stopped = stop.within(Some(limit), checked).await.err();
        let meaning = match stopped_before.filter(|by| *by != Stopped::Limit).or(stopped) {
            None | Some(Stopped::Limit) => Meaning::Timeout,
            Some(by) => cut_off(by),
        };
        if let (Some(checking), Some(log)) = (&self.validation, &self.log) {
            let judged = checking.conclude(clock);
            dns.dnssec = Some(judged.clone());
            if judged.verdict == DnssecVerdict::Bogus {
                let limit = Some(clock.now().after(checking.grace()));
                if let Ok(judged) = stop.within(limit, checking.ask_others(log, clock, judged)).await {
                    dns.dnssec = Some(judged);
                }
            }
        }
        if let Some(log) = &self.log {
            log.end_all(&meaning);
            if dns.lane != DnsLane::Walk {
                dns.notes = log.notes();
            }
        }
    }

    /// What is known of these lanes now.
    fn write(&self, dns: &mut Dns, clock: &Clock) {
        if let Some(context) = &self.context {
            dns.hints.drift.clone_from(&context.priming.drift.borrow());
        }
        let Some(stub) = &self.stub else { return };
        let Some(start) = stub.start.get() else { return };
        let (heard, now) = (stub.heard.get(), clock.now());
        let (answers, error) = match heard.map(|(_, heard)| &heard.result) {
            Some(Ok(found)) => (found.answers.clone(), None),
            Some(Err(fault)) => {
                (fault.answers.clone(), (!fault.is_negative()).then(|| fault.message.clone()))
            }
            None => {
                let waited = now.since(start).as_millis();
                (Vec::new(), Some(format!("no answer in {waited} ms when the trace ended")))
            }
        };
        let compared = heard.filter(|_| dns.lane != DnsLane::StubFallback);
        let log = self.log.as_ref().filter(|_| heard.is_some());
        let age = if dns.lane == DnsLane::Walk { age(&dns.answers, &answers) } else { None };
        dns.stub = Some(Stub {
            servers: stub.servers.clone(),
            server: heard.and_then(|(_, heard)| heard.server),
            start,
            end: heard.map_or(now, |(end, _)| *end),
            rcode: heard.and_then(|(_, heard)| heard.rcode),
            ttl: answers.iter().map(|record| record.ttl).min(),
            age: age.and_then(|age| age.exact),
            age_at_most: age.map(|age| age.at_most),
            agrees: compared.and_then(|(_, heard)| self.agrees(dns, heard)),
            answers,
            error,
            authenticated: log.and_then(|log| authenticated(&log.packets(), Purpose::Stub)),
        });
    }

    /// Whether both lanes say the same: the same records of the types that both have answered, or
    /// both that there are none.
    fn agrees(&self, dns: &Dns, heard: &ResolverAnswer) -> Option<bool> {
        // What an HTTPS alias leads to is no answer to the question that the resolver was asked.
        if dns.service.is_some() && dns.answers.iter().any(|record| record.rtype == RecordType::HTTPS) {
            return None;
        }
        if !is_answer(&heard.result)
            || dns.rcode.is_none_or(|rcode| rcode != Rcode::NOERROR && rcode != Rcode::NXDOMAIN)
        {
            return None;
        }
        let compared = |record: &&Record| {
            let answered = heard.result.as_ref().map_or(&self.types, |found| &found.finished);
            self.types.contains(&record.rtype) && answered.contains(&record.rtype)
        };
        let set = |records: &[Record]| -> BTreeSet<(RecordType, String)> {
            records
                .iter()
                .filter(compared)
                .map(|record| (record.rtype, record.data.to_ascii_lowercase()))
                .collect()
        };
        let theirs = heard.result.as_ref().map(|found| set(&found.answers)).unwrap_or_default();
        let ours = set(&dns.answers);
        if ours.is_empty() && theirs.is_empty() {
            return heard.rcode.map(|rcode| Some(rcode) == dns.rcode);
        }
        Some(ours == theirs)
    }
}

impl Drop for UncountedLanes {
    fn drop(&mut self) {
        if let Some(stub) = &self.stub
            && let Some(task) = stub.task.borrow_mut().take()
        {
            task.abort();
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::resolver::Resolver;
    use crate::dns::tests::kit::{ROOT, ROOT_ZONE, STUB, auth, local, plan, tld};
    use crate::dns::tests::server::{Quirk, TestNet};
    use crate::plan::{AnchorsText, DnsPlan, DnssecPlan};

    #[test]
    fn a_stop_ends_the_waits_for_the_stub_and_for_keys() {
        local(async {
            let keyless = vec![Quirk::SilentFor(hickory_resolver::proto::rr::RecordType::DNSKEY)];
            let root = (ROOT, keyless, vec![(".", ROOT_ZONE)]);
            let net = TestNet::start(vec![root, tld(), auth(), (STUB, vec![Quirk::Silent], vec![])]).await;
            let text = format!(". IN DS 1 13 2 {}\n", "00".repeat(32));
            let anchors = || Some(AnchorsText { source: "test".to_owned(), text: text.clone() });
            let clock = Clock::start();
            for (stub, dnssec) in
                [(vec![net.address(STUB)], DnssecPlan::Off), (vec![], DnssecPlan::On { anchors: anchors() })]
            {
                let plan = DnsPlan { stub_servers: stub, dnssec, ..plan(&net) };
                let resolver = Resolver::new(plan).unwrap();
                let hour = Duration::from_secs(3600);
                let (mut dns, result, uncounted) =
                    resolver.resolve("www.example.test", 443, &clock, &Stop::after(clock, hour)).await;
                assert!(result.is_ok());
                let soon = clock.now().after(Duration::from_millis(100)).since(At(0));
                uncounted.settle(&mut dns, hour, &clock, &Stop::after(clock, soon)).await;
                let cut_off = dns.packets.iter().filter(|packet| packet.meaning.was_stopped());
                assert!(cut_off.count() > 0, "{:?}", dns.packets);
                assert_eq!(dns.addresses.len(), 2, "what was found stays");
            }
        });
    }
}
