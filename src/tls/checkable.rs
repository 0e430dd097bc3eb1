//! What the TLS library can check of keys and signatures, and what lies outside of it.
//!
//! ring takes RSA keys of 2048 to 8192 bits, the curves P-256 and P-384, and Ed25519, and says "wrong
//! signature" of all others. A key or signature outside of that is told as such here, never as a fault
//! of the peer. Nothing is decided: `verify` and `faults` do that.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use rustls::{DigitallySignedStruct, RootCertStore};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate;
use crate::trace::{CertificateFault, CheckLimit};

/// The sizes of RSA keys that are taken.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// What became of a server's proof that it holds the key of its certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Proof {
    /// None came.
    #[default]
    Missing,
    /// It is right.
    Given,
    /// It is by a key or a scheme outside of what can be checked.
    Unchecked,
    /// It is wrong: the peer does not hold the key.
    Wrong,
    /// The certificate cannot be read, so there is no key to check it by.
    Keyless,
}

/// Checks a proof with the key as it stands in the certificate, whatever else is wrong with that.
pub(super) fn proof(
    algorithms: &WebPkiSupportedAlgorithms,
    leaf: &CertificateDer<'_>,
    message: &[u8],
    signed: &DigitallySignedStruct,
) -> Proof {
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return Proof::Keyless };
    let key = leaf.public_key();
    if unchecked_key(key).is_some() {
        return Proof::Unchecked;
    }
    let schemes = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let Some((_, candidates)) = schemes else { return Proof::Unchecked };
    let id = algorithm_id(key);
    let mut fitting = candidates.iter().filter(|one| id == Some(one.public_key_alg_id().as_ref()));
    if fitting.any(|one| verifies(*one, key, message, signed.signature())) {
        Proof::Given
    } else {
        Proof::Wrong
    }
}

fn verifies(
    algorithm: &dyn SignatureVerificationAlgorithm,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    algorithm.verify_signature(&key.subject_public_key.data, message, signature).is_ok()
}

/// The contents of a key's AlgorithmIdentifier: its kind, and the curve.
fn algorithm_id<'a>(key: &SubjectPublicKeyInfo<'a>) -> Option<&'a [u8]> {
    let inner = contents(key.raw)?;
    let length = usize::from(*inner.get(1)?);
    inner.get(2..2 + length)
}

/// The contents of a DER value: trust anchors are kept without their outer tag and length.
pub(super) fn contents(der: &[u8]) -> Option<&[u8]> {
    let first = usize::from(*der.get(1)?);
    let header = if first < 0x80 { 2 } else { 2 + (first & 0x7f) };
    der.get(header..)
}

/// The key in words, such as "an RSA key of 1024 bits", if no signature by it can be checked.
pub(super) fn unchecked_key(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let (kind, bits) = certificate::key(key);
    match (kind.as_str(), bits) {
        // ring rounds up to whole bytes.
        ("RSA", Some(bits)) if bits.next_multiple_of(8) >= *RSA_BITS.start() && bits <= *RSA_BITS.end() => {
            None
        }
        ("ECDSA P-256" | "ECDSA P-384" | "Ed25519", _) => None,
        _ => Some(in_words(&kind, bits)),
    }
}

fn in_words(kind: &str, bits: Option<u32>) -> String {
    match (kind, bits) {
        ("RSA", Some(bits)) => format!("an RSA key of {bits} bits"),
        ("DSA", _) => "a DSA key".to_owned(),
        (kind, _) if kind.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("a key of type {kind}")
        }
        (kind, _) => format!("an {kind} key"),
    }
}

/// Whether the certificate's own key made its signature. The algorithm is found by trying: each one
/// refuses keys that are not its own, and there are a dozen. A key that cannot be checked has the
/// benefit of the doubt: who issues by its own name signs by its own key.
pub(super) fn self_signed(algorithms: &WebPkiSupportedAlgorithms, certificate: &X509Certificate<'_>) -> bool {
    let key = certificate.public_key();
    certificate::self_issued(certificate)
        && (unchecked_key(key).is_some() || signed_by(algorithms, certificate, key))
}

fn signed_by(
    algorithms: &WebPkiSupportedAlgorithms,
    certificate: &X509Certificate<'_>,
    key: &SubjectPublicKeyInfo<'_>,
) -> bool {
    let message = certificate.tbs_certificate.as_ref();
    algorithms.all.iter().any(|one| verifies(*one, key, message, &certificate.signature_value.data))
}

