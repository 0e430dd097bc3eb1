//! The walk: from the deepest known zone down to the answer, over aliases and zones.
//!
//! It decides what to ask next; asking the servers of one zone is `race`'s part, finding the
//! addresses of servers without glue is `servers`'s. Types are asked in parallel where it saves
//! time: the first type alone at the root and at top-level zones, all of them below.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use hickory_resolver::proto::rr::Name;
use tokio::task::{AbortHandle, JoinHandle};

use super::cut::{Shared, Zone};
use super::dead::Case;
use super::ends::{TypeEnd, alias_target, assemble};
use super::fault::{Fault, Found, ServerFailure, arrows, no_server_of_family, servers_unknown};
use super::flight::{Goal, Turn};
use super::log::{HOST_BUDGET, Log, NAME_BUDGET, records};
use super::message::Rr;
use super::minimise::{Steps, lead_on};
use super::presentation::name_text;
use super::race::{Budget, Lane, Lost, Quest, ask_servers};
use super::reply::{Absence, Verdict};
use super::servers::resolve_servers;
use super::service_lane::{Wish, ask_beside};
use super::together::{Gate, gate, refer, reuse};
use crate::plan::Minimisation;
use crate::trace::{Choice, Cut, FailureCode, NO_AUTHORITY, Negative, Purpose, Record, RecordType};

/// Referrals followed for one name.
const MAX_CUTS: usize = 16;
/// Aliases followed for one question, as unbound does.
const MAX_ALIASES: usize = 11;
/// A zone of so many labels has many children: one type is enough to get past it.
const SHALLOW: usize = 1;
const DS: RecordType = RecordType(43);

/// What all parts of one resolution share.
#[derive(Debug)]
pub(super) struct Run {
    /// Tells the resolutions of one resolver apart.
    pub(super) id: u64,
    pub(super) shared: Rc<Shared>,
    pub(super) log: Rc<Log>,
    pub(super) root_answered: Rc<Cell<bool>>,
    pub(super) cuts: RefCell<Vec<Cut>>,
    pub(super) tasks: RefCell<Vec<AbortHandle>>,
    /// The HTTPS records that are asked for beside the addresses.
    pub(super) wish: Option<Rc<Wish>>,
}

impl Run {
    /// `wish` asks for HTTPS records beside the addresses.
    pub(super) fn new(shared: Rc<Shared>, log: Rc<Log>, wish: Option<Rc<Wish>>) -> Rc<Self> {
        let (cuts, tasks) = (RefCell::default(), RefCell::default());
        let id = shared.flights.resolution();
        Rc::new(Self { id, shared, log, root_answered: Rc::default(), cuts, tasks, wish })
    }

    /// Runs work beside the walk; it ends with the run at the latest.
    pub(super) fn spawn<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        let handle = tokio::task::spawn_local(work);
        self.tasks.borrow_mut().push(handle.abort_handle());
        handle
    }

    pub(super) fn use_zone(&self, zone: &Zone, cached: bool) {
        // What another resolution has found is news to this one, and cost it nothing.
        let cut = zone.cut(cached || zone.found_by.is_some_and(|by| by != self.id));
        let mut cuts = self.cuts.borrow_mut();
        match cuts.iter_mut().find(|known| known.zone == cut.zone) {
            // Addresses may have been found since.
            Some(known) => (known.servers, known.child) = (cut.servers, cut.child),
            None => cuts.push(cut),
        }
    }
}

/// Whether an alias is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aliases {
    Follow,
    /// The alias itself is wanted.
    Keep,
}

/// How long the other types are awaited once the first has its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// All types are wanted.
    Whole,
    /// RFC 8305 §3: the resolution delay.
    AtMost(Duration),
}

/// One question and its place in the run.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) run: Rc<Run>,
    pub(super) purpose: Purpose,
    pub(super) aliases: Aliases,
    pub(super) patience: Patience,
    /// The names of servers that are being looked up for this one, outermost first.
    pub(super) stack: Vec<Name>,
    pub(super) lane: Rc<Lane>,
    /// The packets its time was spent on.
    pub(super) path: Rc<RefCell<Vec<usize>>>,
    pub(super) parent: Option<usize>,
}

impl Errand {
    pub(super) fn walk(run: &Rc<Run>, patience: Patience) -> Self {
        Self {
            run: Rc::clone(run),
            purpose: Purpose::Walk,
            aliases: Aliases::Follow,
            patience,
            stack: Vec::new(),
            lane: Rc::default(),
            path: Rc::default(),
            parent: None,
        }
    }

    /// The same errand for work beside it, with a path and a lane of its own.
    pub(super) fn beside(&self) -> Self {
        Self { lane: Lane::under(&self.lane), path: Rc::default(), ..self.clone() }
    }

