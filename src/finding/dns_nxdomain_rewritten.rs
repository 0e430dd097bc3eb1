//! This machine's resolver invents addresses for a name that does not exist.

use super::asked::walks;
use super::dns_name_private::{invented, is_private};
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::StageName;
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "dns-nxdomain-rewritten",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "the name does not exist by its zone, and the machine's resolver has addresses for it",
    standard: "RFC 8020 section 2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some(stub) = dns.stub.as_ref() else { continue };
        let addresses = invented(dns);
        // What a network has for itself has a rule of its own.
        if addresses.is_empty() || is_private(dns) {
            continue;
        }
        let server = stub
            .server
            .map_or_else(|| "this machine's resolver".to_owned(), |server| server.ip().to_string());
        let title = format!(
            "{} does not exist, and the resolver {server} says it is at {}",
            dns.name,
            few(&addresses, ", ")
        );
        let mut finding = rule.finding(
            title,
            vec![Place::Lookup(lookup, InLookup::Rcode), Place::Lookup(lookup, InLookup::StubAnswers)],
            "the provider leads mistyped names to pages of its own: switch that off there, or use another resolver; \
             or the name exists only inside this network (split view): --resolver system traces it; or the one server \
             of the zone that was asked is behind the others: --all-ns compares them",
        );
        finding.detail = "browsers on this machine reach those addresses".to_owned();
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Rcode;

    #[test]
    fn fires_on_addresses_for_a_name_that_does_not_exist() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).stub = Some(sample::stub(Rcode::NOERROR, &["192.0.2.66"]));
        assert!(sample::of(&RULE, &trace).is_empty(), "the name exists");
        sample::dns(&mut trace).rcode = Some(Rcode::NXDOMAIN);
        assert!(sample::of(&RULE, &trace).is_empty(), "it has these addresses, too");
        sample::dns(&mut trace).addresses.clear();
        assert!(sample::of(&RULE, &trace)[0].title.contains("192.0.2.66"));
        sample::dns(&mut trace).stub = Some(sample::stub(Rcode::NXDOMAIN, &[]));
        assert!(sample::of(&RULE, &trace).is_empty(), "both say the same");
    }
}
