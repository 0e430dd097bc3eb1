//! When the next of several runs begins: servers of others have a pause between two, those nearby do not need it.

use std::net::IpAddr;
use std::time::Duration;

use super::session::Session;
use crate::clock::{Clock, Moment};
use crate::dns::Memory;
use crate::plan::{RUN_PAUSE, RunStart};
use crate::stop::{Stop, Stopped};
use crate::trace::{AddressKind, Trace};
use crate::tracer::Tracer;

/// What a run begins with.
const fn memory(start: RunStart) -> Memory {
    match start {
        RunStart::Cold | RunStart::WarmConnection => Memory::Registries,
        RunStart::ColdRoot => Memory::Nothing,
        RunStart::WarmDns | RunStart::WarmAll => Memory::Answers,
    }
}

/// A tracer whose runs begin so.
pub(super) fn started(tracer: Tracer, start: RunStart) -> Tracer {
    let tracer = tracer.with_memory(memory(start));
    if start.keeps_connections() { tracer.with_kept_connections() } else { tracer }
}

/// When a run may begin behind another that has just ended.
pub(super) fn after(session: &Session, last: Option<&Trace>) -> Moment {
    let now = Moment::now();
    match last {
        Some(last) if !is_near(session, last) => now.after(RUN_PAUSE),
        _ => now,
    }
}

/// Whether all that was connected to is on this machine or a private network.
fn is_near(session: &Session, trace: &Trace) -> bool {
    let mut dialled = trace
        .connections
        .iter()
        .flat_map(|connection| &connection.tcp.attempts)
        .map(|attempt| attempt.address.ip())
        .peekable();
    let is_near = |address: IpAddr| {
        matches!(AddressKind::of(address), Some(AddressKind::Loopback | AddressKind::Private))
    };
    session.lab.is_some() || dialled.peek().is_some() && dialled.all(is_near)
}

/// Waits; false when it was interrupted.
pub(super) async fn wait(session: &Session, due: Moment) -> bool {
    let clock = Clock::start();
    let stop = Stop::new(clock, Duration::MAX, session.signals.stop());
    let now = Moment::now();
    if due > now {
        let end = clock.now().after(due.since(now));
        let ended = stop.within(Some(end), std::future::pending::<()>()).await;
        return ended != Err(Stopped::Interrupted);
    }
    session.signals.first().is_none()
}
