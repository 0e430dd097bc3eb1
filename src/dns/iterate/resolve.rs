//! A name resolved: cached answers, the walk, and aliases followed until they end.

use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use hickory_resolver::proto::rr::Name;

use crate::dns::cache::in_flight::{Goal, Turn};
use crate::dns::iterate::assemble::assemble;
use crate::dns::iterate::coalesce::reuse;
use crate::dns::iterate::descend::{End, MAX_ALIASES, descend};
use crate::dns::iterate::job::{Aliases, Job};
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::response::alias::{alias_target, arrows};
use crate::dns::wire::message::records;
use crate::dns::wire::name::name_text;
use crate::trace::{FailureCode, Record, RecordType};

/// Finds the records of a name, over all aliases. Boxed: servers without glue make it call itself.
pub(crate) fn find(
    job: Job,
    qname: Name,
    types: Vec<RecordType>,
) -> LocalBoxFuture<'static, Result<Found, Fault>> {
    async move {
        let context = Rc::clone(&job.resolution.context);
        // The alias itself is another question than what it leads to.
        let cachable = job.aliases == Aliases::Follow;
        if !cachable {
            return follow(&job, &qname, &types).await;
        }
        if let Some(known) = reuse(&job, &qname, &types) {
            return known;
        }
        let goal = Goal::Answer { name: qname.clone(), types: types.clone() };
        let turn = context.flights.enter(goal, job.resolution.id).await;
        if let (Turn::Finished, Some(known)) = (&turn, reuse(&job, &qname, &types)) {
            return known;
        }
        let result = follow(&job, &qname, &types).await;
        let worth_keeping = match &result {
            Ok(found) => types.iter().all(|rtype| found.finished.contains(rtype)),
            Err(fault) => fault.is_negative(),
        };
        if worth_keeping {
            context.answers.keep(&qname, &types, context.now(), result.clone());
        } else if let (false, Ok(Found { finished, .. })) = (job.is_main(), &result) {
            // Of a name server one family is enough to go on.
            context.answers.keep(&qname, finished, context.now(), result.clone());
        }
        drop(turn);
        result
    }
    .boxed_local()
}

/// The loop over aliases.
async fn follow(job: &Job, qname: &Name, types: &[RecordType]) -> Result<Found, Fault> {
    let mut answers: Vec<Record> = Vec::new();
    let mut seen = vec![qname.clone()];
    let mut parent = job.parent;
    loop {
        let current = seen.last().unwrap_or(qname).clone();
        let end = descend(job, &current, types, parent).await;
        let end = end.map_err(|fault| Fault { answers: answers.clone(), ..fault })?;
        let (chain, target, id) = match end {
            End::Alias { chain, target, id } => (chain, target, id),
            End::Final(ends) => {
                // A chain may also end inside one reply.
                let inside = ends.iter().map(|(_, end)| end.chain()).max_by_key(|chain| chain.len());
                let targets = inside.unwrap_or_default().iter().filter_map(alias_target).cloned();
                let all: Vec<Name> = seen.iter().cloned().chain(targets).collect();
                if all.len() > MAX_ALIASES + 1 {
                    let fault = too_many_aliases(job, qname, &all);
                    answers.extend(records(inside.unwrap_or_default()));
                    return Err(Fault { answers, ..fault });
                }
                return assemble(job, &current, types, answers, ends);
            }
        };
        answers.extend(records(&chain));
        let links = chain.iter().filter(|rr| alias_target(rr).is_some());
        seen.extend(links.skip(1).map(|rr| rr.name.clone()));
        let looped = seen.contains(&target);
        seen.push(target);
        let fault = if looped {
            let message =
                format!("the aliases of {} come back to themselves: {}", name_text(qname), arrows(&seen));
            Fault::new(FailureCode::CnameLoop, message).hint("one of these CNAME records has to go")
        } else if seen.len() > MAX_ALIASES + 1 {
            too_many_aliases(job, qname, &seen)
        } else {
            parent = Some(id);
            continue;
        };
        return Err(Fault { answers, ..fault });
    }
}

fn too_many_aliases(job: &Job, qname: &Name, chain: &[Name]) -> Fault {
    job.resolution.log.note(format!("the limit of {MAX_ALIASES} CNAMEs was hit"));
    let message =
        format!("{} has more than {MAX_ALIASES} aliases in a row: {}", name_text(qname), arrows(chain));
    Fault::new(FailureCode::CnameChainTooLong, message)
        .hint("resolvers give up on chains like this: shorten it")
}
