//! A server that is named for the zone has no address (`--all-ns`).

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::StageName;

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-address",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: the address of one of several servers of the last zone was not found",
    standard: "RFC 1034 section 4.2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        // Without any server there was no answer: the failure says so.
        if dns.all_servers.as_ref().is_none_or(Vec::is_empty) {
            continue;
        }
        for (index, server) in dns.unfound_servers.iter().enumerate() {
            let name = &server.name;
            findings.push(rule.finding(
                format!("the address of {name}, a server of the zone, is not found: {}", server.why),
                vec![Place::Lookup(lookup, InLookup::UnfoundServer(index))],
                format!("give {name} an address record, or remove it from the zone's NS records at the parent and in the zone"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{LookupId, UnfoundServer};

    #[test]
    fn fires_on_a_server_without_an_address_where_others_have_one() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.all_servers = Some(vec![sample::server("198.51.100.3:53", vec![])]);
        let (name, why) = ("ns9.example.test.".to_owned(), "NXDOMAIN".to_owned());
        dns.unfound_servers = vec![UnfoundServer { name, why }];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "the address of ns9.example.test., a server of the zone, is not found: NXDOMAIN"
        );
        assert_eq!(findings[0].evidence, [Place::Lookup(LookupId(0), InLookup::UnfoundServer(0))]);
        sample::dns(&mut trace).all_servers = Some(Vec::new());
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
