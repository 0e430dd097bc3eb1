//! What the rules about name servers share: the walks of a trace, the packets to one server, zones
//! that failed, and the servers that `--all-ns` asked. No rule itself.

use super::found::{Finding, Load, Saving};
use super::moments::Moments;
use super::place::{InLookup, PacketField, Place};
use super::rule::{Lookups, Rule};
use crate::trace::{At, Dns, LookupId, Meaning, Packet, Purpose, ServerCheck, TIME_TO_ANSWER, Transport};

/// Every lookup, with its id.
pub(super) fn walks(lookups: Lookups<'_>) -> impl Iterator<Item = (LookupId, &Dns)> {
    lookups.all.iter().enumerate().map(|(index, dns)| (LookupId(index), dns))
}

/// Whether a packet is one of the walk's own: for the name, or for a name server's address.
pub(super) fn is_of_the_walk(packet: &Packet) -> bool {
    matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress)
}

/// Whether two packets ask the same of the same server.
pub(super) fn same_question(one: &Packet, other: &Packet) -> bool {
    let question = |packet: &Packet| (packet.server, packet.qtype);
    question(one) == question(other) && (&one.zone, &one.qname) == (&other.zone, &other.qname)
}

/// The name of who was asked; of some only the address is known.
pub(super) fn name(packet: &Packet) -> &str {
    packet.server_name.as_deref().unwrap_or("a server")
}

/// The name and address of who was asked, as titles have them.
pub(super) fn server(packet: &Packet) -> String {
    format!("{} ({})", name(packet), packet.server.ip())
}

/// A packet, and where it stands in the trace.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    pub(super) lookup: LookupId,
    pub(super) dns: &'t Dns,
    pub(super) index: usize,
    pub(super) packet: &'t Packet,
}

impl Spot<'_> {
    /// One of its fields.
    pub(super) const fn place(&self, field: PacketField) -> Place {
        self.place_at(self.index, field)
    }

    /// The same of another packet of its walk.
    pub(super) const fn place_at(&self, index: usize, field: PacketField) -> Place {
        Place::packet(self.lookup, index, field)
    }

    /// The moments from its sending on at which nothing else was on the way to the answer.
    pub(super) fn idle(&self, until: At) -> Moments {
        let path = self.dns.critical_path.iter().filter(|id| **id != self.index);
        let busy = path.filter_map(|id| self.dns.packets.get(*id)).filter(|other| other.meaning.is_of_use());
        let busy = Moments::of(busy.map(|other| (other.sent, other.end)));
        Moments::of([(self.packet.sent, until)]).without(&busy)
    }

    /// The time that it took from the answer: all of it on the critical path, none off it.
    pub(super) fn cost(&self, applies: &str) -> Option<Saving> {
        let is_waited_for = self.dns.critical_path.contains(&self.index);
        let whole = [(self.packet.sent, self.packet.end)];
        is_waited_for.then(|| Saving::measured_at(&whole, applies, Load::Cold)).flatten()
    }
}

/// What is to be told of servers, once a walk and server: of its first packet that `tell` knows
/// something about.
pub(super) fn once_a_server(
    lookups: Lookups<'_>,
    tell: impl Fn(Spot<'_>) -> Option<Finding>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let mut told = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            if told.contains(&packet.server) {
                continue;
            }
            if let Some(finding) = tell(Spot { lookup, dns, index, packet }) {
                told.push(packet.server);
                findings.push(finding);
            }
        }
    }
    findings
}

/// The zones of which no server was of use, each with the last packet to each of its addresses. What
/// was ended from outside before it could fail is left out.
pub(super) fn failed_zones(dns: &Dns) -> Vec<(&str, Vec<usize>)> {
    let walked = || dns.packets.iter().enumerate().filter(|(_, packet)| is_of_the_walk(packet));
    let mut zones: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, packet) in walked() {
        let zone = packet.zone.as_str();
        let is_lost = !walked().any(|(_, other)| other.zone == zone && other.meaning.is_of_use());
        let has_failed = packet.meaning != Meaning::Superseded && !packet.meaning.was_stopped();
        if !is_lost || !has_failed {
            continue;
        }
        let at = zones.iter().position(|(known, _)| *known == zone).unwrap_or(zones.len());
        if at == zones.len() {
            zones.push((zone, Vec::new()));
        }
        let servers = &mut zones[at].1;
        match servers.iter_mut().find(|known| dns.packets[**known].server == packet.server) {
            Some(known) => *known = index,
            None => servers.push(index),
        }
    }
    zones
}

/// Whether a server's failure is told with that of its whole zone.
pub(super) fn is_told_by_its_zone(dns: &Dns, packet: &Packet) -> bool {
    !dns.packets
        .iter()
        .any(|other| is_of_the_walk(other) && other.zone == packet.zone && other.meaning.is_of_use())
}

/// What is to be told of the servers that `--all-ns` asked: for each that `tell` knows something
/// about, what its title says after its name, and the advice.
pub(super) fn of_zone_servers(
    rule: &Rule,
    lookups: Lookups<'_>,
    tell: impl Fn(&Dns, &ServerCheck) -> Option<(String, String)>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        for (index, server) in dns.all_servers.iter().flatten().enumerate() {
            let Some((what, advice)) = tell(dns, server) else { continue };
            findings.push(rule.finding(
                format!("{} ({}) {what}", server.name, server.address.ip()),
                vec![Place::Lookup(lookup, InLookup::ServerFaults(index))],
                advice,
            ));
        }
    }
    findings
}

/// Whether a question was waited for before another one went out.
pub(super) fn had_time(silent: &Packet, answered: &Packet) -> bool {
    answered.sent.since(silent.sent) >= TIME_TO_ANSWER
}

/// Whether the walk itself met a server's fault: other rules tell that, with what it cost. Of a packet
/// that lost a race, or was cut off, they tell nothing.
pub(super) fn told_by_the_walk(dns: &Dns, server: &ServerCheck) -> bool {
    dns.packets.iter().any(|packet| {
        let has_failed = !packet.meaning.is_useful()
            && packet.meaning != Meaning::Superseded
            && !packet.meaning.was_stopped();
        packet.server == server.address && is_of_the_walk(packet) && has_failed
    })
}

/// This machine would not send it: its own routes are at fault, which the run's failure tells, and no server was asked.
pub(super) fn never_left(packet: &Packet) -> bool {
    packet.transport == Transport::Udp && packet.bytes_sent == 0
}
