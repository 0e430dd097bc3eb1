//! One question of the uncounted lane to the servers of a zone: one after the other, and those that
//! are silent or fail once more.
//!
//! Who is late stays awaited while the next is asked. Nothing of it changes what the walk has learned
//! of the servers.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Fetched, Sections, ZoneReply};
use crate::dns::lanes::validation::collect::last_useful;
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::selection::{Candidate, order};
use crate::dns::name_servers::single::judge;
use crate::dns::outcome::words::{cut_short, no_reply, of_no_use};
use crate::dns::response::classify::{Verdict, accept_forwarded};
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::explain::dns_words::NO_AUTHORITY;
use crate::trace::{At, Choice, Purpose, Rcode, RecordType, Transport};

/// How long a server is awaited before the next is asked: this at least, and three of its round
/// trips where they are known. It is awaited as long again beside the next.
const PATIENCE: Duration = Duration::from_millis(450);

const ROUND_TRIPS: u32 = 3;

/// One question, from its first packet on. It ends before the grace of the lane does.
const LIMIT: Duration = Duration::from_millis(1_900);

/// Packets for one question.
const MAX_PACKETS: usize = 12;

/// Servers that are asked for one thing.
const MAX_SERVERS: usize = 8;

/// Servers that a reason names.
const MAX_NAMED: usize = 3;

/// Asks the servers of a zone until one gives an answer that can be checked.
pub(crate) async fn ask_servers(
    context: &Context,
    log: &Rc<Log>,
    zone: &Zone,
    qname: &Name,
    qtype: RecordType,
) -> Fetched {
    let known = last_useful(log, &name_text(&zone.name));
    let mut candidates = order(context, zone, &HashSet::new());
    // The one that has just answered first: the root's order is that of the hints.
    if let Some((server, _)) = known {
        candidates.sort_by_key(|candidate| candidate.address != server);
    }
    let servers: Vec<Server> = candidates
        .into_iter()
        .filter(|candidate| context.network.routed(candidate.address))
        .take(MAX_SERVERS)
        .map(|candidate| Server {
            patience: context
                .infra
                .srtt(candidate.address)
                .map_or(PATIENCE, |srtt| srtt.saturating_mul(ROUND_TRIPS).max(PATIENCE)),
            candidate,
            first_sent: None,
            asked: 0,
            open: 0,
            end: None,
        })
        .collect();
    let lookup = Lookup {
        context,
        log,
        zone,
        qname,
        qtype,
        queue: (0..servers.len()).collect(),
        servers,
        round: Round::First,
        running: FuturesUnordered::new(),
        packets: 0,
        last: known.map(|(_, id)| id),
        next_at: None,
        limit: None,
        is_spent: false,
        spare: None,
    };
    lookup.run().await
}

/// A server, and how far it was asked.
struct Server {
    candidate: Candidate,
    patience: Duration,
    first_sent: Option<At>,
    /// Questions that it was sent of itself, not because of a reply.
    asked: usize,
    /// Of them, those that are still awaited.
    open: usize,
    end: Option<End>,
}

/// Why a server that was heard of was of no use; the words follow its name.
enum End {
    /// It does not want to, and said so.
    Refused { why: String, again: Again },
    /// Anything else.
    Lost(String),
}

/// Whether a refusal may be gone at the next try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    First,
    Second,
}

/// What came of a packet.
enum Heard {
    Answer(ZoneReply),
    /// The server is of no use for now.
    Useless,
    /// Another packet to the same server is on its way because of it.
    More,
    /// Nothing in time.
    Nothing,
}

/// A packet on its way: whose it is, and what comes of it.
type Running = LocalBoxFuture<'static, (usize, Exchanged)>;

/// An answer that is taken when there is no better one.
struct Spare {
    reply: ZoneReply,
    is_signed: bool,
}

