//! A certificate signed over a hash that can be forged.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use super::tls_certificate_faulty::whose;
use super::tls_weak_key::is_of_no_path;
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-sha1",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "a certificate that leads to the root, and is not its own issuer, is signed with SHA-1 or MD5",
    standard: "RFC 8446 section 4.4.2.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        for (index, certificate) in tls.chain.iter().enumerate() {
            let algorithm = certificate.signature_algorithm.to_ascii_lowercase();
            let Some(hash) = [("sha1", "SHA-1"), ("md5", "MD5")]
                .iter()
                .find_map(|(word, hash)| algorithm.contains(word).then_some(hash))
            else {
                continue;
            };
            // Nobody relies on what a root says of itself: it is trusted as it stands.
            if certificate.self_issued || is_of_no_path(index, tls) {
                continue;
            }
            let whose = whose(index, &tls.chain);
            let title = format!("{whose} is signed with {hash} ({})", certificate.signature_algorithm);
            let field = CertificateField::SignatureAlgorithm;
            let evidence = vec![Place::Connection(id, InConnection::Certificate(index, field))];
            let mut finding = rule.finding(
                title,
                evidence,
                "get a new certificate: authorities sign with SHA-256 or better",
            );
            "two texts with the same hash can be made, so that such a signature proves little; browsers refuse it"
                .clone_into(&mut finding.detail);
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::CertificateFault;

    #[test]
    fn fires_on_an_issued_certificate_and_not_on_a_root() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        for (algorithm, says) in [
            ("sha1WithRSAEncryption", "SHA-1"),
            ("ecdsa-with-SHA1", "SHA-1"),
            ("md5WithRSAEncryption", "MD5"),
        ] {
            sample::tls(&mut trace).chain[0].signature_algorithm = algorithm.to_owned();
            assert!(sample::of(&RULE, &trace)[0].title.contains(says));
        }
        sample::tls(&mut trace).chain[0].self_issued = true;
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_certificate_that_no_path_uses_is_not_accused() {
        let mut trace = sample::sound();
        let tls = sample::tls(&mut trace);
        let mut issuer = tls.chain[0].clone();
        (issuer.subject, issuer.issuer) = (tls.chain[0].issuer.clone(), "CN=Old Root".to_owned());
        issuer.sha256 = "02".repeat(32);
        issuer.signature_algorithm = "sha1WithRSAEncryption".to_owned();
        tls.chain.push(issuer);
        assert!(
            sample::of(&RULE, &trace).is_empty(),
            "the chain was found good without it: it is no part of it"
        );
        let tls = sample::tls(&mut trace);
        tls.verification.as_mut().unwrap().faults = vec![CertificateFault::Other("x".to_owned())];
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        sample::tls(&mut trace).chain[1].subject = "CN=Stranger".to_owned();
        assert!(sample::of(&RULE, &trace).is_empty(), "it has issued none of the others");
    }
}
