//! DNSKEY and DS RRsets by way of a recursive resolver, with CD set (RFC 4035 §3.2.2), so that it hands out what
//! it would refuse itself. Nothing is judged here.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Fetched, Sections, ZoneReply};
use crate::dns::iterate::job::Resolution;
use crate::dns::iterate::resolve::begin;
use crate::dns::name_servers::single::{Asked, Attempt, Fallbacks, ask};
use crate::dns::outcome::words::{no_reply, show, unanswered};
use crate::dns::resolvers::ad_bit::is_answer;
use crate::dns::resolvers::connection::Client;
use crate::dns::resolvers::connection_query::put;
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::{receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::query::Recursion;
use crate::trace::{Choice, Packet, Purpose, RecordType, Transport};

/// One packet; a resolver may have to ask others first.
const PATIENCE: Duration = Duration::from_millis(900);

/// Datagrams for one question.
const MAX_TRIES: usize = 2;

/// Whether what came of a question holds for later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    InRun,
    No,
}

/// What the counted lane got from the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// An answer, be it a no, with whatever signatures it has.
    Answer,
    /// An answer to a question that did not ask for signatures.
    Unsigned,
    /// SERVFAIL: the resolver may have found it bogus.
    ServFail,
}

/// The resolver that gave the answer, asked with CD for everything that its validation needs.
#[derive(Debug)]
pub(crate) struct CdResolver {
    pub(crate) server: SocketAddr,
    /// The packet that brought the answer.
    parent: usize,
    /// What its answer was asked for.
    pub(crate) purpose: Purpose,
    pub(crate) received: Received,
    /// How it is asked on connections that are kept.
    connected: Option<(Transport, Rc<Client>, Rc<Resolution>)>,
    /// How it is asked else: by UDP, or by TCP where nothing came back by UDP.
    transport: Transport,
}

impl CdResolver {
    /// The resolver that spoke last in a lane; `None` when none has said anything.
    pub(crate) fn of(
        context: &Rc<Context>,
        client: Option<Rc<Client>>,
        log: &Rc<Log>,
        purpose: Purpose,
        received: Received,
    ) -> Option<Self> {
        let spoke = |packet: &Packet| packet.purpose == purpose && packet.reply.is_some();
        let useful = |packet: &Packet| spoke(packet) && is_answer(&packet.meaning);
        let last = log.look(|packets| {
            let parent = packets.iter().rposition(|packet| useful(packet));
            let parent = parent.or_else(|| packets.iter().rposition(|packet| spoke(packet)))?;
            let packet = packets.get(parent)?;
            let by_tcp = packet.chosen == Choice::Again && packet.transport == Transport::Tcp;
            // Without EDNS nobody could ask for signatures.
            let plain = packets.iter().any(|packet| useful(packet) && !packet.edns.is_some());
            Some((parent, packet.server, packet.transport, by_tcp, plain))
        });
        let (parent, server, last_transport, by_tcp, plain) = last?;
        let received = if received == Received::Answer && plain { Received::Unsigned } else { received };
        let run = || begin(context, log, None);
        let connected = client.map(|client| (last_transport, client, run()));
        let transport = if by_tcp { Transport::Tcp } else { Transport::Udp };
        Some(Self { server, parent, purpose, received, connected, transport })
    }

    /// Whether what it says holds for other resolutions of the run: a fallback is only for once.
    pub(crate) fn reuse(&self, log: &Log) -> Reuse {
        if self.received == Received::Unsigned || log.is_spent() { Reuse::No } else { Reuse::InRun }
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
        let transport = self.connected.as_ref().map_or(self.transport, |(transport, ..)| *transport);
        let query = Ask {
            parent: Some(self.parent),
            transport,
            recursion: Recursion::Unchecked,
            ..Ask::to_resolver(purpose, (qname, qtype), self.server)
        };
        let asked =
            ask(log, query, Fallbacks::WithEdns, async |query| self.attempt(context, log, query).await);
        let Asked { path, end, .. } = asked.await;
        let why = match end {
            Ok((Verdict::Answer { .. } | Verdict::Absent { .. }, _)) => {
                let read = path.last().and_then(|id| log.raw(*id)).and_then(|bytes| Sections::read(&bytes));
                if let Some(message) = read {
                    return Fetched::Reply(ZoneReply { zone: Name::root(), message: Rc::new(message) });
                }
                "sent a reply that cannot be read again".to_owned()
            }
            Ok((verdict, reply)) => unanswered(&verdict, &reply, qname),
            Err(why) => no_reply(&why),
        };
        Fetched::Failed(format!("resolver {} {why}", show(self.server)))
    }

    /// One form of a query; a datagram that had no reply is sent once more.
    async fn attempt(&self, context: &Context, log: &Rc<Log>, mut query: Ask) -> Attempt {
        let mut tries = 0;
        loop {
            tries += 1;
            if !log.spend() {
                let why = "was not asked: the limit of packets for this host was hit".to_owned();
                return Attempt { path: Vec::new(), ask: query, outcome: Err(NoReply::NotSent(vec![why])) };
            }
            let attempt = match &self.connected {
                Some((_, client, run)) => put(client, run, query, None, PATIENCE).await,
                None => {
                    let _place = context.slots.take(self.server).await;
                    receive(send(log, query), PATIENCE).await.into()
                }
            };
            let is_silent = matches!(attempt.outcome, Err(NoReply::Timeout { .. }));
            if !is_silent || attempt.ask.transport != Transport::Udp || tries == MAX_TRIES {
                return attempt;
            }
            query = Ask { parent: attempt.path.last().copied(), chosen: Choice::Again, ..attempt.ask };
        }
    }
}
