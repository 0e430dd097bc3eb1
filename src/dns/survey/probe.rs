//! One question to one server, uncounted, with what it takes to get an answer: TCP when truncated,
//! no EDNS when refused.
//!
//! What the answers of several servers mean together, and what silence does, is the caller's part.

use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::response::classify::{Asked, Verdict, classify};
use crate::dns::response::recursive::{classify_recursive, unanswered};
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::{Data, Reply, Rr};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::trace::{Choice, Rcode, ReplyHeader, Transport};

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
    pub(crate) said: Said,
    /// The SOA of the zone that the name is in, where the last reply tells it.
    pub(crate) soa: Option<Rr>,
    /// Whether the server refused EDNS, or left it out of its reply.
    pub(crate) edns: Option<bool>,
}

impl Probe {
    /// Whether anything came back, also what cannot be read.
    pub(crate) fn was_heard(&self) -> bool {
        self.header.is_some() || matches!(self.said, Said::Useless(_))
    }

    /// What it did instead of an answer.
    pub(crate) fn uselessness(&self) -> Option<String> {
        match &self.said {
            Said::Refers(cut) => Some(format!("refers to {}", name_text(cut))),
            Said::Useless(why) => Some(why.clone()),
            _ => None,
        }
    }

    /// Why nothing came back.
    pub(crate) fn silence(&self) -> Option<&str> {
        match &self.said {
            Said::Silent(why) | Said::Unreached(why) => Some(why),
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
pub(crate) enum Said {
    /// The aliases, then the records.
    Records(Vec<Rr>),
    /// There are none; a resolver may remember that for so many seconds.
    Nothing { rcode: Rcode, ttl: Option<u32> },
    /// It refers to another zone's servers.
    Refers(Name),
    /// It answered and was of no use.
    Useless(String),
    /// Nothing came back in time.
    Silent(String),
    /// The system, or a router, says that there is no way.
    Unreached(String),
}

/// Asks; `zone` is none for a resolver.
pub(crate) async fn probe(log: &Rc<Log>, mut ask: Ask, zone: Option<&Name>) -> Probe {
    let mut probe = Probe {
        packets: Vec::new(),
        rtt: None,
        header: None,
        said: Said::Silent("was not asked".to_owned()),
        soa: None,
        edns: None,
    };
    // At most: with EDNS, without, by TCP.
    for _ in 0..3 {
        let Exchanged { id, ask: sent, outcome, rtt, .. } = receive(send(log, ask), LIMIT).await;
        probe.packets.push(id);
        ask = Ask { parent: Some(id), ..sent };
        let reply = match outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Timeout => {
                probe.said = Said::Silent(format!("did not answer in {} s", LIMIT.as_secs()));
                break;
            }
            Outcome::WrongSource { from } => {
                probe.said = Said::Silent(format!("did not answer, and {from} did in its place"));
                break;
            }
            Outcome::Error { reason, .. } => {
                probe.said = Said::Unreached(reason);
                break;
            }
            Outcome::Malformed(reason) => {
                probe.said = Said::Useless(format!("sent a reply that cannot be read: {reason}"));
                break;
            }
        };
        (probe.rtt, probe.header) = (rtt, Some(reply.header.clone()));
        let verdict = judge(&reply, &ask, zone);
        log.close(id, verdict.meaning());
        if ask.edns {
            let refused = matches!(verdict, Verdict::EdnsRefused);
            probe.edns = Some(!refused && reply.header.edns_size.is_some());
        }
        match verdict {
            Verdict::Truncated => (ask.chosen, ask.transport) = (Choice::Truncated, Transport::Tcp),
            Verdict::EdnsRefused => (ask.chosen, ask.edns) = (Choice::WithoutEdns, false),
            verdict => {
                probe.said = said(verdict, &reply, &ask);
                let is_of_use = matches!(probe.said, Said::Records(_) | Said::Nothing { .. });
                probe.soa = is_of_use.then(|| soa(&reply, &ask.qname)).flatten();
                break;
            }
        }
    }
    probe
}

fn judge(reply: &Reply, ask: &Ask, zone: Option<&Name>) -> Verdict {
    let root = Name::root();
    let asked = Asked {
        zone: zone.unwrap_or(&root),
        qname: &ask.qname,
        qtype: ask.qtype,
        transport: ask.transport,
        edns: ask.edns,
    };
    match ask.recursion {
        Recursion::No => classify(reply, &asked),
        Recursion::Desired | Recursion::Unchecked => classify_recursive(reply, &asked),
    }
}

/// The SOA at a name, or, with a reply that has no records for it, that of the zone above it. Beside an
/// alias it is that of the alias's target.
fn soa(reply: &Reply, name: &Name) -> Option<Rr> {
    let is_soa = |rr: &&Rr| matches!(rr.data, Data::Soa { .. });
    let own = reply.answers.iter().filter(is_soa).find(|rr| rr.name == *name);
    let above = || reply.authorities.iter().filter(is_soa).find(|rr| rr.name.zone_of(name));
    own.or_else(|| if reply.answers.is_empty() { above() } else { None }).cloned()
}

fn said(verdict: Verdict, reply: &Reply, ask: &Ask) -> Said {
    match verdict {
        // From a resolver none of these is an answer.
        Verdict::Alias { .. } | Verdict::Referral(_) if ask.recursion != Recursion::No => {
            Said::Useless(unanswered(&verdict, reply, &ask.qname))
        }
        Verdict::Answer { mut chain, records } => {
            chain.extend(records);
            Said::Records(chain)
        }
        Verdict::Alias { chain, .. } => Said::Records(chain),
        Verdict::Absent { negative, .. } => Said::Nothing { rcode: reply.header.rcode, ttl: negative.ttl },
        Verdict::Referral(referral) => Said::Refers(referral.cut),
        Verdict::Upward { to } => Said::Useless(format!("refers to {}", name_text(&to))),
        Verdict::Lame { reason, .. } => Said::Useless(reason.to_owned()),
        Verdict::Malformed { reason } => Said::Useless(format!("sent a reply that cannot be used: {reason}")),
        _ => Said::Useless(format!("answered {}", reply.header.rcode.mnemonic())),
    }
}

/// Record data in an order of its own, for comparison: servers may turn theirs round.
pub(crate) fn as_set(records: &[Rr]) -> Vec<(u16, String)> {
    let mut set: Vec<_> = records.iter().map(|rr| (rr.rtype.0, rr.text.to_ascii_lowercase())).collect();
    set.sort_unstable();
    set.dedup();
    set
}
