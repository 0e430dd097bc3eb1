//! What other servers of a zone give, where that of the first is bogus: a resolver that validates asks them before it
//! answers SERVFAIL (unbound's `val-max-restart`), so that one stale secondary ends nothing (RFC 4035 §5.5).
//!
//! Asked when the judge has spoken, and only where it says bogus.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, Record, RecordType as WireType};

use crate::clock::{Clock, Moment};
use crate::dns::cache::delegations::{Server, Zone};
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched};
use crate::dns::dnssec::rrsig::{Now, canonical_data};
use crate::dns::dnssec::validate::validate;
use crate::dns::iterate::job::{AbortOnDrop, Job, Patience};
use crate::dns::iterate::ns_addresses::resolve_servers;
use crate::dns::iterate::resolve::begin;
use crate::dns::lanes::validation::checking::Checking;
use crate::dns::lanes::validation::from_servers::ask_server;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::selection::{Candidate, order};
use crate::dns::transport::log::Log;
use crate::dns::wire::name::{name_text, printed_name};
use crate::trace::{Dnssec, DnssecCause, DnssecVerdict, DsState, Packet, Purpose, RecordType};

/// Other servers that are asked, one after the other.
const MAX_SERVERS: usize = 3;

/// Zones whose servers are asked.
const MAX_ZONES: usize = 2;

/// Questions that one of them is asked.
const MAX_QUESTIONS: usize = 6;

/// What is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Suspect {
    /// All that servers of this zone said: its answers and its keys.
    Zone(Name),
    /// What servers of the first zone said of the DS of the second.
    Ds(Name, Name),
}

impl Suspect {
    fn zone(&self) -> &Name {
        match self {
            Self::Zone(zone) | Self::Ds(zone, _) => zone,
        }
    }
}

impl Checking {
    /// The verdict with what others of the servers give, where that is not bogus; what was bogus is told with it.
    pub(crate) async fn ask_others(&self, log: &Rc<Log>, clock: &Clock, bogus: Dnssec) -> Dnssec {
        if self.resolver.is_some() || bogus.clock_suspected {
            return bogus;
        }
        let evidence = self.evidence.borrow().clone();
        for suspect in suspects(&evidence, &bogus).into_iter().take(MAX_ZONES) {
            let zones = self.context.delegations.above(suspect.zone(), Moment::now());
            let Some(zone) = zones.into_iter().rev().find(|zone| zone.name == *suspect.zone()) else {
                continue;
            };
            let (first, address) = given(log, &suspect);
            let mut tried: HashSet<SocketAddr> = address.into_iter().collect();
            let mut left = MAX_SERVERS;
            while left > 0
                && let Some(other) = self.next_server(log, &zone, &tried).await
            {
                left -= 1;
                tried.insert(other.address);
                let Some(given) = self.as_given_by(log, &zone, &suspect, &other, &evidence).await else {
                    continue;
                };
                let second = validate(&given, &self.context.dnssec.anchors, Now::at(clock.wall_now()));
                if matches!(second.verdict, DnssecVerdict::Secure | DnssecVerdict::Insecure) {
                    return told(bogus, second, (&first, &label(&other)), same_data(&evidence, &given));
                }
            }
        }
        bogus
    }

    /// A server of the zone that was not tried yet; those that came without an address last.
    async fn next_server(
        &self,
        log: &Rc<Log>,
        zone: &Rc<Zone>,
        tried: &HashSet<SocketAddr>,
    ) -> Option<Candidate> {
        let routed = |other: &Candidate| self.context.network.routed(other.address);
        let next = || order(&self.context, zone, tried).into_iter().find(routed);
        if let Some(next) = next() {
            return Some(next);
        }
        if zone.servers.borrow().iter().any(Server::is_unknown) {
            let run = begin(&self.context, log, None);
            let _guard = AbortOnDrop(Rc::clone(&run));
            // The walk is over: nothing that it needs is looked up.
            let job = Job { purpose: Purpose::Recheck, ..Job::walk(&run, Patience::Whole) };
            let _ = resolve_servers(&job, zone, None).await;
        }
        next()
    }

