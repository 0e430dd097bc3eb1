//! A name server cannot read questions with EDNS, or drops them.

use super::{Finding, Rule, Saving, Severity, hops, is_of_the_walk};
use crate::trace::{Choice, Dns, Meaning, Packet, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-edns-refused",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server answered FORMERR, NOTIMP or BADVERS to a question with EDNS, or answered none that had it, and had to be asked again without",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        let mut named = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            let refused = packet.meaning == Meaning::EdnsRefused && is_of_the_walk(packet);
            if !refused || named.contains(&packet.server) {
                continue;
            }
            named.push(packet.server);
            let name = packet.server_name.as_deref().unwrap_or("a server");
            let title = format!(
                "{name} ({}) does not understand EDNS (RFC 6891) and had to be asked twice",
                packet.server.ip()
            );
            let evidence = vec![format!("/hops/{hop}/dns/packets/{index}/rcode")];
            let mut finding = rule.finding(
                title,
                evidence,
                "update the name server, or the firewall that strips EDNS before it",
            );
            finding.saving =
                Saving::measured(packet.end.since(packet.sent), "every first lookup at this server");
            findings.push(finding);
        }
        let mut named = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate().filter(|(_, packet)| is_last_resort(packet)) {
            let unanswered = unanswered(dns, packet);
            let (Some(first), false) = (unanswered.first(), named.contains(&packet.server)) else { continue };
            named.push(packet.server);
            let title = format!(
                "{} ({}) answered only without EDNS (RFC 6891): {} with it had no reply",
                packet.server_name.as_deref().unwrap_or("a server"),
                packet.server.ip(),
                crate::units::count(unanswered.len(), "question")
            );
            let pointer = |index: usize, field: &str| format!("/hops/{hop}/dns/packets/{index}/{field}");
            let mut finding = rule.finding(
                title,
                vec![pointer(*first, "meaning"), pointer(index, "edns"), pointer(index, "rcode")],
                "update the name server, or the firewall that drops EDNS before it",
            );
            let waited = packet.sent.since(dns.packets[*first].sent);
            finding.saving = Saving::measured(waited, "every first lookup at this server");
            findings.push(finding);
        }
    }
    findings
}

/// Whether a question went without EDNS in the last round, and was answered.
fn is_last_resort(packet: &Packet) -> bool {
    is_of_the_walk(packet) && packet.chosen == Choice::Again && !packet.edns && packet.received.is_some()
}

/// The questions with EDNS that a server did not answer; none if it answered one.
fn unanswered(dns: &Dns, packet: &Packet) -> Vec<usize> {
    let with =
        dns.packets.iter().enumerate().filter(|(_, other)| other.edns && other.server == packet.server);
    let (silent, answered): (Vec<_>, Vec<_>) = with.partition(|(_, other)| other.received.is_none());
    if !answered.is_empty() {
        return Vec::new();
    }
    silent
        .into_iter()
        .filter(|(_, other)| other.meaning == Meaning::Timeout)
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_refused_edns_question_only() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets[1].meaning = Meaning::EdnsRefused;
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let dns = sample::dns(&mut trace);
        let again = dns.packets[1].clone();
        dns.packets.push(again);
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "once a server");
        for packet in &mut sample::dns(&mut trace).packets {
            packet.purpose = crate::trace::Purpose::AllServers;
        }
        assert!(sample::of(&RULE, &trace).is_empty(), "the table of all servers has a rule of its own");
    }

    #[test]
    fn fires_where_what_has_edns_is_dropped() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let server = dns.packets[1].server;
        dns.packets.iter_mut().filter(|packet| packet.server == server).for_each(|packet| {
            (packet.chosen, packet.edns) = (Choice::Again, false);
        });
        assert!(sample::of(&RULE, &trace).is_empty(), "no question with it had no reply");
        let dns = sample::dns(&mut trace);
        let mut silent = dns.packets[1].clone();
        (silent.chosen, silent.edns, silent.received) = (Choice::First, true, None);
        silent.meaning = Meaning::Timeout;
        dns.packets.push(silent.clone());
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.ends_with(": 1 question with it had no reply"), "{}", findings[0].title);
        silent.received = Some(silent.end);
        sample::dns(&mut trace).packets.push(silent);
        assert!(sample::of(&RULE, &trace).is_empty(), "one with it was answered");
    }
}
