//! Validation in its uncounted lane: the DNSKEY RRsets of all zones at once, and the DS RRsets that no referral
//! brought (RFC 4035 §5.2, §3.1.4.1).
//!
//! It begins when the walk's answer is known and never changes it. Rounds after the first are rare:
//! a zone that is served by its parent's servers shows itself only by its signatures.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::Name;
use tokio::sync::SetOnce;

use crate::clock::{Clock, Moment};
use crate::dns::cache::failures::LIFE;
use crate::dns::cache::in_flight::{Goal, Turn};
use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Evidence, Fetched};
use crate::dns::dnssec::needs::{Need, needs};
use crate::dns::dnssec::rrsig::Now;
use crate::dns::dnssec::validate::validate;
use crate::dns::lanes::validation::collect::{WalkEnd, collect};
use crate::dns::lanes::validation::from_servers::{ask_servers, limit};
use crate::dns::lanes::validation::through_resolver::{CdResolver, Reuse};
use crate::dns::transport::log::Log;
use crate::trace::{Dnssec, Purpose, RecordType};

/// What a finished trace waits for this lane beyond one query, where something of it is still open.
const GRACE: Duration = Duration::from_millis(100);

/// Questions of one round, and rounds.
const MAX_NEEDS: usize = 24;

const MAX_ROUNDS: usize = 4;

/// Rounds through a resolver, where the zones have to be guessed.
const MAX_GUESSES: usize = 8;

/// How often a question is left to another resolution of the run.
const MAX_TURNS: usize = 3;

/// The validation of one resolution, while its evidence comes in.
#[derive(Debug)]
pub(crate) struct Checking {
    pub(crate) context: Rc<Context>,
    /// Tells the resolutions of one resolver apart.
    resolution: u64,
    pub(crate) evidence: RefCell<Evidence>,
    /// Who is asked in place of the zones' servers.
    pub(crate) resolver: Option<CdResolver>,
    done: SetOnce<()>,
}

impl Checking {
    pub(crate) fn new(context: &Rc<Context>, resolver: Option<CdResolver>) -> Self {
        Self {
            context: Rc::clone(context),
            resolution: context.flights.resolution(),
            evidence: RefCell::default(),
            resolver,
            done: SetOnce::new(),
        }
    }

    /// Prepares the validation of a walk that has ended. The work that gathers the evidence is to
    /// be run beside everything else: here nothing is read, because the next stage waits.
    pub(crate) fn begin(
        context: &Rc<Context>,
        log: &Rc<Log>,
        question: (Name, Vec<RecordType>),
        end: WalkEnd,
    ) -> (Rc<Self>, impl Future<Output = ()> + 'static) {
        let checking = Rc::new(Self::new(context, None));
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let work = async move {
            *own.evidence.borrow_mut() = collect(&log, &own.context.dnssec, question, end);
            own.fetch(&log).await;
            own.finish();
        };
        (checking, work)
    }

    /// How long a finished trace waits for it.
    pub(crate) fn grace(&self) -> Duration {
        limit(&self.context) + GRACE
    }

    pub(crate) fn finish(&self) {
        let _ = self.done.set(());
    }

    /// Waits until all is fetched.
    pub(crate) async fn finished(&self) {
        self.done.wait().await;
    }

    #[cfg(test)]
    pub(crate) fn evidence(&self) -> (Evidence, crate::dns::dnssec::anchors::Anchors) {
        (self.evidence.borrow().clone(), self.context.dnssec.anchors.clone())
    }

    /// Judges what there is.
    pub(crate) fn conclude(&self, clock: &Clock) -> Dnssec {
        let store = &self.context.dnssec;
        validate(&self.evidence.borrow(), &store.anchors, Now::at(clock.wall_now()))
    }

    pub(crate) async fn fetch(&self, log: &Rc<Log>) {
        let mut asked = BTreeSet::new();
        let rounds = if self.resolver.is_some() { MAX_GUESSES } else { MAX_ROUNDS };
        for _ in 0..rounds {
            let needs = needs(&self.evidence.borrow(), &self.context.dnssec.anchors);
            let new: Vec<Need> =
                needs.into_iter().filter(|need| !asked.contains(need)).take(MAX_NEEDS).collect();
            if new.is_empty() {
                return;
            }
            asked.extend(new.iter().cloned());
            join_all(new.into_iter().map(|need| self.ask_for(log, need))).await;
        }
    }

    async fn ask_for(&self, log: &Rc<Log>, need: Need) {
        let store = &self.context.dnssec;
        let (zone, above, qtype, known) = match &need {
            Need::Keys(zone) => (zone, zone.clone(), RecordType::DNSKEY, &store.keys),
            // RFC 4035 §3.1.4.1: the parent has it.
            Need::Ds(zone) => (zone, zone.base_name(), RecordType::DS, &store.ds),
        };
        let reused = || known.borrow_mut().get(zone, Moment::now()).cloned();
        let goal = Goal::Signed { zone: zone.clone(), rtype: qtype };
        let mut fetched = reused();
        for turn in 0..MAX_TURNS {
            if fetched.is_some() {
                break;
            }
            let lead = self.context.flights.enter(goal.clone(), self.resolution).await;
            fetched = reused();
            // Who had the lead may have been given up.
            let retry = matches!(lead, Turn::Finished) && turn + 1 < MAX_TURNS;
            if fetched.is_none() && !retry {
                let (found, reuse) = self.ask(log, zone, &above, qtype).await;
                if reuse == Reuse::InRun {
                    let life = match &found {
                        Fetched::Reply(reply) => reply.message.life(),
                        Fetched::Failed(_) | Fetched::Refused(_) | Fetched::Unasked(_) => LIFE,
                    };
                    known.borrow_mut().insert(zone.clone(), found.clone(), Moment::now().after(life));
                }
                fetched = Some(found);
            }
        }
        let fetched = fetched.unwrap_or_else(|| Fetched::Unasked("there was no time for it".to_owned()));
        let mut evidence = self.evidence.borrow_mut();
        let place = if qtype == RecordType::DNSKEY { &mut evidence.keys } else { &mut evidence.ds };
        place.insert(zone.clone(), fetched);
    }

    /// Asks servers of the deepest known zone at or above `above`.
    async fn ask(&self, log: &Rc<Log>, qname: &Name, above: &Name, qtype: RecordType) -> (Fetched, Reuse) {
        if let Some(resolver) = &self.resolver {
            let purpose = if qtype == RecordType::DNSKEY { Purpose::DnsKey } else { Purpose::Ds };
            let fetched = resolver.ask(&self.context, log, qname, qtype, purpose).await;
            return (fetched, resolver.reuse(log));
        }
        let Some(zone) = self.context.delegations.above(above, Moment::now()).pop() else {
            return (Fetched::Unasked("no server is known".to_owned()), Reuse::No);
        };
        let fetched = ask_servers(&self.context, log, &zone, qname, qtype).await;
        // The next host has a budget of its own.
        let reuse = if log.is_spent() { Reuse::No } else { Reuse::InRun };
        (fetched, reuse)
    }
}
