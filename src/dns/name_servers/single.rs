//! One query to one server with its fallbacks: TCP after a truncated reply (RFC 7766 §5), no EDNS after a
//! refusal of it (RFC 6891 §7).
//!
//! How each form of it is sent is the caller's part, and so is what the reply means for a resolution.

use crate::dns::name_servers::form::QueryForm;
use crate::dns::response::classify::{Question, Verdict, classify};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::transport::log::Log;
use crate::dns::wire::message::Reply;
use crate::dns::wire::query::Recursion;
use crate::trace::{Choice, Edns, Rcode, Transport};

/// Which other forms of a query are of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallbacks {
    Any,
    /// Without EDNS there is no DO, and without DO there are no signatures (RFC 4035 §3.2.1).
    WithEdns,
}

/// What one form of a query came to.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Its packets, that of the reply last.
    pub(crate) path: Vec<usize>,
    /// As it was sent last.
    pub(crate) ask: Ask,
    pub(crate) outcome: Result<Box<Reply>, NoReply>,
}

impl From<Exchanged> for Attempt {
    fn from(one: Exchanged) -> Self {
        Self { path: vec![one.id], ask: one.ask, outcome: one.outcome }
    }
}

/// What the query came to, in the last of its forms.
#[derive(Debug)]
pub(crate) struct Asked {
    /// All its packets, in order; that of the reply last.
    pub(crate) path: Vec<usize>,
    pub(crate) ask: Ask,
    /// What EDNS was refused with.
    pub(crate) edns_refused: Option<Rcode>,
    pub(crate) end: Result<(Verdict, Box<Reply>), NoReply>,
}

/// Asks until a form of the query is answered, or has no reply. Each form rules one out that led to it, so
/// that there are four at most.
pub(crate) async fn ask(
    log: &Log,
    mut ask: Ask,
    fallbacks: Fallbacks,
    mut attempt: impl AsyncFnMut(Ask) -> Attempt,
) -> Asked {
    let (mut path, mut edns_refused) = (Vec::new(), None);
    loop {
        let one = attempt(ask).await;
        path.extend(one.path);
        let reply = match one.outcome {
            Ok(reply) => reply,
            Err(why) => return Asked { path, ask: one.ask, edns_refused, end: Err(why) },
        };
        let verdict = judge(&reply, &one.ask);
        let parent = path.last().copied();
        if let Some(id) = parent {
            log.close(id, verdict.meaning());
        }
        let next = fallback(&verdict, &one.ask);
        let Some(next) = next
            .filter(|next| next.edns == one.ask.edns || next.edns.is_some() || fallbacks == Fallbacks::Any)
        else {
            // Only a question without it that does better shows that it was for EDNS.
            let edns_refused = edns_refused.filter(|_| verdict.is_useful());
            return Asked { path, ask: one.ask, edns_refused, end: Ok((verdict, reply)) };
        };
        if verdict == (Verdict::EdnsRefused { next: Edns::None }) {
            edns_refused = Some(reply.header.rcode);
        }
        ask = next.of(Ask { parent, ..one.ask });
    }
}

/// What a reply means, by whom it was asked of.
pub(crate) fn judge(reply: &Reply, ask: &Ask) -> Verdict {
    let Ask { zone, qname, qtype, transport, edns, recursion, .. } = ask;
    let question = Question { zone, qname, qtype: *qtype, transport: *transport, edns: *edns };
    match recursion {
        Recursion::No => classify(reply, &question),
        Recursion::Desired | Recursion::Unchecked => classify_recursive(reply, &question),
    }
}

/// The form in which the same server may still answer, after what it said.
pub(crate) fn fallback(verdict: &Verdict, ask: &Ask) -> Option<QueryForm> {
    let (transport, edns) = (ask.transport, ask.edns);
    match verdict {
        Verdict::Truncated => Some(QueryForm { chosen: Choice::Truncated, transport: Transport::Tcp, edns }),
        Verdict::EdnsRefused { next } => {
            let chosen = if next.is_some() { Choice::WithoutOptions } else { Choice::WithoutEdns };
            Some(QueryForm { chosen, transport, edns: *next })
        }
        _ => None,
    }
}
