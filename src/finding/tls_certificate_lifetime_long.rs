//! The server's certificate lives longer than public authorities may issue.

use std::time::{Duration, SystemTime};

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{RootsOf, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-certificate-lifetime-long",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "a certificate that public roots trust lives longer than was allowed on the day it was issued",
    standard: "CA/Browser Forum Baseline Requirements section 6.3.2",
    check: Check::Trace(check),
};

/// The most days of a certificate that was issued from this second of Unix time on (Baseline Requirements
/// 6.3.2, ballots 193, SC31 and SC081v3), the newest rule first.
const LIMITS: [(u64, u64); 5] = [
    (1_868_227_200, 47),  // 2029-03-15
    (1_805_068_800, 100), // 2027-03-15
    (1_773_532_800, 200), // 2026-03-15
    (1_598_918_400, 398), // 2020-09-01
    (1_519_862_400, 825), // 2018-03-01
];

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let is_public = tls
            .verification
            .as_ref()
            .is_some_and(|checked| checked.faults.is_empty() && checked.roots_of == RootsOf::Everybody);
        let Some(leaf) = tls.chain.first().filter(|_| is_public) else { continue };
        let (life, Some(limit)) = (leaf.lifetime_days(), limit(leaf.not_before)) else { continue };
        if life <= limit {
            continue;
        }
        let title = format!("the certificate lives {life} days; {limit} were allowed when it was issued");
        let evidence =
            vec![Place::Connection(id, InConnection::Certificate(0, CertificateField::LifetimeDays))];
        findings.push(rule.finding(
            title,
            evidence,
            "some browsers refuse such certificates: let the authority issue a shorter one, and renew by a program",
        ));
    }
    findings
}

/// The limit of that day; none is told from before there was one that still matters.
fn limit(issued: SystemTime) -> Option<u64> {
    let since = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    LIMITS.iter().find(|(from, _)| issued >= since(*from)).map(|(_, days)| *days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    const DAY: u64 = 86_400;

    #[test]
    fn fires_beyond_the_limit_of_the_day_of_issue_and_of_public_roots_only() {
        for (issued, days, fires) in [
            (1_773_532_800, 200, false),
            (1_773_532_800, 201, true),
            (1_773_532_799, 398, false),
            (1_773_532_799, 399, true),
            (1_868_227_200, 48, true),
            (1_519_862_399, 2000, false),
        ] {
            let mut trace = sample::sound();
            let leaf = &mut sample::tls(&mut trace).chain[0];
            leaf.not_before = SystemTime::UNIX_EPOCH + Duration::from_secs(issued);
            // Both ends belong to it: to the last second of the day.
            leaf.not_after = leaf.not_before + Duration::from_secs(days * DAY - 1);
            assert_eq!(leaf.lifetime_days(), days);
            assert_eq!(!sample::of(&RULE, &trace).is_empty(), fires, "{issued} {days}");
            let verification = sample::tls(&mut trace).verification.as_mut().unwrap();
            verification.roots_of = RootsOf::Somebody;
            assert!(sample::of(&RULE, &trace).is_empty(), "a private authority does as it likes");
        }
    }
}
