//! DNSKEY and DS records by way of a resolver, with CD set (RFC 4035 §3.2.2).

use crate::dns::response::recursive::unanswered;
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Fetched, Said, Sections};
use crate::dns::iterate::job::Resolution;
use crate::dns::lanes::validation::recheck::{MAX_TRIES, PATIENCE};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::ad_bit::is_answer;
use crate::dns::resolvers::connection::Client;
use crate::dns::resolvers::connection_query::ask_beside;
use crate::dns::response::classify;
use crate::dns::response::classify::Verdict;
use crate::dns::response::recursive::classify_recursive;
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::query::Recursion;
use crate::trace::{AddressSource, Choice, Packet, Purpose, RecordType, Transport};

/// Whether what came of a question holds for later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    ForTheRun,
    No,
}

/// What the counted lane got from the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// An answer, be it a no, with whatever signatures it has.
    Answer,
    /// An answer to a question that did not ask for signatures.
    Unsigned,
    /// SERVFAIL: the resolver may have found it bogus.
    Failure,
}

/// The resolver that validation goes through.
#[derive(Debug)]
pub(crate) struct Through {
    pub(crate) server: SocketAddr,
    /// The packet that brought the answer.
    parent: usize,
    /// What its answer was asked for.
    pub(crate) purpose: Purpose,
    pub(crate) given: Given,
    /// How it is asked on connections that are kept.
    connected: Option<(Transport, Rc<Client>, Rc<Resolution>)>,
    /// How it is asked else: by UDP, or by TCP where nothing came back by UDP.
    transport: Transport,
}

impl Through {
    /// The resolver that spoke last in a lane.
    pub(crate) fn of(
        context: &Rc<Context>,
        client: Option<Rc<Client>>,
        log: &Rc<Log>,
        purpose: Purpose,
        given: Given,
    ) -> Option<Self> {
        let packets = log.packets();
        let spoke = |packet: &&Packet| packet.purpose == purpose && packet.reply.is_some();
        let useful = |packet: &&Packet| spoke(packet) && is_answer(&packet.meaning);
        let packet = packets.iter().rfind(useful).or_else(|| packets.iter().rfind(spoke))?;
        let parent = packets.iter().position(|other| std::ptr::eq(other, packet))?;
        // Without EDNS nobody could ask for signatures.
        let plain = packets.iter().any(|packet| useful(&packet) && !packet.edns);
        let given = if given == Given::Answer && plain { Given::Unsigned } else { given };
        let run = || Resolution::new(Rc::clone(context), Rc::clone(log), None);
        let connected = client.map(|client| (packet.transport, client, run()));
        let by_tcp = packet.chosen == Choice::Again && packet.transport == Transport::Tcp;
        let transport = if by_tcp { Transport::Tcp } else { Transport::Udp };
        Some(Self { server: packet.server, parent, purpose, given, connected, transport })
    }

    /// Whether what it says holds for other resolutions of the run: a fallback is only for once.
    pub(crate) fn keep(&self, log: &Log) -> Keep {
        if self.given == Given::Unsigned || log.is_spent() { Keep::No } else { Keep::ForTheRun }
    }

    /// Asks one question.
    pub(crate) async fn ask(
        &self,
        context: &Context,
        log: &Rc<Log>,
        qname: &Name,
        qtype: RecordType,
        purpose: Purpose,
    ) -> Fetched {
        let why = match self.try_to_ask(context, log, qname, qtype, purpose).await {
            Ok(message) => {
                return Fetched::Said(Said { zone: Name::root(), message: Rc::new(message) });
            }
            Err(why) => why,
        };
        Fetched::Failed(format!("resolver {} {why}", show(self.server)))
    }

    async fn try_to_ask(
        &self,
        context: &Context,
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
            transport: self.connected.as_ref().map_or(self.transport, |(transport, ..)| *transport),
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
                Some((_, client, run)) => ask_beside(client, run, &mut ask, PATIENCE).await?,
                None => {
                    let _place = context.slots.take(self.server).await;
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
            let asked =
                classify::Asked { zone: &root, qname, qtype, transport: ask.transport, edns: ask.edns };
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
                verdict => return Err(unanswered(&verdict, &reply, qname)),
            }
        }
    }
}
