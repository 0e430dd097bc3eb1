//! A certificate signed over a hash that can be forged.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use super::tls_certificate_faulty::whose;
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-sha1",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "a certificate of the chain that is not its own issuer is signed with SHA-1 or MD5",
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
            if certificate.self_issued {
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
}
