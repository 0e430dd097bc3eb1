//! The certificate cannot be trusted: every fault of it, one finding each.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use std::time::SystemTime;

use crate::trace::{Certificate, CertificateFault, CheckLimit, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-certificate-faulty",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "checking the certificate chain found a fault (expired, wrong host, self-signed, incomplete, ...)",
    standard: "RFC 5280 section 6",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(verification) = &tls.verification else { continue };
        for (index, fault) in verification.faults.iter().enumerate() {
            let (title, advice) = words(fault, &tls.chain, trace.started_at);
            let mut finding = rule.finding(
                title,
                vec![Place::Connection(id, InConnection::CertificateFault(index))],
                advice,
            );
            if verification.overridden {
                finding.severity = Severity::Warning;
                "ignored because of -k".clone_into(&mut finding.detail);
            }
            findings.push(finding);
        }
    }
    findings
}

fn words(fault: &CertificateFault, chain: &[Certificate], now: SystemTime) -> (String, String) {
    match fault {
        CertificateFault::Expired { index, not_after } => {
            let days = now.duration_since(*not_after).map_or(0, |over| over.as_secs() / 86_400);
            let ago = match days {
                0 => "today".to_owned(),
                1 => "yesterday".to_owned(),
                days => format!("{days} days ago"),
            };
            (
                format!("{} expired {ago}", whose(*index, chain)),
                "renew it, and see why the renewal did not run".to_owned(),
            )
        }
        CertificateFault::NotYetValid { index, .. } => {
            let whose = whose(*index, chain);
            (format!("{whose} is not valid yet"), "wait, or set this machine's clock right".to_owned())
        }
        CertificateFault::WrongHost { wanted, near_miss: Some(why), .. } => (
            format!("the certificate is not for {wanted}: it {}", why.words()),
            format!("list {wanted} among its names as it is asked for"),
        ),
        CertificateFault::WrongHost { wanted, nearest, near_miss: None } => {
            let nearest = nearest
                .as_ref()
                .map_or_else(String::new, |name| format!("; the nearest name in it is {name}"));
            (
                format!("the certificate is not for {wanted}{nearest}"),
                format!("add {wanted} to its names, or use a name it has"),
            )
        }
        CertificateFault::SelfSigned => (
            "the certificate is signed by itself".to_owned(),
            "get one from a certificate authority, or trust this one by --cacert".to_owned(),
        ),
        CertificateFault::MissingIntermediate { issuer, url } => (
            format!("the server did not send the certificate of its issuer, {issuer}"),
            match url {
                Some(url) => format!("send the full chain; the missing certificate is at {url}"),
                None => "configure the server to send the full chain".to_owned(),
            },
        ),
        CertificateFault::UnknownIssuer { issuer }
            if chain.iter().all(|certificate| certificate.subject != *issuer) =>
        {
            (
                format!("the chain ends at {issuer}, which was not sent and is not trusted"),
                "send it if it is an intermediate; a private CA is trusted by --cacert FILE or --roots system"
                    .to_owned(),
            )
        }
        CertificateFault::UnknownIssuer { issuer } => (
            format!("the chain ends at {issuer}, which is not trusted"),
            "a private CA is trusted by --cacert FILE or --roots system".to_owned(),
        ),
        CertificateFault::Unchecked { index, limit } => (
            format!("{} has {}, which cannot be checked here", whose(*index, chain), limit.words()),
            match limit.checked() {
                _ if *limit == CheckLimit::Version(1) => {
                    "issue it again as version 3: version 1 has no place for the names of a host".to_owned()
                }
                Some(checked) => format!("other programs may check it; here only {checked} can be"),
                None => "other programs may look further".to_owned(),
            },
        ),
        CertificateFault::Other(text) => {
            (format!("the certificate {text}"), "see the chain with -v".to_owned())
        }
    }
}

/// Which certificate of the chain.
pub(super) fn whose(index: usize, chain: &[Certificate]) -> String {
    match (index, chain.get(index)) {
        (0, _) | (_, None) => "the certificate".to_owned(),
        (_, Some(certificate)) => format!("the intermediate certificate {}", certificate.subject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use std::time::Duration;

    #[test]
    fn every_fault_is_told_and_k_makes_it_a_warning() {
        let mut trace = sample::sound();
        let now = trace.started_at;
        assert!(sample::of(&RULE, &trace).is_empty());
        let tls = sample::tls(&mut trace);
        let not_after = now - Duration::from_secs(7 * 86_400 / 2);
        let verification = tls.verification.as_mut().unwrap();
        verification.faults = vec![
            CertificateFault::Expired { index: 0, not_after },
            CertificateFault::WrongHost {
                wanted: "a.test".into(),
                nearest: Some("b.test".into()),
                near_miss: None,
            },
            CertificateFault::SelfSigned,
        ];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 3);
        assert_eq!(findings[0].title, "the certificate expired 3 days ago");
        assert!(findings[1].title.contains("nearest name in it is b.test"));
        assert_eq!(findings[0].severity, Severity::Error);
        sample::tls(&mut trace).verification.as_mut().unwrap().overridden = true;
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Warning);
    }
}
