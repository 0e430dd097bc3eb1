//! Validation through a resolver, as `delv` does it: everything is asked of the one that gave the answer, with CD
//! (RFC 4035 §3.2.2), so that it hands out what it would refuse itself.
//!
//! The same lane as that of the walk, and the same judge. It begins when the answer is known, and uses
//! the connection that the run keeps to a resolver that is asked on one.

use std::collections::BTreeSet;
use std::rc::Rc;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Source};
use crate::dns::lanes::validation::checking::Checking;
use crate::dns::lanes::validation::collect::{asked_reply, unread};
use crate::dns::lanes::validation::through_resolver::{CdResolver, Received};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::ad_bit::is_answer;
use crate::dns::transport::log::Log;
use crate::trace::{Meaning, Packet, Purpose, RecordType};

impl Checking {
    /// Prepares the validation of what a resolver answered, through that resolver. The work is to be run
    /// beside everything else.
    pub(crate) fn begin_through(
        context: &Rc<Context>,
        log: &Rc<Log>,
        question: (Name, Vec<RecordType>),
        resolver: CdResolver,
    ) -> (Rc<Self>, impl Future<Output = ()> + 'static) {
        let received = resolver.received;
        let checking = Rc::new(Self::new(context, Some(resolver)));
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let work = async move {
            own.evidence.replace(Evidence {
                verified: own.context.dnssec.verified.clone(),
                source: Source::Resolver,
                ..Evidence::default()
            });
            if received == Received::Answer {
                let (asked, unanswered) = answered(&log);
                let mut evidence = own.evidence.borrow_mut();
                (evidence.asked, evidence.unanswered) = (asked, unanswered);
            } else {
                own.ask_with_signatures(&log, question).await;
            }
            own.fetch(&log).await;
            own.finish();
        };
        (checking, work)
    }

    /// Asks the question itself once more, with its signatures and whatever they are worth.
    async fn ask_with_signatures(&self, log: &Rc<Log>, (name, types): (Name, Vec<RecordType>)) {
        let Some(resolver) = &self.resolver else { return };
        let asked = types.iter().map(|rtype| async {
            let fetched = resolver.ask(&self.context, log, &name, *rtype, Purpose::Recheck).await;
            (WireType::from(rtype.0), fetched)
        });
        let (mut replies, mut failed) = (Vec::new(), None);
        for (qtype, fetched) in join_all(asked).await {
            match fetched {
                Fetched::Reply(reply) => replies.push(AskedReply { qname: name.clone(), qtype, reply }),
                Fetched::Failed(why) | Fetched::Refused(why) | Fetched::Unasked(why) => failed = Some(why),
            }
        }
        let mut evidence = self.evidence.borrow_mut();
        evidence.unanswered = match (resolver.received, failed) {
            (Received::ServFail, Some(why)) if replies.is_empty() => {
                Some(format!("there is no answer to validate: told not to check (CD), {why}"))
            }
            (_, Some(why)) => Some(format!("not everything could be asked for with its signatures: {why}")),
            (Received::Unsigned, None) if differs(log, resolver.purpose) => Some(format!(
                "resolver {} gave another answer when it was asked for signatures, and what it gave first has none",
                show(resolver.server)
            )),
            (_, None) => None,
        };
        if resolver.received == Received::ServFail && !replies.is_empty() {
            log.note(format!(
                "resolver {} answered SERVFAIL, and gave an answer when it was told not to check (CD): the \
                 DNSSEC verdict is about that one",
                show(resolver.server)
            ));
        }
        evidence.asked = replies;
    }
}

/// Whether the answers with signatures are others than those that the lane goes by.
fn differs(log: &Log, purpose: Purpose) -> bool {
    let data = |packet: &Packet| match &packet.meaning {
        Meaning::Answer { records } => {
            Some(records.iter().map(|record| record.data.to_ascii_lowercase()).collect::<BTreeSet<_>>())
        }
        Meaning::NoData(_) | Meaning::NxDomain(_) => Some(BTreeSet::new()),
        _ => None,
    };
    log.look(|packets| {
        let last = |purpose: Purpose, qtype: RecordType| {
            let all =
                packets.iter().rev().filter(|packet| packet.purpose == purpose && packet.qtype == qtype);
            { all }.find_map(|packet| data(packet))
        };
        let rechecked = packets.iter().filter(|packet| packet.purpose == Purpose::Recheck);
        rechecked.map(|packet| packet.qtype).any(|qtype| {
            let first = last(purpose, qtype);
            first.is_some() && first != last(Purpose::Recheck, qtype)
        })
    })
}

/// What the resolver answered in the counted lane, and what of it cannot be read again.
fn answered(log: &Log) -> (Vec<AskedReply>, Option<String>) {
    let mut answered: Vec<AskedReply> = Vec::new();
    let mut unanswered = None;
    log.look(|packets| {
        for (id, packet) in packets.iter().enumerate().rev() {
            let Some(bytes) = log.raw(id) else { continue };
            if packet.purpose != Purpose::Resolver || !is_answer(&packet.meaning) {
                continue;
            }
            match asked_reply(packet, &bytes) {
                None => unanswered = Some(unread(packet)),
                Some(asked) if answered.iter().any(|later| later.is_as(&asked)) => {}
                Some(asked) => answered.push(asked),
            }
        }
    });
    answered.reverse();
    (answered, unanswered)
}
