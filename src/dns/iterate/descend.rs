//! The descent to one name (RFC 1034 §5.3.3 step 4): from the deepest known zone cut along referrals, until a zone
//! answers, denies, or names an alias.
//!
//! It decides what to ask next; asking the servers of one zone is `name_servers`' part, finding the
//! addresses of servers without glue is `ns_addresses`'s. Types are asked in parallel where it saves
//! time: the first type alone at the root and at top-level zones, all of them below.

use std::net::IpAddr;
use std::rc::Rc;

use futures_util::future::FutureExt;
use hickory_resolver::proto::rr::Name;
use tokio::task::JoinHandle;

use crate::clock::Moment;
use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::Extent;
use crate::dns::cache::in_flight::Leading;
use crate::dns::iterate::assemble::TypeOutcome;
use crate::dns::iterate::coalesce::{Gate, gate, refer};
use crate::dns::iterate::https_query::ask_beside;
use crate::dns::iterate::job::{Aliases, Job, Patience};
use crate::dns::iterate::qname_minimisation::{Steps, lead_on};
use crate::dns::iterate::zone::{ask_zone, ensure_servers};
use crate::dns::limits::MAX_CUTS;
use crate::dns::name_servers::budget::Budget;
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::outcome::fault::Fault;
use crate::dns::outcome::words::yxdomain;
use crate::dns::response::classify::{Absence, Referral, Verdict};
use crate::dns::wire::message::{Data, Rr, records};
use crate::dns::wire::name::name_text;
use crate::plan::Minimisation;
use crate::trace::{AddressSource, FailureCode, RecordType};

/// A zone of so many labels has many children: one type is enough to get past it.
const SHALLOW: usize = 1;

/// Where one zone's answer leads.
pub(crate) enum Next {
    /// To a zone below it.
    Descend,
    Alias {
        chain: Vec<Rr>,
        target: Name,
        id: usize,
    },
    /// Nowhere: it is what each type came to.
    Done(Vec<(RecordType, TypeOutcome)>),
}

/// What a zone answered, or why it did not.
type ZoneResult = Result<Answered, Fault>;

/// The way down to one name.
pub(crate) struct Descent<'a> {
    job: &'a Job,
    qname: Name,
    types: &'a [RecordType],
    /// The deepest name that a zone asked here may have.
    above: Name,
    /// The zone that is asked next.
    zone: Rc<Zone>,
    /// The packet that led to it.
    parent: Option<usize>,
    budget: Rc<Budget>,
    parts: Steps,
    cuts: usize,
}

impl<'a> Descent<'a> {
    /// From the deepest known zone of the name.
    pub(crate) fn begin(
        job: &'a Job,
        qname: &Name,
        types: &'a [RecordType],
        parent: Option<usize>,
    ) -> Result<Self, Fault> {
        // RFC 4035 §3.1.4.1: a DS belongs to the parent.
        let of_parent = types.first() == Some(&RecordType::DS) && !qname.is_root();
        let of_glue = job.glue_of.as_ref().filter(|_| job.stack.last() == Some(qname));
        let above = match of_glue {
            Some(zone) => zone.base_name(),
            None if of_parent => qname.base_name(),
            None => qname.clone(),
        };
        let known = job.resolution.context.delegations.above(&above, Moment::now());
        let cached = known.len() > 1;
        if job.is_main() {
            known.iter().for_each(|zone| job.resolution.use_zone(zone, cached));
        }
        if cached {
            // There is no root to wait for.
            job.resolution.root_answered.set(true);
        }
        let Some(zone) = known.last().cloned() else {
            return Err(Fault::new(FailureCode::NoUsableServer, "no root server is known".to_owned()));
        };
        let (qname, budget, parts) = (qname.clone(), Budget::for_a_name(), Steps::default());
        Ok(Self { job, qname, types, above, zone, parent, budget, parts, cuts: 0 })
    }

    pub(crate) fn qname(&self) -> &Name {
        &self.qname
    }

