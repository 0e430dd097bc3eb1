//! What is wrong with a certificate: all of it at once, not the first thing found.
//!
//! webpki stops at the first fault. Here the parts are asked apart: the chain now, the chain at a
//! time when its certificates were valid, every date, the name. Runs after the handshake was
//! stamped, and only when the check inside it failed. It changes no verdict.
//!
//! Untrusted chains are told apart by this rule. Follow the sent certificates from the leaf, issuer
//! by issuer:
//! - the leaf signed itself: self-signed;
//! - the way ends at a certificate that issued itself: unknown issuer (an untrusted root was sent);
//! - the leaf's own issuer was not sent, and either other certificates were sent instead of it, or the
//!   leaf tells where to fetch it, or no root has its name: missing intermediate;
//! - otherwise the way ends at an issuer nobody here knows: unknown issuer.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate;
use super::verify::{Seen, Trust};
use crate::trace::{Certificate, CertificateFault};

/// Names of a certificate that are compared to find the nearest one.
const MAX_NAMES: usize = 200;

/// All faults of the chain in `seen`. `chain` is the same chain, described; `wanted` is the host.
pub(super) fn judge(
    trust: &Trust,
    seen: &Seen,
    chain: &[Certificate],
    wanted: &str,
    now: SystemTime,
) -> Vec<CertificateFault> {
    let mut faults = Vec::new();
    if let Some(error) = &seen.chain_error {
        let parsed = parse(&seen.certificates);
        for (index, certificate) in parsed.iter().enumerate() {
            let Some(certificate) = certificate else { continue };
            let not_before = certificate::time(certificate.validity().not_before);
            let not_after = certificate::time(certificate.validity().not_after);
            if now > not_after {
                faults.push(CertificateFault::Expired { index, not_after });
            } else if now < not_before {
                faults.push(CertificateFault::NotYetValid { index, not_before });
            }
        }
        let timeless = if is_of_time(error) {
            check_in_its_time(trust, &seen.certificates, error)
        } else {
            Err(error.clone())
        };
        match timeless {
            // Only dates were wrong; if ours do not show it, webpki's word must not get lost.
            Ok(()) if faults.is_empty() => faults.push(CertificateFault::Other(words(error))),
            Ok(()) => {}
            Err(error) if is_of_time(&error) && !faults.is_empty() => {}
            Err(error) => faults.push(structural(trust, &parsed, &error)),
        }
    }
    match &seen.name_error {
        None => {}
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => {
            let names = chain.first().map(|leaf| leaf.names.as_slice()).unwrap_or_default();
            faults.push(CertificateFault::WrongHost {
                wanted: wanted.to_owned(),
                nearest: nearest(names, wanted).map(ToOwned::to_owned),
            });
        }
        // A leaf that cannot be read fails both checks: once is enough.
        Some(error) if faults.is_empty() => faults.push(CertificateFault::Other(words(error))),
        Some(_) => {}
    }
    faults
}

/// The fault of a server that could not prove that it holds its certificate's key.
pub(super) fn unproven(seen: &Seen, chain: &[Certificate]) -> Option<CertificateFault> {
    let error = seen.signature_error.as_ref()?;
    let text = match chain.first() {
        Some(leaf) if has_short_rsa_key(leaf) => {
            format!("has an RSA key of {} bits; at least 2048 are needed", leaf.key_bits.unwrap_or_default())
        }
        _ if matches!(error, Error::InvalidCertificate(CertificateError::BadSignature)) => {
            "came from a server that does not hold its key (the proof in the handshake is wrong)".to_owned()
        }
        _ => words(error),
    };
    Some(CertificateFault::Other(text))
}

/// ring takes no RSA key under 2048 bits, and says so in the words of a wrong signature.
pub(super) fn has_short_rsa_key(certificate: &Certificate) -> bool {
    certificate.key_type == "RSA" && certificate.key_bits.is_some_and(|bits| bits < 2048)
}

/// Whether `trust` would take the chain, dates aside.
pub(super) fn would_trust(trust: &Trust, chain: &[CertificateDer<'_>], now: SystemTime) -> bool {
    match trust.check(chain, now) {
        Ok(()) => true,
        Err(error) if is_of_time(&error) => check_in_its_time(trust, chain, &error).is_ok(),
        Err(_) => false,
    }
}

fn parse<'a>(chain: &'a [CertificateDer<'_>]) -> Vec<Option<X509Certificate<'a>>> {
    chain.iter().map(|der| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed)).collect()
}

fn is_of_time(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        )
    )
}

