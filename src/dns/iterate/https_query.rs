//! The HTTPS query of an origin beside its address queries (RFC 9460 §3).

use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::job::{Aliases, Errand, Patience};
use crate::dns::iterate::resolve::find;
use crate::dns::iterate::wish::State;
use crate::dns::outcome::fault::Fault;
use crate::trace::RecordType;

/// Asks for the HTTPS records of a name whose zone was found, once a name. With a port in the
/// question an alias of the host does not matter: only the first name is asked for.
pub(crate) fn ask_beside(errand: &Errand, host: &Name) {
    let is_ours = errand.is_main() && errand.aliases == Aliases::Follow;
    let wish = errand.run.wish.clone().filter(|wish| is_ours && !wish.closed.get());
    let Some(wish) = wish else { return };
    if wish.prefix.is_some() && wish.was_asked() {
        return;
    }
    let Some(name) = wish.name(host) else { return };
    match &*wish.state.borrow() {
        State::Asked { name: known, .. } | State::Heard { name: known, .. } if *known == name => return,
        State::Asked { lane, .. } => lane.detach(),
        _ => {}
    }
    if let Some(known) = errand.run.shared.known(&name, &[RecordType::HTTPS], errand.run.log.clock().now()) {
        *wish.state.borrow_mut() = State::Heard { name, result: known };
        return;
    }
    let own = Errand {
        // The walk of the addresses meets the same aliases: it is not overtaken.
        aliases: Aliases::Keep,
        patience: Patience::Whole,
        parent: errand.parent,
        ..errand.beside()
    };
    let run = Rc::clone(&errand.run);
    *wish.state.borrow_mut() = State::Asked { name: name.clone(), lane: Rc::clone(&own.lane) };
    let work = async move {
        let result = find(own.clone(), name.clone(), vec![RecordType::HTTPS]).await;
        let is_current = matches!(&*wish.state.borrow(), State::Asked { name: asked, .. } if *asked == name);
        if !is_current {
            return;
        }
        let (shared, now) = (&own.run.shared, own.run.log.clock().now());
        if result.as_ref().map_or_else(Fault::is_negative, |found| !found.services.is_empty()) {
            shared.keep_answer(&name, &[RecordType::HTTPS], now, result.clone());
        }
        *wish.state.borrow_mut() = State::Heard { name, result };
        wish.done.notify_waiters();
    };
    drop(run.spawn(work));
}