    /// Asks the next zone; the types in parallel where that saves time.
    pub(crate) async fn step(&mut self) -> Result<Next, Fault> {
        let Some((first, rest)) = self.types.split_first() else { return Ok(Next::Done(Vec::new())) };
        if self.cuts == MAX_CUTS {
            return Err(self.too_many_cuts());
        }
        self.cuts += 1;
        let lead = match gate(&self.job.resolution, &self.zone, &self.above).await {
            Gate::Ask(lead) => lead,
            Gate::Deeper(found) => return Ok(self.pass(found)),
        };
        if self.job.resolution.context.plan.minimisation == Minimisation::Relaxed {
            let (zone, budget) = (&self.zone, &self.budget);
            let led = lead_on(self.job, zone, &self.qname, self.parent, budget, &mut self.parts).await;
            if let Some((id, referral)) = led {
                return Ok(self.descend(id, &referral, lead));
            }
        }
        let (result, others) = self.ask(*first, rest, lead.as_ref()).await?;
        match result {
            Ok(Answered { id, verdict: Verdict::Referral(referral), .. }) => {
                Ok(self.glue(&referral).unwrap_or_else(|| self.descend(id, &referral, lead)))
            }
            Ok(Answered { id, verdict: Verdict::Alias { chain, target }, .. }) => {
                Ok(match self.job.aliases {
                    Aliases::Follow => Next::Alias { chain, target, id },
                    Aliases::Keep => {
                        Next::Done(vec![(*first, TypeOutcome::Records { chain: Vec::new(), records: chain })])
                    }
                })
            }
            result => {
                let all = std::iter::once((*first, Some(result))).chain(others);
                Ok(Next::Done(all.map(|(rtype, result)| (rtype, self.outcome(result))).collect()))
            }
        }
    }

    /// The address that is looked for, where a referral to the server's own zone has it.
    fn glue(&self, referral: &Referral) -> Option<Next> {
        self.job.glue_of.as_ref().filter(|zone| **zone == referral.cut)?;
        let (name, addresses) = referral.servers.iter().find(|(name, _)| *name == self.qname)?;
        let of_type = |rtype: &RecordType| {
            let is_v4 = *rtype == RecordType::A;
            let of_family = addresses.iter().filter(|(address, _)| address.is_ipv4() == is_v4);
            let record = |(address, _): &(IpAddr, AddressSource)| Rr {
                name: name.clone(),
                rtype: *rtype,
                ttl: referral.ttl,
                data: Data::Address(*address),
            };
            let records: Vec<Rr> = of_family.map(record).collect();
            (!records.is_empty()).then(|| (*rtype, TypeOutcome::Records { chain: Vec::new(), records }))
        };
        let found: Vec<_> = self.types.iter().filter_map(of_type).collect();
        (!found.is_empty()).then_some(Next::Done(found))
    }

    fn descend(&mut self, id: usize, referral: &Referral, lead: Option<Leading>) -> Next {
        self.zone = refer(self.job, &self.qname, referral, id, lead);
        self.parent = Some(id);
        Next::Descend
    }

    /// Past zones that another resolution has found meanwhile.
    fn pass(&mut self, found: Vec<Rc<Zone>>) -> Next {
        let resolution = &self.job.resolution;
        for deeper in found {
            if self.job.is_main() {
                resolution.use_zone(&deeper, true);
            }
            self.zone = deeper;
        }
        resolution.root_answered.set(true);
        Next::Descend
    }

    /// What the zone says of the first type, and of the others where that does not hold for them, too.
    async fn ask(
        &self,
        first: RecordType,
        rest: &[RecordType],
        lead: Option<&Leading>,
    ) -> Result<(ZoneResult, Vec<(RecordType, Option<ZoneResult>)>), Fault> {
        let (job, resolution) = (self.job, &self.job.resolution);
        // Without glue the addresses come first, once, before the types part ways.
        ensure_servers(job, &self.zone, &self.qname, first, self.parent).await?;
        let shallow = self.zone.name.iter().len() <= SHALLOW;
        let mut others = Vec::new();
        if !shallow {
            others = self.ask_others(rest);
            ask_beside(job, &self.qname);
        }
        let mut result = self.question(job.clone(), first).await;
        if job.is_main() {
            resolution.use_zone(&self.zone, false);
        }
        let verdict = result.as_ref().map(|answered| &answered.verdict);
        if let (Some(lead), Ok(verdict)) = (lead, verdict)
            && !matches!(verdict, Verdict::Referral(_))
        {
            lead.spoken(&self.qname, None);
        }
        let is_of_type =
            matches!(verdict, Ok(Verdict::Answer { .. } | Verdict::Absent { absence: Absence::Type, .. }));
        if shallow && is_of_type {
            ask_beside(job, &self.qname);
            others = self.ask_others(rest);
        }
        if let (Ok(Verdict::Answer { .. }), Some(wish)) = (verdict, &resolution.wish)
            && job.is_main()
            && job.aliases == Aliases::Follow
        {
            wish.address_answered(resolution.log.clock().now());
        }
        let patience = match verdict {
            Ok(Verdict::Answer { .. }) => job.patience,
            Err(_) => Patience::Whole,
            Ok(_) if is_of_type => Patience::Whole,
            // A referral, an alias or NXDOMAIN holds for every type.
            Ok(_) => {
                others.iter().for_each(|other| other.job.work.detach());
                return Ok((result, Vec::new()));
            }
        };
        let mut results = gather(job, others, patience).await;
        // What leads on for one type leads on for all.
        if result.is_err()
            && let Some(on) = results.iter().position(|(_, result)| leads_on(result.as_ref()))
            && let (_, Some(other)) = results.swap_remove(on)
        {
            result = other;
        }
        Ok((result, results))
    }