/// The first certificate of the chain whose signature was not found right by any key of its issuer that
/// is at hand, and why. `chain` holds those that belong to the way, with their place.
pub(super) fn broken_link(
    algorithms: &WebPkiSupportedAlgorithms,
    roots: &RootCertStore,
    chain: &[(usize, &X509Certificate<'_>)],
) -> Option<CertificateFault> {
    chain.iter().find_map(|(index, certificate)| link(algorithms, roots, chain, *index, certificate))
}

fn link(
    algorithms: &WebPkiSupportedAlgorithms,
    roots: &RootCertStore,
    chain: &[(usize, &X509Certificate<'_>)],
    index: usize,
    certificate: &X509Certificate<'_>,
) -> Option<CertificateFault> {
    let issuer = certificate.issuer().as_raw();
    let sent = chain.iter().filter(|(_, other)| other.subject().as_raw() == issuer);
    let anchors: Vec<Vec<u8>> = roots
        .roots
        .iter()
        .filter(|root| contents(issuer) == Some(&root.subject))
        .map(|root| sequence(&root.subject_public_key_info))
        .collect();
    let anchors = anchors.iter().filter_map(|der| SubjectPublicKeyInfo::from_der(der).ok());
    let keys: Vec<(Option<usize>, SubjectPublicKeyInfo<'_>)> = sent
        .map(|(index, other)| (Some(*index), other.public_key().clone()))
        .chain(anchors.map(|(_, key)| (None, key)))
        .collect();
    let name = certificate::signature_algorithm(&certificate.signature_algorithm.algorithm.to_id_string());
    let kinds: Vec<String> = keys.iter().map(|(_, key)| certificate::key(key).0).collect();
    let algorithm = Algorithm::of(&name, &kinds);
    let is_right = || keys.iter().any(|(_, key)| signed_by(algorithms, certificate, key));
    if keys.is_empty() || matches!(algorithm, Algorithm::Checked | Algorithm::Parameters) && is_right() {
        return None;
    }
    let unchecked = |index, limit| Some(CertificateFault::Unchecked { index, limit });
    for (place, key) in &keys {
        let Some(key) = unchecked_key(key) else { continue };
        return match place {
            Some(place) => unchecked(*place, CheckLimit::Key(key)),
            None => {
                let issuer = certificate::distinguished_name(certificate.issuer());
                unchecked(index, CheckLimit::IssuerKey { issuer, key })
            }
        };
    }
    match algorithm {
        Algorithm::Obsolete => Some(CertificateFault::Other(format!(
            "{}is signed with {name}, which is no longer accepted",
            that(index, certificate)
        ))),
        Algorithm::Unknown | Algorithm::Parameters => {
            let by = kinds.first().map(|kind| format!("{name} by {}", in_words(kind, None)));
            unchecked(index, CheckLimit::Signature(by.unwrap_or(name)))
        }
        Algorithm::Checked => Some(CertificateFault::Other(format!(
            "{}has a signature that the key of its issuer ({}) did not make",
            that(index, certificate),
            certificate::distinguished_name(certificate.issuer())
        ))),
    }
}

/// For what is said of a certificate above the leaf.
fn that(index: usize, certificate: &X509Certificate<'_>) -> String {
    match index {
        0 => String::new(),
        _ => {
            format!("has an intermediate ({}) that ", certificate::distinguished_name(certificate.subject()))
        }
    }
}

/// A DER SEQUENCE with these contents.
pub(super) fn sequence(contents: &[u8]) -> Vec<u8> {
    let mut der = vec![0x30];
    match contents.len() {
        short @ 0..0x80 => der.push(short as u8),
        long => {
            let length = long.to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            der.push(0x80 | length.len() as u8);
            der.extend(length);
        }
    }
    der.extend_from_slice(contents);
    der
}

/// How a signature's algorithm stands.
enum Algorithm {
    /// It is checked.
    Checked,
    /// It is checked nowhere any more.
    Obsolete,
    /// It is checked with the usual parameters, with others not.
    Parameters,
    /// It is not checked here.
    Unknown,
}

impl Algorithm {
    /// `keys` are the kinds of the issuer's keys.
    fn of(name: &str, keys: &[String]) -> Self {
        let any = |kinds: &[&str]| keys.iter().any(|key| kinds.contains(&key.as_str()));
        let checked = match name {
            "md5WithRSAEncryption" | "sha1WithRSAEncryption" | "ecdsa-with-SHA1" => return Self::Obsolete,
            "sha256WithRSAEncryption" | "sha384WithRSAEncryption" | "sha512WithRSAEncryption" => {
                any(&["RSA"])
            }
            "ecdsa-with-SHA256" | "ecdsa-with-SHA384" => any(&["ECDSA P-256", "ECDSA P-384"]),
            "Ed25519" => any(&["Ed25519"]),
            "rsassaPss" if any(&["RSA"]) => return Self::Parameters,
            _ => false,
        };
        if checked { Self::Checked } else { Self::Unknown }
    }
}
