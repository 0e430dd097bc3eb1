//! Questions to recursive resolvers: the machine's own beside the walk, or the one the user chose.
//!
//! A resolver's answer is complete and taken as given: no bailiwick, no aliases to walk. Whether
//! its time is counted is the caller's decision.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use super::again::persist;
use super::cut::Shared;
use super::ends::{addresses, services};
use super::exchange::{Ask, Exchanged, Outcome};
use super::fault::{Fault, Found, Witness, absent, alias_loop_told, type_list};
use super::log::{Log, records};
use super::message::{Recursion, Reply, Rr};
use super::presentation::name_text;
use super::reply::{Asked, Verdict, alias_loop, alias_names, classify_recursive, unanswered};
use super::service_lane::not_awaited;
use super::walk::Patience;
use crate::trace::{AddressSource, Choice, FailureCode, Negative, Purpose, Rcode, RecordType, Transport};

/// How long one resolver may take.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(2);
/// Resolvers that are asked at most; the C library reads three from resolv.conf.
const MAX_RESOLVERS: usize = 8;

/// The questions about one name, which are asked at the same time.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    pub(super) name: Name,
    pub(super) types: Vec<RecordType>,
    /// Whose HTTPS records are asked for beside them (RFC 9460): those of the name, or of
    /// `_port._https` below it.
    pub(super) service: Option<Name>,
}

impl Questions {
    /// Nothing but these types.
    pub(super) fn of(name: Name, types: Vec<RecordType>) -> Self {
        Self { name, types, service: None }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (&Name, RecordType)> {
        let own = self.types.iter().map(|rtype| (&self.name, *rtype));
        own.chain(self.service.iter().map(|name| (name, RecordType::HTTPS)))
    }
}

/// What the resolvers said.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) server: Option<SocketAddr>,
    pub(super) rcode: Option<Rcode>,
    pub(super) result: Result<Found, Fault>,
    /// The HTTPS records; `None` when they were not asked for, or not awaited.
    pub(super) services: Option<Result<Found, Fault>>,
    /// The packets its time was spent on.
    pub(super) path: Vec<usize>,
}

/// Asks the resolvers in order, all questions at the same time.
pub(super) async fn ask_resolvers(
    shared: &Shared,
    log: Rc<Log>,
    servers: Vec<SocketAddr>,
    questions: Questions,
    purpose: Purpose,
    patience: Patience,
) -> Heard {
    let running: FuturesUnordered<_> = questions
        .each()
        .enumerate()
        .map(|(index, (qname, rtype))| {
            let (log, servers) = (&log, &servers);
            async move { (index, ask_type(shared, log, servers, qname, rtype, purpose).await) }
        })
        .collect();
    let done = gather(&log, running, &questions, patience).await;
    combine(&questions, &servers, done)
}

/// Waits for the types that were asked; the others not for long once the first has its records, and
/// HTTPS records not for long once there is nothing else to wait for.
pub(super) async fn gather(
    log: &Rc<Log>,
    mut running: FuturesUnordered<impl Future<Output = (usize, TypeHeard)>>,
    questions: &Questions,
    patience: Patience,
) -> Vec<Option<TypeHeard>> {
    let own = questions.types.len();
    let mut done: Vec<Option<TypeHeard>> = questions.each().map(|_| None).collect();
    let mut deadline = None;
    loop {
        let next = match deadline {
            None => running.next().await,
            Some(at) => match tokio::time::timeout_at(at, running.next()).await {
                Ok(next) => next,
                Err(_) => {
                    log.note(if done.iter().take(own).all(Option::is_some) {
                        not_awaited()
                    } else {
                        "not every type was awaited: the resolver had answered the first".to_owned()
                    });
                    break;
                }
            },
        };
        let Some((index, heard)) = next else { break };
        let has_records = matches!(heard.said, Said::Records { .. });
        done[index] = Some(heard);
        let is_over = questions.service.is_some() && done.iter().take(own).all(Option::is_some);
        if is_over && !done.iter().take(own).flatten().any(TypeHeard::has_the_name) {
            // Without the name there is no service.
            break;
        }
        if let (None, Patience::AtMost(delay)) = (deadline, patience)
            && (index == 0 && has_records || is_over)
        {
            let clock = log.clock();
            deadline = Some(clock.instant(clock.now().after(delay)).into());
        }
    }
    drop(running);
    log.supersede_abandoned();
    done
}

impl Heard {
    fn nothing() -> Self {
        Self { server: None, rcode: None, result: Ok(Found::default()), services: None, path: Vec::new() }
    }
}

pub(super) struct TypeHeard {
    pub(super) server: Option<SocketAddr>,
    pub(super) rcode: Option<Rcode>,
    pub(super) said: Said,
    pub(super) path: Vec<usize>,
}

impl TypeHeard {
    fn has_the_name(&self) -> bool {
        match &self.said {
            Said::Records { .. } => true,
            Said::Absent { negative, .. } => negative.rtype.is_some(),
            Said::Loop { .. } | Said::Nothing { .. } => false,
        }
    }
}

