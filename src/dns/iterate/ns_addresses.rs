//! Addresses of name servers that came without glue (RFC 9499 §7): resolutions of their own, a few at a time.
//!
//! Every limit here bounds what a hostile zone can make us do (NXNSAttack): names at once,
//! lookups per cut, names that do not exist, depth. How they are resolved is the resolution's part.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::FutureExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::delegations::{Lookup, Server, Unfinished, Zone};
use crate::dns::cache::failures::LIFE;
use crate::dns::context::Context;
use crate::dns::iterate::job::{Aliases, Job, Patience};
use crate::dns::limits::{LOOKUPS_AT_ONCE, MAX_DEPTH, MAX_LOOKUPS, MAX_MISSING};
use crate::dns::outcome::fault::{Fault, Found, NoMoreLookups, Unfound};
use crate::dns::outcome::words::{all_unfound, no_more_lookups, unfound};
use crate::dns::response::alias::arrows;
use crate::dns::wire::name::name_text;
use crate::trace::{AddressSource, FailureCode, Purpose, RecordType};

/// Looks up servers of the zone until one has an address that was not known before.
///
/// # Errors
/// None was found; says why.
pub(crate) async fn resolve_servers(job: &Job, zone: &Rc<Zone>, parent: Option<usize>) -> Result<(), Fault> {
    let mut last: Option<Fault> = None;
    let mut unfound = Vec::new();
    loop {
        if job.work.is_detached() {
            // Its lookups would send nothing.
            return Err(Fault::new(FailureCode::DnsTimeout, "it was not awaited".to_owned()));
        }
        let known = zone.addresses();
        let changed = zone.changed.notified();
        match pick(job, zone) {
            Pick::Names(names) => match look_up(job, zone, names, parent, &mut unfound).await {
                Ok(()) => return Ok(()),
                Err(fault) => last = Some(last.filter(is_loop).unwrap_or(fault)),
            },
            // Another type's walk is on it.
            Pick::Wait => {
                changed.await;
                if zone.addresses() > known {
                    return Ok(());
                }
            }
            Pick::Loop(name) => {
                return Err(last.filter(is_loop).unwrap_or_else(|| glue_loop(job, zone, name, &unfound)));
            }
            Pick::Nothing(why) => {
                let only_loops = || unfound.iter().all(|server| server.why.as_ref().is_some_and(is_loop));
                return Err(match last {
                    Some(last) if unfound.is_empty() || is_loop(&last) && only_loops() => last,
                    Some(last) => Fault { message: all_unfound(&unfound, why), ..last },
                    None => Fault::new(FailureCode::NoUsableServer, no_more_lookups(why)),
                });
            }
        }
    }
}

/// A loop says most about what is wrong.
fn is_loop(fault: &Fault) -> bool {
    fault.code == FailureCode::GlueLoop
}

fn glue_loop(job: &Job, zone: &Zone, name: Name, others: &[Unfound]) -> Fault {
    let loop_of: Vec<Name> = job.stack.iter().cloned().chain([name]).collect();
    let message = format!("glue loop at {}: {}", name_text(&zone.name), arrows(&loop_of));
    let told: Vec<String> = std::iter::once(message).chain(others.iter().map(unfound)).collect();
    Fault::new(FailureCode::GlueLoop, told.join("; "))
        .hint("the parent zone needs address records (glue) for one of these servers")
}

enum Pick {
    /// Names, and the types to ask for.
    Names(Vec<(Name, Vec<RecordType>)>),
    Wait,
    /// All that is left are names that are being looked up by ourselves.
    Loop(Name),
    Nothing(NoMoreLookups),
}

fn pick(job: &Job, zone: &Zone) -> Pick {
    let mut servers = zone.servers.borrow_mut();
    // Inside another lookup nothing is waited for: two lookups could wait for each other.
    let nested = !job.stack.is_empty();
    let left = MAX_LOOKUPS.saturating_sub(zone.lookups.get()) as usize;
    let free = |server: &&mut Server| {
        server.can_be_looked_up()
            && (server.lookup != Lookup::Running || nested)
            && !job.stack.contains(&server.name)
            // Whoever looks for this one's address asks for that one's, too, and will hear.
            && (server.lookup != Lookup::Running || !job.within.contains(&zone.name))
    };
    let note = |limit: String| job.resolution.log.note(format!("the limit of {limit} was hit"));
    if job.stack.len() >= MAX_DEPTH {
        note(format!("{MAX_DEPTH} name server lookups inside each other"));
        return Pick::Nothing(NoMoreLookups::DepthLimit);
    }
    if zone.missing.get() >= MAX_MISSING {
        note(format!("{MAX_MISSING} name servers that do not exist"));
        return Pick::Nothing(NoMoreLookups::MissingLimit);
    }
    if !nested && servers.iter().any(|server| server.lookup == Lookup::Running) {
        return Pick::Wait;
    }
    let chances = (MAX_MISSING - zone.missing.get()) as usize;
    let mut names = Vec::new();
    for server in servers.iter_mut().filter(free).take(LOOKUPS_AT_ONCE.min(left).min(chances)) {
        let types = match server.lookup {
            Lookup::Rest(Some(left)) => vec![left],
            _ => job.resolution.context.plan.server_family.address_types(),
        };
        server.lookup = Lookup::Running;
        names.push((server.name.clone(), types));
    }
    if !names.is_empty() {
        zone.lookups.set(zone.lookups.get() + u32::try_from(names.len()).unwrap_or(u32::MAX));
        return Pick::Names(names);
    }
    if left == 0 {
        note(format!("{MAX_LOOKUPS} name server lookups for one zone"));
        return Pick::Nothing(NoMoreLookups::LookupLimit);
    }
    if let Some(own) = servers.iter().find(|server| job.stack.contains(&server.name)) {
        return Pick::Loop(own.name.clone());
    }
    Pick::Nothing(NoMoreLookups::NoneLeft)
}