    fn ask_others(&self, rest: &[RecordType]) -> Vec<Beside> {
        let start = |rtype: &RecordType| {
            let job = self.job.beside();
            let task = self.job.resolution.spawn(self.question(job.clone(), *rtype).boxed_local());
            Beside { rtype: *rtype, job, task }
        };
        rest.iter().map(start).collect()
    }

    fn question(&self, job: Job, rtype: RecordType) -> impl Future<Output = ZoneResult> + use<> {
        let (zone, budget) = (Rc::clone(&self.zone), Rc::clone(&self.budget));
        let (qname, parent) = (self.qname.clone(), self.parent);
        async move { ask_zone(&job, &zone, (&qname, Extent::Whole), rtype, parent, &budget).await }
    }

    fn outcome(&self, result: Option<ZoneResult>) -> TypeOutcome {
        let Answered { verdict, .. } = match result {
            None => return TypeOutcome::NotAwaited,
            Some(Err(fault)) => return TypeOutcome::Failed(fault),
            Some(Ok(answered)) => answered,
        };
        match verdict {
            Verdict::Answer { chain, records } => TypeOutcome::Records { chain, records },
            Verdict::Absent { chain, absence, negative } => TypeOutcome::Absent { chain, absence, negative },
            Verdict::Yxdomain { chain, made } => {
                let fault = yxdomain(&self.qname, &chain, made.as_ref());
                TypeOutcome::Failed(Fault { answers: records(&chain), ..fault })
            }
            _ => TypeOutcome::Failed(Fault::new(
                FailureCode::NoUsableServer,
                "its server led elsewhere for this type only".to_owned(),
            )),
        }
    }

    fn too_many_cuts(&self) -> Fault {
        self.job.resolution.log.note(format!("the limit of {MAX_CUTS} referrals for one name was hit"));
        let message = format!(
            "{} was referred {MAX_CUTS} times and is still not answered, last by zone {}",
            name_text(&self.qname),
            name_text(&self.zone.name)
        );
        Fault::new(FailureCode::TooManyCuts, message)
    }
}

fn leads_on(result: Option<&ZoneResult>) -> bool {
    let verdict = result.and_then(|result| result.as_ref().ok()).map(|answered| &answered.verdict);
    matches!(verdict, Some(Verdict::Referral(_) | Verdict::Alias { .. }))
}

/// A type that is asked beside the first.
struct Beside {
    rtype: RecordType,
    job: Job,
    task: JoinHandle<ZoneResult>,
}

/// Awaits the other types; those that take too long are given up, and `None` stands for them.
async fn gather(job: &Job, others: Vec<Beside>, patience: Patience) -> Vec<(RecordType, Option<ZoneResult>)> {
    let clock = job.resolution.log.clock();
    let limit = match patience {
        Patience::Whole => None,
        Patience::AtMost(delay) => Some((delay, clock.instant(clock.now().after(delay)))),
    };
    let mut results = Vec::new();
    for Beside { rtype, job: own, task } in others {
        let done = match limit {
            None => Some(task.await),
            Some((_, deadline)) => tokio::time::timeout_at(deadline.into(), task).await.ok(),
        };
        // A task that was aborted or lost ends as one that was not awaited.
        let done = done.and_then(Result::ok);
        if done.is_none() {
            own.work.detach();
            job.resolution.log.waited();
            if let (true, Some((delay, _))) = (job.is_main(), limit) {
                let (rtype, delay) = (rtype.mnemonic(), delay.as_millis());
                job.resolution.log.note(format!(
                    "{rtype} was not awaited: no answer {delay} ms after the first type had one (RFC 8305 section 3)"
                ));
            }
        }
        results.push((rtype, done));
    }
    results
}
