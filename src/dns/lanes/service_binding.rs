//! The client's part of RFC 9460 (§3): asking for HTTPS records beside the addresses, following them, and choosing
//! one.
//!
//! The question goes out with those for A and AAAA, to the same zone or resolver. Its answer is awaited no
//! longer than the second address family is, and nothing it says or lacks can fail a resolution:
//! what cannot be used is told, and the host's own addresses serve. What a record's target is must
//! be looked up like the target of a CNAME, and counts like it.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::https_query::ask_beside;
use crate::dns::iterate::job::{Aliases, Job, Patience, RESOLUTION_DELAY};
use crate::dns::iterate::resolve::find;
use crate::dns::iterate::wish::{State, Wish};
use crate::dns::lanes::service_records::{Choice, Mode, compare_hints, sort_out};
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::outcome::words::not_awaited;
use crate::dns::resolvers::chosen::Asker;
use crate::dns::resolvers::combine::Questions;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::{name_text, parse_name};
use crate::trace::{At, EndpointSource, FailureCode, Record, RecordType, ServiceBinding, ServiceEndpoint};

/// AliasMode records that are followed.
const MAX_ALIASES: usize = 8;

/// Records whose targets are looked up.
const MAX_TARGETS: usize = 4;

/// How long the look-ups of targets may take when the host has addresses of its own.
const TARGET_PATIENCE: Duration = Duration::from_secs(1);

/// Puts what the HTTPS records say to the addresses found, and waits for them a little if need be.
pub(crate) async fn complete(
    job: &Job,
    host: &Name,
    types: &[RecordType],
    result: Result<Found, Fault>,
) -> Result<Found, Fault> {
    let Some(wish) = job.resolution.wish.clone() else { return result };
    // Without the name there is no service; without its servers nobody can say so.
    if result.as_ref().is_err_and(|fault| fault.code != FailureCode::NoData) {
        return result;
    }
    let clock = *job.resolution.log.clock();
    let limit = wish.answered.get().unwrap_or_else(|| clock.now()).after(RESOLUTION_DELAY);
    if !wish.was_asked() {
        // The addresses were known from earlier in this run.
        ask_beside(job, host);
    }
    wish.closed.set(true);
    if !wish.was_asked() {
        return result;
    }
    let in_time = tokio::time::timeout_at(clock.instant(limit).into(), wish.heard()).await.is_ok();
    let heard = match std::mem::replace(&mut *wish.state.borrow_mut(), State::Idle) {
        State::Heard { result, .. } if in_time => Some(result),
        State::Asked { work, .. } => {
            work.detach();
            None
        }
        _ => None,
    };
    let Some(heard) = heard else {
        job.resolution.log.waited();
        job.resolution.log.note(not_awaited(RESOLUTION_DELAY));
        return result;
    };
    ServiceResolution::new(Via::Walk(job), &wish, host, types).finish(heard, result).await
}

/// The same for what a resolver said, which was asked for all of it at the same time; `heard` is
/// `None` when the HTTPS records were not awaited.
pub(crate) async fn complete_heard(
    asker: &Asker<'_>,
    wish: &Wish,
    (host, types): (&Name, &[RecordType]),
    result: Result<Found, Fault>,
    heard: Option<Result<Found, Fault>>,
) -> Result<Found, Fault> {
    let Some(heard) = heard else { return result };
    if result.as_ref().is_err_and(|fault| fault.code != FailureCode::NoData) {
        return result;
    }
    ServiceResolution::new(Via::Resolver(asker), wish, host, types).finish(heard, result).await
}

/// Who looks up what a record leads to.
#[derive(Clone, Copy)]
enum Via<'a> {
    Walk(&'a Job),
    Resolver(&'a Asker<'a>),
}

struct ServiceResolution<'a> {
    via: Via<'a>,
    wish: &'a Wish,
    types: &'a [RecordType],
    binding: ServiceBinding,
    /// The records that were followed.
    followed: Vec<Record>,
}

impl<'a> ServiceResolution<'a> {
    fn new(via: Via<'a>, wish: &'a Wish, host: &Name, types: &'a [RecordType]) -> Self {
        let name = wish.name(host).map(|name| name_text(&name)).unwrap_or_default();
        let binding = ServiceBinding { name, ..ServiceBinding::default() };
        Self { via, wish, types, binding, followed: Vec::new() }
    }

