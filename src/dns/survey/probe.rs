//! One uncounted query to one server, with its fallbacks, and the RRset, RCODE or referral it came to
//! (RFC 9499 §2, §3).
//!
//! What the answers of several servers mean together, and what silence does, is the caller's part.

use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::name_servers::single::{Asked, Attempt, Fallbacks, ask};
use crate::dns::outcome::words::{no_reply, of_no_use, unanswered};
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::{receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::{Data, Reply, Rr};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::trace::{Rcode, ReplyHeader, ServerFault};

/// The limit for one packet.
pub(crate) const LIMIT: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) packets: Vec<usize>,
    /// Round trip of the last packet.
    pub(crate) rtt: Option<Duration>,
    /// The header of the last reply.
    pub(crate) header: Option<ReplyHeader>,
    pub(crate) kind: ReplyKind,
    /// The SOA of the zone that the name is in, where the last reply tells it.
    pub(crate) soa: Option<Rr>,
    /// Whether the server refused EDNS, or left it out of its reply.
    pub(crate) edns: Option<bool>,
}

impl Probe {
    /// Whether anything came back, also what cannot be read.
    pub(crate) fn was_heard(&self) -> bool {
        self.header.is_some() || matches!(self.kind, ReplyKind::Useless(_) | ReplyKind::Unreadable(_))
    }

    /// What it did instead of an answer.
    pub(crate) fn uselessness(&self) -> Option<String> {
        match &self.kind {
            ReplyKind::Refers(cut) => Some(format!("refers to {}", name_text(cut))),
            ReplyKind::Useless(why) | ReplyKind::Unreadable(why) => Some(why.clone()),
            _ => None,
        }
    }

    /// The same as a fault of the server.
    pub(crate) fn fault(&self) -> Option<ServerFault> {
        let fault = match &self.kind {
            ReplyKind::Unreadable(_) => ServerFault::Unreadable,
            _ => ServerFault::Lame,
        };
        self.uselessness().map(fault)
    }

    /// Why nothing came back.
    pub(crate) fn silence(&self) -> Option<&str> {
        match &self.kind {
            ReplyKind::Silent(why) | ReplyKind::Unreached(why) => Some(why),
            _ => None,
        }
    }

    /// What came later in its place, with the packets of both.
    pub(crate) fn then(self, later: Self) -> Self {
        Self { packets: [self.packets, later.packets].concat(), ..later }
    }
}

/// What a server said, without the fine distinctions of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// The aliases, then the records.
    Records(Vec<Rr>),
    /// There are none; a resolver may remember that for so many seconds.
    Nothing { rcode: Rcode, ttl: Option<u32> },
    /// It refers to another zone's servers.
    Refers(Name),
    /// It answered and was of no use.
    Useless(String),
    /// It answered with what cannot be read or used.
    Unreadable(String),
    /// Nothing came back in time.
    Silent(String),
    /// The system, or a router, says that there is no way.
    Unreached(String),
}

/// Asks.
pub(crate) async fn probe(log: &Rc<Log>, query: Ask) -> Probe {
    let (mut rtt, mut header, mut edns) = (None, None, None);
    let asked = ask(log, query, Fallbacks::Any, async |query| {
        let attempt = Attempt::from(receive(send(log, query), LIMIT).await);
        if let Ok(reply) = &attempt.outcome {
            rtt = attempt.path.last().and_then(|id| log.round_trip(*id));
            header = Some(reply.header.clone());
            if attempt.ask.edns.is_some() {
                edns = Some(reply.header.edns_size.is_some());
            }
        }
        attempt
    });
    let Asked { path: packets, ask, edns_refused, end } = asked.await;
    let edns = if edns_refused.is_some() { Some(false) } else { edns };
    let (kind, soa) = match end {
        Ok((verdict, reply)) => {
            let kind = kind(verdict, &reply, &ask);
            let is_of_use = matches!(kind, ReplyKind::Records(_) | ReplyKind::Nothing { .. });
            (kind, is_of_use.then(|| soa(&reply, &ask.qname)).flatten())
        }
        Err(why) => (silence(&why), None),
    };
    Probe { packets, rtt, header, kind, soa, edns }
}

fn silence(why: &NoReply) -> ReplyKind {
    let words = no_reply(why);
    match why {
        NoReply::Timeout { .. } | NoReply::WrongSource { .. } => ReplyKind::Silent(words),
        NoReply::Malformed(_) => ReplyKind::Unreadable(words),
        NoReply::Error { .. } | NoReply::NotSent(_) => ReplyKind::Unreached(words),
    }
}

/// The SOA at a name, or, with a reply that has no records for it, that of the zone above it. Beside an
/// alias it is that of the alias's target.
fn soa(reply: &Reply, name: &Name) -> Option<Rr> {
    let is_soa = |rr: &&Rr| matches!(rr.data, Data::Soa(_));
    let own = reply.answers.iter().filter(is_soa).find(|rr| rr.name == *name);
    let above = || reply.authorities.iter().filter(is_soa).find(|rr| rr.name.zone_of(name));
    own.or_else(|| if reply.answers.is_empty() { above() } else { None }).cloned()
}

fn kind(verdict: Verdict, reply: &Reply, ask: &Ask) -> ReplyKind {
    match verdict {
        // From a resolver none of these is an answer.
        Verdict::Alias { .. } | Verdict::Referral(_) if ask.recursion != Recursion::No => {
            ReplyKind::Useless(unanswered(&verdict, reply, &ask.qname))
        }
        Verdict::Answer { mut chain, records } => {
            chain.extend(records);
            ReplyKind::Records(chain)
        }
        Verdict::Alias { chain, .. } => ReplyKind::Records(chain),
        Verdict::Absent { negative, .. } => {
            ReplyKind::Nothing { rcode: reply.header.rcode, ttl: negative.ttl }
        }
        Verdict::Referral(referral) => ReplyKind::Refers(referral.cut),
        Verdict::Upward { to } => ReplyKind::Useless(format!("refers to {}", name_text(&to))),
        Verdict::Malformed { .. } => ReplyKind::Unreadable(of_no_use(&verdict, reply.header.rcode)),
        verdict => ReplyKind::Useless(of_no_use(&verdict, reply.header.rcode)),
    }
}

/// Record data in an order of its own, for comparison: servers may turn theirs round.
pub(crate) fn as_set(records: &[Rr]) -> Vec<(u16, String)> {
    let mut set: Vec<_> = records.iter().map(|rr| (rr.rtype.0, rr.text().to_ascii_lowercase())).collect();
    set.sort_unstable();
    set.dedup();
    set
}
