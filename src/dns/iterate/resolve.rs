//! Iterative resolution of a name (RFC 1034 §5.3.3): the cached answer, or the way down from zone to zone and along
//! aliases until they end. Where one zone's answer leads is `descend`'s part.

use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use hickory_resolver::proto::rr::Name;

use crate::dns::cache::in_flight::{Goal, Turn};
use crate::dns::context::Context;
use crate::dns::iterate::assemble::assemble;
use crate::dns::iterate::coalesce::reuse;
use crate::dns::iterate::descend::{Descent, Next};
use crate::dns::iterate::job::{Aliases, Job, Resolution};
use crate::dns::iterate::wish::Wish;
use crate::dns::limits::MAX_ALIASES;
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::response::alias::{alias_targets, arrows};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::records;
use crate::dns::wire::name::name_text;
use crate::trace::{FailureCode, Record, RecordType};

/// A new resolution; `wish` asks for HTTPS records beside the addresses.
pub(crate) fn begin(context: &Rc<Context>, log: &Rc<Log>, wish: Option<Rc<Wish>>) -> Rc<Resolution> {
    Resolution::new(Rc::clone(context), Rc::clone(log), wish, find)
}

/// Finds the records of a name, over all aliases. Boxed: servers without glue make it call itself.
pub(crate) fn find(
    job: Job,
    qname: Name,
    types: Vec<RecordType>,
) -> LocalBoxFuture<'static, Result<Found, Fault>> {
    async move {
        let context = Rc::clone(&job.resolution.context);
        // The alias itself is another question than what it leads to, and glue is no answer.
        let cachable = job.aliases == Aliases::Follow && job.glue_of.is_none();
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

/// The loop of RFC 1034 §5.3.3: down from zone to zone, and from alias to alias.
async fn follow(job: &Job, qname: &Name, types: &[RecordType]) -> Result<Found, Fault> {
    let mut answers: Vec<Record> = Vec::new();
    let mut seen = vec![qname.clone()];
    may_be_walked(job, qname)?;
    let mut descent = Descent::begin(job, qname, types, job.parent)?;
    loop {
        let next = descent.step().await.map_err(|fault| Fault { answers: answers.clone(), ..fault })?;
        match next {
            Next::Descend => {}
            Next::Alias { chain, target, id } => {
                answers.extend(records(&chain));
                seen.extend(alias_targets(&chain).cloned());
                let looped = seen[..seen.len() - 1].contains(&target);
                if looped {
                    return Err(Fault { answers, ..alias_loop(qname, &seen) });
                }
                if seen.len() > MAX_ALIASES + 1 {
                    return Err(Fault { answers, ..too_many_aliases(job, qname, &seen) });
                }
                descent = may_be_walked(job, &target)
                    .and_then(|()| Descent::begin(job, &target, types, Some(id)))
                    .map_err(|fault| Fault { answers: answers.clone(), ..fault })?;
            }
            Next::Done(outcomes) => {
                // A chain may also end inside one reply.
                let inside =
                    outcomes.iter().map(|(_, outcome)| outcome.chain()).max_by_key(|chain| chain.len());
                let inside = inside.unwrap_or_default();
                seen.extend(alias_targets(inside).cloned());
                if seen.len() > MAX_ALIASES + 1 {
                    let fault = too_many_aliases(job, qname, &seen);
                    answers.extend(records(inside));
                    return Err(Fault { answers, ..fault });
                }
                return assemble(job, descent.qname(), types, answers, outcomes);
            }
        }
    }
}

/// Whether the root may hear of a name, wherever it was met.
fn may_be_walked(job: &Job, name: &Name) -> Result<(), Fault> {
    job.resolution.context.special(name).map_or(Ok(()), |special| {
        let message = format!("{}: no server of the Internet is asked for it", special.sentence(name));
        Err(Fault::new(FailureCode::SpecialName, message)
            .hint("give the record that leads there another target"))
    })
}

fn alias_loop(qname: &Name, chain: &[Name]) -> Fault {
    let message = format!("CNAME loop at {}: {}", name_text(qname), arrows(chain));
    Fault::new(FailureCode::CnameLoop, message).hint("remove one of these CNAME records")
}

fn too_many_aliases(job: &Job, qname: &Name, chain: &[Name]) -> Fault {
    job.resolution.log.note(format!("the limit of {MAX_ALIASES} CNAMEs was hit"));
    let message =
        format!("{} has more than {MAX_ALIASES} aliases in a row: {}", name_text(qname), arrows(chain));
    Fault::new(FailureCode::CnameChainTooLong, message)
        .hint("resolvers give up on chains like this: shorten it")
}
