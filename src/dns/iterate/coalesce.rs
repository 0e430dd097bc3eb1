//! Cache look-up and coalescing of equal queries (unbound's mesh): what one resolution of a run has found or is
//! finding, another does not ask.
//!
//! The caches themselves, and the waiting, are `cache`'s; here a resolution looks into them before it asks.

use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::delegations::Zone;
use crate::dns::cache::in_flight::{Goal, Leading, Turn};
use crate::dns::iterate::job::{Job, Resolution};
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::response::classify::Referral;
use crate::trace::{FailureCode, RecordType};

/// What this run has heard of the question already.
pub(crate) fn reuse(job: &Job, qname: &Name, types: &[RecordType]) -> Option<Result<Found, Fault>> {
    let context = &job.resolution.context;
    let now = context.now();
    if job.is_main() {
        let (known, learned) = context.answers.get_with_stamp(qname, types, now)?;
        job.resolution.log.note(match learned.run == now.run {
            true => "answer reused from earlier in this run".to_owned(),
            false => "answer reused from an earlier run".to_owned(),
        });
        return Some(known);
    }
    let known = context.answers.get(qname, types, now);
    // Of a name server one family is enough to go on; that it has none of one says nothing of the other.
    let of_one = |rtype: &RecordType| context.answers.get(qname, &[*rtype], now);
    let holds_for_all = |known: &Result<Found, Fault>| match known {
        Ok(_) => true,
        Err(fault) => fault.code == FailureCode::NxDomain,
    };
    known.or_else(|| types.iter().filter_map(of_one).find(holds_for_all))
}

/// Takes a referral into the cache; whoever waits for it may go on.
pub(crate) fn refer(
    job: &Job,
    qname: &Name,
    referral: &Referral,
    id: usize,
    lead: Option<Leading>,
) -> Rc<Zone> {
    let resolution = &job.resolution;
    if let Some(lead) = &lead {
        lead.spoken(qname, Some(&referral.cut));
    }
    let (context, now) = (&resolution.context, Moment::now());
    let place = (context.plan.server_port, context.delegations.reach);
    let zone = Zone::referred(referral, place, id, resolution.id, now);
    let zone = context.delegations.keep(zone, now);
    drop(lead);
    if job.is_main() {
        resolution.use_zone(&zone, false);
    }
    zone
}

/// What to do at a zone.
pub(crate) enum Gate {
    /// To ask it; others that want to know the same wait.
    Ask(Option<Leading>),
    /// To go on below it: another resolution has found these meanwhile.
    Deeper(Vec<Rc<Zone>>),
}

/// Waits for other resolutions of this run that are about to learn of a cut above the name.
pub(crate) async fn gate(resolution: &Resolution, zone: &Rc<Zone>, name: &Name) -> Gate {
    let top = zone.name.iter().len();
    for labels in top + 1..=name.iter().len() {
        let child = name.trim_to(labels);
        if resolution.context.flights.is_inside(&zone.name, &child) {
            continue;
        }
        match resolution
            .context
            .flights
            .enter(Goal::Cut { zone: zone.name.clone(), child }, resolution.id)
            .await
        {
            Turn::Ours(lead) => return Gate::Ask(Some(lead)),
            Turn::Free => return Gate::Ask(None),
            Turn::Finished => {
                let mut known = resolution.context.delegations.above(name, Moment::now());
                known.retain(|known| known.name.iter().len() > top);
                if !known.is_empty() {
                    return Gate::Deeper(known);
                }
            }
        }
    }
    Gate::Ask(None)
}