struct Lookup<'a> {
    context: &'a Context,
    log: &'a Rc<Log>,
    zone: &'a Zone,
    qname: &'a Name,
    qtype: RecordType,
    servers: Vec<Server>,
    queue: VecDeque<usize>,
    round: Round,
    running: FuturesUnordered<Running>,
    packets: usize,
    /// The packet before.
    last: Option<usize>,
    /// When the next server is asked beside those that are awaited.
    next_at: Option<At>,
    /// When it is over.
    limit: Option<At>,
    /// The host's budget is used up.
    is_spent: bool,
    spare: Option<Spare>,
}

impl Lookup<'_> {
    async fn run(mut self) -> Fetched {
        let clock = *self.log.clock();
        self.ask_next(None).await;
        while !self.running.is_empty() {
            let next_at = self.next_at.filter(|_| self.has_more());
            let next = async {
                match next_at {
                    Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await, // the patience with a server
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = self.running.next() => {
                    let Some((index, done)) = done else { break };
                    match self.judge(index, done) {
                        Heard::Answer(reply) => {
                            self.running.clear();
                            self.log.supersede_abandoned();
                            return Fetched::Reply(reply);
                        }
                        Heard::Useless => self.ask_next(Some(Choice::NextAfterFailure)).await,
                        Heard::Nothing if self.running.is_empty() => {
                            self.ask_next(Some(Choice::NextAfterFailure)).await;
                        }
                        Heard::Nothing | Heard::More => {}
                    }
                }
                () = next => self.ask_next(Some(Choice::Hedge)).await,
            }
        }
        match self.spare.take() {
            Some(spare) => Fetched::Reply(spare.reply),
            None => self.failed(),
        }
    }

    /// Whether anybody is left to ask.
    fn has_more(&self) -> bool {
        !self.queue.is_empty() || self.round == Round::First
    }

    /// Asks the next server; with the second round, those once more of which nothing was heard, or
    /// only that they failed.
    async fn ask_next(&mut self, chosen: Option<Choice>) {
        loop {
            if self.queue.is_empty() && self.round == Round::First {
                self.round = Round::Second;
                let again = |server: &Server| match &server.end {
                    None | Some(End::Refused { again: Again::Yes, .. }) => true,
                    Some(End::Refused { .. } | End::Lost(_)) => false,
                };
                // What was not sent in the first round was not to be sent.
                let asked = |server: &Server| server.first_sent.is_some();
                let servers = self.servers.iter().enumerate();
                self.queue = servers
                    .filter(|(_, server)| asked(server) && again(server))
                    .map(|(index, _)| index)
                    .collect();
            }
            let Some(index) = self.queue.pop_front() else {
                self.next_at = None;
                return;
            };
            let server = &self.servers[index];
            let is_over = matches!(server.end, Some(End::Refused { again: Again::No, .. } | End::Lost(_)));
            if self.round == Round::Second && is_over {
                continue;
            }
            let measured = server.candidate.measured;
            let chosen = match (self.round, chosen) {
                (Round::Second, _) => Choice::Again,
                (Round::First, Some(chosen)) => chosen,
                (Round::First, None) if measured => Choice::Fastest,
                (Round::First, None) => Choice::First,
            };
            let (address, patience) = (server.candidate.address, server.patience);
            let QueryForm { chosen, transport, edns } = QueryForm::to(self.context, address, chosen);
            let take = self.context.slots.take(address);
            let place = if server.open > 0 {
                // A second packet to the same server needs no place of its own.
                None
            } else if self.running.is_empty() {
                take.await
            } else if let Some(place) = take.now_or_never() {
                place
            } else {
                // Who waits for a place keeps none: two who wait for each other's would wait for ever.
                self.queue.push_front(index);
                self.next_at = Some(self.log.clock().now().after(patience));
                return;
            };
            let parent = self.last;
            if let Some(sent) = self.send(index, chosen, transport, edns, parent, place) {
                let server = &mut self.servers[index];
                server.first_sent.get_or_insert(sent);
                server.asked += 1;
                server.open += 1;
                let waits = if transport == Transport::Udp { 1 } else { 2 };
                self.next_at = Some(sent.after(server.patience * waits));
            }
            return;
        }
    }

    /// Sends one packet, if there may be one more.
    fn send(
        &mut self,
        index: usize,
        chosen: Choice,
        transport: Transport,
        edns: bool,
        parent: Option<usize>,
        place: Option<tokio::sync::OwnedSemaphorePermit>,
    ) -> Option<At> {
        let now = self.log.clock().now();
        let limit = *self.limit.get_or_insert(now.after(LIMIT));
        let is_over = now >= limit || self.packets == MAX_PACKETS;
        if !is_over && !self.is_spent && !self.log.spend() {
            self.is_spent = true;
        }
        if is_over || self.is_spent {
            self.queue.clear();
            self.round = Round::Second;
            return None;
        }
        self.packets += 1;
        let Server { candidate, patience, .. } = &self.servers[index];
        let purpose = if self.qtype == RecordType::DNSKEY { Purpose::DnsKey } else { Purpose::Ds };
        let to = (&candidate.name, candidate.address, candidate.source);
        let ask = Ask::of(purpose, &self.zone.name, (self.qname, self.qtype), to);
        let ask = Ask { parent, chosen, transport, edns, ..ask };
        let wait = (*patience * 2).min(limit.since(now));
        let flight = send(self.log, ask);
        self.last = Some(flight.id);
        let sent = flight.sent;
        let wait = async move {
            let done = receive(flight, wait).await;
            drop(place);
            (index, done)
        };
        self.running.push(wait.boxed_local());
        Some(sent)
    }

    /// Judges what came of a packet: an answer ends the search.
    fn judge(&mut self, index: usize, done: Exchanged) -> Heard {
        let Exchanged { id, ask, outcome, .. } = done;
        let is_first = !matches!(ask.chosen, Choice::Truncated | Choice::WithoutEdns);
        if is_first {
            self.servers[index].open = self.servers[index].open.saturating_sub(1);
        }
        let why = match outcome {
            Ok(reply) => return self.judge_reply(index, id, &ask, &reply),
            Err(NoReply::Timeout { .. }) => match ask.chosen {
                Choice::WithoutEdns => {
                    "refused the question with EDNS and did not answer the one without".to_owned()
                }
                Choice::Truncated => "cut its reply by UDP short and did not answer by TCP".to_owned(),
                // What it said before outweighs what it did not say now.
                _ => return Heard::Nothing,
            },
            Err(NoReply::Error { reason, .. }) if ask.chosen == Choice::Truncated => cut_short(&reason),
            Err(NoReply::Error { reason, .. }) => format!("could not be asked: {reason}"),
            Err(why) => no_reply(&why),
        };
        self.lost(index, why)
    }

    fn judge_reply(&mut self, index: usize, id: usize, ask: &Ask, reply: &Reply) -> Heard {
        let (transport, edns) = (ask.transport, ask.edns);
        let (verdict, _) = accept_forwarded(judge(reply, ask), reply, &self.zone.name);
        self.log.close(id, verdict.meaning());
        let (verdict, authority) = match verdict {
            Verdict::Lame { spare: Some(spare), .. } => (*spare, false),
            verdict => (verdict, true),
        };
        let why = match verdict {
            Verdict::Truncated => {
                if self.send(index, Choice::Truncated, Transport::Tcp, edns, Some(id), None).is_some() {
                    return Heard::More;
                }
                "cut its reply by UDP short".to_owned()
            }
            // Without EDNS there is no DO, and without DO there are no signatures: the question tells
            // a server that does not take EDNS from one that refuses its keys.
            Verdict::EdnsRefused if self.qtype == RecordType::DNSKEY => {
                if self.send(index, Choice::WithoutEdns, transport, false, Some(id), None).is_some() {
                    return Heard::More;
                }
                return self.refused(index, reply.header.rcode);
            }
            Verdict::Refused | Verdict::ServerFailure | Verdict::EdnsRefused => {
                return self.refused(index, reply.header.rcode);
            }
            Verdict::Answer { .. } | Verdict::Absent { .. } if !edns => {
                let why = "does not take EDNS, and without it there are no signatures".to_owned();
                self.servers[index].end = Some(End::Refused { why, again: Again::No });
                return Heard::Useless;
            }
            Verdict::Answer { .. } | Verdict::Absent { .. } => {
                match self.log.raw(id).and_then(|bytes| Sections::read(&bytes)) {
                    Some(message) => {
                        let has_edns = reply.header.edns_size.is_some();
                        return self.answer(index, message, authority, has_edns);
                    }
                    None => "sent a reply that cannot be read again".to_owned(),
                }
            }
            verdict => of_no_use(&verdict, reply.header.rcode),
        };
        self.lost(index, why)
    }

    /// An answer. Its signatures tell what it is worth, whoever gives it; but where authority or the
    /// signatures are missing, another server may do better.
    fn answer(&mut self, index: usize, message: Sections, authority: bool, has_edns: bool) -> Heard {
        let is_signed = message.signatures().next().is_some();
        let reply = ZoneReply { zone: self.zone.name.clone(), message: Rc::new(message) };
        if authority && (has_edns || is_signed) {
            return Heard::Answer(reply);
        }
        if self.spare.as_ref().is_none_or(|spare| is_signed && !spare.is_signed) {
            self.spare = Some(Spare { reply, is_signed });
        }
        self.lost(index, NO_AUTHORITY.to_owned())
    }

    fn refused(&mut self, index: usize, rcode: Rcode) -> Heard {
        let again = if rcode == SERVFAIL { Again::Yes } else { Again::No };
        self.servers[index].end = Some(End::Refused { why: format!("answered {}", rcode.mnemonic()), again });
        Heard::Useless
    }

    fn lost(&mut self, index: usize, why: String) -> Heard {
        self.servers[index].end = Some(End::Lost(why));
        Heard::Useless
    }

    /// Why nothing came.
    fn failed(&self) -> Fetched {
        let asked = || self.servers.iter().filter(|server| server.first_sent.is_some());
        if asked().next().is_none() {
            return Fetched::Failed(match self.servers.first() {
                None => "none of its servers can be reached from here".to_owned(),
                Some(server) => {
                    format!("{} was not asked: the limit of packets for this host was hit", label(server))
                }
            });
        }
        let now = self.log.clock().now();
        let mut words: Vec<String> = Vec::new();
        for server in asked() {
            let heard = match &server.end {
                Some(End::Refused { why, .. } | End::Lost(why)) => why.clone(),
                None => {
                    let ms = server.first_sent.map_or(0, |sent| now.since(sent).as_millis());
                    let times = if server.asked > 1 { ", asked twice" } else { "" };
                    format!("did not answer in {ms} ms{times}")
                }
            };
            words.push(format!("{} {heard}", label(server)));
        }
        let more = words.len().saturating_sub(MAX_NAMED);
        words.truncate(MAX_NAMED);
        let mut text = words.join(", ");
        if more > 0 {
            text += &format!(", and {more} more were of no use");
        }
        if self.qtype == RecordType::DNSKEY && self.all_refuse() {
            return Fetched::Refused(text);
        }
        Fetched::Failed(text)
    }

    /// Whether every server of the zone says that it does not give it, by one of its addresses at
    /// least, and none is just silent.
    fn all_refuse(&self) -> bool {
        let refuses = |server: &&Server| matches!(server.end, Some(End::Refused { .. }));
        let asked: Vec<&Server> = self.servers.iter().filter(|server| server.first_sent.is_some()).collect();
        let names = self.zone.servers.borrow();
        asked.iter().all(refuses)
            && names.iter().all(|known| {
                asked.iter().any(|server| server.candidate.name == known.name || shares(known, server))
            })
    }
}

const SERVFAIL: Rcode = Rcode::SERVFAIL;

/// Whether a server that was asked by another of its names has this one, too.
fn shares(known: &crate::dns::cache::delegations::Server, asked: &Server) -> bool {
    known.addresses.iter().any(|(address, _): &(SocketAddr, _)| *address == asked.candidate.address)
}

fn label(server: &Server) -> String {
    format!("{} ({})", name_text(&server.candidate.name), server.candidate.address.ip())
}
