//! The walk: from the deepest known zone down to the answer, over aliases and zones.
//!
//! It decides what to ask next; asking the servers of one zone is `race`'s part, finding the
//! addresses of servers without glue is `servers`'s. Types are asked in parallel where it saves
//! time: the first type alone at the root and at top-level zones, all of them below.

use std::rc::Rc;

use futures_util::future::FutureExt;
use hickory_resolver::proto::rr::Name;
use tokio::task::JoinHandle;

use crate::clock::Moment;
use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::Extent;
use crate::dns::iterate::assemble::TypeEnd;
use crate::dns::iterate::coalesce::{Gate, gate, refer};
use crate::dns::iterate::https_query::ask_beside;
use crate::dns::iterate::job::{Aliases, Job, Patience};
use crate::dns::iterate::qname_minimisation::{Steps, lead_on};
use crate::dns::iterate::zone::{Step, ask_zone, ensure_servers};
use crate::dns::name_servers::budget::Budget;
use crate::dns::outcome::fault::Fault;
use crate::dns::response::classify::{Absence, Verdict};
use crate::dns::wire::message::Rr;
use crate::dns::wire::name::name_text;
use crate::plan::Minimisation;
use crate::trace::{FailureCode, RecordType};

/// Referrals followed for one name.
const MAX_CUTS: usize = 16;

/// Aliases followed for one question, as unbound does.
pub(crate) const MAX_ALIASES: usize = 11;

/// A zone of so many labels has many children: one type is enough to get past it.
const SHALLOW: usize = 1;

/// What one name gave.
pub(crate) enum End {
    Alias { chain: Vec<Rr>, target: Name, id: usize },
    Final(Vec<(RecordType, TypeEnd)>),
}

/// From the deepest known zone of a name down to what its own zone says of it.
pub(crate) async fn descend(
    job: &Job,
    qname: &Name,
    types: &[RecordType],
    parent: Option<usize>,
) -> Result<End, Fault> {
    let resolution = &job.resolution;
    let Some((first, rest)) = types.split_first() else {
        return Ok(End::Final(Vec::new()));
    };
    let budget = Budget::for_a_name();
    // RFC 4035 §3.1.4.1: a DS belongs to the parent.
    let above = if *first == RecordType::DS && !qname.is_root() { qname.base_name() } else { qname.clone() };
    let known = resolution.context.delegations.above(&above, Moment::now());
    if job.is_main() {
        let cached = known.len() > 1;
        known.iter().for_each(|zone| resolution.use_zone(zone, cached));
    }
    if known.len() > 1 {
        // There is no root to wait for.
        resolution.root_answered.set(true);
    }
    let Some(mut zone) = known.last().cloned() else {
        return Err(Fault::new(FailureCode::NoUsableServer, "no root server is known".to_owned()));
    };
    let mut parent = parent;
    let mut hidden = Steps::default();
    for _ in 0..MAX_CUTS {
        let lead = match gate(resolution, &zone, &above).await {
            Gate::Ask(lead) => lead,
            Gate::Deeper(found) => {
                for deeper in found {
                    if job.is_main() {
                        resolution.use_zone(&deeper, true);
                    }
                    zone = deeper;
                }
                resolution.root_answered.set(true);
                continue;
            }
        };
        if resolution.context.plan.minimisation == Minimisation::Relaxed
            && let Some((id, referral)) = lead_on(job, &zone, qname, parent, &budget, &mut hidden).await
        {
            zone = refer(job, qname, &referral, id, lead);
            parent = Some(id);
            continue;
        }
        let question = |job: &Job, rtype: RecordType, zone: &Rc<Zone>| {
            let (job, zone, budget) = (job.clone(), Rc::clone(zone), Rc::clone(&budget));
            let qname = qname.clone();
            async move { ask_zone(&job, &zone, (&qname, Extent::Whole), rtype, parent, &budget).await }
        };
        let beside = |zone: &Rc<Zone>| -> Vec<Beside> {
            let start = |rtype: &RecordType| {
                let job = job.beside();
                let task = resolution.spawn(question(&job, *rtype, zone).boxed_local());
                Beside { rtype: *rtype, job, task }
            };
            rest.iter().map(start).collect()
        };
        // Without glue the addresses come first, once, before the types part ways.
        ensure_servers(job, &zone, qname, *first, parent).await?;
        let shallow = zone.name.iter().len() <= SHALLOW;
        let others = if shallow { Vec::new() } else { beside(&zone) };
        if !shallow {
            ask_beside(job, qname);
        }
        let mut step = question(job, *first, &zone).await;
        if job.is_main() {
            resolution.use_zone(&zone, false);
        }
        if let (Some(lead), Ok(Step { verdict, .. })) = (&lead, &step)
            && !matches!(verdict, Verdict::Referral(_))
        {
            lead.spoken(qname, None);
        }
        let mut ends = Vec::new();
        let others = match &step {
            Ok(Step {
                verdict: Verdict::Answer { .. } | Verdict::Absent { absence: Absence::Type, .. },
                ..
            }) if shallow => {
                ask_beside(job, qname);
                beside(&zone)
            }
            _ => others,
        };
        match &step {
            Ok(Step { verdict: Verdict::Answer { .. }, .. }) => {
                if let Some(wish) =
                    resolution.wish.as_ref().filter(|_| job.is_main() && job.aliases == Aliases::Follow)
                {
                    wish.address_answered(resolution.log.clock().now());
                }
                ends = gather(job, others, job.patience).await;
            }
            Ok(Step { verdict: Verdict::Absent { absence: Absence::Type, .. }, .. }) => {
                ends = gather(job, others, Patience::Whole).await;
            }
            Err(_) => {
                ends = gather(job, others, Patience::Whole).await;
                // What leads on for one type leads on for all.
                let on = ends.iter().position(|(_, step)| {
                    matches!(
                        step,
                        Some(Ok(Step { verdict: Verdict::Referral(_) | Verdict::Alias { .. }, .. }))
                    )
                });
                if let Some((_, Some(other))) = on.map(|on| ends.swap_remove(on)) {
                    step = other;
                }
            }
            // A referral, an alias or NXDOMAIN holds for every type.
            Ok(_) => others.iter().for_each(|other| other.job.work.detach()),
        }
        match step {
            Ok(Step { id, verdict: Verdict::Referral(referral), .. }) => {
                zone = refer(job, qname, &referral, id, lead);
                parent = Some(id);
            }
            Ok(Step { id, verdict: Verdict::Alias { chain, target }, .. }) => {
                if job.aliases == Aliases::Follow {
                    return Ok(End::Alias { chain, target, id });
                }
                let end = TypeEnd::Records { chain: Vec::new(), records: chain };
                return Ok(End::Final(vec![(*first, end)]));
            }
            step => {
                let mut all = vec![(*first, type_end(Some(step)))];
                all.extend(ends.into_iter().map(|(rtype, step)| (rtype, type_end(step))));
                return Ok(End::Final(all));
            }
        }
    }
    resolution.log.note(format!("the limit of {MAX_CUTS} referrals for one name was hit"));
    let message = format!(
        "{} was referred {MAX_CUTS} times and is still not answered, last by zone {}",
        name_text(qname),
        name_text(&zone.name)
    );
    Err(Fault::new(FailureCode::TooManyCuts, message))
}