/// Looks up a few names at once and goes on with the first that has an address.
async fn look_up(
    job: &Job,
    zone: &Rc<Zone>,
    names: Vec<(Name, Vec<RecordType>)>,
    parent: Option<usize>,
    unfound: &mut Vec<Unfound>,
) -> Result<(), Fault> {
    let mut running = FuturesUnordered::new();
    let mut works = Vec::new();
    let infra = &job.resolution.context.infra;
    let silent = zone.servers.borrow().iter().flat_map(|server| server.addresses.clone()).collect::<Vec<_>>();
    let silent = silent.into_iter().map(|(address, _)| address).filter(|address| infra.is_missed(*address));
    let avoid: Rc<HashSet<SocketAddr>> = Rc::new(job.avoid.iter().copied().chain(silent).collect());
    for (name, types) in names {
        let mut stack = job.stack.clone();
        stack.push(name.clone());
        let within = job.within.iter().chain([&zone.name]).cloned().collect();
        let sub = Job {
            within,
            glue_of: zone.name.zone_of(&name).then(|| zone.name.clone()),
            avoid: Rc::clone(&avoid),
            purpose: if job.purpose == Purpose::Recheck { Purpose::Recheck } else { Purpose::NsAddress },
            aliases: Aliases::Follow,
            // The first address is enough to go on; the second family may still come in.
            patience: Patience::AtMost(Duration::ZERO),
            stack,
            parent,
            ..job.beside()
        };
        works.push(Rc::clone(&sub.work));
        let (path, work) = (Rc::clone(&sub.path), Rc::clone(&sub.work));
        let (zone, context) = (Rc::clone(zone), Rc::clone(&job.resolution.context));
        let unfinished = Unfinished { zone: Rc::clone(&zone), name: name.clone() };
        let lookup = async move {
            let _unfinished = unfinished;
            let found = sub.resolve(name.clone(), types.clone()).await;
            let gave_up = found.is_err() && work.is_detached();
            if gave_up {
                zone.return_lookup();
            }
            let left =
                |rtype: &&RecordType| found.as_ref().is_ok_and(|found| !found.finished.contains(rtype));
            let lookup = match types.iter().find(left) {
                _ if gave_up => Lookup::NotMade,
                // The first address is enough to go on; the other family is asked for if it is of no use.
                Some(left) => Lookup::Rest(Some(*left)),
                None => Lookup::Made,
            };
            take_addresses(&zone, &name, &context, &found, lookup);
            (name, found)
        };
        let task = job.resolution.spawn(lookup);
        running.push(task.map(move |done| (done, path)));
    }
    let mut fault = None;
    while let Some((done, path)) = running.next().await {
        // A task that was aborted has nothing to say.
        let Ok((server, found)) = done else { continue };
        match found {
            Ok(found) if !found.addresses.is_empty() => {
                job.path.borrow_mut().extend(path.borrow().iter());
                works.iter().for_each(|work| work.detach());
                return Ok(());
            }
            Ok(_) => unfound.push(Unfound { server, why: None }),
            Err(why) => {
                if !fault.as_ref().is_some_and(is_loop) {
                    let own = Fault { rcode: None, negative: None, answers: Vec::new(), ..why.clone() };
                    fault = Some(own);
                }
                unfound.push(Unfound { server, why: Some(why) });
            }
        }
    }
    Err(fault
        .unwrap_or_else(|| Fault::new(FailureCode::NoUsableServer, no_more_lookups(NoMoreLookups::NoneLeft))))
}

/// How many seconds the result of a lookup holds: what was not found for lack of an answer no longer than
/// other failures.
fn life(found: &Result<Found, Fault>) -> u32 {
    let failed = u32::try_from(LIFE.as_secs()).unwrap_or_default();
    match found {
        Ok(found) => found.answers.iter().map(|record| record.ttl).min().unwrap_or(failed),
        Err(fault) => fault.negative.as_ref().and_then(|negative| negative.ttl).unwrap_or(failed),
    }
}

/// Takes the result of a lookup into the zone, also when nobody waits for it any more.
fn take_addresses(zone: &Zone, name: &Name, context: &Context, found: &Result<Found, Fault>, lookup: Lookup) {
    if let Some(server) = zone.servers.borrow_mut().iter_mut().find(|server| server.name == *name) {
        server.lookup = lookup;
    }
    for address in found.iter().flat_map(|found| &found.addresses) {
        let (port, reach) = (context.plan.server_port, context.delegations.reach);
        zone.locate(name, (*address, AddressSource::Walk), port, reach);
    }
    if lookup != Lookup::NotMade {
        zone.holds_at_most(Moment::now(), life(found));
    }
    if found.as_ref().is_err_and(|fault| fault.code == FailureCode::NxDomain) {
        zone.missing.set(zone.missing.get() + 1);
    }
    zone.changed.notify_waiters();
}
