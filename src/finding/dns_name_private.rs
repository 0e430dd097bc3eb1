//! A name that the Internet does not have, and this network does: only the machine's resolver knows it.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{AddressKind, Dns, DnsLane, Rcode, RecordType, StageName};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "dns-name-private",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the name does not exist by its zone, and the machine's resolver has private addresses for it, or the name is of a kind that networks use for themselves",
    standard: "RFC 1918 section 3",
    check: Check::Lookups(check),
};

/// Top-level names that networks use for themselves (RFC 6762 appendix G, RFC 8375, ICANN's `internal`).
const LOCAL: [&str; 9] =
    ["internal", "local", "lan", "home", "corp", "intranet", "private", "localdomain", "home.arpa"];

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        if !is_private(dns) {
            continue;
        }
        let name = &dns.name;
        let server = dns.stub.as_ref().and_then(|stub| stub.server);
        let server = server.map_or_else(|| "this machine's resolver".to_owned(), |at| at.ip().to_string());
        let mut finding = rule.finding(
            format!("{name} is private to this network: the Internet does not have it, the resolver {server} has it at {}", few(&invented(dns), ", ")),
            vec![Place::Lookup(lookup, InLookup::Rcode), Place::Lookup(lookup, InLookup::StubAnswers)],
            "trace it with --resolver system: that asks this network's resolver alone",
        );
        finding.detail = "programs on this machine reach those addresses; a walk from the root asks the \
                          Internet's servers, which know nothing of it"
            .to_owned();
        findings.push(finding);
    }
    findings
}

/// The addresses that the machine's resolver has for a name of which the walk heard that it does not exist.
pub(super) fn invented(dns: &Dns) -> Vec<&str> {
    // A server may say NXDOMAIN beside addresses of its own.
    let is_denied =
        dns.lane == DnsLane::Walk && dns.rcode == Some(Rcode::NXDOMAIN) && dns.addresses.is_empty();
    let answers = dns.stub.iter().filter(|_| is_denied).flat_map(|stub| &stub.answers);
    let is_address = |rtype| matches!(rtype, RecordType::A | RecordType::AAAA);
    answers.filter(|record| is_address(record.rtype)).map(|record| record.data.as_str()).collect()
}

/// Whether such a name is one that this network has for itself.
pub(super) fn is_private(dns: &Dns) -> bool {
    let addresses = invented(dns);
    let inside = |address: &&str| {
        let kind = address.parse().ok().and_then(AddressKind::of);
        matches!(
            kind,
            Some(AddressKind::Private | AddressKind::Shared | AddressKind::LinkLocal | AddressKind::Loopback)
        )
    };
    !addresses.is_empty() && (is_of_a_network(&dns.name) || addresses.iter().all(inside))
}

/// Whether a name is of a kind that is never on the Internet.
fn is_of_a_network(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_below =
        |top: &&str| name.strip_suffix(*top).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || LOCAL.iter().any(is_below)
}

#[cfg(test)]
mod tests {
    use super::super::dns_nxdomain_rewritten;
    use super::*;
    use crate::finding::sample;
    use crate::trace::Trace;

    fn unknown(name: &str, address: &str) -> Trace {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.name = name.to_owned();
        (dns.rcode, dns.stub) = (Some(Rcode::NXDOMAIN), Some(sample::stub(Rcode::NOERROR, &[address])));
        dns.addresses.clear();
        trace
    }

    #[test]
    fn what_a_network_has_for_itself_is_not_called_invented() {
        for (name, address, private) in [
            ("db.internal.", "203.0.113.9", true),
            ("Intranet.", "203.0.113.9", true),
            ("printer.home.arpa.", "203.0.113.9", true),
            ("db.example.test.", "10.1.2.3", true),
            ("db.example.test.", "fd00::1", true),
            ("db.example.test.", "100.64.0.9", true),
            ("mistyped.example.test.", "203.0.113.9", false),
            ("notinternal.", "203.0.113.9", true),
            ("x.notinternal.", "203.0.113.9", false),
            ("mistyped.example.test.", "0.0.0.0", false),
        ] {
            let trace = unknown(name, address);
            let (own, other) = (sample::of(&RULE, &trace), sample::of(&dns_nxdomain_rewritten::RULE, &trace));
            assert_eq!(
                (own.len(), other.len()),
                (usize::from(private), usize::from(!private)),
                "{name} {address}"
            );
            assert!(own.iter().all(|finding| finding.advice.contains("--resolver system")));
        }
        let mut known = unknown("db.internal.", "10.1.2.3");
        sample::dns(&mut known).rcode = Some(Rcode::NOERROR);
        assert!(sample::of(&RULE, &known).is_empty());
    }
}
