//! `--all-ns`: every address of every authoritative server of the last zone, asked the same at the same time,
//! and compared: SOA serials (RFC 1982), answers, lameness.
//!
//! It runs after the counted lane and adds to its record. The servers are those the parent named;
//! which of two that differ is right is not decided, only which one is alone.

use std::collections::HashMap;

use hickory_resolver::proto::rr::Name;

use crate::clock::Clock;
use crate::dns::name_servers::form::QueryForm;
use crate::dns::resolver::Resolver;
use crate::dns::survey::adopt::{Heard, adopt, ask_each, cut_short};
use crate::dns::survey::last_zone::{LastQuestion, last_question};
use crate::dns::survey::server_check::{Answer, Seen, check};
use crate::dns::survey::targets::Target;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::name_text;
use crate::stop::Stop;
use crate::trace::{Choice, Dns, Edns, FailureCode, Meaning, Packet, Purpose, ServerCheck, ServerFault};

/// Addresses that are asked at the same time.
const AT_ONCE: usize = 16;

impl Resolver {
    /// Asks whom else the plan wants to hear, and adds what they said to the record.
    pub async fn survey(&self, dns: &mut Dns, clock: &Clock, stop: &Stop) {
        let survey = &self.context.plan.survey;
        if survey.all_servers {
            self.ask_all_servers(dns, clock, stop).await;
        }
        if let Some(public) = &survey.propagation {
            self.ask_everybody(&public.list(), dns, clock, stop).await;
        }
    }

    /// The same for the hops of a trace, by their indexes: what was asked after one is not asked again after
    /// a later one that walked to the same zone for the same name.
    pub async fn survey_hops<'d>(
        &self,
        hops: impl Iterator<Item = (usize, &'d mut Dns)>,
        clock: &Clock,
        stop: &Stop,
    ) {
        let survey = &self.context.plan.survey;
        if !survey.all_servers && survey.propagation.is_none() {
            return;
        }
        let mut asked: Vec<(usize, String, Option<LastQuestion>)> = Vec::new();
        for (hop, dns) in hops.filter(|(_, dns)| !dns.critical_path.is_empty()) {
            let last = last_question(dns, self.context.plan.minimisation);
            let same = asked.iter().find(|(_, name, known)| *name == dns.name && *known == last);
            if let Some((earlier, ..)) = same {
                dns.notes.push(format!("what other servers say is told with hop {}", earlier + 1));
                continue;
            }
            asked.push((hop, dns.name.clone(), last));
            self.survey(dns, clock, stop).await;
        }
    }

    /// What is asked after this is asked in the way that works.
    fn take_note(&self, check: &ServerCheck) {
        for fault in &check.faults {
            match fault {
                ServerFault::EdnsDropped => self.context.infra.less_edns(check.address, Edns::None),
                ServerFault::NoUdp(_) => self.context.infra.set_tcp_only(check.address),
                _ => {}
            }
        }
    }

    /// Asks all servers of the last zone and adds what they said to the record.
    pub async fn ask_all_servers(&self, dns: &mut Dns, clock: &Clock, stop: &Stop) {
        let Some(last) = last_question(dns, self.context.plan.minimisation) else {
            dns.notes.push("no zone was asked, so that there are no servers to compare".to_owned());
            return;
        };
        let log = Log::new(*clock);
        let mut unfound = Vec::new();
        let whom = async {
            let targets = self.targets(&last.zone, Purpose::AllServers, &log).await;
            unfound = targets.unfound;
            targets.known
        };
        let check = |target: Target| {
            let way = QueryForm::to(&self.context, target.address, Choice::First);
            let known = known_fault(&dns.packets, &target, way);
            check(&log, &last, &dns.types, target, way, known)
        };
        let Heard { mut seen, all, stopped } = ask_each(stop, AT_ONCE, whom, check).await;
        let zone = name_text(&last.zone);
        match stopped {
            Some(by) => dns.notes.push(cut_short("the comparison of all servers", by, seen.len(), all)),
            None if all == 0 => {
                dns.notes.push(format!("no server of zone {zone} has an address that can be asked"));
            }
            None => {}
        }
        let usual = one_zone(&mut seen, &last.zone);
        if usual != last.zone {
            dns.notes.push(format!(
                "{} is a zone of its own on the servers of {zone}: they are compared by it",
                name_text(&usual)
            ));
        }
        compare(&mut seen);
        seen.iter().for_each(|seen| self.take_note(&seen.check));
        let first = adopt(dns, &log, stopped);
        let mut checks: Vec<ServerCheck> = seen.into_iter().map(|seen| seen.check).collect();
        checks.iter_mut().flat_map(|check| &mut check.packets).for_each(|id| *id += first);
        dns.unfound_servers = unfound;
        dns.all_servers = (stopped.is_none() || !checks.is_empty()).then_some(checks);
    }
}

/// What the walk has found out of a server's EDNS.
fn known_fault(packets: &[Packet], target: &Target, way: QueryForm) -> Option<ServerFault> {
    let mut packets = packets.iter().filter(|packet| packet.server == target.address);
    let has_dropped = packets.any(|packet| packet.edns.is_some() && packet.meaning == Meaning::Timeout);
    let fault = if has_dropped { ServerFault::EdnsDropped } else { ServerFault::NoEdns };
    (way.edns == Edns::None).then_some(fault)
}

/// RFC 1982 §3.2.
fn is_newer(serial: u32, than: u32) -> bool {
    serial != than && serial.wrapping_sub(than) < 1 << 31
}

/// The zone that the servers answer from: that of the last referral, or one below it on the same servers,
/// which is never referred to. A server that answers from another has nothing to compare.
fn one_zone(seen: &mut [Seen], referred: &Name) -> Name {
    let mut votes: HashMap<Name, usize> = HashMap::new();
    let answering = seen.iter().filter(|seen| seen.refers_to.is_none());
    for zone in answering.filter_map(|seen| seen.zone.clone()) {
        *votes.entry(zone).or_default() += 1;
    }
    let all: usize = votes.values().sum();
    let usual = votes.into_iter().max_by_key(|(zone, count)| (*count, zone.iter().len()));
    let Some((usual, count)) = usual else { return referred.clone() };
    for Seen { check, zone, refers_to, answer } in seen {
        let Some(zone) = zone.as_ref().filter(|zone| **zone != usual) else { continue };
        (check.serial, *answer) = (None, None);
        if refers_to.as_ref() == Some(&usual) {
            // It serves the zone above, and refers as it should.
            check.faults.retain(|fault| !matches!(fault, ServerFault::Lame(_)));
        } else if !check.faults.iter().any(|fault| matches!(fault, ServerFault::Lame(_))) {
            let why = format!(
                "answers from zone {}, {count} of {all} servers from zone {}",
                name_text(zone),
                name_text(&usual)
            );
            check.faults.insert(0, ServerFault::Lame(why));
        }
    }
    usual
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
