//! A signature that the answer rests on will expire soon.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InDnssec, InLookup, Place, SignatureField, SignaturePlace};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{SignatureInfo, StageName, ZoneLink};
use std::collections::BTreeMap;
use std::time::SystemTime;

pub(super) const RULE: Rule = Rule {
    id: "dns-dnssec-expires-soon",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a good signature of the chain or the answer has less than three days left, and less than a quarter of its life",
    standard: "RFC 4034 section 3.1.5",
    check: Check::Lookups(check),
};

const DAYS: i64 = 3;

/// Zones that sign each answer when it is asked for use signatures of a day or two: those are young, not old.
fn is_old(signature: &SignatureInfo, now: SystemTime) -> bool {
    let life = signature.expiration.duration_since(signature.inception).unwrap_or_default();
    let left = signature.expiration.duration_since(now).unwrap_or_default();
    left * 4 < life
}

fn of_link((link, zone): (usize, &ZoneLink)) -> impl Iterator<Item = (SignaturePlace, &SignatureInfo)> {
    zone.signatures.iter().enumerate().map(move |(at, it)| (SignaturePlace::Link(link, at), it))
}

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some(dnssec) = &dns.dnssec else { continue };
        let of_answer = dnssec.signatures.iter().enumerate();
        let of_answer = of_answer.map(|(at, it)| (SignaturePlace::Answer(at), it));
        let all = dnssec.chain.iter().enumerate().flat_map(of_link).chain(of_answer);
        // The soonest of each signer: its operator is the one to act.
        let mut soonest: BTreeMap<&str, (SignaturePlace, &SignatureInfo)> = BTreeMap::new();
        for (place, signature) in all {
            if !signature.ok()
                || !(0..DAYS).contains(&signature.days_left)
                || !is_old(signature, lookups.started_at)
            {
                continue;
            }
            let known = soonest.entry(&signature.signer).or_insert((place, signature));
            if signature.expiration < known.1.expiration {
                *known = (place, signature);
            }
        }
        for (signer, (place, signature)) in soonest {
            let left = signature.days_left;
            let when = match left {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                _ => format!("in {left} days"),
            };
            let title = format!(
                "the signature over {} {} expires {when}",
                signature.owner,
                signature.covers.mnemonic()
            );
            let evidence = [SignatureField::DaysLeft, SignatureField::Expiration]
                .map(|field| Place::Lookup(lookup, InLookup::Dnssec(InDnssec::Signature(place, field))));
            findings.push(rule.finding(
                title,
                evidence.to_vec(),
                format!("find out why zone {signer} was not signed again"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::DnssecVerdict;
    use std::time::Duration;

    const DAY: u64 = 86_400;

    /// A signature of so many days of life, so many hours before its end.
    fn found(life: u64, hours_left: u64) -> usize {
        let mut trace = sample::sound();
        let mut dnssec = sample::dnssec(DnssecVerdict::Secure);
        let signature = &mut dnssec.chain[0].signatures[0];
        signature.expiration = trace.started_at + Duration::from_secs(hours_left * 3_600);
        signature.inception = signature.expiration - Duration::from_secs(life * DAY);
        signature.days_left = i64::try_from(hours_left / 24).unwrap();
        sample::dns(&mut trace).dnssec = Some(dnssec);
        sample::of(&RULE, &trace).len()
    }

    #[test]
    fn fires_below_three_days_and_not_on_short_lived_ones() {
        assert_eq!(found(14, 71), 1);
        assert_eq!(found(14, 2), 1);
        assert_eq!(found(14, 72), 0);
        assert_eq!(found(2, 24), 0, "signed anew each day");
        assert_eq!(found(2, 5), 1);
    }

    #[test]
    fn an_expired_one_is_another_rules_matter() {
        let mut trace = sample::sound();
        let mut dnssec = sample::dnssec(DnssecVerdict::Bogus);
        dnssec.chain[0].signatures[0].days_left = 1;
        dnssec.chain[0].signatures[0].fault = Some("does not verify".to_owned());
        sample::dns(&mut trace).dnssec = Some(dnssec);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
