//! Answers of resolvers to the queries of one resolution, a type each (RFC 8305 §3), combined into one outcome.

use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::job::{Patience, RESOLUTION_DELAY};
use crate::dns::name_servers::single::Asked;
use crate::dns::outcome::fault::{Fault, Found, Witness, addresses, services};
use crate::dns::outcome::words::{
    absent, alias_loop_told, cut_short, no_reply, no_reply_of, not_awaited, reasons, show, type_list,
    unanswered,
};
use crate::dns::response::alias::{alias_loop, alias_names};
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::{Reply, Rr, records};
use crate::dns::wire::name::name_text;
use crate::explain::dns_error;
use crate::trace::{Choice, FailureCode, Negative, Rcode, RecordType};

/// The questions about one name, which are asked at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    pub(crate) name: Name,
    pub(crate) types: Vec<RecordType>,
    /// Whose HTTPS records are asked for beside them (RFC 9460): those of the name, or of
    /// `_port._https` below it.
    pub(crate) service: Option<Name>,
}

impl Questions {
    /// Nothing but these types.
    pub(crate) fn of(name: Name, types: Vec<RecordType>) -> Self {
        Self { name, types, service: None }
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = (&Name, RecordType)> {
        let own = self.types.iter().map(|rtype| (&self.name, *rtype));
        own.chain(self.service.iter().map(|name| (name, RecordType::HTTPS)))
    }
}

/// What the resolvers said.
#[derive(Clone, Debug)]
pub(crate) struct ResolverAnswer {
    pub(crate) server: Option<SocketAddr>,
    pub(crate) rcode: Option<Rcode>,
    pub(crate) result: Result<Found, Fault>,
    /// The HTTPS records; `None` when they were not asked for, or not awaited.
    pub(crate) services: Option<Result<Found, Fault>>,
    /// The packets its time was spent on.
    pub(crate) path: Vec<usize>,
}

/// Waits for the types that were asked; the others not for long once the first has its records, and
/// HTTPS records not for long once there is nothing else to wait for.
pub(crate) async fn gather(
    log: &Rc<Log>,
    mut running: FuturesUnordered<impl Future<Output = (usize, TypeAnswer)>>,
    questions: &Questions,
    patience: Patience,
) -> Vec<Option<TypeAnswer>> {
    let own = questions.types.len();
    let mut done: Vec<Option<TypeAnswer>> = questions.each().map(|_| None).collect();
    let mut deadline = None;
    loop {
        let next = match deadline {
            None => running.next().await,
            Some(at) => match tokio::time::timeout_at(at, running.next()).await {
                Ok(next) => next,
                Err(_) => {
                    log.waited();
                    log.note(if done.iter().take(own).all(Option::is_some) {
                        not_awaited(RESOLUTION_DELAY)
                    } else {
                        "not every type was awaited: the resolver had answered the first".to_owned()
                    });
                    break;
                }
            },
        };
        let Some((index, heard)) = next else { break };
        let has_records = matches!(heard.outcome, TypeOutcome::Records { .. });
        done[index] = Some(heard);
        let is_over = questions.service.is_some() && done.iter().take(own).all(Option::is_some);
        if is_over && !done.iter().take(own).flatten().any(TypeAnswer::has_the_name) {
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

impl ResolverAnswer {
    pub(crate) fn nothing() -> Self {
        Self { server: None, rcode: None, result: Ok(Found::default()), services: None, path: Vec::new() }
    }
}

pub(crate) struct TypeAnswer {
    pub(crate) server: Option<SocketAddr>,
    pub(crate) rcode: Option<Rcode>,
    pub(crate) outcome: TypeOutcome,
    pub(crate) path: Vec<usize>,
}

impl TypeAnswer {
    fn has_the_name(&self) -> bool {
        match &self.outcome {
            TypeOutcome::Records { .. } => true,
            TypeOutcome::Absent { negative, .. } => negative.rtype.is_some(),
            TypeOutcome::Loop { .. } | TypeOutcome::Nothing { .. } => false,
        }
    }
}

pub(crate) enum TypeOutcome {
    Records {
        chain: Vec<Rr>,
        records: Vec<Rr>,
    },
    Absent {
        chain: Vec<Rr>,
        negative: Negative,
        /// What the resolver gives as its reasons, and whether one of them is that it blocks the name.
        reasons: String,
        is_blocked: bool,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// Nothing came back.
    #[default]
    Silence,
    Failure,
    /// It answers for its own zones only.
    NoRecursion,
}

/// What resolvers did that gave no answer to one question.
#[derive(Default)]
pub(crate) struct Useless {
    why: Vec<String>,
    cause: Cause,
    rcode: Option<Rcode>,
}

impl Useless {
    /// What one resolver said, with its code; `None` when it is kept here as of no use.
    pub(crate) fn outcome_of(&mut self, asked: Asked) -> Option<(Rcode, TypeOutcome)> {
        let Asked { ask: Ask { server, qname, chosen, .. }, edns_refused, end, .. } = asked;
        self.rcode = edns_refused.or(self.rcode);
        match end {
            Ok((verdict, reply)) => match TypeOutcome::of(verdict, &reply, &qname) {
                Ok(outcome) => return Some((reply.header.rcode, outcome)),
                Err((reason, cause)) => {
                    self.cause = self.cause.max(cause);
                    self.rcode = failure_code(&reply);
                    self.why.push(format!("{} {reason}{}", show(server), reasons(&reply)));
                }
            },
            Err(why) => {
                let is_silent = matches!(why, NoReply::Timeout { .. });
                self.cause = self.cause.max(if is_silent { Cause::Silence } else { Cause::Failure });
                self.why.push(match chosen {
                    Choice::Truncated => format!("{} {}", show(server), cut_short(&no_reply(&why))),
                    _ => no_reply_of(server, &why),
                });
            }
        }
        None
    }

    /// No address of a resolver could be connected to.
    pub(crate) fn unreachable(why: Vec<String>) -> Self {
        Self { why, cause: Cause::Failure, rcode: None }
    }

    /// None of them is of use.
    pub(crate) fn of_all(self, path: Vec<usize>) -> TypeAnswer {
        let Self { why, cause, rcode } = self;
        TypeAnswer { server: None, rcode, outcome: TypeOutcome::Nothing { why, cause }, path }
    }
}

impl TypeOutcome {
    /// What one reply of a resolver says; what it did instead of answering, if it did not.
    fn of(verdict: Verdict, reply: &Reply, qname: &Name) -> Result<Self, (String, Cause)> {
        match verdict {
            Verdict::Answer { chain, records } => Ok(Self::Records { chain, records }),
            Verdict::Absent { chain, negative, .. } => {
                let codes = || reply.header.extended_errors.iter().map(|(code, _)| *code);
                let is_blocked = codes().any(dns_error::is_filtering);
                Ok(Self::Absent { chain, negative, reasons: reasons(reply), is_blocked })
            }
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

/// The code of a reply that was of no use: NOERROR there says nothing of the name.
fn failure_code(reply: &Reply) -> Option<Rcode> {
    let rcode = reply.header.rcode;
    (rcode != Rcode::NOERROR && rcode != Rcode::NXDOMAIN).then_some(rcode)
}

/// What all the replies say together. Those that are missing were not awaited.
pub(crate) fn combine(
    questions: &Questions,
    servers: &[SocketAddr],
    mut done: Vec<Option<TypeAnswer>>,
) -> ResolverAnswer {
    let Questions { name, types, service } = questions;
    let beside = done.split_off(types.len().min(done.len()));
    let services = service.as_ref().zip(beside.into_iter().flatten().next());
    let services = services
        .map(|(name, one)| combine_types(name, &[RecordType::HTTPS], servers, vec![Some(one)]).result);
    ResolverAnswer { services, ..combine_types(name, types, servers, done) }
}

fn combine_types(
    qname: &Name,
    types: &[RecordType],
    servers: &[SocketAddr],
    done: Vec<Option<TypeAnswer>>,
) -> ResolverAnswer {
    let mut found = Found::default();
    let mut heard: Option<ResolverAnswer> = None;
    let (mut gone, mut failed): (Option<Gone>, Option<Fault>) = (None, None);
    let mut found_records = Vec::new();
    let mut answers = Vec::new();
    for (rtype, one) in types.iter().zip(done) {
        let Some(one) = one else { continue };
        let summary = ResolverAnswer {
            server: one.server,
            rcode: one.rcode,
            path: one.path,
            ..ResolverAnswer::nothing()
        };
        // The first type that was answered speaks for all.
        if heard.as_ref().is_none_or(|heard| heard.server.is_none() && summary.server.is_some()) {
            heard = Some(summary);
        }
        let chain = match one.outcome {
            TypeOutcome::Records { chain, records } => {
                found.rcode = found.rcode.or(one.rcode.filter(|rcode| *rcode == Rcode::NXDOMAIN));
                found_records.extend(records);
                chain
            }
            TypeOutcome::Absent { chain, negative, reasons, is_blocked } => {
                if let Some(server) = one.server
                    && (gone.is_none() || negative.rtype.is_none())
                {
                    // RFC 6604 §3: it is the last target that is not there.
                    let end = alias_names(&chain, qname).pop().unwrap_or_else(|| qname.clone());
                    gone = Some(Gone { negative, end, server, reasons, is_blocked });
                }
                chain
            }
            TypeOutcome::Loop { chain } => {
                let server = one.server.map(show).unwrap_or_default();
                failed.get_or_insert_with(|| Fault {
                    answers: records(&chain),
                    ..alias_loop_told(qname, &alias_names(&chain, qname), &server)
                });
                continue;
            }
            TypeOutcome::Nothing { why, cause } => {
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
            (Some(gone), None) => gone.told(types),
            (Some(gone), Some(_)) if gone.negative.rtype.is_none() => gone.told(types),
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
    ResolverAnswer { result, ..heard.unwrap_or_else(ResolverAnswer::nothing) }
}

/// What a resolver says is not there.
struct Gone {
    negative: Negative,
    end: Name,
    server: SocketAddr,
    reasons: String,
    is_blocked: bool,
}

impl Gone {
    fn told(self, types: &[RecordType]) -> Fault {
        let Self { negative, end, server, reasons, is_blocked } = self;
        let fault = absent(&end, types, negative, Witness::Resolver(&show(server)));
        let fault = Fault { message: fault.message + &reasons, ..fault };
        if is_blocked {
            return fault.hint(
                "the resolver says that it blocks the name, and nothing of whether it exists: ask whoever runs it, \
                 or leave out --resolver to walk from the root",
            );
        }
        fault
    }
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
            "a name server of some zones is not a resolver for all names: give --resolver one that recurses, or \
             leave it out to walk from the root"
        }
        Cause::Silence | Cause::Failure => "leave out --resolver to walk from the root instead",
    };
    Fault { rcode, ..Fault::new(code, message) }.hint(hint)
}
