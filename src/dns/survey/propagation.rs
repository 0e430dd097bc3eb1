//! `--propagation`: the same question to everybody who may have a copy of the answer.
//!
//! The zone's own servers, this machine's resolvers and public ones, asked at the same time after
//! the counted lane. A public resolver is many machines with a cache each: one of them answered.

use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Clock;
use crate::dns::name_servers::form::QueryForm;
use crate::dns::resolver::Resolver;
use crate::dns::special::Asked;
use crate::dns::survey::adopt::{Heard, adopt, ask_each, cut_short};
use crate::dns::survey::last_zone::last_question;
use crate::dns::survey::probe::{ReplyKind, probe};
use crate::dns::survey::server_check::question;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::log::Log;
use crate::dns::wire::message::records;
use crate::dns::wire::name::parse_name;
use crate::explain::propagation::advice;
use crate::plan::{PublicResolver, ResolverChoice};
use crate::stop::Stop;
use crate::trace::{
    Choice, Copied, Dns, Edns, Keeper, Propagation, Purpose, Rcode, Record, RecordType, Transport,
    UnfoundServer,
};

/// Those who are asked at the same time.
const AT_ONCE: usize = 32;

/// Whom to ask, and as what.
struct Holder {
    keeper: Keeper,
    name: Option<String>,
    ask: Ask,
}

impl Resolver {
    /// Asks everybody for the first type and adds what they said to the record.
    pub async fn ask_everybody(&self, public: &[PublicResolver], dns: &mut Dns, clock: &Clock, stop: &Stop) {
        let (Some(rtype), Ok(qname)) = (dns.types.first().copied(), parse_name(&dns.name)) else { return };
        let public = match self.context.special(&qname).map(|special| special.asked) {
            None => public,
            Some(Asked::LocalResolver) => {
                dns.notes.push(
                    "a name of this kind is not public: no public resolver was asked for it".to_owned(),
                );
                &[]
            }
            Some(Asked::Nobody | Asked::Itself) => return,
        };
        let log = Log::new(*clock);
        let whom = self.holders(public, dns, &qname, rtype, &log);
        let Heard { seen: mut copies, all, stopped } =
            ask_each(stop, AT_ONCE, whom, |holder| copied(&log, holder)).await;
        if let Some(by) = stopped {
            dns.notes.push(cut_short("the look at copies", by, copies.len(), all));
        }
        let original = original(dns, rtype);
        for copy in &mut copies {
            copy.agrees = match (&original, copy.rcode) {
                (Some(original), Some(_)) if copy.error.is_none() => Some(*original == said(copy, rtype)),
                _ => None,
            };
        }
        let first = adopt(dns, &log, stopped);
        if stopped.is_some() && copies.is_empty() {
            return;
        }
        copies.iter_mut().flat_map(|copy| &mut copy.packets).for_each(|id| *id += first);
        let differs = |copy: &&Copied| copy.keeper != Keeper::Authority && copy.agrees == Some(false);
        // Of a chain any link may be the one that is old.
        let longest = |copy: &Copied| copy.answers.iter().map(|record| record.ttl).max().or(copy.ttl);
        let stale_for = copies.iter().filter(differs).filter_map(longest).max();
        let mut propagation = Propagation { rtype, copies, stale_for, advice: Vec::new() };
        propagation.advice = advice(dns, &propagation);
        dns.propagation = Some(propagation);
    }

