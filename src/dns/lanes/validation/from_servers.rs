//! One DS or DNSKEY query of validation to the name servers of a zone (RFC 4035 §4.2): one after the other, and
//! those that are silent or answer SERVFAIL once more.
//!
//! Who is late stays awaited while the next is asked. Nothing of it changes what the walk has learned of the
//! servers.

use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;
use tokio::sync::OwnedSemaphorePermit;

use crate::dns::cache::delegations::Zone;
use crate::dns::context::Context;
use crate::dns::dnssec::evidence::{Fetched, Sections, ZoneReply};
use crate::dns::lanes::validation::collect::last_useful;
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::selection::{Candidate, order};
use crate::dns::name_servers::single::{fallback, judge};
use crate::dns::name_servers::zone_query::listening;
use crate::dns::outcome::words::{cut_short, no_reply, of_no_use};
use crate::dns::response::classify::{Verdict, accept_forwarded};
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::{Exchanged, InFlight, receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::explain::dns_words::NO_AUTHORITY;
use crate::trace::{At, Choice, Purpose, Rcode, RecordType, Transport};

/// How long a server is awaited before the next is asked: this at least, and three of its round
/// trips where they are known. It is awaited as long again beside the next.
const PATIENCE: Duration = Duration::from_millis(450);

const ROUND_TRIPS: u32 = 3;

/// One query, from its first packet on, where no server of the run is slow.
const LIMIT: Duration = Duration::from_millis(1_900);

/// Packets for one query.
const MAX_PACKETS: usize = 12;

/// Servers that are asked for one thing.
const MAX_SERVERS: usize = 8;

/// Servers that a reason names.
const MAX_NAMED: usize = 3;

/// One query, from its first packet on: a server is listened to for twice its patience, and no longer than for other
/// questions. The grace of the lane ends later.
pub(crate) fn limit(context: &Context) -> Duration {
    let slowest = context.infra.longest_srtt().unwrap_or_default();
    slowest.saturating_mul(2 * ROUND_TRIPS).clamp(LIMIT, listening(context))
}

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
    candidates.retain(|candidate| context.network.routed(candidate.address));
    ask(context, log, zone, (qname, qtype), candidates, known.map(|(_, id)| id)).await
}

/// Asks one server of a zone.
pub(crate) async fn ask_server(
    context: &Context,
    log: &Rc<Log>,
    zone: &Zone,
    (qname, qtype): (&Name, RecordType),
    server: Candidate,
) -> Fetched {
    ask(context, log, zone, (qname, qtype), vec![server], None).await
}

async fn ask(
    context: &Context,
    log: &Rc<Log>,
    zone: &Zone,
    (qname, qtype): (&Name, RecordType),
    candidates: Vec<Candidate>,
    last: Option<usize>,
) -> Fetched {
    let patience = |candidate: &Candidate| {
        let known = context.infra.srtt(candidate.address).unwrap_or_default();
        known.saturating_mul(ROUND_TRIPS).max(PATIENCE)
    };
    let tries: Vec<Try> = candidates
        .into_iter()
        .take(MAX_SERVERS)
        .map(|candidate| Try {
            patience: patience(&candidate),
            candidate,
            first_sent: None,
            asked: 0,
            open: 0,
            end: None,
        })
        .collect();
    let query = Query {
        log,
        zone,
        qname,
        qtype,
        packets: Cell::new(0),
        most: limit(context),
        limit: Cell::new(None),
        is_spent: Cell::new(false),
        last: Cell::new(last),
    };
    let queue = (0..tries.len()).chain(0..tries.len()).collect();
    Lookup { context, query: &query, tries, queue, next_at: None, spare: None }.run().await
}

/// A server, and how far it was asked.
struct Try {
    candidate: Candidate,
    patience: Duration,
    first_sent: Option<At>,
    /// How often it was asked, and how often that is still awaited.
    asked: usize,
    open: usize,
    end: Option<End>,
}