    pub(super) fn is_main(&self) -> bool {
        self.stack.is_empty()
    }
}

/// Finds the records of a name, over all aliases. Boxed: servers without glue make it call itself.
pub(super) fn find(
    errand: Errand,
    qname: Name,
    types: Vec<RecordType>,
) -> LocalBoxFuture<'static, Result<Found, Fault>> {
    async move {
        let (shared, log) = (Rc::clone(&errand.run.shared), Rc::clone(&errand.run.log));
        // The alias itself is another question than what it leads to.
        let cachable = errand.aliases == Aliases::Follow;
        if !cachable {
            return follow(&errand, &qname, &types).await;
        }
        if let Some(known) = reuse(&errand, &qname, &types) {
            return known;
        }
        let goal = Goal::Answer { name: qname.clone(), types: types.clone() };
        let turn = shared.flights.enter(goal, errand.run.id).await;
        if let (Turn::Finished, Some(known)) = (&turn, reuse(&errand, &qname, &types)) {
            return known;
        }
        let result = follow(&errand, &qname, &types).await;
        let worth_keeping = match &result {
            Ok(found) => types.iter().all(|rtype| found.finished.contains(rtype)),
            Err(fault) => fault.is_negative(),
        };
        if worth_keeping {
            shared.keep_answer(&qname, &types, log.clock().now(), result.clone());
        } else if let (false, Ok(Found { finished, .. })) = (errand.is_main(), &result) {
            // Of a name server one family is enough to go on.
            shared.keep_answer(&qname, finished, log.clock().now(), result.clone());
        }
        drop(turn);
        result
    }
    .boxed_local()
}

/// What one name gave.
enum End {
    Alias { chain: Vec<Rr>, target: Name, id: usize },
    Final(Vec<(RecordType, TypeEnd)>),
}