pub(super) enum Said {
    Records {
        chain: Vec<Rr>,
        records: Vec<Rr>,
    },
    Absent {
        chain: Vec<Rr>,
        negative: Negative,
    },
    /// Aliases that come back to themselves.
    Loop {
        chain: Vec<Rr>,
    },
    Nothing {
        why: Vec<String>,
        cause: Cause,
    },
}

/// Why no resolver answered; of several the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Nothing came back.
    Silence,
    Failure,
    /// It answers for its own zones only.
    NoRecursion,
}

impl Said {
    /// What one reply of a resolver says; what it did instead of answering, if it did not.
    pub(super) fn of(verdict: Verdict, reply: &Reply, qname: &Name) -> Result<Self, (String, Cause)> {
        match verdict {
            Verdict::Answer { chain, records } => Ok(Self::Records { chain, records }),
            Verdict::Absent { chain, negative, .. } => Ok(Self::Absent { chain, negative }),
            Verdict::Alias { chain, .. } if alias_loop(&chain, qname).is_some() => Ok(Self::Loop { chain }),
            Verdict::Referral(_) | Verdict::Alias { .. } | Verdict::Lame { .. } | Verdict::Refused
                if !reply.header.recursion_available =>
            {
                Err((unanswered(&verdict, reply, qname), Cause::NoRecursion))
            }
            verdict => Err((unanswered(&verdict, reply, qname), Cause::Failure)),
        }
    }
}

async fn ask_type(
    shared: &Shared,
    log: &Rc<Log>,
    servers: &[SocketAddr],
    qname: &Name,
    qtype: RecordType,
    purpose: Purpose,
) -> TypeHeard {
    let mut path = Vec::new();
    let mut why = Vec::new();
    let mut cause = Cause::Silence;
    let mut rcode = None;
    let mut left: VecDeque<SocketAddr> = servers.iter().take(MAX_RESOLVERS).copied().collect();
    // The order is the user's. Many names need not find out each on its own who is silent.
    let remembers = shared.plan.server_limit.is_some();
    if remembers {
        left.make_contiguous().sort_by_key(|server| shared.is_missed(*server));
    }
    while let Some(server) = left.pop_front() {
        let was_missed = shared.is_missed(server);
        let _place = log.queue(shared.places.take(server)).await;
        if remembers && !was_missed && shared.is_missed(server) && !left.is_empty() {
            left.push_back(server);
            continue;
        }
        let chosen = if path.is_empty() { Choice::First } else { Choice::NextAfterFailure };
        let mut ask = Ask {
            parent: path.last().copied(),
            purpose,
            zone: String::new(),
            qname: qname.clone(),
            qtype,
            server_name: None,
            server,
            source: AddressSource::Configured,
            chosen,
            transport: Transport::Udp,
            edns: true,
            recursion: Recursion::Desired,
        };
        // At most: with EDNS, without, by TCP; by UDP each once more.
        for _ in 0..3 {
            let asked = Box::pin(persist(log, ask, RESOLVER_TIMEOUT)).await;
            path.extend(asked.path);
            let Some(Exchanged { id, ask: sent, outcome, rtt, .. }) = asked.exchanged else {
                if remembers && shared.srtt(server).is_none() {
                    shared.missed(server);
                }
                let (limit, tried) = (RESOLVER_TIMEOUT.as_secs(), asked.tried);
                why.push(format!("{} did not answer in {limit} s{tried}", show(server)));
                break;
            };
            ask = Ask { parent: Some(id), ..sent };
            let reply = match outcome {
                Outcome::Reply(reply) => {
                    if let Some(rtt) = rtt.filter(|_| remembers) {
                        shared.measured(server, rtt);
                    }
                    reply
                }
                Outcome::Timeout => break,
                Outcome::Malformed(reason) => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} sent a reply that cannot be read: {reason}", show(server)));
                    break;
                }
                Outcome::WrongSource { from } => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} did not answer, and {from} did in its place", show(server)));
                    break;
                }
                Outcome::Error { reason, .. } => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} {reason}", show(server)));
                    break;
                }
            };
            let root = Name::root();
            let asked = Asked { zone: &root, qname, qtype, transport: ask.transport, edns: ask.edns };
            let verdict = classify_recursive(&reply, &asked);
            log.close(id, verdict.meaning());
            match verdict {
                Verdict::Truncated => {
                    (ask.chosen, ask.transport) = (Choice::Truncated, Transport::Tcp);
                    continue;
                }
                Verdict::EdnsRefused => {
                    rcode = failure_code(&reply);
                    (ask.chosen, ask.edns) = (Choice::WithoutEdns, false);
                    continue;
                }
                _ => {}
            }
            let said = match Said::of(verdict, &reply, qname) {
                Ok(said) => said,
                Err((reason, kind)) => {
                    cause = cause.max(kind);
                    rcode = failure_code(&reply);
                    why.push(format!("{} {reason}", show(server)));
                    break;
                }
            };
            rcode = Some(reply.header.rcode);
            return TypeHeard { server: Some(server), rcode, said, path };
        }
    }
    TypeHeard { server: None, rcode, said: Said::Nothing { why, cause }, path }
}

