//! A certificate with a key that can be broken with enough money.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use super::tls_certificate_faulty::whose;
use super::tls_chain_bloated::needless;
use crate::trace::{Certificate, StageName, Tls, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-weak-key",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "a certificate that leads to the root has an RSA key of less than 2048 bits, an ECDSA key of less than 224, or a DSA key",
    standard: "RFC 9325 section 4.5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        for (index, certificate) in tls.chain.iter().enumerate() {
            if !is_weak(certificate) || is_of_no_path(index, tls) {
                continue;
            }
            let whose = whose(index, &tls.chain);
            let size = certificate.key_bits.map_or_else(String::new, |bits| format!(" of {bits} bits"));
            let title = format!("{whose} has a weak key: {}{size}", certificate.key_type);
            let field = match certificate.key_bits {
                Some(_) => CertificateField::KeyBits,
                None => CertificateField::KeyType,
            };
            let evidence = vec![Place::Connection(id, InConnection::Certificate(index, field))];
            let advice = "make a new key (ECDSA P-256, or RSA of 2048 bits or more) and a certificate for it";
            let mut finding = rule.finding(title, evidence, advice);
            "public authorities must not certify such keys since 2014 (CA/Browser Forum)"
                .clone_into(&mut finding.detail);
            findings.push(finding);
        }
    }
    findings
}

/// Whether no path from the server's certificate to a root uses this one of the chain, weak as it is: the chain was
/// found good, which it is by strong keys and signatures alone, or it leads nowhere.
pub(super) fn is_of_no_path(index: usize, tls: &Tls) -> bool {
    let is_good = tls.verification.as_ref().is_some_and(|checked| checked.faults.is_empty());
    index > 0 && (is_good || needless(&tls.chain).iter().any(|(other, ..)| *other == index))
}

/// Less than 112 bits of security (NIST SP 800-57): what the CA/Browser Forum asks for at least.
fn is_weak(certificate: &Certificate) -> bool {
    let kind = certificate.key_type.as_str();
    match certificate.key_bits {
        // A modulus may be a bit or two short of its size.
        Some(bits) if kind == "RSA" => bits.next_multiple_of(8) < 2048,
        Some(bits) if kind.starts_with("ECDSA") => bits < 224,
        _ => kind == "DSA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::CertificateFault;

    #[test]
    fn a_weak_key_that_no_path_uses_is_not_accused() {
        let mut trace = sample::sound();
        let tls = sample::tls(&mut trace);
        let mut root = tls.chain[0].clone();
        (root.subject, root.issuer) = (tls.chain[0].issuer.clone(), "CN=Old Root".to_owned());
        (root.key_type, root.key_bits, root.sha256) = ("RSA".to_owned(), Some(1024), "02".repeat(32));
        tls.chain.push(root);
        assert!(sample::of(&RULE, &trace).is_empty(), "the chain was found good without it");
        let tls = sample::tls(&mut trace);
        tls.verification.as_mut().unwrap().faults = vec![CertificateFault::Other("x".to_owned())];
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let tls = sample::tls(&mut trace);
        let twin = tls.chain[1].clone();
        tls.chain.push(twin);
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "once, however often it is sent");
    }

    #[test]
    fn fires_on_short_keys_of_the_chain() {
        for (kind, bits, weak) in [
            ("RSA", Some(1024), true),
            ("RSA", Some(2040), true),
            ("RSA", Some(2047), false),
            ("RSA", Some(4096), false),
            ("RSA-PSS", None, false),
            ("ECDSA P-256", Some(256), false),
            ("ECDSA 1.2.840.10045.3.1.1", Some(192), true),
            ("Ed25519", Some(256), false),
            ("DSA", None, true),
        ] {
            let mut trace = sample::sound();
            let certificate = &mut sample::tls(&mut trace).chain[0];
            (certificate.key_type, certificate.key_bits) = (kind.to_owned(), bits);
            assert_eq!(sample::of(&RULE, &trace).len(), usize::from(weak), "{kind} {bits:?}");
        }
    }
}