/// Why a server that was heard of was of no use; the words follow its name.
enum End {
    /// It does not want to, and said so.
    Refused(String),
    /// SERVFAIL, which may be gone at the next try.
    Failed(String),
    /// Anything else.
    Lost(String),
}

/// What a server came to.
enum Heard {
    Answer(ZoneReply),
    /// Another server may do better.
    Spare(Spare),
    /// It is of no use for now.
    Useless(End),
    /// Nothing in time.
    Nothing,
}

/// An answer that is taken when there is no better one.
struct Spare {
    reply: ZoneReply,
    is_signed: bool,
}

/// What is asked, and how much may still be sent for it.
struct Query<'a> {
    log: &'a Rc<Log>,
    zone: &'a Zone,
    qname: &'a Name,
    qtype: RecordType,
    packets: Cell<usize>,
    /// How long it may take, and when it is over.
    most: Duration,
    limit: Cell<Option<At>>,
    /// The host's budget is used up.
    is_spent: Cell<bool>,
    /// The packet before.
    last: Cell<Option<usize>>,
}

impl Query<'_> {
    /// Sends one packet, if there may be one more.
    fn send(&self, ask: Ask) -> Option<InFlight> {
        let now = self.log.clock().now();
        let limit = self.limit.get().unwrap_or_else(|| now.after(self.most));
        self.limit.set(Some(limit));
        if now >= limit || self.packets.get() == MAX_PACKETS {
            return None;
        }
        self.is_spent.set(self.is_spent.get() || !self.log.spend());
        if self.is_spent.get() {
            return None;
        }
        self.packets.set(self.packets.get() + 1);
        let flight = send(self.log, ask);
        self.last.set(Some(flight.id));
        Some(flight)
    }

    /// Waits for a server's reply, in whichever form of the query it gives one.
    async fn hear(
        &self,
        mut flight: InFlight,
        patience: Duration,
        place: Option<OwnedSemaphorePermit>,
    ) -> Heard {
        let _place = place;
        loop {
            let left = self.limit.get().map_or(self.most, |limit| limit.since(self.log.clock().now()));
            let Exchanged { id, ask, outcome, .. } = receive(flight, left.min(patience * 2)).await;
            let reply = match outcome {
                Ok(reply) => reply,
                Err(why) => return unheard(&why, ask.chosen),
            };
            let (verdict, _) = accept_forwarded(judge(&reply, &ask), &reply, &self.zone.name);
            self.log.close(id, verdict.meaning());
            // The query without EDNS tells a server that does not take it from one that refuses its keys.
            let form = fallback(&verdict, &ask).filter(|form| form.edns.is_some() || self.is_for_keys());
            let next = form.and_then(|form| self.send(form.of(Ask { parent: Some(id), ..ask.clone() })));
            match next {
                Some(next) => flight = next,
                None => return self.judge(id, &ask, &reply, verdict),
            }
        }
    }

    fn judge(&self, id: usize, ask: &Ask, reply: &Reply, verdict: Verdict) -> Heard {
        let (verdict, authority) = match verdict {
            Verdict::Lame { spare: Some(spare), .. } => (*spare, false),
            verdict => (verdict, true),
        };
        let rcode = reply.header.rcode;
        let is_answer = match verdict {
            Verdict::Answer { .. } | Verdict::Absent { .. } => true,
            // Of keys and DS records there are no aliases.
            Verdict::Alias { .. } => ask.purpose == Purpose::Recheck,
            _ => false,
        };
        Heard::Useless(match verdict {
            _ if is_answer && !ask.edns.is_some() => {
                End::Refused("does not take EDNS, and without it there are no signatures".to_owned())
            }
            _ if is_answer => match self.log.raw(id).and_then(|bytes| Sections::read(&bytes)) {
                Some(message) => {
                    return self.answer(message, authority, reply.header.edns_size.is_some());
                }
                None => End::Lost("sent a reply that cannot be read again".to_owned()),
            },
            Verdict::Truncated => End::Lost("cut its reply by UDP short".to_owned()),
            Verdict::Refused | Verdict::ServerFailure | Verdict::EdnsRefused { .. }
                if rcode == Rcode::SERVFAIL =>
            {
                End::Failed(of_no_use(&verdict, rcode))
            }
            Verdict::Refused | Verdict::ServerFailure | Verdict::EdnsRefused { .. } => {
                End::Refused(of_no_use(&verdict, rcode))
            }
            verdict => End::Lost(of_no_use(&verdict, rcode)),
        })
    }

    /// An answer. Its signatures tell what it is worth, whoever gives it; but where authority or the
    /// signatures are missing, another server may do better.
    fn answer(&self, message: Sections, authority: bool, has_edns: bool) -> Heard {
        let is_signed = message.signatures().next().is_some();
        let reply = ZoneReply { zone: self.zone.name.clone(), message: Rc::new(message) };
        if authority && (has_edns || is_signed) {
            Heard::Answer(reply)
        } else {
            Heard::Spare(Spare { reply, is_signed })
        }
    }

    fn is_for_keys(&self) -> bool {
        self.qtype == RecordType::DNSKEY
    }
}

