//! A name server does not repeat a question in the case it was asked in.

use super::{Finding, Rule, Saving, Severity, hops};
use crate::trace::{Meaning, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-case-not-preserved",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a name server repeated a question in another case, so that it had to be asked again by TCP",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        let mut named = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            if packet.meaning != Meaning::CaseChanged || named.contains(&packet.server) {
                continue;
            }
            named.push(packet.server);
            let name = packet.server_name.as_deref().unwrap_or("a server");
            let title = format!(
                "{name} ({}) does not keep the case of the letters it is asked with",
                packet.server.ip()
            );
            let evidence = vec![format!("/hops/{hop}/dns/packets/{index}/meaning")];
            let mut finding = rule.finding(
                title,
                evidence,
                "let the server copy the question as it came (RFC 1035 section 4.1.2): resolvers use the case against forged replies",
            );
            finding.detail = "a forged reply looks the same, so the question went again by TCP".to_owned();
            if dns.critical_path.contains(&index) {
                finding.saving =
                    Saving::measured(packet.end.since(packet.sent), "every first lookup at this server");
            }
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
    fn fires_once_a_server_whose_case_differs() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets[1].meaning = Meaning::CaseChanged;
        let again = dns.packets[1].clone();
        dns.packets.push(again);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }
}
