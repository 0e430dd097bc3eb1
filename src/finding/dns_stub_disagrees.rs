//! This machine's resolver gives other addresses than the authoritative servers.

use super::asked::walks;
use super::dns_dns64::made;
use super::dns_intercepted::is_intercepted;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{DnsLane, Rcode, StageName};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "dns-stub-disagrees",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the machine's resolver answered with other addresses, or another response code, than the walk",
    standard: "RFC 9499 section 6",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some(stub) = dns.stub.as_ref().filter(|stub| stub.agrees == Some(false)) else { continue };
        // A resolver that invents addresses has a rule of its own.
        // Where the walk heard an interceptor, the resolver may be the one that is right.
        if dns.lane != DnsLane::Walk
            || dns.rcode == Some(Rcode::NXDOMAIN)
            || is_intercepted(dns)
            || made(dns).is_some()
        {
            continue;
        }
        let server = stub
            .server
            .map_or_else(|| "this machine's resolver".to_owned(), |server| server.ip().to_string());
        let rcode = stub.rcode.map_or("nothing".into(), crate::trace::Rcode::mnemonic);
        let addresses: Vec<_> = stub
            .answers
            .iter()
            .filter(|record| matches!(record.rtype.0, 1 | 28))
            .map(|record| record.data.as_str())
            .collect();
        let said = if addresses.is_empty() { rcode.into_owned() } else { few(&addresses, ", ") };
        let title = format!(
            "the resolver {server} says {said} for {}, the authoritative server that was asked says otherwise",
            dns.name
        );
        let mut finding = rule.finding(
            title,
            vec![Place::Lookup(lookup, InLookup::StubAgrees), Place::Lookup(lookup, InLookup::StubAnswers)],
            "normal for sites that answer by place; else a stale cache, a filter, a split view, or servers of the zone that differ: compare with --resolver system and --all-ns",
        );
        finding.detail =
            "browsers on this machine use the resolver's answer, this trace used the authoritative one"
                .to_owned();
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Stub};

    #[test]
    fn fires_on_disagreement_only() {
        let mut trace = sample::sound();
        let stub = |agrees| Stub {
            servers: Vec::new(),
            server: None,
            start: At(0),
            end: At(1000),
            rcode: Some(Rcode::NXDOMAIN),
            answers: Vec::new(),
            ttl: None,
            age: None,
            age_at_most: None,
            agrees,
            error: None,
            authenticated: None,
        };
        for (agrees, count) in [(Some(true), 0), (None, 0), (Some(false), 1)] {
            sample::dns(&mut trace).stub = Some(stub(agrees));
            assert_eq!(sample::of(&RULE, &trace).len(), count);
        }
        assert!(sample::of(&RULE, &trace)[0].title.contains("NXDOMAIN"));
    }
}
