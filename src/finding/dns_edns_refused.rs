//! A name server cannot read questions with EDNS.

use super::{Finding, Rule, Saving, Severity, hops, is_of_the_walk};
use crate::trace::{Meaning, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-edns-refused",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server answered FORMERR, NOTIMP or BADVERS to a question with EDNS and had to be asked again",
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
    }
    findings
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
}
