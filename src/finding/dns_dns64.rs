//! This machine's resolver makes IPv6 addresses of IPv4 ones (DNS64, RFC 6147).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, Record, RecordType, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-dns64",
    severity: Severity::Info,
    stage: StageName::Dns,
    fires: "the machine's resolver has IPv6 addresses for a name that has none, with the name's IPv4 addresses in them (DNS64)",
    standard: "RFC 6147 section 5",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some((made, of)) = made(dns) else { continue };
        let mut finding = rule.finding(
            format!("this machine's resolver does DNS64: it made {made} of {of}, {} has no IPv6 address", dns.name),
            vec![Place::Lookup(lookup, InLookup::StubAgrees), Place::Lookup(lookup, InLookup::StubAnswers)],
            "nothing is wrong: this network reaches IPv4 by NAT64; RFC 7050 tells how a host finds its prefix",
        );
        finding.detail =
            "the authoritative servers and the resolver agree; the trace used what the servers say"
                .to_owned();
        findings.push(finding);
    }
    findings
}

/// An IPv6 address that the resolver made, and the IPv4 address in it, where that explains every difference
/// between it and the walk.
pub(super) fn made(dns: &Dns) -> Option<(Ipv6Addr, Ipv4Addr)> {
    let stub = dns.stub.as_ref()?;
    let (own, six) = of_families(&dns.answers);
    let (others, synthesised) = of_families(&stub.answers);
    let same =
        others.is_empty() || others.len() == own.len() && others.iter().all(|address| own.contains(address));
    if !six.is_empty() || synthesised.is_empty() || !same {
        return None;
    }
    let of = |six: &Ipv6Addr| own.iter().copied().find(|four| embeds(*six, *four));
    let first = synthesised.first().and_then(|six| Some((*six, of(six)?)))?;
    synthesised.iter().all(|six| of(six).is_some()).then_some(first)
}

fn of_families(records: &[Record]) -> (Vec<Ipv4Addr>, Vec<Ipv6Addr>) {
    let addresses = records.iter().filter(|record| matches!(record.rtype, RecordType::A | RecordType::AAAA));
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for address in addresses.filter_map(|record| record.data.parse().ok()) {
        match address {
            IpAddr::V4(address) => four.push(address),
            IpAddr::V6(address) => six.push(address),
        }
    }
    (four, six)
}

/// RFC 6052 §2.2: the IPv4 address stands behind a prefix of 32 to 96 bits, around the octet 8, which is 0.
fn embeds(six: Ipv6Addr, four: Ipv4Addr) -> bool {
    let (six, four) = (six.octets(), four.octets());
    if six.starts_with(&[0; 10]) {
        return false;
    }
    [4, 5, 6, 7, 8, 12].into_iter().any(|prefix| {
        let start = if prefix == 8 { 9 } else { prefix };
        let octets = (start..16).filter(|at| *at != 8 || prefix == 12);
        let around = prefix == 12 || six[8] == 0;
        around && octets.take(4).map(|at| six[at]).eq(four)
    })
}

#[cfg(test)]
mod tests {
    use super::super::dns_stub_disagrees;
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Rcode, Trace};

    fn told(ours: &str, theirs: &[&str]) -> Trace {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let record = |data: &str| Record {
            name: dns.name.clone(),
            rtype: if data.contains(':') { RecordType::AAAA } else { RecordType::A },
            ttl: 60,
            data: data.to_owned(),
        };
        let answers = ours.split(' ').map(record).collect();
        let mut stub = sample::stub(Rcode::NOERROR, &[]);
        (stub.answers, stub.agrees) = (theirs.iter().map(|data| record(data)).collect(), Some(false));
        (dns.answers, dns.stub) = (answers, Some(stub));
        trace
    }

    #[test]
    fn addresses_that_were_made_of_the_names_own_are_no_disagreement() {
        for (ours, theirs, dns64) in [
            ("192.0.2.33", &["192.0.2.33", "64:ff9b::192.0.2.33"][..], true),
            ("192.0.2.33", &["64:ff9b::c000:221"], true),
            // RFC 6052 section 2.4.
            ("192.0.2.33", &["192.0.2.33", "2001:db8:c000:221::"], true),
            ("192.0.2.33", &["192.0.2.33", "2001:db8:1c0:2:21::"], true),
            ("192.0.2.33", &["192.0.2.33", "2001:db8:122:c000:2:2100::"], true),
            ("192.0.2.33", &["192.0.2.33", "2001:db8:122:3c0:0:221::"], true),
            ("192.0.2.33", &["192.0.2.33", "2001:db8:122:344:c0:2:2100::"], true),
            ("192.0.2.33", &["192.0.2.33", "2001:db8:122:344::192.0.2.33"], true),
            ("192.0.2.33", &["192.0.2.33", "64:ff9b::192.0.2.34"], false),
            ("192.0.2.33", &["192.0.2.66", "64:ff9b::192.0.2.66"], false),
            ("192.0.2.33 2001:db8::1", &["192.0.2.33", "64:ff9b::192.0.2.33"], false),
            ("192.0.2.33", &["192.0.2.33", "2001:db8::1"], false),
            ("0.0.0.1", &["0.0.0.1", "::1"], false),
        ] {
            let trace = told(ours, theirs);
            let (own, other) = (sample::of(&RULE, &trace), sample::of(&dns_stub_disagrees::RULE, &trace));
            assert_eq!(
                (own.len(), other.len()),
                (usize::from(dns64), usize::from(!dns64)),
                "{ours} {theirs:?}"
            );
        }
    }
}