/// Checks the chain again at times when its certificates were valid. Several are tried: not every
/// sent certificate need be part of the way to a root, and not all need overlap.
fn check_in_its_time(trust: &Trust, chain: &[CertificateDer<'_>], first: &Error) -> Result<(), Error> {
    let parsed = parse(chain);
    let dates: Vec<(SystemTime, SystemTime)> = parsed
        .iter()
        .flatten()
        .map(|certificate| certificate.validity())
        .map(|validity| (certificate::time(validity.not_before), certificate::time(validity.not_after)))
        .collect();
    let Some(&(leaf_start, leaf_end)) = dates.first() else { return Err(first.clone()) };
    if leaf_end < leaf_start {
        return Err(first.clone());
    }
    let latest_start = dates.iter().map(|(start, _)| *start).max().unwrap_or(leaf_start);
    let earliest_end = dates.iter().map(|(_, end)| *end).min().unwrap_or(leaf_end);
    let mut worst = first.clone();
    for time in [latest_start, earliest_end, leaf_start, leaf_end] {
        match trust.check(chain, time.clamp(leaf_start, leaf_end)) {
            Ok(()) => return Ok(()),
            Err(error) if is_of_time(&error) => {}
            Err(error) => worst = error,
        }
    }
    Err(worst)
}

/// The fault behind a chain error that is not about dates.
fn structural(trust: &Trust, parsed: &[Option<X509Certificate<'_>>], error: &Error) -> CertificateFault {
    let leaf = parsed.first().and_then(Option::as_ref);
    if leaf.is_some_and(|leaf| certificate::self_issued(leaf) && self_signed(trust, leaf)) {
        return CertificateFault::SelfSigned;
    }
    match (leaf, error) {
        (Some(leaf), Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            untrusted(trust, leaf, &parsed[1..])
        }
        _ => CertificateFault::Other(words(error)),
    }
}

/// The rule of this file's head, for a leaf that did not sign itself.
fn untrusted(
    trust: &Trust,
    leaf: &X509Certificate<'_>,
    others: &[Option<X509Certificate<'_>>],
) -> CertificateFault {
    let mut top = leaf;
    let mut left: Vec<&X509Certificate<'_>> = others.iter().flatten().collect();
    while !certificate::self_issued(top) {
        // Each certificate is used once: a circle of issuers ends, too.
        let issuer = left.iter().position(|other| other.subject().as_raw() == top.issuer().as_raw());
        let Some(issuer) = issuer else { break };
        top = left.swap_remove(issuer);
    }
    let issuer = certificate::distinguished_name(top.issuer());
    let url = certificate::issuer_urls(leaf).into_iter().next();
    let alone = std::ptr::eq(top, leaf) && !certificate::self_issued(leaf);
    if alone && (!others.is_empty() || url.is_some() || !trust.has_root_named(leaf.issuer().as_raw())) {
        CertificateFault::MissingIntermediate { issuer, url }
    } else {
        CertificateFault::UnknownIssuer { issuer }
    }
}

/// Whether the certificate's own key made its signature. The algorithm is found by trying: each one
/// refuses keys that are not its own, and there are a dozen.
fn self_signed(trust: &Trust, certificate: &X509Certificate<'_>) -> bool {
    let key = &certificate.public_key().subject_public_key.data;
    let message = certificate.tbs_certificate.as_ref();
    let signature = &certificate.signature_value.data;
    trust.algorithms.all.iter().any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
}

/// An error in words that end "the certificate ...".
fn words(error: &Error) -> String {
    let Error::InvalidCertificate(error) = error else { return error.to_string() };
    match error {
        CertificateError::BadEncoding => "cannot be read (bad encoding)".to_owned(),
        CertificateError::BadSignature => {
            "has a chain with a signature its issuer's key did not make".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for servers (extended key usage)".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => {
            "has a critical extension nobody here knows".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed with an algorithm that is no longer accepted".to_owned()
        }
        CertificateError::Other(error) => match format!("{error:?}") {
            debug if debug.contains("CaUsedAsEndEntity") => {
                "is that of an authority, not of a server".to_owned()
            }
            debug if debug.contains("NameConstraintViolation") => {
                "has a name its authority may not vouch for (name constraints)".to_owned()
            }
            debug if debug.contains("PathLenConstraintViolated") => {
                "has a longer chain than its authority allows (path length)".to_owned()
            }
            debug => format!("is not valid ({})", certificate::escape(&debug)),
        },
        other => format!("is not valid ({})", certificate::escape(&other.to_string())),
    }
}

/// The name nearest to the wanted one: most labels alike from the right, then fewest edits.
fn nearest<'a>(names: &'a [String], wanted: &str) -> Option<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let score = |name: &&str| {
        let name = name.to_ascii_lowercase();
        let labels = name.rsplit('.').zip(wanted.rsplit('.')).take_while(|(a, b)| a == b).count();
        (std::cmp::Reverse(labels), edits(name.as_bytes(), wanted.as_bytes()))
    };
    names.iter().take(MAX_NAMES).map(String::as_str).min_by_key(score)
}

/// Levenshtein's distance, of the first 253 bytes (the longest host name).
fn edits(a: &[u8], b: &[u8]) -> usize {
    let (a, b) = (&a[..a.len().min(253)], &b[..b.len().min(253)]);
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, distance) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("www.a", "wwww.a", 1), ("abc", "abc", 0)]
        {
            assert_eq!(edits(a.as_bytes(), b.as_bytes()), distance, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name_shares_most_labels_then_letters() {
        let names: Vec<String> =
            ["other.test", "wwv.example.test", "mail.example.test", "www.example.org"].map(Into::into).into();
        assert_eq!(nearest(&names, "www.example.test"), Some("wwv.example.test"));
        assert_eq!(nearest(&names, "OTHERS.test"), Some("other.test"));
        assert_eq!(nearest(&names, "www.example.org.uk"), Some("www.example.org"));
        assert_eq!(nearest(&[], "www.example.test"), None);
    }
}
