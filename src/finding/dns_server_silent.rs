//! A name server did not answer at all, or could not be reached.

use super::{Finding, Rule, Saving, Severity, hops, is_of_the_walk, is_told_by_its_zone};
use crate::trace::{Dns, Meaning, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-server-silent",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server did not answer in time or could not be reached, and never answered later in the trace",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        let mut named = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            let answered =
                dns.packets.iter().any(|other| other.server == packet.server && other.received.is_some());
            if !is_of_the_walk(packet) || answered || named.contains(&packet.server) {
                continue;
            }
            // Nobody waited long enough to say so, or the whole zone has failed.
            if packet.meaning.was_stopped() || is_told_by_its_zone(dns, packet) {
                continue;
            }
            let waited = dns.packets[index + 1..]
                .iter()
                .find(|next| {
                    next.zone == packet.zone && next.qname == packet.qname && next.qtype == packet.qtype
                })
                .map_or(packet.end, |next| next.sent.min(packet.end))
                .since(packet.sent);
            let (what, lost) = match &packet.meaning {
                Meaning::Timeout => ("did not answer", waited),
                // Another server was asked beside it and won: silence as far as it was waited for.
                Meaning::Superseded if hedged(dns, index) => {
                    ("had not answered when another server did", waited)
                }
                Meaning::Error { .. } if !no_family(dns, index) => ("could not be reached", waited),
                _ => continue,
            };
            named.push(packet.server);
            let name = packet.server_name.as_deref().unwrap_or("a server");
            let title = format!(
                "{name} ({}), a server of zone {}, {what}: {} lost",
                packet.server.ip(),
                packet.zone,
                duration(lost)
            );
            let mut finding = rule.finding(
                title,
                vec![
                    format!("/hops/{hop}/dns/packets/{index}/meaning"),
                    format!("/hops/{hop}/dns/packets/{index}/sent_us"),
                ],
                format!("bring {name} back, or take it out of the zone's NS records at the parent"),
            );
            finding.saving = Saving::measured(lost, "every lookup that asks this server first");
            findings.push(finding);
        }
    }
    findings
}

/// Whether a second server was asked because this one was late.
fn hedged(dns: &Dns, index: usize) -> bool {
    let packet = &dns.packets[index];
    packet.chosen != crate::trace::Choice::Hedge
        && dns.packets[index + 1..].iter().any(|next| {
            next.chosen == crate::trace::Choice::Hedge
                && next.zone == packet.zone
                && next.qname == packet.qname
                && next.qtype == packet.qtype
        })
}

/// A whole family that cannot be reached says something about this machine, not about the server.
fn no_family(dns: &Dns, index: usize) -> bool {
    let six = dns.packets[index].server.is_ipv6();
    !dns.packets.iter().any(|packet| packet.server.is_ipv6() == six && packet.received.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Choice, Packet, StoppedBy};

    fn silent(meaning: Meaning) -> Packet {
        let mut packet = sample::packet("example.test.", "198.51.100.9:53", 20_000, 20_000, meaning);
        packet.received = None;
        packet.end = At(1_520_000);
        packet
    }

    #[test]
    fn fires_on_silence_with_the_time_until_the_next_was_asked() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets.insert(2, silent(Meaning::Superseded));
        dns.packets[3].sent = At(170_000);
        dns.packets[3].chosen = Choice::Hedge;
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 150);
    }

    #[test]
    fn a_late_hedge_or_a_missing_ipv6_route_is_no_fault_of_the_server() {
        let mut trace = sample::sound();
        let mut late = silent(Meaning::Superseded);
        late.chosen = Choice::Hedge;
        sample::dns(&mut trace).packets.push(late);
        let mut six = silent(Meaning::Error { reason: "network is unreachable".into() });
        six.server = "[2001:db8::1]:53".parse().unwrap();
        sample::dns(&mut trace).packets.push(six);
        let mut stopped = silent(Meaning::stopped(StoppedBy::DnsLimit));
        stopped.server = "198.51.100.10:53".parse().unwrap();
        sample::dns(&mut trace).packets.push(stopped);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
