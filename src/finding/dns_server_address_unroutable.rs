//! A name server's address is one that nobody on the Internet can ask it at.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{CutField, InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{AddressKind, AddressSource, Cut, StageName};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "dns-server-address-unroutable",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "below the Internet's root servers: the address of a name server of a zone is a loopback, link-local, multicast, broadcast, mapped or unspecified one",
    standard: "RFC 6890 section 2.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (lookup, dns) in walks(lookups) {
        for (index, cut) in dns.cuts.iter().enumerate() {
            let told = told(cut);
            if told.is_empty() || seen.contains(&cut.zone.as_str()) {
                continue;
            }
            seen.push(&cut.zone);
            let zone = &cut.zone;
            let mut finding = rule.finding(
                format!("a server of zone {zone} cannot be asked by anybody: {}", few(&told, ", ")),
                vec![Place::Lookup(lookup, InLookup::Cut(index, CutField::NotAsked))],
                format!("give the servers of {zone} the addresses that others reach them at, in the zone and at its parent (glue)"),
            );
            finding.detail =
                "no packet was sent there; a resolver that sends one asks itself, or nobody".to_owned();
            findings.push(finding);
        }
    }
    findings
}

fn told(cut: &Cut) -> Vec<String> {
    let each = cut.not_asked.iter().flat_map(|server| {
        server.addresses.iter().map(move |(address, source)| {
            let by = match source {
                AddressSource::GlueInDomain | AddressSource::GlueSibling => "by its glue",
                _ => "by its own zone",
            };
            let what = AddressKind::of(*address).map_or("no host's address", AddressKind::words);
            format!("{} is at {address} {by}, {what}", server.name)
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::NameServer;

    #[test]
    fn fires_on_addresses_that_were_not_asked_once_a_zone() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let at = |address: &str, source| NameServer {
            name: "ns1.example.test.".to_owned(),
            addresses: vec![(address.parse().unwrap(), source)],
        };
        let zone = "example.test.".to_owned();
        let not_asked =
            vec![at("127.0.0.1", AddressSource::GlueInDomain), at("fe80::1", AddressSource::Walk)];
        let cut = Cut { zone, not_asked, ..Cut::default() };
        sample::dns(&mut trace).cuts = vec![cut.clone(), cut];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains(
                "ns1.example.test. is at 127.0.0.1 by its glue, a loopback address, which means whoever asks"
            ),
            "{}",
            findings[0].title
        );
        assert!(findings[0].title.contains("fe80::1 by its own zone"));
    }
}
