//! Validation through a resolver, as `delv` does it: everything is asked of the one that gave the
//! answer, with CD, so that it hands out what it would refuse itself.
//!
//! The same lane as that of the walk, and the same judge. It begins when the answer is known, and uses
//! the connection that the run keeps to a resolver that is asked on one.

use crate::dns::lanes::validation::checking::Checking;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Asked, Evidence, Fetched, Said, Sections, Source};
use crate::dns::lanes::validation::collect::unread;
use crate::dns::lanes::validation::through_resolver::{Given, Through};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::ad_bit::is_answer;
use crate::dns::resolvers::connection::Client;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::printed_name;
use crate::trace::{Meaning, Packet, Purpose, RecordType};

/// One packet; a resolver may have to ask others first.
pub(crate) const PATIENCE: Duration = Duration::from_millis(900);

/// Datagrams for one question.
pub(crate) const MAX_TRIES: usize = 2;

impl Checking {
    /// Prepares the validation of what a resolver answered, through that resolver; `None` when none
    /// has said anything. The work is to be run beside everything else.
    pub(crate) fn begin_through(
        context: &Rc<Context>,
        client: Option<Rc<Client>>,
        log: &Rc<Log>,
        question: (Name, Vec<RecordType>),
        purpose: Purpose,
        given: Given,
    ) -> Option<(Rc<Self>, impl Future<Output = ()> + 'static)> {
        let through = Through::of(context, client, log, purpose, given)?;
        let given = through.given;
        let checking = Rc::new(Self::new(context, Some(through)));
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let work = async move {
            own.evidence.replace(Evidence {
                memory: own.context.dnssec.memory.clone(),
                source: Source::Resolver,
                ..Evidence::default()
            });
            if given == Given::Answer {
                let (asked, unanswered) = answered(&log);
                let mut evidence = own.evidence.borrow_mut();
                (evidence.asked, evidence.unanswered) = (asked, unanswered);
            } else {
                own.ask_again(&log, question).await;
            }
            own.fetch(&log).await;
            own.finish();
        };
        Some((checking, work))
    }

    /// Asks the question itself once more, with its signatures and whatever they are worth.
    async fn ask_again(&self, log: &Rc<Log>, (name, types): (Name, Vec<RecordType>)) {
        let Some(through) = &self.through else { return };
        let said = RefCell::new(Vec::new());
        join_all(types.iter().map(|rtype| {
            let (name, said) = (&name, &said);
            async move {
                match through.ask(&self.context, log, name, *rtype, Purpose::Recheck).await {
                    Fetched::Said(one) => {
                        let qtype = WireType::from(rtype.0);
                        said.borrow_mut().push(Asked { qname: name.clone(), qtype, said: one });
                    }
                    Fetched::Failed(why) | Fetched::Refused(why) => {
                        self.evidence.borrow_mut().unanswered = Some(why);
                    }
                }
            }
        }))
        .await;
        let said = said.into_inner();
        let mut evidence = self.evidence.borrow_mut();
        let failed = evidence.unanswered.take();
        evidence.unanswered = match (through.given, failed) {
            (Given::Failure, Some(why)) if said.is_empty() => {
                Some(format!("there is no answer to validate: told not to check (CD), {why}"))
            }
            (_, Some(why)) => Some(format!("not everything could be asked for with its signatures: {why}")),
            (Given::Unsigned, None) if differs(log, through.purpose) => Some(format!(
                "resolver {} gave another answer when it was asked for signatures, and what it gave first has none",
                show(through.server)
            )),
            (_, None) => None,
        };
        if through.given == Given::Failure && !said.is_empty() {
            log.note(format!(
                "resolver {} answered SERVFAIL, and gave an answer when it was told not to check (CD): the \
                 DNSSEC verdict is about that one",
                show(through.server)
            ));
        }
        evidence.asked = said;
    }
}

/// Whether the answers with signatures are others than those that the lane goes by.
fn differs(log: &Log, purpose: Purpose) -> bool {
    let packets = log.packets();
    let said = |purpose: Purpose, qtype: RecordType| {
        let all = packets.iter().filter(move |packet| packet.purpose == purpose && packet.qtype == qtype);
        let data = |packet: &Packet| match &packet.meaning {
            Meaning::Answer { records } => {
                Some(records.iter().map(|record| record.data.to_ascii_lowercase()).collect::<BTreeSet<_>>())
            }
            Meaning::NoData(_) | Meaning::NxDomain(_) => Some(BTreeSet::new()),
            _ => None,
        };
        all.filter_map(data).next_back()
    };
    let again = packets.iter().filter(|packet| packet.purpose == Purpose::Recheck);
    again.map(|packet| packet.qtype).any(|qtype| {
        let first = said(purpose, qtype);
        first.is_some() && first != said(Purpose::Recheck, qtype)
    })
}

/// What the resolver answered in the counted lane, and what of it cannot be read again.
fn answered(log: &Log) -> (Vec<Asked>, Option<String>) {
    let mut answered: Vec<Asked> = Vec::new();
    let mut unanswered = None;
    for (_, packet, bytes) in log.packets_with_raw().into_iter().rev() {
        if packet.purpose != Purpose::Resolver || !is_answer(&packet.meaning) {
            continue;
        }
        let qtype = WireType::from(packet.qtype.0);
        let (Ok(qname), Some(mut message)) = (printed_name(&packet.qname), Sections::read(&bytes)) else {
            unanswered = Some(unread(&packet));
            continue;
        };
        if answered.iter().any(|other| (&other.qname, other.qtype) == (&qname, qtype)) {
            continue;
        }
        message.spell_as(&qname);
        let said = Said { zone: Name::root(), message: Rc::new(message) };
        answered.push(Asked { qname, qtype, said });
    }
    answered.reverse();
    (answered, unanswered)
}