    fn log(&self) -> &'a Log {
        match self.via {
            Via::Walk(job) => &job.resolution.log,
            Via::Resolver(asker) => &asker.run.log,
        }
    }

    /// Follows the records, and keeps what they say.
    async fn finish(
        mut self,
        heard: Result<Found, Fault>,
        own: Result<Found, Fault>,
    ) -> Result<Found, Fault> {
        let result = self.follow(heard, own).await;
        if !self.binding.records.is_empty() || !self.binding.aliases.is_empty() {
            *self.wish.binding.borrow_mut() = Some(self.binding);
        }
        result
    }

    /// Aliases first, then the records whose targets have addresses.
    async fn follow(
        &mut self,
        heard: Result<Found, Fault>,
        own: Result<Found, Fault>,
    ) -> Result<Found, Fault> {
        let limit = own.is_ok().then(|| self.log().clock().now().after(TARGET_PATIENCE));
        let mut heard = match heard {
            Ok(found) => found,
            Err(fault) => {
                if !fault.is_negative() {
                    self.note(format!("no HTTPS record was learned: {}", fault.message));
                }
                return own;
            }
        };
        if let Some(target) = cname_end(&heard) {
            // The host's alias was seen by this question only.
            match self.look_up(&target, vec![RecordType::HTTPS], limit).await {
                Some(Ok(found)) => heard = found,
                _ => return own,
            }
        }
        let mut aliased = None;
        loop {
            let protocols = &self.wish.protocols;
            let (owner, target, shown) = match sort_out(&heard.services, protocols) {
                Mode::None => break,
                Mode::Malformed { owner, why, records } => {
                    let owner = name_text(&owner);
                    self.note(format!(
                        "the HTTPS records of {owner} are not used: one is malformed, {why} (RFC 9460 section \
                         2.2)"
                    ));
                    self.binding.records = records;
                    return own;
                }
                Mode::Services(choices) => {
                    let found =
                        self.look_up_targets(&choices, [own.as_ref().ok(), aliased.as_ref()], limit).await;
                    return self.settle(&choices, found, aliased, own);
                }
                Mode::Alias { owner, target, shown } => (owner, target, shown),
            };
            let (from, to) = (name_text(&owner), name_text(&target));
            if target.is_root() {
                self.note(format!("the HTTPS record of {from} says that there is no such service"));
                break;
            }
            let is_loop = self.binding.aliases.iter().any(|(known, _)| *known == to) || from == to;
            if is_loop || self.binding.aliases.len() == MAX_ALIASES {
                let why = if is_loop { "are a loop" } else { "are more than 8" };
                self.note(format!("the HTTPS aliases of {} {why}: not followed", self.binding.name));
                self.binding.aliases.clear();
                return own;
            }
            self.binding.aliases.push((from, to.clone()));
            self.followed.push(shown);
            let mut types = self.types.to_vec();
            types.push(RecordType::HTTPS);
            match self.look_up(&target, types, limit).await {
                Some(Ok(found)) => {
                    heard = found.clone();
                    aliased = Some(found).filter(|found| !found.addresses.is_empty());
                }
                other => {
                    let why = other.map_or_else(too_slow, |result| result.err().unwrap_or_else(too_slow));
                    self.note(format!("the HTTPS alias {to} is of no use: {}", why.message));
                    return own;
                }
            }
        }
        self.settle(&[], Vec::new(), aliased, own)
    }

    /// Looks up the targets of the records that can be used, side by side: a later one is needed where the
    /// first cannot be connected to. Once the first is there, the others have as long again.
    async fn look_up_targets(
        &self,
        choices: &[Choice],
        known: [Option<&Found>; 2],
        limit: Option<At>,
    ) -> Vec<(usize, Result<Found, Fault>)> {
        let usable = choices.iter().enumerate().filter(|(_, choice)| choice.record.ignored.is_none());
        let usable: Vec<(usize, &Choice)> = usable.take(MAX_TARGETS).collect();
        let look_up = async |place: usize, choice: &Choice| {
            let target = choice.service.effective_target(&choice.owner);
            let is_of = |known: &&Found| address_owner(known).as_ref() == Some(&target);
            let found = match known.into_iter().flatten().find(is_of) {
                Some(known) => Some(Ok(known.clone())),
                None => self.look_up(&target, self.types.to_vec(), limit).await,
            };
            (place, found.unwrap_or_else(|| Err(too_slow())))
        };
        let mut running: FuturesUnordered<_> =
            usable.iter().enumerate().map(|(place, (_, choice))| look_up(place, choice)).collect();
        let mut heard: Vec<Option<Result<Found, Fault>>> = usable.iter().map(|_| None).collect();
        let clock = *self.log().clock();
        let (start, mut deadline) = (clock.now(), None);
        loop {
            let next = match deadline {
                None => running.next().await,
                Some(at) => tokio::time::timeout_at(at, running.next()).await.unwrap_or_default(),
            };
            let Some((place, found)) = next else {
                if !running.is_empty() {
                    self.log().waited();
                }
                break;
            };
            heard[place] = Some(found);
            let is_there =
                |found: &Result<Found, Fault>| found.as_ref().is_ok_and(|found| !found.addresses.is_empty());
            let first = heard.iter().position(|found| found.as_ref().is_none_or(is_there));
            if deadline.is_none() && first.is_some_and(|first| heard[first].is_some()) {
                let now = clock.now();
                deadline = Some(clock.instant(now.after(now.since(start).max(RESOLUTION_DELAY))).into());
            }
        }
        drop(running);
        let found = heard.into_iter().map(|found| found.unwrap_or_else(|| Err(too_slow())));
        usable.iter().map(|(index, _)| *index).zip(found).collect()
    }

    /// The endpoints in the order in which they are to be tried (RFC 9460 §3): the records' by their priority,
    /// the end of the aliases, the host's own.
    fn settle(
        &mut self,
        choices: &[Choice],
        targets: Vec<(usize, Result<Found, Fault>)>,
        aliased: Option<Found>,
        own: Result<Found, Fault>,
    ) -> Result<Found, Fault> {
        self.binding.records = choices.iter().map(|choice| choice.record.clone()).collect();
        let mut ways: Vec<(EndpointSource, Found)> = Vec::new();
        for (index, found) in targets {
            let record = &choices[index].record;
            match found {
                Ok(found) if !found.addresses.is_empty() => {
                    for sentence in compare_hints(record, &found.addresses) {
                        self.note(sentence);
                    }
                    ways.push((EndpointSource::Record(index), found));
                }
                other => {
                    let why =
                        other.err().map_or_else(|| "it has no address".to_owned(), |fault| fault.message);
                    self.note(format!("the HTTPS target {} is of no use: {why}", record.target));
                    self.binding.records[index].ignored = Some("its target has no address".to_owned());
                }
            }
        }
        ways.extend(aliased.map(|found| (EndpointSource::Aliases, found)));
        let Some((source, first)) = ways.first().cloned() else { return own };
        self.binding.used = source.record();
        self.followed.extend(source.record().map(|index| choices[index].shown.clone()));
        ways.extend(own.as_ref().ok().map(|own| (EndpointSource::Host, own.clone())));
        let endpoints = ways.into_iter().map(|(source, found)| {
            let port = source.record().and_then(|index| choices[index].record.port);
            ServiceEndpoint { source, port, addresses: found.addresses }
        });
        self.binding.endpoints = endpoints.filter(|endpoint| !endpoint.addresses.is_empty()).collect();
        self.take(own, first)
    }

    /// The target's addresses take the place of the host's own.
    fn take(&self, own: Result<Found, Fault>, target: Found) -> Result<Found, Fault> {
        match own {
            Ok(own) => Ok(Found { addresses: target.addresses, ..own }),
            Err(fault) => {
                // The host has no address: its record leads to the answer, as a CNAME would.
                let mut answers = fault.answers;
                answers.extend(self.followed.iter().cloned());
                answers.extend(target.answers.into_iter().filter(|record| record.rtype != RecordType::HTTPS));
                Ok(Found { answers, ..target })
            }
        }
    }

    /// Looks a target up; `None` when it took too long.
    async fn look_up(
        &self,
        name: &Name,
        types: Vec<RecordType>,
        limit: Option<At>,
    ) -> Option<Result<Found, Fault>> {
        match self.via {
            Via::Walk(job) => self.walk(job, name, types, limit).await,
            Via::Resolver(asker) => {
                let questions = Questions::of(name.clone(), types);
                let work = asker.ask(questions, Patience::AtMost(RESOLUTION_DELAY));
                let heard = self.in_time(work, limit).await;
                asker.run.log.supersede_abandoned();
                let heard = heard?;
                asker.path.borrow_mut().extend(&heard.path);
                Some(heard.result)
            }
        }
    }

    async fn walk(
        &self,
        job: &Job,
        name: &Name,
        types: Vec<RecordType>,
        limit: Option<At>,
    ) -> Option<Result<Found, Fault>> {
        let own =
            Job { aliases: Aliases::Follow, patience: Patience::AtMost(RESOLUTION_DELAY), ..job.beside() };
        let path = Rc::clone(&own.path);
        let lane = Rc::clone(&own.work);
        let result = self.in_time(find(own, name.clone(), types), limit).await;
        lane.detach();
        job.path.borrow_mut().extend(path.borrow().iter());
        result
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>, limit: Option<At>) -> Option<T> {
        match limit {
            None => Some(work.await),
            Some(limit) => {
                let done = tokio::time::timeout_at(self.log().clock().instant(limit).into(), work).await;
                done.inspect_err(|_| self.log().waited()).ok()
            }
        }
    }

    fn note(&self, note: String) {
        self.log().note(note);
    }
}

fn too_slow() -> Fault {
    let patience = TARGET_PATIENCE.as_secs();
    Fault::new(FailureCode::DnsTimeout, format!("its address was not found in {patience} s"))
}

/// Where the CNAMEs of an answer without HTTPS records lead.
fn cname_end(found: &Found) -> Option<Name> {
    if !found.services.is_empty() {
        return None;
    }
    let last = found.answers.iter().rev().find(|record| record.rtype == RecordType::CNAME)?;
    parse_name(&last.data).ok()
}

/// The name that holds the addresses found.
fn address_owner(found: &Found) -> Option<Name> {
    let is_address = |record: &&Record| record.data.parse::<IpAddr>().is_ok();
    parse_name(&found.answers.iter().rev().find(is_address)?.name).ok()
}
