//! A zone and its parent do not name the same servers, or not with the same addresses.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{CutField, InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{ChildSide, Cut, MAX_SERVER_ADDRESSES, MAX_SERVERS, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-parent-child-differ",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a reply of the zone named other servers, or other addresses of them, than its parent's referral",
    standard: "RFC 1034 section 4.2.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (lookup, dns) in walks(lookups) {
        for (index, cut) in dns.cuts.iter().enumerate() {
            let Some(child) = cut.child.as_ref().filter(|_| !seen.contains(&cut.zone.as_str())) else {
                continue;
            };
            let differences = differences(cut, child);
            if differences.is_empty() {
                continue;
            }
            seen.push(&cut.zone);
            let zone = &cut.zone;
            let title =
                format!("{zone} and its parent disagree on its name servers: {}", differences.join("; "));
            let place = |field| Place::Lookup(lookup, InLookup::Cut(index, field));
            let mut finding = rule.finding(
                title,
                vec![place(CutField::Servers), place(CutField::Child)],
                format!("make the NS records and addresses at the parent of {zone} those of the zone (RFC 1034 section 4.2.2)"),
            );
            let parent_ttl = cut.ttl.map_or_else(|| "?".to_owned(), |ttl| ttl.to_string());
            finding.detail = format!(
                "resolvers begin with the parent's servers and may go on with the zone's; TTL of the NS records: \
                 {parent_ttl} s at the parent, {} s in the zone",
                child.ttl
            );
            findings.push(finding);
        }
    }
    findings
}

fn differences(cut: &Cut, child: &ChildSide) -> Vec<String> {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let mut found = Vec::new();
    let parent_only: Vec<&str> = cut
        .servers
        .iter()
        .map(|server| server.name.as_str())
        .filter(|name| !child.servers.iter().any(|own| same(own, name)))
        .collect();
    let child_only: Vec<&str> = child
        .servers
        .iter()
        .map(String::as_str)
        .filter(|own| !cut.servers.iter().any(|server| same(&server.name, own)))
        .collect();
    // What a full list left out may well be there.
    if !parent_only.is_empty() && child.servers.len() < MAX_SERVERS {
        found.push(format!("only the parent names {}", parent_only.join(", ")));
    }
    if !child_only.is_empty() && cut.servers.len() < MAX_SERVERS {
        found.push(format!("only the zone names {}", child_only.join(", ")));
    }
    let complete = child.addresses.len() < MAX_SERVER_ADDRESSES;
    for server in cut.servers.iter().filter(|_| complete) {
        for four in [true, false] {
            let mut parent: Vec<String> = server
                .addresses
                .iter()
                .filter(|(address, source)| {
                    address.is_ipv4() == four && *source != crate::trace::AddressSource::Walk
                })
                .map(|(address, _)| address.to_string())
                .collect();
            let mut own: Vec<String> = child
                .addresses
                .iter()
                .filter(|(name, address)| same(name, &server.name) && address.is_ipv4() == four)
                .map(|(_, address)| address.to_string())
                .collect();
            parent.sort();
            own.sort();
            if !parent.is_empty() && !own.is_empty() && parent != own {
                found.push(format!(
                    "{} is at {} by the parent, at {} by the zone",
                    server.name,
                    parent.join(", "),
                    own.join(", ")
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{AddressSource, NameServer};

    fn cut(own: &[&str], address: &str) -> Cut {
        let server = |name: &str| NameServer {
            name: name.to_owned(),
            addresses: vec![("192.0.2.1".parse().unwrap(), AddressSource::GlueInDomain)],
        };
        Cut {
            zone: "example.test.".to_owned(),
            servers: vec![server("ns1.example.test.")],
            learned_from: Some(1),
            cached: false,
            ttl: Some(3600),
            child: Some(ChildSide {
                told_by: Some(2),
                servers: own.iter().map(|name| (*name).to_owned()).collect(),
                addresses: vec![("ns1.example.test.".to_owned(), address.parse().unwrap())],
                ttl: 300,
            }),
            not_asked: Vec::new(),
        }
    }

    #[test]
    fn fires_on_other_names_and_other_addresses_not_on_other_ttls() {
        let title = |cut: Cut| {
            let mut trace = sample::sound();
            sample::dns(&mut trace).cuts = vec![cut];
            sample::of(&RULE, &trace).pop().map(|finding| finding.title).unwrap_or_default()
        };
        assert_eq!(title(cut(&["NS1.example.test."], "192.0.2.1")), "");
        assert_eq!(
            title(cut(&["ns1.example.test."], "2001:db8::1")),
            "",
            "glue of one family only is not a difference"
        );
        assert!(
            title(cut(&["ns1.example.test.", "ns2.example.test."], "192.0.2.1"))
                .contains("only the zone names ns2")
        );
        assert!(title(cut(&["ns2.example.test."], "192.0.2.1")).contains("only the parent names ns1"));
        assert!(title(cut(&["ns1.example.test."], "192.0.2.9")).contains("at 192.0.2.9 by the zone"));
        // Each side keeps so many, in the order they came.
        let many: Vec<String> = (0..MAX_SERVERS).map(|index| format!("ns{index}.example.test.")).collect();
        let many: Vec<&str> = many[2..].iter().map(String::as_str).chain(["a.test.", "b.test."]).collect();
        let both = cut(&many, "192.0.2.1");
        let servers =
            many.iter().rev().map(|name| NameServer { name: (*name).to_owned(), addresses: vec![] });
        let servers: Vec<_> = servers.chain(both.servers.clone()).skip(1).collect();
        assert_eq!(title(Cut { servers, ..both.clone() }), "");
        assert!(title(Cut { servers: vec![], ..both }).contains("only the zone names"));
        let silent = Cut { child: None, ..cut(&[], "192.0.2.9") };
        assert_eq!(title(silent), "");
    }
}