/// The code of a reply that was of no use: NOERROR there says nothing of the name.
pub(super) fn failure_code(reply: &Reply) -> Option<Rcode> {
    let rcode = reply.header.rcode;
    (rcode != Rcode::NOERROR && rcode != Rcode::NXDOMAIN).then_some(rcode)
}

/// What all the replies say together. Those that are missing were not awaited.
pub(super) fn combine(
    questions: &Questions,
    servers: &[SocketAddr],
    mut done: Vec<Option<TypeHeard>>,
) -> Heard {
    let Questions { name, types, service } = questions;
    let beside = done.split_off(types.len().min(done.len()));
    let services = service.as_ref().zip(beside.into_iter().flatten().next());
    let services = services
        .map(|(name, one)| combine_types(name, &[RecordType::HTTPS], servers, vec![Some(one)]).result);
    Heard { services, ..combine_types(name, types, servers, done) }
}

fn combine_types(
    qname: &Name,
    types: &[RecordType],
    servers: &[SocketAddr],
    done: Vec<Option<TypeHeard>>,
) -> Heard {
    let mut found = Found::default();
    let mut heard: Option<Heard> = None;
    let (mut gone, mut failed): (Option<(Negative, Name, SocketAddr)>, Option<Fault>) = (None, None);
    let mut found_records = Vec::new();
    let mut answers = Vec::new();
    for (rtype, one) in types.iter().zip(done) {
        let Some(one) = one else { continue };
        let summary = Heard { server: one.server, rcode: one.rcode, path: one.path, ..Heard::nothing() };
        // The first type that was answered speaks for all.
        if heard.as_ref().is_none_or(|heard| heard.server.is_none() && summary.server.is_some()) {
            heard = Some(summary);
        }
        let chain = match one.said {
            Said::Records { chain, records } => {
                found.rcode = found.rcode.or(one.rcode.filter(|rcode| *rcode == Rcode::NXDOMAIN));
                found_records.extend(records);
                chain
            }
            Said::Absent { chain, negative } => {
                if let Some(server) = one.server
                    && (gone.is_none() || negative.rtype.is_none())
                {
                    // RFC 6604 §3: it is the last target that is not there.
                    let end = alias_names(&chain, qname).pop().unwrap_or_else(|| qname.clone());
                    gone = Some((negative, end, server));
                }
                chain
            }
            Said::Loop { chain } => {
                let server = one.server.map(show).unwrap_or_default();
                failed.get_or_insert_with(|| Fault {
                    answers: records(&chain),
                    ..alias_loop_told(qname, &alias_names(&chain, qname), &server)
                });
                continue;
            }
            Said::Nothing { why, cause } => {
                failed.get_or_insert_with(|| nothing(qname, types, servers, &why, cause, one.rcode));
                continue;
            }
        };
        found.finished.push(*rtype);
        if answers.is_empty() {
            answers = records(&chain);
        }
    }
    found.addresses = addresses(&found_records);
    found.services = services(&found_records);
    let result = if found_records.is_empty() {
        let fault = match (gone, failed) {
            (Some((negative, end, server)), None) => {
                absent(&end, types, negative, Witness::Resolver(&show(server)))
            }
            (Some((negative, end, server)), Some(_)) if negative.rtype.is_none() => {
                absent(&end, types, negative, Witness::Resolver(&show(server)))
            }
            (_, Some(fault)) => fault,
            (None, None) => nothing(qname, types, servers, &[], Cause::Silence, None),
        };
        let answers = if answers.is_empty() { fault.answers } else { answers };
        Err(Fault { answers, ..fault })
    } else {
        answers.extend(records(&found_records));
        found.answers = answers;
        Ok(found)
    };
    Heard { result, ..heard.unwrap_or_else(Heard::nothing) }
}

fn nothing(
    qname: &Name,
    types: &[RecordType],
    servers: &[SocketAddr],
    why: &[String],
    cause: Cause,
    rcode: Option<Rcode>,
) -> Fault {
    let why = if servers.is_empty() { "none is configured".to_owned() } else { why.join("; ") };
    let message = format!("no resolver answered {} {}: {why}", name_text(qname), type_list(types, "and"));
    let code = match (servers.is_empty(), cause) {
        (true, _) => FailureCode::DnsUnreachable,
        (false, Cause::Silence) => FailureCode::DnsTimeout,
        (false, Cause::Failure | Cause::NoRecursion) => FailureCode::ResolverFailed,
    };
    let hint = match cause {
        Cause::NoRecursion => {
            "a name server of some zones is no resolver for all names: give --resolver one that recurses, or \
             leave it out to walk from the root"
        }
        Cause::Silence | Cause::Failure => "leave out --resolver to walk from the root instead",
    };
    Fault { rcode, ..Fault::new(code, message) }.hint(hint)
}

/// The address, with its port when it is not the usual one.
pub(super) fn show(server: SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}
