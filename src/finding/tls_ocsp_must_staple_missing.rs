//! A certificate demands stapled OCSP responses, and its server sends none.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-ocsp-must-staple-missing",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "the server's certificate demands a stapled OCSP response (must-staple), and none came",
    standard: "RFC 7633 section 4.2.3.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let demands = tls.chain.first().is_some_and(|leaf| leaf.must_staple);
        // A handshake that ended before says nothing on what would have come.
        if !demands || tls.staple.is_some() || tls.verification.is_none() {
            continue;
        }
        let mut finding = rule.finding(
            "the certificate demands a stapled OCSP response, and the server sent none".to_owned(),
            vec![
                Place::Connection(id, InConnection::Certificate(0, CertificateField::MustStaple)),
                Place::Connection(id, InConnection::OcspBytes),
            ],
            "turn OCSP stapling on, or get a certificate without the demand",
        );
        "browsers that heed it refuse the connection".clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{CertificateStatus, Staple};

    #[test]
    fn fires_on_a_demand_without_a_staple_only() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty(), "no demand, no staple");
        sample::tls(&mut trace).chain[0].must_staple = true;
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let status = CertificateStatus::Good;
        sample::tls(&mut trace).staple =
            Some(Staple { status, produced_at: None, this_update: None, next_update: None });
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
