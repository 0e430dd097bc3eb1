//! One zone's answer in iterative resolution (RFC 1034 §5.3.3 steps 2 and 3): its servers get addresses, and are asked
//! until one answers or all have failed. Where the answer leads is `descend`'s part.

use std::collections::HashSet;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::delegations::{Server, Zone};
use crate::dns::cache::failures::{Extent, ZoneFailure};
use crate::dns::iterate::job::{Job, Resolution};
use crate::dns::iterate::ns_addresses::resolve_servers;
use crate::dns::limits::{HOST_BUDGET, NAME_BUDGET};
use crate::dns::name_servers::ask::ask_servers;
use crate::dns::name_servers::budget::Budget;
use crate::dns::name_servers::selection::order;
use crate::dns::name_servers::zone_query::{Answered, Unanswered, ZoneQuery};
use crate::dns::outcome::fault::{Fault, ServerFailure};
use crate::dns::outcome::words::{NAMED_SERVERS, NOWHERE, nowhere, servers_unknown};
use crate::dns::response::classify::Verdict;
use crate::dns::wire::name::name_text;
use crate::explain::dns_words::NO_AUTHORITY;
use crate::plan::Family;
use crate::trace::{Choice, FailureCode, Negative, RecordType};

/// Looks up servers if no address of the zone is known.
pub(crate) async fn ensure_servers(
    job: &Job,
    zone: &Rc<Zone>,
    qname: &Name,
    qtype: RecordType,
    parent: Option<usize>,
) -> Result<(), Fault> {
    let context = &job.resolution.context;
    if order(context, zone, &HashSet::new()).is_empty() {
        let of_other_family = no_server_of_family(zone, context.plan.server_family);
        if let Some(fault) = of_other_family {
            return Err(fault);
        }
        if let Some(known) = failure(job, zone, qname, qtype).known() {
            return Err(known);
        }
        resolve_servers(job, zone, parent)
            .await
            .map_err(|fault| unknown(job, failure(job, zone, qname, qtype), &[], &fault))?;
    }
    Ok(())
}

fn failure<'a>(job: &'a Job, zone: &'a Zone, qname: &'a Name, qtype: RecordType) -> ZoneFailure<'a> {
    let context = &job.resolution.context;
    let (failures, infra, now) = (&context.failures, &context.infra, context.now());
    ZoneFailure { failures, infra, zone, qname, qtype, extent: Extent::Whole, now }
}

/// No server is left, and no other has an address. What a lookup inside others met, or one that could
/// send nothing more, need not hold for the next.
fn unknown(job: &Job, of: ZoneFailure<'_>, failed: &[ServerFailure], why: &Fault) -> Fault {
    let nowhere: Vec<ServerFailure> = of.zone.not_asked.borrow().iter().map(nowhere).collect();
    if !nowhere.is_empty() {
        return of.failed(&[&nowhere, failed].concat(), None).hint(NOWHERE);
    }
    if job.is_main() && !job.resolution.log.is_spent() && !job.work.is_detached() {
        return of.failed(failed, Some(why));
    }
    servers_unknown(&of.zone.name, of.qname, of.qtype, failed, why)
}

/// One question to a zone: first its servers with known addresses, then the others.
pub(crate) async fn ask_zone(
    job: &Job,
    zone: &Rc<Zone>,
    (qname, extent): (&Name, Extent),
    qtype: RecordType,
    parent: Option<usize>,
    budget: &Rc<Budget>,
) -> Result<Answered, Fault> {
    let resolution = &job.resolution;
    let query = ZoneQuery {
        context: Rc::clone(&resolution.context),
        log: Rc::clone(&resolution.log),
        work: Rc::clone(&job.work),
        budget: Rc::clone(budget),
        tasks: Rc::clone(&resolution.tasks),
        root_answered: Rc::clone(&resolution.root_answered),
        zone: Rc::clone(zone),
        qname: qname.clone(),
        qtype,
        extent,
        parent,
        purpose: job.purpose,
    };
    if let Some(known) = query.failure().known() {
        return Err(known);
    }
    let mut spare = None;
    let result = ask_all(job, &query, &mut spare).await;
    let answered = match (result, spare) {
        (Err(_), Some(spare)) => spare,
        (result, _) => result?,
    };
    take_answer(job, zone, qname, &answered);
    Ok(answered)
}

