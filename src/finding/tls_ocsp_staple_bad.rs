//! A stapled OCSP response that speaks against the certificate, or that is of no use any more.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{CertificateStatus, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-ocsp-staple-bad",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "the stapled OCSP response says that the certificate is revoked; warning: it is over, or about another certificate",
    standard: "RFC 6960 section 4.2.2.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(staple) = &tls.staple else { continue };
        let is_over = staple.next_update.is_some_and(|next| next < trace.started_at);
        let (severity, title, place, advice) = match staple.status {
            CertificateStatus::Revoked(_) => (
                Severity::Error,
                "the server's own staple says that its certificate is revoked",
                InConnection::OcspStatus,
                "get a new certificate: browsers that heed the staple refuse this one",
            ),
            CertificateStatus::Other => (
                Severity::Warning,
                "the stapled OCSP response is about another certificate",
                InConnection::OcspStatus,
                "after a renewal the server must fetch a new response",
            ),
            CertificateStatus::Good if is_over => (
                Severity::Warning,
                "the stapled OCSP response is over",
                InConnection::OcspNextUpdate,
                "see why the server does not fetch new responses; some clients refuse old ones",
            ),
            CertificateStatus::Good
            | CertificateStatus::Unknown
            | CertificateStatus::NoAnswer
            | CertificateStatus::Unreadable => continue,
        };
        let mut finding = rule.finding(title.to_owned(), vec![Place::Connection(id, place)], advice);
        finding.severity = severity;
        "its signature is not checked here".clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Staple;
    use std::time::Duration;

    #[test]
    fn fires_on_revoked_on_another_and_on_what_is_over() {
        let now = sample::sound().started_at;
        let second = Duration::from_secs(1);
        for (status, next_update, severity) in [
            (CertificateStatus::Good, Some(now + second), None),
            (CertificateStatus::Good, None, None),
            (CertificateStatus::Good, Some(now - second), Some(Severity::Warning)),
            (CertificateStatus::Revoked(now), Some(now + second), Some(Severity::Error)),
            (CertificateStatus::Other, None, Some(Severity::Warning)),
            (CertificateStatus::NoAnswer, None, None),
            (CertificateStatus::Unknown, None, None),
        ] {
            let mut trace = sample::sound();
            sample::tls(&mut trace).staple =
                Some(Staple { status, produced_at: None, this_update: None, next_update });
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.first().map(|finding| finding.severity), severity, "{status:?}");
        }
    }
}