/// The loop over aliases.
async fn follow(errand: &Errand, qname: &Name, types: &[RecordType]) -> Result<Found, Fault> {
    let mut answers: Vec<Record> = Vec::new();
    let mut seen = vec![qname.clone()];
    let mut parent = errand.parent;
    loop {
        let current = seen.last().unwrap_or(qname).clone();
        let end = descend(errand, &current, types, parent).await;
        let end = end.map_err(|fault| Fault { answers: answers.clone(), ..fault })?;
        let (chain, target, id) = match end {
            End::Alias { chain, target, id } => (chain, target, id),
            End::Final(ends) => {
                // A chain may also end inside one reply.
                let inside = ends.iter().map(|(_, end)| end.chain()).max_by_key(|chain| chain.len());
                let targets = inside.unwrap_or_default().iter().filter_map(alias_target).cloned();
                let all: Vec<Name> = seen.iter().cloned().chain(targets).collect();
                if all.len() > MAX_ALIASES + 1 {
                    let fault = too_many_aliases(errand, qname, &all);
                    answers.extend(records(inside.unwrap_or_default()));
                    return Err(Fault { answers, ..fault });
                }
                return assemble(errand, &current, types, answers, ends);
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
            too_many_aliases(errand, qname, &seen)
        } else {
            parent = Some(id);
            continue;
        };
        return Err(Fault { answers, ..fault });
    }
}

fn too_many_aliases(errand: &Errand, qname: &Name, chain: &[Name]) -> Fault {
    errand.run.log.note(format!("the limit of {MAX_ALIASES} CNAMEs was hit"));
    let message =
        format!("{} has more than {MAX_ALIASES} aliases in a row: {}", name_text(qname), arrows(chain));
    Fault::new(FailureCode::CnameChainTooLong, message)
        .hint("resolvers give up on chains like this: shorten it")
}

/// From the deepest known zone of a name down to what its own zone says of it.
async fn descend(
    errand: &Errand,
    qname: &Name,
    types: &[RecordType],
    parent: Option<usize>,
) -> Result<End, Fault> {
    let run = &errand.run;
    let Some((first, rest)) = types.split_first() else {
        return Ok(End::Final(Vec::new()));
    };
    let budget = Budget::for_a_name();
    // RFC 4035 §3.1.4.1: a DS belongs to the parent.
    let above = if *first == DS && !qname.is_root() { qname.base_name() } else { qname.clone() };
    let known = run.shared.zones_above(&above);
    if errand.is_main() {
        let cached = known.len() > 1;
        known.iter().for_each(|zone| run.use_zone(zone, cached));
    }
    if known.len() > 1 {
        // There is no root to wait for.
        run.root_answered.set(true);
    }
    let Some(mut zone) = known.last().cloned() else {
        return Err(Fault::new(FailureCode::NoUsableServer, "no root server is known".to_owned()));
    };
    let mut parent = parent;
    let mut hidden = Steps::default();
    for _ in 0..MAX_CUTS {
        let lead = match gate(run, &zone, &above).await {
            Gate::Ask(lead) => lead,
            Gate::Deeper(found) => {
                for deeper in found {
                    if errand.is_main() {
                        run.use_zone(&deeper, true);
                    }
                    zone = deeper;
                }
                run.root_answered.set(true);
                continue;
            }
        };
        if run.shared.plan.minimisation == Minimisation::Relaxed
            && let Some((id, referral)) = lead_on(errand, &zone, qname, parent, &budget, &mut hidden).await
        {
            zone = refer(errand, qname, &referral, id, lead);
            parent = Some(id);
            continue;
        }
        let question = |errand: &Errand, rtype: RecordType, zone: &Rc<Zone>| {
            let (errand, zone, budget) = (errand.clone(), Rc::clone(zone), Rc::clone(&budget));
            let qname = qname.clone();
            async move { ask_zone(&errand, &zone, &qname, rtype, parent, &budget).await }
        };
        let beside = |zone: &Rc<Zone>| -> Vec<Beside> {
            let start = |rtype: &RecordType| {
                let errand = errand.beside();
                let task = run.spawn(question(&errand, *rtype, zone).boxed_local());
                Beside { rtype: *rtype, errand, task }
            };
            rest.iter().map(start).collect()
        };
        // Without glue the addresses come first, once, before the types part ways.
        ensure_servers(errand, &zone, qname, *first, parent).await?;
        let shallow = zone.name.iter().len() <= SHALLOW;
        let others = if shallow { Vec::new() } else { beside(&zone) };
        if !shallow {
            ask_beside(errand, qname);
        }
        let mut step = question(errand, *first, &zone).await;
        if errand.is_main() {
            run.use_zone(&zone, false);
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
                ask_beside(errand, qname);
                beside(&zone)
            }
            _ => others,
        };
        match &step {
            Ok(Step { verdict: Verdict::Answer { .. }, .. }) => {
                if let Some(wish) =
                    run.wish.as_ref().filter(|_| errand.is_main() && errand.aliases == Aliases::Follow)
                {
                    wish.address_answered(run.log.clock().now());
                }
                ends = gather(errand, others, errand.patience).await;
            }
            Ok(Step { verdict: Verdict::Absent { absence: Absence::Type, .. }, .. }) => {
                ends = gather(errand, others, Patience::Whole).await;
            }
            Err(_) => {
                ends = gather(errand, others, Patience::Whole).await;
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
            Ok(_) => others.iter().for_each(|other| other.errand.lane.detach()),
        }
        match step {
            Ok(Step { id, verdict: Verdict::Referral(referral), .. }) => {
                zone = refer(errand, qname, &referral, id, lead);
                parent = Some(id);
            }
            Ok(Step { id, verdict: Verdict::Alias { chain, target }, .. }) => {
                if errand.aliases == Aliases::Follow {
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
    run.log.note(format!("the limit of {MAX_CUTS} referrals for one name was hit"));
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
    errand: Errand,
    task: JoinHandle<Result<Step, Fault>>,
}

/// A useful answer of a zone.
pub(super) struct Step {
    pub(super) id: usize,
    pub(super) verdict: Verdict,
}

/// Awaits the other types; those that take too long are given up, and `None` stands for them.
async fn gather(
    errand: &Errand,
    others: Vec<Beside>,
    patience: Patience,
) -> Vec<(RecordType, Option<Result<Step, Fault>>)> {
    let clock = errand.run.log.clock();
    let limit = match patience {
        Patience::Whole => None,
        Patience::AtMost(delay) => Some((delay, clock.instant(clock.now().after(delay)))),
    };
    let mut ends = Vec::new();
    for Beside { rtype, errand: own, task } in others {
        let done = match limit {
            None => Some(task.await),
            Some((_, deadline)) => tokio::time::timeout_at(deadline.into(), task).await.ok(),
        };
        // A task that was aborted or lost ends as one that was not awaited.
        let done = done.and_then(Result::ok);
        if done.is_none() {
            own.lane.detach();
            if let (true, Some((delay, _))) = (errand.is_main(), limit) {
                let (rtype, delay) = (rtype.mnemonic(), delay.as_millis());
                errand.run.log.note(format!(
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

/// Looks up servers if no address of the zone is known.
async fn ensure_servers(
    errand: &Errand,
    zone: &Rc<Zone>,
    qname: &Name,
    qtype: RecordType,
    parent: Option<usize>,
) -> Result<(), Fault> {
    let shared = &errand.run.shared;
    if shared.order(zone, &HashSet::new()).is_empty() {
        let of_other_family = no_server_of_family(zone, shared.plan.server_family);
        if let Some(fault) = of_other_family {
            return Err(fault);
        }
        if let Some(known) = case(errand, zone, qname, qtype).known() {
            return Err(known);
        }
        resolve_servers(errand, zone, parent)
            .await
            .map_err(|fault| unknown(errand, case(errand, zone, qname, qtype), &[], &fault))?;
    }
    Ok(())
}

fn case<'a>(errand: &'a Errand, zone: &'a Zone, qname: &'a Name, qtype: RecordType) -> Case<'a> {
    Case { shared: &errand.run.shared, zone, qname, qtype, now: errand.run.log.clock().now() }
}

/// No server is left, and no other has an address. What a lookup inside others met, or one that could
/// send nothing more, need not hold for the next.
fn unknown(errand: &Errand, case: Case<'_>, failed: &[ServerFailure], why: &Fault) -> Fault {
    if errand.is_main() && !errand.run.log.is_spent() {
        return case.failed(failed, Some(why));
    }
    servers_unknown(&case.zone.name, case.qname, case.qtype, failed, why)
}

/// One question to a zone: first its servers with known addresses, then the others.
pub(super) async fn ask_zone(
    errand: &Errand,
    zone: &Rc<Zone>,
    qname: &Name,
    qtype: RecordType,
    parent: Option<usize>,
    budget: &Rc<Budget>,
) -> Result<Step, Fault> {
    let run = &errand.run;
    let quest = Quest {
        shared: Rc::clone(&run.shared),
        log: Rc::clone(&run.log),
        lane: Rc::clone(&errand.lane),
        budget: Rc::clone(budget),
        root_answered: Rc::clone(&run.root_answered),
        zone: Rc::clone(zone),
        qname: qname.clone(),
        qtype,
        parent,
        purpose: errand.purpose,
    };
    let case = || case(errand, zone, qname, qtype);
    if let Some(known) = case().known() {
        return Err(known);
    }
    let mut tried = HashSet::new();
    let mut failed: Vec<ServerFailure> = Vec::new();
    loop {
        let candidates = run.shared.order(zone, &tried);
        if candidates.is_empty() {
            match resolve_servers(errand, zone, parent).await {
                Ok(()) if !run.shared.order(zone, &tried).is_empty() => continue,
                Ok(()) => return Err(case().failed(&failed, None)),
                Err(fault) => return Err(unknown(errand, case(), &failed, &fault)),
            }
        }
        tried.extend(candidates.iter().map(|candidate| candidate.address));
        let first = (!failed.is_empty()).then_some(Choice::NextAfterFailure);
        match ask_servers(&quest, candidates, first).await {
            Ok(won) => {
                errand.path.borrow_mut().extend(won.path);
                if won.without_authority {
                    let zone = name_text(&zone.name);
                    run.log.note(format!("no server of {zone} did better than one that {NO_AUTHORITY}"));
                }
                note_plain(run, won.id, &won.verdict);
                if let (Verdict::Referral(referral), Some(reply)) = (&won.verdict, run.log.raw(won.id)) {
                    run.shared.dnssec.referred(&referral.cut, &zone.name, qname, reply);
                }
                return Ok(Step { id: won.id, verdict: won.verdict });
            }
            Err(Lost::Failed { failures, path }) => {
                errand.path.borrow_mut().extend(path);
                failed.extend(failures);
                if zone.servers.borrow().iter().all(|server| !server.can_be_looked_up()) {
                    return Err(case().failed(&failed, None));
                }
            }
            Err(Lost::Known(fault)) => return Err(*fault),
            Err(Lost::Detached) => {
                return Err(Fault::new(FailureCode::DnsTimeout, "it was not awaited".to_owned()));
            }
            Err(lost) => return Err(over_budget(run, qname, &lost)),
        }
    }
}

/// A negative answer without the SOA that RFC 2308 §3 demands.
fn note_plain(run: &Run, id: usize, verdict: &Verdict) {
    if let Verdict::Absent { negative: Negative { zone: None, foreign_soa, .. }, .. } = verdict {
        let server = run.log.with(id, |packet| packet.server_name.clone()).flatten().unwrap_or_default();
        let soa = match foreign_soa {
            Some(zone) => format!("with an SOA of {zone}, which has no say here"),
            None => "without an SOA".to_owned(),
        };
        run.log.note(format!("{server} sent a negative answer {soa}: how long it holds is not known"));
    }
}

fn over_budget(run: &Run, qname: &Name, lost: &Lost) -> Fault {
    let (limit, what) = match lost {
        Lost::HostBudget => (HOST_BUDGET, "one host with its aliases and name servers"),
        _ => (NAME_BUDGET, "one name"),
    };
    run.log.note(format!("the limit of {limit} packets for {what} was hit at {}", name_text(qname)));
    let message = format!("{} is not answered after {limit} packets, the limit for {what}", name_text(qname));
    Fault::new(FailureCode::PacketBudget, message)
}