/// What no reply means, by the form of the query.
fn unheard(why: &NoReply, chosen: Choice) -> Heard {
    Heard::Useless(End::Lost(match (why, chosen) {
        (NoReply::Timeout { .. }, Choice::WithoutEdns) => {
            "refused the question with EDNS and did not answer the one without".to_owned()
        }
        (NoReply::Timeout { .. }, Choice::Truncated) => {
            "cut its reply by UDP short and did not answer by TCP".to_owned()
        }
        // What it said before outweighs what it did not say now.
        (NoReply::Timeout { .. }, _) => return Heard::Nothing,
        (NoReply::Error { reason, .. }, Choice::Truncated) => cut_short(reason),
        (why, _) => no_reply(why),
    }))
}

/// What a server comes to, and which it is.
type Running<'a> = FuturesUnordered<LocalBoxFuture<'a, (usize, Heard)>>;

struct Lookup<'a> {
    context: &'a Context,
    query: &'a Query<'a>,
    tries: Vec<Try>,
    /// All of them, twice.
    queue: VecDeque<usize>,
    /// When the next server is asked beside those that are awaited.
    next_at: Option<At>,
    spare: Option<Spare>,
}

impl<'a> Lookup<'a> {
    async fn run(mut self) -> Fetched {
        let (log, clock) = (self.query.log, *self.query.log.clock());
        let mut running = Running::new();
        self.ask_next(None, &mut running).await;
        while !running.is_empty() {
            let next_at = self.next_at.filter(|_| !self.queue.is_empty());
            let next = async {
                match next_at {
                    Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await, // the patience with a server
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = running.next() => {
                    let Some((index, heard)) = done else { break };
                    let one = &mut self.tries[index];
                    one.open -= 1;
                    match heard {
                        Heard::Answer(reply) => {
                            drop(running);
                            log.supersede_abandoned();
                            return Fetched::Reply(reply);
                        }
                        Heard::Nothing if !running.is_empty() => continue,
                        Heard::Nothing => {}
                        Heard::Useless(end) => one.end = Some(end),
                        Heard::Spare(spare) => {
                            one.end = Some(End::Lost(NO_AUTHORITY.to_owned()));
                            if self.spare.as_ref().is_none_or(|known| spare.is_signed && !known.is_signed) {
                                self.spare = Some(spare);
                            }
                        }
                    }
                    self.ask_next(Some(Choice::NextAfterFailure), &mut running).await;
                }
                () = next => self.ask_next(Some(Choice::Hedge), &mut running).await,
            }
        }
        match self.spare.take() {
            Some(spare) => Fetched::Reply(spare.reply),
            None => self.failed(),
        }
    }

    /// Asks the next server; the second time only those of which nothing was heard, or only that they failed.
    async fn ask_next(&mut self, chosen: Option<Choice>, running: &mut Running<'a>) {
        let index = loop {
            let Some(index) = self.queue.pop_front() else {
                self.next_at = None;
                return;
            };
            if !matches!(self.tries[index].end, Some(End::Refused(_) | End::Lost(_))) {
                break index;
            }
        };
        let query = self.query;
        let Try { candidate, patience, open, first_sent, .. } = &self.tries[index];
        let patience = *patience;
        let chosen = match chosen {
            _ if first_sent.is_some() => Choice::Again,
            Some(chosen) => chosen,
            None if candidate.measured => Choice::Fastest,
            None => Choice::First,
        };
        let form = QueryForm::to(self.context, candidate.address, chosen);
        let take = self.context.slots.take(candidate.address);
        let place = if *open > 0 {
            // A second packet to the same server needs no place of its own.
            None
        } else if running.is_empty() {
            take.await
        } else if let Some(place) = take.now_or_never() {
            place
        } else {
            // Who waits for a place keeps none: two who wait for each other's would wait for ever.
            self.queue.push_front(index);
            self.next_at = Some(query.log.clock().now().after(patience));
            return;
        };
        let purpose = match query.qtype {
            RecordType::DNSKEY => Purpose::DnsKey,
            RecordType::DS => Purpose::Ds,
            _ => Purpose::Recheck,
        };
        let to = (&candidate.name, candidate.address, candidate.source);
        let ask = Ask::of(purpose, &query.zone.name, (query.qname, query.qtype), to);
        let Some(flight) = query.send(form.of(Ask { parent: query.last.get(), ..ask })) else {
            self.queue.clear();
            return;
        };
        let (sent, waits) = (flight.sent, if form.transport == Transport::Udp { 1 } else { 2 });
        let one = &mut self.tries[index];
        one.first_sent.get_or_insert(sent);
        (one.asked, one.open) = (one.asked + 1, one.open + 1);
        self.next_at = Some(sent.after(patience * waits));
        running.push(query.hear(flight, patience, place).map(move |heard| (index, heard)).boxed_local());
    }

    /// Why nothing came.
    fn failed(&self) -> Fetched {
        let asked: Vec<&Try> = self.tries.iter().filter(|one| one.first_sent.is_some()).collect();
        if asked.is_empty() {
            return Fetched::Unasked(match self.tries.first() {
                None => "none of its servers can be reached from here".to_owned(),
                Some(one) => {
                    format!(
                        "{} was not asked: the limit of packets for this host was hit",
                        label(&one.candidate)
                    )
                }
            });
        }
        let now = self.query.log.clock().now();
        let word = |one: &&Try| {
            let heard = match &one.end {
                Some(End::Refused(why) | End::Failed(why) | End::Lost(why)) => why.clone(),
                None => {
                    let ms = one.first_sent.map_or(0, |sent| now.since(sent).as_millis());
                    let times = if one.asked > 1 { ", asked twice" } else { "" };
                    format!("did not answer in {ms} ms{times}")
                }
            };
            format!("{} {heard}", label(&one.candidate))
        };
        let words: Vec<String> = asked.iter().take(MAX_NAMED).map(word).collect();
        let mut text = words.join(", ");
        if asked.len() > MAX_NAMED {
            text += &format!(", and {} more were of no use", asked.len() - MAX_NAMED);
        }
        if self.query.is_for_keys() && self.all_refuse(&asked) {
            return Fetched::Refused(text);
        }
        Fetched::Failed(text)
    }

    /// Whether every server of the zone says that it does not give it, by one of its addresses at
    /// least, and none is just silent.
    fn all_refuse(&self, asked: &[&Try]) -> bool {
        let refuses = |one: &&Try| matches!(one.end, Some(End::Refused(_) | End::Failed(_)));
        let names = self.query.zone.servers.borrow();
        asked.iter().all(refuses)
            && names.iter().all(|known| {
                // By another of its names counts, too.
                asked.iter().map(|one| &one.candidate).any(|one| {
                    one.name == known.name
                        || known.addresses.iter().any(|(address, _)| *address == one.address)
                })
            })
    }
}
