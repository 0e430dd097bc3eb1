//! The HTTPS query of an origin beside its address queries (RFC 9460 §3).

use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::job::{Aliases, Job, Patience};
use crate::dns::iterate::wish::State;
use crate::dns::outcome::fault::Fault;
use crate::trace::RecordType;

/// Asks for the HTTPS records of a name whose zone was found, once a name. With a port in the
/// question an alias of the host does not matter: only the first name is asked for.
pub(crate) fn ask_beside(job: &Job, host: &Name) {
    let is_ours = job.is_main() && job.aliases == Aliases::Follow;
    let wish = job.resolution.wish.clone().filter(|wish| is_ours && !wish.closed.get());
    let Some(wish) = wish else { return };
    if wish.prefix.is_some() && wish.was_asked() {
        return;
    }
    let Some(name) = wish.name(host) else { return };
    match &*wish.state.borrow() {
        State::Asked { name: known, .. } | State::Heard { name: known, .. } if *known == name => return,
        State::Asked { work, .. } => work.detach(),
        _ => {}
    }
    let context = &job.resolution.context;
    if let Some(known) = context.answers.get(&name, &[RecordType::HTTPS], context.now()) {
        *wish.state.borrow_mut() = State::Heard { name, result: known };
        return;
    }
    let own = Job {
        // The walk of the addresses meets the same aliases: it is not overtaken.
        aliases: Aliases::Keep,
        patience: Patience::Whole,
        parent: job.parent,
        ..job.beside()
    };
    let resolution = Rc::clone(&job.resolution);
    *wish.state.borrow_mut() = State::Asked { name: name.clone(), work: Rc::clone(&own.work) };
    let work = async move {
        let result = own.clone().resolve(name.clone(), vec![RecordType::HTTPS]).await;
        let is_current = matches!(&*wish.state.borrow(), State::Asked { name: asked, .. } if *asked == name);
        if !is_current {
            return;
        }
        let context = &own.resolution.context;
        if result.as_ref().map_or_else(Fault::is_negative, |found| !found.services.is_empty()) {
            context.answers.keep(&name, &[RecordType::HTTPS], context.now(), result.clone());
        }
        *wish.state.borrow_mut() = State::Heard { name, result };
        wish.done.notify_waiters();
    };
    drop(resolution.spawn(work));
}
