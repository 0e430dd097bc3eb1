//! A name server does not repeat a question in the case it was asked in.

use super::asked::{once_a_server, server};
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Meaning, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-case-not-preserved",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a name server repeated a question in another case, so that it had to be asked again by TCP",
    standard: "RFC 4343 section 4.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        if spot.packet.meaning != Meaning::CaseChanged {
            return None;
        }
        let mut finding = rule.finding(
            format!("{} does not keep the case of the letters it is asked with", server(spot.packet)),
            vec![spot.place(PacketField::Meaning)],
            "let the server copy the question as it came (RFC 1035 section 4.1.2): resolvers use the case against forged replies",
        );
        finding.detail = "a forged reply looks the same, so the question went again by TCP".to_owned();
        finding.saving = spot.cost("on every first lookup at this server");
        Some(finding)
    })
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
