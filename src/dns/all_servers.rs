//! `--all-ns`: every address of every server of the last zone, asked the same at the same time.
//!
//! It runs after the counted lane and adds to its record. The servers are those the parent named;
//! which of two that differ is right is not decided, only which one is alone.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream;
use hickory_resolver::proto::rr::Name;

use super::Resolver;
use super::exchange::Ask;
use super::log::{Log, records};
use super::message::{Recursion, Rr, parse_name};
use super::presentation::name_text;
use super::probe::{Probe, Said, as_set, probe};
use super::walk::{Errand, Patience, Run, find};
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::{
    AddressSource, Choice, Dns, FailureCode, Meaning, Purpose, Rcode, RecordType, ServerCheck, ServerFault,
    Transport,
};

/// Addresses that are asked at most.
const MAX_ADDRESSES: usize = 64;
/// Addresses that are asked at the same time.
const AT_ONCE: usize = 16;

/// An address to be asked.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: Name,
    pub(super) address: SocketAddr,
    pub(super) source: AddressSource,
}

/// The question as it stood before the last zone.
#[derive(Clone, Debug)]
pub(super) struct LastQuestion {
    pub(super) zone: Name,
    pub(super) qname: Name,
}

/// Where the counted walk ended; `None` when it asked nobody. A zone that was referred to is the last
/// one also where none of its servers could be found.
pub(super) fn last_question(dns: &Dns) -> Option<LastQuestion> {
    let on_the_way = dns.critical_path.iter().rev().filter_map(|id| dns.packets.get(*id));
    let packet = on_the_way.into_iter().find(|packet| packet.purpose == Purpose::Walk)?;
    let zone = match &packet.meaning {
        Meaning::Referral { cut, .. } => cut,
        _ => &packet.zone,
    };
    Some(LastQuestion { zone: parse_name(zone).ok()?, qname: parse_name(&packet.qname).ok()? })
}

impl Resolver {
    /// Asks whom else the plan wants to hear, and adds what they said to the record.
    pub async fn survey(&self, dns: &mut Dns, clock: &Clock, stop: &Stop) {
        let survey = &self.shared.plan.survey;
        if survey.all_servers {
            self.ask_all_servers(dns, clock, stop).await;
        }
        if let Some(public) = &survey.propagation {
            self.ask_everybody(&public.list(), dns, clock, stop).await;
        }
    }

    /// Asks all servers of the last zone and adds what they said to the record.
    pub async fn ask_all_servers(&self, dns: &mut Dns, clock: &Clock, stop: &Stop) {
        let Some(last) = last_question(dns) else {
            dns.notes.push("no zone was asked, so that there are no servers to compare".to_owned());
            return;
        };
        let log = Log::new(*clock);
        let work = async {
            let targets = self.targets(&last.zone, &log).await;
            if targets.is_empty() {
                dns.notes.push(format!(
                    "no server of zone {} has an address that can be asked",
                    name_text(&last.zone)
                ));
            }
            let check = |target| check(&log, &last, &dns.types, target);
            stream::iter(targets).map(check).buffered(AT_ONCE).collect::<Vec<_>>().await
        };
        let Ok(mut seen) = stop.within(None, work).await else {
            dns.notes.push("the comparison of all servers was stopped".to_owned());
            return;
        };
        compare(&mut seen);
        log.end_all(&Meaning::Superseded);
        let first = adopt(dns, &log);
        let checks: Vec<ServerCheck> = seen
            .into_iter()
            .map(|seen| {
                let mut check = seen.check;
                check.packets.iter_mut().for_each(|id| *id += first);
                check
            })
            .collect();
        dns.all_servers = Some(checks);
    }

    /// The addresses of a zone's servers; those without glue are looked up.
    pub(super) async fn targets(&self, zone: &Name, log: &Rc<Log>) -> Vec<Target> {
        let shared = &self.shared;
        let known = shared.zones_above(zone).pop().filter(|known| known.name == *zone);
        let Some(zone) = known else { return Vec::new() };
        let servers = zone.servers.borrow().clone();
        let run = Run::new(Rc::clone(shared), Rc::clone(log), None);
        let mut targets = Vec::new();
        for server in servers {
            let mut addresses = server.addresses;
            if addresses.is_empty() {
                let errand = Errand {
                    purpose: Purpose::AllServers,
                    stack: vec![server.name.clone()],
                    ..Errand::walk(&run, Patience::Whole)
                };
                let types = shared.plan.server_family.address_types();
                if let Ok(found) = find(errand, server.name.clone(), types).await {
                    let port = shared.plan.server_port;
                    let address = |address: &_| (SocketAddr::new(*address, port), AddressSource::Walk);
                    addresses = found.addresses.iter().map(address).collect();
                }
            }
            addresses.retain(|(address, _)| shared.plan.server_family.admits(address.ip()));
            let target = |(address, source)| Target { name: server.name.clone(), address, source };
            targets.extend(addresses.into_iter().map(target));
        }
        targets.truncate(MAX_ADDRESSES);
        targets
    }
}

/// Appends the packets of a log to a record; returns the id of the first.
pub(super) fn adopt(dns: &mut Dns, log: &Log) -> usize {
    let first = dns.packets.len();
    for mut packet in log.packets() {
        packet.parent = packet.parent.map(|parent| parent + first);
        dns.packets.push(packet);
    }
    first
}

pub(super) fn question(target: &Target, zone: &Name, qname: &Name, qtype: RecordType) -> Ask {
    Ask {
        parent: None,
        purpose: Purpose::AllServers,
        zone: name_text(zone),
        qname: qname.clone(),
        qtype,
        server_name: Some(name_text(&target.name)),
        server: target.address,
        source: target.source,
        chosen: Choice::First,
        transport: Transport::Udp,
        edns: true,
        recursion: Recursion::No,
    }
}