    /// The evidence with one server's word in place of what came first; `None` where it does not give all of it.
    async fn as_given_by(
        &self,
        log: &Rc<Log>,
        zone: &Zone,
        suspect: &Suspect,
        server: &Candidate,
        evidence: &Evidence,
    ) -> Option<Evidence> {
        let questions: Vec<(Name, WireType)> = match suspect {
            Suspect::Ds(_, child) => vec![(child.clone(), WireType::DS)],
            Suspect::Zone(name) => {
                let own = evidence.asked.iter().filter(|asked| asked.reply.zone == *name);
                let own = own.map(|asked| (asked.qname.clone(), asked.qtype));
                let keys = evidence.keys.contains_key(name).then(|| (name.clone(), WireType::DNSKEY));
                own.chain(keys).take(MAX_QUESTIONS).collect()
            }
        };
        let asked =
            questions.iter().map(|(name, rtype)| {
                let only = server.clone();
                async move {
                    ask_server(&self.context, log, zone, (name, RecordType(u16::from(*rtype))), only).await
                }
            });
        let mut given = evidence.clone();
        for ((name, rtype), fetched) in questions.iter().zip(join_all(asked).await) {
            let Fetched::Reply(reply) = fetched else { return None };
            let is_answer = |asked: &&mut AskedReply| {
                asked.reply.zone == zone.name && (&asked.qname, &asked.qtype) == (name, rtype)
            };
            match (suspect, given.asked.iter_mut().find(is_answer)) {
                (Suspect::Ds(..), _) => _ = given.ds.insert(name.clone(), Fetched::Reply(reply)),
                (_, Some(answer)) => answer.reply = reply,
                (_, None) => _ = given.keys.insert(name.clone(), Fetched::Reply(reply)),
            }
        }
        Some(given)
    }
}

/// Where the fault may lie: the keys or the DS of the first zone that is bogus, or else what answered.
fn suspects(evidence: &Evidence, bogus: &Dnssec) -> Vec<Suspect> {
    let link = bogus.chain.iter().find(|link| link.status == DnssecVerdict::Bogus);
    let Some(link) = link else {
        let zones: BTreeSet<&Name> = evidence.asked.iter().map(|asked| &asked.reply.zone).collect();
        return zones.into_iter().rev().map(|zone| Suspect::Zone(zone.clone())).collect();
    };
    let Ok(zone) = printed_name(&link.zone) else { return Vec::new() };
    let of_keys = matches!(bogus.cause, Some(DnssecCause::DsWithoutKey | DnssecCause::KeysRefused));
    if of_keys && link.ds_state == DsState::Anchor {
        // Rather the anchor is for other keys than all of its servers have.
        return Vec::new();
    }
    match evidence.about(&zone) {
        Some(reply) if link.keys.is_empty() && !of_keys => vec![Suspect::Ds(reply.zone.clone(), zone)],
        _ => vec![Suspect::Zone(zone)],
    }
}

/// Who gave what is suspect, in words; its address where it gave all of it.
fn given(log: &Log, suspect: &Suspect) -> (String, Option<SocketAddr>) {
    let zone = name_text(suspect.zone());
    let purposes = match suspect {
        Suspect::Zone(_) => [Purpose::Walk, Purpose::DnsKey],
        Suspect::Ds(..) => [Purpose::Walk, Purpose::Ds],
    };
    let is_it = |packet: &Packet| {
        packet.zone == zone && purposes.contains(&packet.purpose) && packet.meaning.is_useful()
    };
    log.look(|packets| {
        let all: Vec<&Packet> = packets.iter().copied().filter(|packet| is_it(packet)).collect();
        let address = all.last().map(|packet| packet.server);
        let only = address.filter(|address| all.iter().all(|packet| packet.server == *address));
        let name = all.last().and_then(|packet| packet.server_name.clone());
        let at = address.map(|address| address.ip().to_string());
        let words = name.zip(at).map(|(name, at)| format!("{name} ({at})"));
        (words.unwrap_or_else(|| format!("a server of zone {zone}")), only)
    })
}

/// Whether the records that were asked for are the same.
fn same_data(one: &Evidence, other: &Evidence) -> bool {
    let data = |evidence: &Evidence| -> BTreeSet<(Name, u16, Option<Vec<u8>>)> {
        let records = evidence.asked.iter().flat_map(|asked| asked.reply.message.answers.iter());
        let plain = |record: &&Record| record.record_type() != WireType::RRSIG;
        let text = |record: &Record| {
            (record.name.to_lowercase(), u16::from(record.record_type()), canonical_data(&record.data))
        };
        records.filter(plain).map(text).collect()
    };
    let codes = |evidence: &Evidence| -> Vec<bool> {
        evidence.asked.iter().map(|asked| asked.reply.message.name_error).collect()
    };
    data(one) == data(other) && codes(one) == codes(other)
}

/// The verdict about the records of the trace: that of the others only where theirs are the same.
fn told(bogus: Dnssec, second: Dnssec, (first, other): (&str, &str), is_same: bool) -> Dnssec {
    let why = bogus.why.as_deref().unwrap_or("no chain of trust leads to it");
    let verdict = second.verdict.as_str();
    let theirs = if is_same {
        format!("the same, and there it is {verdict}")
    } else {
        format!("other records, which are {verdict}")
    };
    let words = format!("what {first} gives is bogus ({why}); {other} gives {theirs}");
    let all = if is_same { second } else { bogus };
    Dnssec { bogus_in_part: Some(words), ..all }
}
