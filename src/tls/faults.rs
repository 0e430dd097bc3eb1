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
//! - otherwise the way ends at an issuer nobody here knows: unknown issuer. Where that was not sent, it may
//!   be an intermediate or a root: nothing tells, and the words name both.
//!
//! What is wrong with certificates that lie on no way from the leaf is not told: nobody asks them.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::checkable::{Proof, broken_link, self_signed, unchecked_key};
use super::verify::{Seen, Trust};
use super::{certificate, constraints, names};
use crate::trace::{Certificate, CertificateFault, CheckLimit, NearMiss};

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
        let way = way(&parsed);
        for (index, certificate) in &way {
            let not_before = certificate::time(certificate.validity().not_before);
            let not_after = certificate::time(certificate.validity().not_after);
            if now > not_after {
                faults.push(CertificateFault::Expired { index: *index, not_after });
            } else if now < not_before {
                faults.push(CertificateFault::NotYetValid { index: *index, not_before });
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
            Err(error) => structural(trust, (&way, seen.sent), &error, &mut faults),
        }
    }
    match &seen.name_error {
        None => {}
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => {
            // Version 1 has no place for names: that it is not checked says it.
            let nameless = CheckLimit::Version(1);
            let is_nameless = |fault: &CertificateFault| matches!(fault, CertificateFault::Unchecked { index: 0, limit } if *limit == nameless);
            if !faults.iter().any(is_nameless) {
                let names = chain.first().map(|leaf| leaf.names.as_slice()).unwrap_or_default();
                faults.push(wrong_host(names, wanted));
            }
        }
        // A leaf that cannot be read fails both checks: once is enough.
        Some(error) if faults.is_empty() => faults.push(CertificateFault::Other(words(error))),
        Some(_) => {}
    }
    faults
}

fn wrong_host(names: &[String], wanted: &str) -> CertificateFault {
    let is_blank = |character: char| character.is_ascii_whitespace();
    let near_miss = |name: &&String| {
        let bare = name.trim_matches(is_blank);
        Some(match () {
            () if *name == wanted && wanted.parse::<std::net::IpAddr>().is_ok() => NearMiss::AddressAsName,
            () if bare.len() < name.len() && bare.eq_ignore_ascii_case(wanted) => NearMiss::Blank,
            () if bare.strip_suffix('.').is_some_and(|bare| bare.eq_ignore_ascii_case(wanted)) => {
                NearMiss::FinalDot
            }
            () => return None,
        })
    };
    let alike = names.iter().find_map(|name| near_miss(&name).map(|why| (name.as_str(), why)));
    CertificateFault::WrongHost {
        wanted: wanted.to_owned(),
        nearest: alike.map(|(name, _)| name).or_else(|| nearest(names, wanted)).map(ToOwned::to_owned),
        near_miss: alike.map(|(_, why)| why),
    }
}

