//! Bulk resolution, many names in one run: asked side by side, told in their order, sharing what they find.
//!
//! The stub and the priming question, which only compare, are left out: a batch asks nobody more than
//! it has to. Keys are asked for once a zone. The stub is asked when no root server answers.

use std::io;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::clock::Clock;
use crate::dns::context::StubUse;
use crate::dns::resolver::Resolver;
use crate::dns::transport::slots::Slots;
use crate::plan::{Batch, BatchLine, DnsPlan, Question, Reuse};
use crate::stop::Stop;
use crate::trace::{Dns, Failure, FailureCode};

/// Names that are asked for at the same time.
const AT_ONCE: usize = 64;

/// Takes each result, in the order of the questions.
pub type OnResult<'a> = &'a mut dyn FnMut(&Question, Dns, Option<Failure>) -> io::Result<()>;

/// Asks all questions of a batch; an interrupt ends it after what was running then.
///
/// # Errors
/// Those of `on_result`, or hints that cannot be used ([`io::ErrorKind::InvalidInput`]).
pub async fn ask_all(
    plan: &DnsPlan,
    batch: &Batch,
    clock: &Clock,
    stop: &Stop,
    on_result: OnResult<'_>,
) -> io::Result<()> {
    // A server does not care which name's resolver asks it.
    let places = Rc::new(Slots::new(plan.server_limit));
    let resolver = || {
        let mut resolver =
            Resolver::new(plan.clone()).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        if let Some(context) = Rc::get_mut(&mut resolver.context) {
            context.slots = Rc::clone(&places);
        }
        resolver.context.priming.begun.set(true);
        resolver.context.stub_use.set(StubUse::InNeed);
        Ok::<_, io::Error>(resolver)
    };
    let shared = match batch.reuse {
        Reuse::Shared => Some(resolver()?),
        Reuse::Cold => None,
    };
    let ask = |(place, question): (usize, _)| {
        let (shared, resolver) = (&shared, &resolver);
        async move {
            let line = batch.lines.get(&place);
            if let Some(why) = line.and_then(|line| line.refused.as_deref()) {
                let (dns, failure) = match shared {
                    Some(shared) => shared.refused(question, why, clock),
                    None => resolver()?.refused(question, why, clock),
                };
                return Ok((question, dns, Some(in_line(line, failure))));
            }
            let (mut dns, result, uncounted) = match shared {
                Some(shared) => shared.ask(question, clock, stop).await,
                None => resolver()?.ask(question, clock, stop).await,
            };
            uncounted.settle_one_of_many(&mut dns, clock, stop).await;
            Ok::<_, io::Error>((question, dns, result.err().map(|failure| in_line(line, failure))))
        }
    };
    let mut results = stream::iter(batch.questions.iter().enumerate()).map(ask).buffered(AT_ONCE);
    let mut interrupted = false;
    while let Some(result) = results.next().await {
        let (question, dns, failure) = result?;
        let stopped = failure.as_ref().is_some_and(|failure| failure.code == FailureCode::Interrupted);
        if interrupted && !stopped {
            break;
        }
        interrupted |= stopped;
        on_result(question, dns, failure)?;
        if interrupted {
            break;
        }
    }
    Ok(())
}

/// Says of a name that cannot be asked for in which line it stands.
fn in_line(line: Option<&BatchLine>, failure: Failure) -> Failure {
    match line.filter(|_| failure.code == FailureCode::InvalidName) {
        Some(line) => Failure { message: format!("line {}: {}", line.number, failure.message), ..failure },
        None => failure,
    }
}
