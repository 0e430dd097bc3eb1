//! One question to one server, uncounted, with what it takes to get an answer: TCP when truncated,
//! no EDNS when refused.
//!
//! What the answers of several servers mean together is the caller's part.

use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use super::exchange::{Ask, Exchanged, Outcome, receive, send};
use super::log::Log;
use super::message::{Recursion, Reply, Rr};
use super::presentation::name_text;
use super::reply::{Asked, Verdict, classify, classify_recursive, unanswered};
use crate::trace::{Choice, Rcode, ReplyHeader, Transport};

/// The limit for one packet.
pub(super) const LIMIT: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) packets: Vec<usize>,
    /// Round trip of the last packet.
    pub(super) rtt: Option<Duration>,
    /// The header of the last reply.
    pub(super) header: Option<ReplyHeader>,
    pub(super) said: Said,
    /// Whether the server refused EDNS, or left it out of its reply.
    pub(super) edns: Option<bool>,
}

impl Probe {
    /// Whether anything came back, also what cannot be read.
    pub(super) fn was_heard(&self) -> bool {
        self.header.is_some() || matches!(self.said, Said::Useless(_))
    }
}

/// What a server said, without the fine distinctions of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The aliases, then the records.
    Records(Vec<Rr>),
    /// There are none; a resolver may remember that for so many seconds.
    Nothing { rcode: Rcode, ttl: Option<u32> },
    /// It answered and was of no use.
    Useless(String),
    /// Nothing came back.
    Silent(String),
}

/// Asks; `zone` is none for a resolver.
pub(super) async fn probe(log: &Rc<Log>, mut ask: Ask, zone: Option<&Name>) -> Probe {
    let mut probe = Probe {
        packets: Vec::new(),
        rtt: None,
        header: None,
        said: Said::Silent("was not asked".to_owned()),
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
                probe.said = Said::Silent(reason);
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
        Verdict::Referral(referral) => Said::Useless(format!("refers to {}", name_text(&referral.cut))),
        Verdict::Upward { to } => Said::Useless(format!("refers to {}", name_text(&to))),
        Verdict::Lame { reason, .. } => Said::Useless(reason.to_owned()),
        Verdict::Malformed { reason } => Said::Useless(format!("sent a reply that cannot be used: {reason}")),
        _ => Said::Useless(format!("answered {}", reply.header.rcode.mnemonic())),
    }
}

/// Record data in an order of its own, for comparison: servers may turn theirs round.
pub(super) fn as_set(records: &[Rr]) -> Vec<(u16, String)> {
    let mut set: Vec<_> = records.iter().map(|rr| (rr.rtype.0, rr.text.to_ascii_lowercase())).collect();
    set.sort_unstable();
    set.dedup();
    set
}
