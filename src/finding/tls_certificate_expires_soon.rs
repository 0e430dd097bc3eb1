//! A certificate of the chain will be over soon.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{Certificate, ChainPlace, StageName, Trace, chain_places};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "tls-certificate-expires-soon",
    severity: Severity::Warning,
    stage: StageName::Tls,
    fires: "a valid certificate that leads to the root has less than a third of its life left, and 14 days at most",
    standard: "RFC 5280 section 4.1.2.5",
    check: Check::Trace(check),
};

/// Certificates of 90 days are renewed at 30 days left: below 14 something did not run.
const DAYS: i64 = 14;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let places = chain_places(&tls.chain);
        for (index, certificate) in tls.chain.iter().enumerate() {
            let life = certificate
                .not_after
                .duration_since(certificate.not_before)
                .map_or(0, |life| life.as_secs() / 86_400);
            let short_lived = u64::try_from(certificate.days_left).is_ok_and(|left| left * 3 > life);
            if !(0..DAYS).contains(&certificate.days_left)
                || short_lived
                || is_spare(certificate, places[index])
            {
                continue;
            }
            let left = match usize::try_from(certificate.days_left) {
                Ok(days @ 1..) => format!("in {}", count(days, "day")),
                _ => "within a day".to_owned(),
            };
            let whose = if index == 0 { "the certificate" } else { &certificate.subject };
            let title = format!("{whose} expires {left}");
            let evidence = vec![
                Place::Connection(id, InConnection::Certificate(index, CertificateField::DaysLeft)),
                Place::Connection(id, InConnection::Certificate(index, CertificateField::NotAfter)),
            ];
            findings.push(rule.finding(title, evidence, "renew it now, and see why the renewal did not run"));
        }
    }
    findings
}

/// Whether the chain is as good without it: it leads nowhere, or it is a cross-sign of a root that is trusted by itself.
fn is_spare(certificate: &Certificate, place: ChainPlace) -> bool {
    matches!(place, ChainPlace::Duplicate | ChainPlace::Unrelated)
        || place != ChainPlace::Leaf && certificate.trusted_root && !certificate.self_issued
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

    #[test]
    fn a_certificate_that_nobody_needs_may_end() {
        let mut trace = sample::sound();
        let tls = sample::tls(&mut trace);
        let mut issuer = tls.chain[0].clone();
        (issuer.subject, issuer.issuer) = (tls.chain[0].issuer.clone(), "CN=Old Root".to_owned());
        (issuer.sha256, issuer.days_left) = ("02".repeat(32), 1);
        tls.chain.push(issuer);
        let told = sample::of(&RULE, &trace).remove(0).title;
        assert!(told.ends_with(" expires in 1 day"), "{told}");
        sample::tls(&mut trace).chain[1].trusted_root = true;
        assert!(sample::of(&RULE, &trace).is_empty(), "its root is trusted without it");
        let issuer = &mut sample::tls(&mut trace).chain[1];
        (issuer.trusted_root, issuer.subject) = (false, "CN=Stranger".to_owned());
        assert!(sample::of(&RULE, &trace).is_empty(), "it has issued none of the others");
        sample::tls(&mut trace).chain[0].days_left = 0;
        assert_eq!(sample::of(&RULE, &trace)[0].title, "the certificate expires within a day");
    }
}