struct Seen {
    check: ServerCheck,
    /// For comparison; `None` when there is no answer to compare.
    answer: Option<Answer>,
}

/// A response code, and the records' types and data.
type Answer = (Rcode, Vec<(u16, String)>);

/// Asks one address: the zone's SOA by UDP and by TCP, and the question.
async fn check(log: &Rc<Log>, last: &LastQuestion, types: &[RecordType], target: Target) -> Seen {
    let zone = &last.zone;
    let soa = question(&target, zone, zone, RecordType::SOA);
    let by_tcp = Ask { transport: Transport::Tcp, ..soa.clone() };
    let ask = |rtype: &RecordType| probe(log, question(&target, zone, &last.qname, *rtype), Some(zone));
    let (soa, by_tcp, answers) = futures_util::join!(
        probe(log, soa, Some(zone)),
        probe(log, by_tcp, Some(zone)),
        futures_util::future::join_all(types.iter().map(ask)),
    );
    judge(target, &soa, &by_tcp, &answers)
}

fn judge(target: Target, soa: &Probe, by_tcp: &Probe, answers: &[Probe]) -> Seen {
    let all = || [soa, by_tcp].into_iter().chain(answers);
    let mut faults = Vec::new();
    let reachable = all().any(|probe| probe.header.is_some());
    let (mut rrs, mut code): (Vec<Rr>, _) = (Vec::new(), None);
    for probe in answers {
        match &probe.said {
            Said::Records(found) => {
                rrs.extend(found.iter().filter(|rr| !rrs.contains(rr)).cloned().collect::<Vec<_>>());
                code = Some(Rcode::NOERROR);
            }
            Said::Nothing { rcode, .. } => code = code.or(Some(*rcode)),
            Said::Useless(_) | Said::Silent(_) => {}
        }
    }
    if reachable {
        let useless = all().find_map(|probe| match &probe.said {
            Said::Useless(why) => Some(why.clone()),
            _ => None,
        });
        faults.extend(useless.map(ServerFault::Lame));
        if soa.edns.or(by_tcp.edns) == Some(false) {
            faults.push(ServerFault::NoEdns);
        }
        if by_tcp.header.is_none() {
            faults.push(ServerFault::NoTcp);
        }
    } else {
        let why = all().find_map(|probe| match &probe.said {
            Said::Silent(why) => Some(why.clone()),
            _ => None,
        });
        faults.push(ServerFault::Unreachable(why.unwrap_or_default()));
    }
    let rcode = answers.iter().find_map(|probe| Some(probe.header.as_ref()?.rcode));
    let serial = [soa, by_tcp].into_iter().find_map(|probe| match &probe.said {
        Said::Records(rrs) => rrs.iter().find(|rr| rr.rtype == RecordType::SOA).and_then(serial),
        _ => None,
    });
    let set = as_set(&rrs);
    let check = ServerCheck {
        name: name_text(&target.name),
        address: target.address,
        source: target.source,
        rtt: soa.rtt,
        reachable,
        rcode,
        authoritative: soa.header.as_ref().map(|header| header.authoritative),
        serial,
        answers: records(&rrs),
        edns: soa.edns.or(by_tcp.edns),
        tcp: reachable.then_some(by_tcp.header.is_some()),
        faults,
        packets: all().flat_map(|probe| probe.packets.iter().copied()).collect(),
    };
    Seen { check, answer: code.map(|code| (code, set)) }
}

/// The third field of the data, after two names whose blanks are escaped.
fn serial(rr: &Rr) -> Option<u32> {
    rr.text.split(' ').nth(2)?.parse().ok()
}

/// RFC 1982 §3.2.
fn is_newer(serial: u32, than: u32) -> bool {
    serial != than && serial.wrapping_sub(than) < 1 << 31
}

/// Adds what only shows beside the other servers.
fn compare(seen: &mut [Seen]) {
    let newest = seen
        .iter()
        .filter_map(|seen| seen.check.serial)
        .reduce(|newest, serial| if is_newer(serial, newest) { serial } else { newest });
    let mut votes: HashMap<_, usize> = HashMap::new();
    for answer in seen.iter().filter_map(|seen| seen.answer.clone()) {
        *votes.entry(answer).or_default() += 1;
    }
    // Of answers that as many give, that of the newest serial, then the first, is taken.
    let mut usual: Option<(usize, bool, Answer)> = None;
    for one in seen.iter() {
        let Some(answer) = &one.answer else { continue };
        let rank = (votes.get(answer).copied().unwrap_or(0), one.check.serial == newest);
        if usual.as_ref().is_none_or(|(count, new, _)| rank > (*count, *new)) {
            usual = Some((rank.0, rank.1, answer.clone()));
        }
    }
    for one in seen {
        if let (Some(newest), Some(serial)) = (newest, one.check.serial)
            && serial != newest
        {
            one.check.faults.push(ServerFault::SerialDiffers { newest });
        }
        if let (Some((_, _, usual)), Some(answer)) = (&usual, &one.answer)
            && answer != usual
        {
            one.check.faults.push(ServerFault::AnswerDiffers);
        }
    }
}

/// Whether a failure leaves servers to compare.
#[must_use]
pub fn is_worth_a_survey(code: Option<FailureCode>) -> bool {
    !matches!(code, Some(FailureCode::Interrupted | FailureCode::MaxTime | FailureCode::InvalidName))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_compared_as_serials() {
        for (serial, than, newer) in
            [(2, 1, true), (1, 2, false), (1, 1, false), (0, u32::MAX, true), (5, 4_294_967_000, true)]
        {
            assert_eq!(is_newer(serial, than), newer, "{serial} {than}");
        }
    }
}