    async fn holders(
        &self,
        public: &[PublicResolver],
        dns: &Dns,
        qname: &Name,
        rtype: RecordType,
        log: &Rc<Log>,
    ) -> Vec<Holder> {
        let plan = &self.context.plan;
        let mut holders = Vec::new();
        if let Some(last) = last_question(dns, plan.minimisation) {
            let targets = self.targets(&last.zone, Purpose::Propagation, log).await;
            for UnfoundServer { name, why } in targets.unfound {
                // With `--all-ns` it is told already.
                if dns.unfound_servers.iter().all(|known| known.name != name) {
                    log.note(format!("the address of {name} was not found, so that it was not asked: {why}"));
                }
            }
            for target in targets.known {
                let way = QueryForm::to(&self.context, target.address, Choice::First);
                let ask = question(&target, &last.zone, &last.qname, rtype, way);
                holders.push(Holder {
                    keeper: Keeper::Authority,
                    name: ask.server_name.clone(),
                    ask: Ask { purpose: Purpose::Propagation, ..ask },
                });
            }
        }
        let mut configured = plan.stub_servers.clone();
        if let ResolverChoice::Server(server) = plan.lane {
            configured.insert(0, server);
        }
        let mut resolver = |keeper, name: Option<String>, address: SocketAddr| {
            // One of this machine's own network has answered by UDP, or had its chance to.
            let way = match keeper {
                Keeper::Public => QueryForm::to(&self.context, address, Choice::First),
                Keeper::Configured | Keeper::Authority => QueryForm::USUAL,
            };
            let ask = way.of(Ask::to_resolver(Purpose::Propagation, (qname, rtype), address));
            holders.push(Holder { keeper, name, ask });
        };
        configured.into_iter().for_each(|address| resolver(Keeper::Configured, None, address));
        for known in public {
            resolver(Keeper::Public, known.name.clone(), known.address);
        }
        holders
    }
}

async fn copied(log: &Rc<Log>, holder: Holder) -> Copied {
    let Holder { keeper, name, ask } = holder;
    let address = ask.server;
    let mut heard = probe(log, ask.clone()).await;
    if matches!(heard.kind, ReplyKind::Silent(_)) {
        // It, or a filter on the way, may drop what has EDNS in it, or all of UDP; or it was lost.
        let resend = |transport, edns: Edns| {
            let chosen = if edns == Edns::None { Choice::WithoutEdns } else { Choice::Again };
            probe(log, Ask { chosen, transport, edns, ..ask.clone() })
        };
        let (plain, by_tcp) =
            futures_util::join!(resend(ask.transport, Edns::None), resend(Transport::Tcp, ask.edns));
        let later = if plain.was_heard() { [by_tcp, plain] } else { [plain, by_tcp] };
        for later in later {
            if later.was_heard() {
                heard = heard.then(later);
            } else {
                heard.packets.extend(later.packets);
            }
        }
    }
    let (answers, ttl, error) = match &heard.kind {
        ReplyKind::Records(rrs) => (records(rrs), rrs.iter().map(|rr| rr.ttl).min(), None),
        ReplyKind::Nothing { ttl, .. } => (Vec::new(), *ttl, None),
        _ => (Vec::new(), None, heard.uselessness().or_else(|| heard.silence().map(str::to_owned))),
    };
    Copied {
        keeper,
        name,
        address,
        rcode: heard.header.map(|header| header.rcode),
        answers,
        ttl,
        rtt: heard.rtt,
        agrees: None,
        error,
        packets: heard.packets,
    }
}

type Answer = (Rcode, Vec<String>);

/// What the counted lane found, for comparison.
fn original(dns: &Dns, rtype: RecordType) -> Option<Answer> {
    let rcode = dns.rcode.filter(|rcode| matches!(*rcode, Rcode::NOERROR | Rcode::NXDOMAIN))?;
    Some((rcode, data(&dns.answers, rtype)))
}

fn said(copy: &Copied, rtype: RecordType) -> Answer {
    (copy.rcode.unwrap_or(Rcode::NOERROR), data(&copy.answers, rtype))
}

/// The data of one type, in an order of its own.
fn data(records: &[Record], rtype: RecordType) -> Vec<String> {
    let of_type = records.iter().filter(|record| record.rtype == rtype);
    let mut data: Vec<String> = of_type.map(|record| record.data.to_ascii_lowercase()).collect();
    data.sort_unstable();
    data.dedup();
    data
}