/// The fault of a server that did not prove that it holds its certificate's key.
pub(super) fn unproven(seen: &Seen) -> Option<CertificateFault> {
    let leaf = seen.certificates.first().and_then(|der| X509Certificate::from_der(der).ok());
    match seen.proof {
        Proof::Missing | Proof::Given => None,
        Proof::Unchecked => {
            let key = leaf.and_then(|(_, leaf)| unchecked_key(leaf.public_key()));
            let limit = match (key, seen.scheme) {
                (Some(key), _) => CheckLimit::Key(key),
                (None, Some(scheme)) => CheckLimit::Signature(names::signature_scheme(scheme.into())),
                (None, None) => CheckLimit::Signature("an unknown scheme".to_owned()),
            };
            Some(CertificateFault::Unchecked { index: 0, limit })
        }
        Proof::Wrong => Some(CertificateFault::Other(
            "came from a server that does not hold its key (the proof in the handshake is wrong)".to_owned(),
        )),
        // That it cannot be read was said of the chain.
        Proof::Keyless => None,
    }
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

/// The leaf, and those certificates that issued another one of the way, by their names; with their place.
fn way<'a, 'b>(parsed: &'a [Option<X509Certificate<'b>>]) -> Vec<(usize, &'a X509Certificate<'b>)> {
    let mut way: Vec<(usize, &X509Certificate<'b>)> = Vec::new();
    way.extend(parsed.first().and_then(Option::as_ref).map(|leaf| (0, leaf)));
    let mut done = 0;
    while let Some((_, certificate)) = way.get(done).copied() {
        done += 1;
        for (index, other) in parsed.iter().enumerate() {
            let Some(other) = other else { continue };
            let is_new = way.iter().all(|(known, _)| *known != index);
            if is_new && other.subject().as_raw() == certificate.issuer().as_raw() {
                way.push((index, other));
            }
        }
    }
    way.sort_by_key(|(index, _)| *index);
    way
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

/// The faults behind a chain error that is not about dates. `way` begins with the leaf; `sent` counts all
/// certificates.
fn structural(
    trust: &Trust,
    (way, sent): (&[(usize, &X509Certificate<'_>)], usize),
    error: &Error,
    faults: &mut Vec<CertificateFault>,
) {
    let leaf = way.first().filter(|(index, _)| *index == 0).map(|(_, leaf)| *leaf);
    let before = faults.len();
    if leaf.is_some_and(|leaf| self_signed(&trust.algorithms, leaf) && !trust.is_anchor(leaf)) {
        faults.push(CertificateFault::SelfSigned);
    }
    if leaf.is_some_and(certificate::is_of_no_use_to_servers) {
        faults.push(CertificateFault::Other(
            "may not be used by a server: its key usage allows neither signatures nor key exchange"
                .to_owned(),
        ));
    }
    for (index, certificate) in way.iter().filter(|(_, certificate)| certificate.version().0 != 2) {
        let limit = CheckLimit::Version(certificate.version().0.saturating_add(1));
        faults.push(CertificateFault::Unchecked { index: *index, limit });
    }
    if faults.len() > before {
        return;
    }
    let Error::InvalidCertificate(error) = error else {
        faults.push(CertificateFault::Other(error.to_string()));
        return;
    };
    faults.push(match (leaf, error) {
        (Some(leaf), CertificateError::UnknownIssuer) => untrusted(trust, leaf, &way[1..], sent),
        (_, CertificateError::Other(inner)) => match search_limit(&format!("{inner:?}")) {
            Some(limit) => CertificateFault::Unchecked { index: 0, limit: CheckLimit::Search(limit) },
            None if format!("{inner:?}").contains("NameConstraintViolation") => {
                constraints::fault(way, &trust.roots)
                    .unwrap_or_else(|| CertificateFault::Other(critical(way, error)))
            }
            None => CertificateFault::Other(critical(way, error)),
        },
        (
            _,
            CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => broken_link(&trust.algorithms, &trust.roots, way).unwrap_or_else(|| several(way, trust, error)),
        _ => CertificateFault::Other(critical(way, error)),
    });
}

/// Every signature was made by a key of an issuer of that name, and webpki tells of another of the name by which none was:
/// an authority that has certified a further key of its own (RFC 5280 §3.2), which it counts as one more authority.
fn several(
    way: &[(usize, &X509Certificate<'_>)],
    trust: &Trust,
    error: &CertificateError,
) -> CertificateFault {
    let issuers = |name: &[u8]| {
        let sent = way.iter().skip(1).filter(|(_, other)| other.subject().as_raw() == name).count();
        sent + usize::from(trust.has_root_named(name))
    };
    let is_shared = way.iter().any(|(_, certificate)| issuers(certificate.issuer().as_raw()) > 1);
    match error {
        CertificateError::BadSignature if is_shared => {
            let limit = "issuers that share a name and have different keys, and no way to a root by each";
            CertificateFault::Unchecked { index: 0, limit: CheckLimit::Search(limit) }
        }
        error => CertificateFault::Other(certificate_words(error)),
    }
}

/// Limits of webpki's search for a way to a root: they say nothing of the certificate.
fn search_limit(name: &str) -> Option<&'static str> {
    Some(match name {
        name if name.contains("MaximumPathBuildCallsExceeded") => "more ways to a root than are tried",
        name if name.contains("MaximumPathDepthExceeded") => "a longer way to a root than is followed",
        name if name.contains("MaximumSignatureChecksExceeded") => "more signatures than are checked",
        name if name.contains("MaximumNameConstraintComparisonsExceeded") => {
            "more names and name constraints than are compared"
        }
        _ => return None,
    })
}

/// The words of an error, with the critical extension that is meant.
fn critical(way: &[(usize, &X509Certificate<'_>)], error: &CertificateError) -> String {
    /// What webpki knows: keyUsage, subjectAltName, basicConstraints, nameConstraints,
    /// cRLDistributionPoints, extKeyUsage.
    const KNOWN: [&str; 6] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.37"];
    let is_critical = match error {
        CertificateError::UnhandledCriticalExtension => true,
        CertificateError::Other(inner) => format!("{inner:?}").contains("UnsupportedCriticalExtension"),
        _ => false,
    };
    if !is_critical {
        return certificate_words(error);
    }
    let unknown = way.iter().find_map(|(index, certificate)| {
        let extensions = certificate.extensions().iter().filter(|extension| extension.critical);
        let mut oids = extensions.map(|extension| extension.oid.to_id_string());
        oids.find(|oid| !KNOWN.contains(&oid.as_str())).map(|oid| (*index, *certificate, oid))
    });
    match unknown {
        Some((0, _, oid)) => format!("has a critical extension ({oid}) that is not known here"),
        Some((_, certificate, oid)) => format!(
            "has an intermediate ({}) with a critical extension ({oid}) that is not known here",
            certificate::distinguished_name(certificate.subject())
        ),
        None => "has a critical extension that is not known here".to_owned(),
    }
}

/// The rule of this file's head, for a leaf that did not sign itself.
fn untrusted(
    trust: &Trust,
    leaf: &X509Certificate<'_>,
    others: &[(usize, &X509Certificate<'_>)],
    sent: usize,
) -> CertificateFault {
    let mut top = leaf;
    let mut left: Vec<&X509Certificate<'_>> = others.iter().map(|(_, other)| *other).collect();
    while !certificate::self_issued(top) {
        // Each certificate is used once: a circle of issuers ends, too.
        let issuer = left.iter().position(|other| other.subject().as_raw() == top.issuer().as_raw());
        let Some(issuer) = issuer else { break };
        top = left.swap_remove(issuer);
    }
    let issuer = certificate::distinguished_name(top.issuer());
    let url = certificate::issuer_urls(top).into_iter().next();
    let alone = std::ptr::eq(top, leaf) && !certificate::self_issued(leaf);
    if alone && (sent > 1 || url.is_some() || !trust.has_root_named(leaf.issuer().as_raw())) {
        CertificateFault::MissingIntermediate { issuer, url }
    } else {
        CertificateFault::UnknownIssuer { issuer }
    }
}

/// An error in words that end "the certificate ...".
fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate_words(error),
        error => error.to_string(),
    }
}

fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::BadEncoding => "cannot be read (bad encoding)".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "was not valid at one time together with its issuers".to_owned()
        }
        CertificateError::BadSignature => {
            "has a chain with a signature its issuer's key did not make".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for servers (extended key usage)".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "has a chain with a signature that cannot be checked here".to_owned()
        }
        CertificateError::Other(error) => library_words(&format!("{error:?}")).to_owned(),
        other => format!("is not valid ({})", certificate::escape(&other.to_string())),
    }
}

/// webpki's own errors come by their names only.
fn library_words(name: &str) -> &'static str {
    const WORDS: &[(&str, &str)] = &[
        ("CaUsedAsEndEntity", "is that of an authority, not of a server"),
        (
            "EndEntityUsedAsCa",
            "was issued by a certificate that is not that of an authority (basic constraints)",
        ),
        ("NameConstraintViolation", "has a name its authority may not vouch for (name constraints)"),
        ("PathLenConstraintViolated", "has a longer chain than its authority allows (path length)"),
        ("EmptyEkuExtension", "is meant for no use at all (empty extended key usage)"),
        ("SignatureAlgorithmMismatch", "names two different signature algorithms, inside and outside"),
        ("MalformedDnsIdentifier", "has a name that is no host name"),
        ("MalformedNameConstraint", "has name constraints in its chain that cannot be read"),
        ("InvalidNetworkMaskConstraint", "has name constraints in its chain that cannot be read"),
        ("MalformedExtensions", "has an extension that cannot be read"),
        ("ExtensionValueInvalid", "has an extension that cannot be read"),
        ("InvalidSerialNumber", "has no proper serial number"),
        ("UnsupportedNameType", "has name constraints of a kind that is not known here"),
    ];
    let found = WORDS.iter().find(|(known, _)| name.contains(known));
    found.map_or("was refused by the TLS library", |(_, words)| words)
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
