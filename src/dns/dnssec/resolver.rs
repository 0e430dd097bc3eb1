//! Validation through a resolver, as `delv` does it: everything is asked of the one that gave the
//! answer, with CD, so that it hands out what it would refuse itself.
//!
//! The same lane as that of the walk, and the same judge. It begins when the answer is known, and uses
//! the connection that the run keeps to a resolver that is asked on one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use super::evidence::{Asked, Evidence, Fetched, Said, Sections, Source};
use super::fetch::{Checking, Keep, unread};
use crate::dns::authentic::is_answer;
use crate::dns::cut::Shared;
use crate::dns::exchange::{Ask, Exchanged, Outcome, receive, send};
use crate::dns::log::Log;
use crate::dns::message::{Recursion, printed_name};
use crate::dns::reply::{self, Verdict, classify_recursive};
use crate::dns::stub::show;
use crate::dns::transport::ask_beside;
use crate::dns::walk::Run;
use crate::trace::{AddressSource, Choice, Meaning, Packet, Purpose, RecordType, Transport};

/// One packet; a resolver may have to ask others first.
const PATIENCE: Duration = Duration::from_millis(900);
/// Datagrams for one question.
const MAX_TRIES: usize = 2;

/// What the counted lane got from the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dns) enum Given {
    /// An answer, be it a no, with whatever signatures it has.
    Answer,
    /// An answer to a question that did not ask for signatures.
    Unsigned,
    /// SERVFAIL: the resolver may have found it bogus.
    Failure,
}

/// The resolver that validation goes through.
#[derive(Debug)]
pub(super) struct Through {
    server: SocketAddr,
    /// The packet that brought the answer.
    parent: usize,
    /// What its answer was asked for.
    purpose: Purpose,
    given: Given,
    /// How it is asked on connections that are kept.
    connected: Option<(Transport, Rc<Run>)>,
    /// How it is asked else: by UDP, or by TCP where nothing came back by UDP.
    transport: Transport,
}

impl Through {
    /// The resolver that spoke last in a lane.
    fn of(shared: &Rc<Shared>, log: &Rc<Log>, purpose: Purpose, given: Given) -> Option<Self> {
        let packets = log.packets();
        let spoke = |packet: &&Packet| packet.purpose == purpose && packet.reply.is_some();
        let useful = |packet: &&Packet| spoke(packet) && is_answer(&packet.meaning);
        let packet = packets.iter().rfind(useful).or_else(|| packets.iter().rfind(spoke))?;
        let parent = packets.iter().position(|other| std::ptr::eq(other, packet))?;
        // Without EDNS nobody could ask for signatures.
        let plain = packets.iter().any(|packet| useful(&packet) && !packet.edns);
        let given = if given == Given::Answer && plain { Given::Unsigned } else { given };
        let on_connection = purpose == Purpose::Resolver && shared.client.is_some();
        let connected =
            on_connection.then(|| (packet.transport, Run::new(Rc::clone(shared), Rc::clone(log), None)));
        let by_tcp = packet.chosen == Choice::Again && packet.transport == Transport::Tcp;
        let transport = if by_tcp { Transport::Tcp } else { Transport::Udp };
        Some(Self { server: packet.server, parent, purpose, given, connected, transport })
    }

    /// Whether what it says holds for other resolutions of the run: a fallback is only for once.
    pub(super) fn keep(&self, log: &Log) -> Keep {
        if self.given == Given::Unsigned || log.is_spent() { Keep::No } else { Keep::ForTheRun }
    }

    /// Asks one question.
    pub(super) async fn ask(
        &self,
        shared: &Shared,
        log: &Rc<Log>,
        qname: &Name,
        qtype: RecordType,
        purpose: Purpose,
    ) -> Fetched {
        let why = match self.try_to_ask(shared, log, qname, qtype, purpose).await {
            Ok(message) => {
                return Fetched::Said(Said { zone: Name::root(), message: Rc::new(message) });
            }
            Err(why) => why,
        };
        Fetched::Failed(format!("resolver {} {why}", show(self.server)))
    }

    async fn try_to_ask(
        &self,
        shared: &Shared,
        log: &Rc<Log>,
        qname: &Name,
        qtype: RecordType,
        purpose: Purpose,
    ) -> Result<Sections, String> {
        let mut ask = Ask {
            parent: Some(self.parent),
            purpose,
            zone: String::new(),
            qname: qname.clone(),
            qtype,
            server_name: None,
            server: self.server,
            source: AddressSource::Configured,
            chosen: Choice::First,
            transport: self.connected.as_ref().map_or(self.transport, |(transport, _)| *transport),
            // Without EDNS there is no DO, and without DO there are no signatures.
            edns: true,
            recursion: Recursion::Unchecked,
        };
        let mut tries = 1;
        loop {
            if !log.spend() {
                return Err("was not asked: the limit of packets for this host was hit".to_owned());
            }
            let (id, outcome) = match &self.connected {
                Some((_, run)) => ask_beside(run, &mut ask, PATIENCE).await?,
                None => {
                    let _place = shared.places.take(self.server).await;
                    let Exchanged { id, outcome, .. } = receive(send(log, ask.clone()), PATIENCE).await;
                    (id, outcome)
                }
            };
            ask.parent = Some(id);
            let reply = match outcome {
                Outcome::Reply(reply) => reply,
                Outcome::Timeout if tries < MAX_TRIES && ask.transport == Transport::Udp => {
                    tries += 1;
                    ask.chosen = Choice::Again;
                    continue;
                }
                Outcome::Timeout => return Err(format!("did not answer in {} ms", PATIENCE.as_millis())),
                Outcome::Malformed(why) => return Err(format!("sent a reply that cannot be read: {why}")),
                Outcome::WrongSource { from } => {
                    return Err(format!("did not answer, and {from} did in its place"));
                }
                Outcome::Error { reason, .. } => return Err(reason),
            };
            let root = Name::root();
            let asked = reply::Asked { zone: &root, qname, qtype, transport: ask.transport, edns: ask.edns };
            let verdict = classify_recursive(&reply, &asked);
            log.close(id, verdict.meaning());
            match verdict {
                Verdict::Truncated if ask.transport == Transport::Udp => {
                    (ask.chosen, ask.transport) = (Choice::Truncated, Transport::Tcp);
                }
                Verdict::Answer { .. } | Verdict::Absent { .. } => {
                    let read = log.raw(id).and_then(|bytes| Sections::read(&bytes));
                    return read.ok_or_else(|| "sent a reply that cannot be read again".to_owned());
                }
                verdict => return Err(reply::unanswered(&verdict, &reply, qname)),
            }
        }
    }
}

impl Checking {
    /// Prepares the validation of what a resolver answered, through that resolver; `None` when none
    /// has said anything. The work is to be run beside everything else.
    pub(in crate::dns) fn begin_through(
        shared: &Rc<Shared>,
        log: &Rc<Log>,
        question: (Name, Vec<RecordType>),
        purpose: Purpose,
        given: Given,
    ) -> Option<(Rc<Self>, impl Future<Output = ()> + 'static)> {
        let through = Through::of(shared, log, purpose, given)?;
        let given = through.given;
        let checking = Rc::new(Self::new(shared, Some(through)));
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let work = async move {
            own.evidence.replace(Evidence {
                memory: own.shared.dnssec.memory.clone(),
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
                match through.ask(&self.shared, log, name, *rtype, Purpose::Recheck).await {
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
