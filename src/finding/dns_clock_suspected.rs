//! Every signature is outside its time: it is rather this machine's clock that is wrong.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InDnssec, InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::StageName;

pub(super) const RULE: Rule = Rule {
    id: "dns-clock-suspected",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "all DNSSEC signatures seen, those of the trust anchor's zone included, are expired or not yet valid",
    standard: "RFC 4035 section 5.3.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some(_) = dns.dnssec.as_ref().filter(|dnssec| dnssec.clock_suspected) else { continue };
        let title = "no DNSSEC signature is within its time, not even the root's: this machine's clock seems to be wrong".to_owned();
        let evidence =
            vec![Place::Lookup(lookup, InLookup::Dnssec(InDnssec::ClockSuspected)), Place::StartedAt];
        findings.push(rule.finding(
            title,
            evidence,
            "set the clock (NTP); certificates are judged by it, too",
        ));
        // One clock, one finding.
        break;
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Dnssec, DnssecVerdict};

    #[test]
    fn fires_when_suspected_and_not_on_a_bogus_zone() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).dnssec = Some(sample::dnssec(DnssecVerdict::Bogus));
        assert!(sample::of(&RULE, &trace).is_empty());
        let dnssec = Dnssec { clock_suspected: true, ..sample::dnssec(DnssecVerdict::Bogus) };
        sample::dns(&mut trace).dnssec = Some(dnssec);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }
}