/// A type that is asked beside the first.
struct Beside {
    rtype: RecordType,
    job: Job,
    task: JoinHandle<Result<Step, Fault>>,
}

/// Awaits the other types; those that take too long are given up, and `None` stands for them.
async fn gather(
    job: &Job,
    others: Vec<Beside>,
    patience: Patience,
) -> Vec<(RecordType, Option<Result<Step, Fault>>)> {
    let clock = job.resolution.log.clock();
    let limit = match patience {
        Patience::Whole => None,
        Patience::AtMost(delay) => Some((delay, clock.instant(clock.now().after(delay)))),
    };
    let mut ends = Vec::new();
    for Beside { rtype, job: own, task } in others {
        let done = match limit {
            None => Some(task.await),
            Some((_, deadline)) => tokio::time::timeout_at(deadline.into(), task).await.ok(),
        };
        // A task that was aborted or lost ends as one that was not awaited.
        let done = done.and_then(Result::ok);
        if done.is_none() {
            own.work.detach();
            if let (true, Some((delay, _))) = (job.is_main(), limit) {
                let (rtype, delay) = (rtype.mnemonic(), delay.as_millis());
                job.resolution.log.note(format!(
                    "{rtype} was not awaited: no answer {delay} ms after the first type had one (RFC 8305 section 3)"
                ));
            }
        }
        ends.push((rtype, done));
    }
    ends
}

fn type_end(step: Option<Result<Step, Fault>>) -> TypeEnd {
    match step {
        None => TypeEnd::NotAwaited,
        Some(Err(fault)) => TypeEnd::Failed(fault),
        Some(Ok(Step { verdict, .. })) => match verdict {
            Verdict::Answer { chain, records } => TypeEnd::Records { chain, records },
            Verdict::Absent { chain, absence, negative } => TypeEnd::Absent { chain, absence, negative },
            _ => TypeEnd::Failed(Fault::new(
                FailureCode::NoUsableServer,
                "its server led elsewhere for this type only".to_owned(),
            )),
        },
    }
}
