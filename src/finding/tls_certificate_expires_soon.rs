//! A certificate of the chain will be over soon.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-certificate-expires-soon",
    severity: Severity::Warning,
    stage: StageName::Tls,
    fires: "a valid certificate of the chain has less than a third of its life left, and 14 days at most",
    standard: "RFC 5280 section 4.1.2.5",
    check: Check::Trace(check),
};

/// Certificates of 90 days are renewed at 30 days left: below 14 something did not run.
const DAYS: i64 = 14;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        for (index, certificate) in tls.chain.iter().enumerate() {
            let life = certificate
                .not_after
                .duration_since(certificate.not_before)
                .map_or(0, |life| life.as_secs() / 86_400);
            let short_lived = u64::try_from(certificate.days_left).is_ok_and(|left| left * 3 > life);
            if !(0..DAYS).contains(&certificate.days_left) || short_lived {
                continue;
            }
            let title = format!(
                "{} expires in {} days",
                if index == 0 { "the certificate" } else { &certificate.subject },
                certificate.days_left
            );
            let evidence = vec![
                Place::Connection(id, InConnection::Certificate(index, CertificateField::DaysLeft)),
                Place::Connection(id, InConnection::Certificate(index, CertificateField::NotAfter)),
            ];
            findings.push(rule.finding(title, evidence, "renew it now, and see why the renewal did not run"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use std::time::Duration;

    #[test]
    fn fires_below_fourteen_days_and_not_on_a_short_lived_or_an_expired_one() {
        for (left, fires) in [(14, 0), (13, 1), (0, 1), (-1, 0)] {
            let mut trace = sample::sound();
            sample::tls(&mut trace).chain[0].days_left = left;
            assert_eq!(sample::of(&RULE, &trace).len(), fires, "{left}");
        }
        let mut trace = sample::sound();
        let certificate = &mut sample::tls(&mut trace).chain[0];
        certificate.days_left = 5;
        certificate.not_before = certificate.not_after - Duration::from_secs(6 * 86_400);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