/// Asks all servers of a zone, those whose addresses have to be found last. `spare` is an answer without authority.
async fn ask_all(job: &Job, query: &ZoneQuery, spare: &mut Option<Answered>) -> Result<Answered, Fault> {
    let (resolution, zone) = (&job.resolution, &query.zone);
    let Resolution { context, .. } = &**resolution;
    let mut tried = (*job.avoid).clone();
    let mut failed: Vec<ServerFailure> = Vec::new();
    loop {
        let candidates = order(context, zone, &tried);
        if candidates.is_empty() {
            let found = resolve_servers(job, zone, query.parent).await;
            let is_more = !order(context, zone, &tried).is_empty();
            match found {
                Ok(()) if is_more => continue,
                _ if job.is_main() && !failed.is_empty() && zone.take_glue(&context.delegations) => continue,
                Ok(()) => return Err(query.failure().failed(&failed, None)),
                // All of them had addresses: what was looked up in place of glue has changed nothing.
                Err(_) if !failed.is_empty() && zone.servers.borrow().iter().all(Server::has_address) => {
                    return Err(query.failure().failed(&failed, None));
                }
                Err(fault) => return Err(unknown(job, query.failure(), &failed, &fault)),
            }
        }
        tried.extend(candidates.iter().map(|candidate| candidate.address));
        let first = (!failed.is_empty()).then_some(Choice::NextAfterFailure);
        match ask_servers(query, candidates, first).await {
            Ok(answered)
                if answered.without_authority
                    && spare.is_none()
                    && zone.servers.borrow().iter().any(Server::is_unknown) =>
            {
                // One of those that nobody gave an address of may do better.
                *spare = Some(answered);
            }
            Ok(answered) => return Ok(answered),
            Err(Unanswered::Failed { failures, path }) => {
                job.path.borrow_mut().extend(path);
                failed.extend(failures);
                let is_over = zone.servers.borrow().iter().all(|server| !server.can_be_looked_up());
                let is_more = || !order(context, zone, &tried).is_empty();
                let may_differ = || zone.doubts_glue() || zone.take_glue(&context.delegations) || is_more();
                if is_over && !(job.is_main() && may_differ()) {
                    return Err(query.failure().failed(&failed, None));
                }
            }
            Err(Unanswered::Known(fault)) => return Err(*fault),
            Err(Unanswered::Detached) => {
                return Err(Fault::new(FailureCode::DnsTimeout, "it was not awaited".to_owned()));
            }
            Err(lost) => return Err(over_budget(resolution, &query.qname, &lost)),
        }
    }
}

/// What of an answer the resolution goes by, and what is told of it.
fn take_answer(job: &Job, zone: &Zone, qname: &Name, answered: &Answered) {
    let Answered { id, verdict, path, without_authority } = answered;
    let Resolution { context, log, .. } = &*job.resolution;
    job.path.borrow_mut().extend(path);
    if *without_authority {
        let zone = name_text(&zone.name);
        log.note(format!("no server of {zone} did better than one that {NO_AUTHORITY}"));
    }
    note_plain(&job.resolution, *id, verdict);
    if let (Verdict::Referral(referral), Some(reply)) = (verdict, log.raw(*id)) {
        let now = Moment::now();
        context.dnssec.referred(&referral.cut, &zone.name, qname, reply, referral.ttl, now);
    }
}

/// A negative answer without the SOA that RFC 2308 §3 demands.
fn note_plain(resolution: &Resolution, id: usize, verdict: &Verdict) {
    if let Verdict::Absent { negative: Negative { zone: None, foreign_soa, .. }, .. } = verdict {
        let server =
            resolution.log.with(id, |packet| packet.server_name.clone()).flatten().unwrap_or_default();
        let soa = match foreign_soa {
            Some(zone) => format!("with an SOA of {zone}, which has no say here"),
            None => "without an SOA".to_owned(),
        };
        resolution.log.note(format!("{server} sent a negative answer {soa}: how long it holds is not known"));
    }
}

fn over_budget(resolution: &Resolution, qname: &Name, lost: &Unanswered) -> Fault {
    let (limit, what) = match lost {
        Unanswered::HostBudget => (HOST_BUDGET, "one host with its aliases and name servers"),
        _ => (NAME_BUDGET, "one name"),
    };
    resolution.log.note(format!("the limit of {limit} packets for {what} was hit at {}", name_text(qname)));
    let message = format!("{} is not answered after {limit} packets, the limit for {what}", name_text(qname));
    Fault::new(FailureCode::PacketBudget, message)
}

/// All servers of a zone have addresses, and none of them is one that `-4` or `-6` allows.
pub(crate) fn no_server_of_family(zone: &Zone, family: Family) -> Option<Fault> {
    let (words, option) = family.words()?;
    let servers = zone.servers.borrow();
    if servers.is_empty() || servers.iter().any(Server::can_be_looked_up) {
        return None;
    }
    let at = |server: &Server| {
        let addresses: Vec<_> = server.addresses.iter().map(|(at, _)| at.ip().to_string()).collect();
        format!("{} is at {}", name_text(&server.name), addresses.join(" and "))
    };
    let known = servers.iter().filter(|server| !server.addresses.is_empty());
    let mut told: Vec<String> = known.take(NAMED_SERVERS).map(at).collect();
    if servers.len() > NAMED_SERVERS {
        told.push(format!("and {} more", servers.len() - NAMED_SERVERS));
    }
    let message = format!(
        "no server of zone {} has an {words} address, and {option} allows no other: {}",
        name_text(&zone.name),
        told.join("; ")
    );
    let fault = Fault::new(FailureCode::NoUsableServer, message);
    Some(fault.hint(&format!("leave out {option} to ask them at these addresses")))
}
