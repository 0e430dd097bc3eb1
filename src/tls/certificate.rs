//! What a certificate says, for the record. Nothing is verified here.
//!
//! Every text of a certificate comes from the peer: control characters are escaped at this point,
//! so that no message or report can be steered by them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::der;
use crate::trace::{Certificate, SignedTimestamp};

/// Reads one certificate. One that cannot be parsed keeps its fingerprint, and says so as subject.
pub(super) fn describe(der: &[u8], now: SystemTime) -> Certificate {
    let sha256 = HEXLOWER.encode(&Sha256::digest(der));
    let Ok((_, parsed)) = X509Certificate::from_der(der) else {
        return Certificate {
            subject: "(not a readable certificate)".to_owned(),
            issuer: String::new(),
            serial: String::new(),
            names: Vec::new(),
            not_before: SystemTime::UNIX_EPOCH,
            not_after: SystemTime::UNIX_EPOCH,
            days_left: 0,
            key_type: "unknown".to_owned(),
            key_bits: None,
            signature_algorithm: "unknown".to_owned(),
            sha256,
            spki_sha256: String::new(),
            is_ca: false,
            self_issued: false,
            issuer_urls: Vec::new(),
            scts: Vec::new(),
            must_staple: false,
        };
    };
    let (key_type, key_bits) = key(parsed.public_key());
    let scts = signed_timestamps(&parsed);
    let not_after = time(parsed.validity().not_after);
    Certificate {
        subject: distinguished_name(parsed.subject()),
        issuer: distinguished_name(parsed.issuer()),
        serial: HEXLOWER.encode(parsed.raw_serial()),
        names: alternative_names(&parsed),
        not_before: time(parsed.validity().not_before),
        not_after,
        days_left: days_between(now, not_after),
        key_type,
        key_bits,
        signature_algorithm: signature_algorithm(&parsed.signature_algorithm.algorithm.to_id_string()),
        sha256,
        spki_sha256: HEXLOWER.encode(&Sha256::digest(parsed.public_key().raw)),
        is_ca: parsed.is_ca(),
        self_issued: self_issued(&parsed),
        issuer_urls: issuer_urls(&parsed),
        scts,
        must_staple: must_staple(&parsed),
    }
}

/// Whether subject and issuer are the same, byte for byte.
pub(super) fn self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// Whether the key may be used for things, and neither for signatures nor for key exchange: a server
/// needs one of them (RFC 5280 §4.2.1.3). Runs in every handshake, so all is parsed only where a first
/// look at the bytes finds such a key usage.
pub(super) fn lacks_server_usage(der: &[u8]) -> bool {
    /// The extension's OID, and the bits digitalSignature, keyEncipherment and keyAgreement.
    const OID: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x0f];
    const BITS: u8 = 0x80 | 0x20 | 0x08;
    let suspect = der.windows(OID.len()).position(|window| window == OID).is_some_and(|at| {
        let value = &der[at + OID.len()..];
        // OCTET STRING, BIT STRING, the count of unused bits, the first byte of them.
        match value.strip_prefix(&[0x01, 0x01, 0xff]).unwrap_or(value) {
            [_, _, _, 2..=255, _, bits, ..] => bits & BITS == 0,
            _ => true,
        }
    });
    suspect && X509Certificate::from_der(der).is_ok_and(|(_, parsed)| is_of_no_use_to_servers(&parsed))
}

/// The same, of a certificate that is parsed already.
pub(super) fn is_of_no_use_to_servers(certificate: &X509Certificate<'_>) -> bool {
    let Ok(Some(usage)) = certificate.key_usage() else { return false };
    let usage = usage.value;
    !(usage.digital_signature() || usage.key_encipherment() || usage.key_agreement())
}

/// A distinguished name as one line.
pub(super) fn distinguished_name(name: &X509Name<'_>) -> String {
    let text = escape(&name.to_string());
    if text.is_empty() { "(no name)".to_owned() } else { text }
}

/// Where the issuer's certificate can be fetched (AIA caIssuers, RFC 5280 §4.2.2.1).
pub(super) fn issuer_urls(certificate: &X509Certificate<'_>) -> Vec<String> {
    const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
    let mut urls = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else { continue };
        for description in &access.accessdescs {
            if let GeneralName::URI(uri) = description.access_location
                && description.access_method.to_id_string() == CA_ISSUERS
            {
                urls.push(escape(uri));
            }
        }
    }
    urls
}

/// A certificate's time; times before 1970 or out of range become 1970.
pub(super) fn time(time: ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Whole days from `now` to `then`, rounded down: negative as soon as `then` is past.
fn days_between(now: SystemTime, then: SystemTime) -> i64 {
    const DAY: u64 = 86_400;
    let days = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    match then.duration_since(now) {
        Ok(left) => days(left.as_secs() / DAY),
        Err(past) => {
            let past = past.duration();
            let partial = past.as_secs() % DAY > 0 || past.subsec_nanos() > 0;
            -days(past.as_secs() / DAY + u64::from(partial))
        }
    }
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(escape(name)),
            GeneralName::IPAddress(octets) => Some(address(octets)),
            _ => None,
        })
        .collect()
}

fn address(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
        Ipv6Addr::from(octets).to_string()
    } else {
        format!("(address of {} bytes)", octets.len())
    }
}

/// The stamps of public logs in it (RFC 6962 §3.3).
fn signed_timestamps(certificate: &X509Certificate<'_>) -> Vec<SignedTimestamp> {
    let lists = certificate.extensions().iter().filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SCT(timestamps) => Some(timestamps),
        _ => None,
    });
    lists
        .flatten()
        .map(|stamp| SignedTimestamp {
            log_id: HEXLOWER.encode(stamp.id.key_id),
            timestamp: SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_millis(stamp.timestamp))
                .unwrap_or(SystemTime::UNIX_EPOCH),
        })
        .collect()
}

/// Whether it demands stapled OCSP responses: the TLS feature status_request, 5 (RFC 7633 §4.1).
fn must_staple(certificate: &X509Certificate<'_>) -> bool {
    const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
    let extensions = certificate.extensions().iter();
    let mut features = extensions.filter(|extension| extension.oid.to_id_string() == TLS_FEATURE);
    features.any(|extension| {
        der::children(extension.value)
            .is_some_and(|features| features.iter().any(|feature| feature.data == [5]))
    })
}

pub(super) fn key(key: &SubjectPublicKeyInfo<'_>) -> (String, Option<u32>) {
    let algorithm = key.algorithm.algorithm.to_id_string();
    match (algorithm.as_str(), key.parsed()) {
        ("1.3.101.112", _) => ("Ed25519".to_owned(), Some(256)),
        ("1.3.101.113", _) => ("Ed448".to_owned(), Some(456)),
        ("1.2.840.113549.1.1.10", _) => ("RSA-PSS".to_owned(), None),
        (_, Ok(PublicKey::RSA(rsa))) => ("RSA".to_owned(), Some(bit_length(rsa.modulus))),
        (_, Ok(PublicKey::EC(point))) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            curve_name(curve.map(|oid| oid.to_id_string()), point.key_size())
        }
        (_, Ok(PublicKey::DSA(_))) => ("DSA".to_owned(), None),
        _ => (algorithm, None),
    }
}

fn curve_name(oid: Option<String>, size: usize) -> (String, Option<u32>) {
    let (name, bits) = match oid.as_deref() {
        Some("1.2.840.10045.3.1.7") => ("P-256", Some(256)),
        Some("1.3.132.0.34") => ("P-384", Some(384)),
        Some("1.3.132.0.35") => ("P-521", Some(521)),
        Some("1.3.132.0.10") => ("secp256k1", Some(256)),
        Some(other) => (other, u32::try_from(size).ok()),
        None => ("of an unnamed curve", u32::try_from(size).ok()),
    };
    (format!("ECDSA {name}"), bits)
}

/// The length of a big-endian number in bits.
fn bit_length(number: &[u8]) -> u32 {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let bits = number[start..].len() * 8;
    let unused = number.get(start).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(bits).unwrap_or(u32::MAX).saturating_sub(unused)
}

/// Names as RFC 8017, RFC 5758 and RFC 8410 write them; others stay numbers.
pub(super) fn signature_algorithm(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    }
    .to_owned()
}

/// Control characters and the marks that turn text around, escaped; all else as it is.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                escaped.extend(character.escape_unicode());
            }
            _ if character.is_control() => escaped.extend(character.escape_default()),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::string::Ia5String;
    use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType};

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_certificate_is_read_field_by_field() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let mut params = CertificateParams::new(vec!["www.example.test".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "exa\u{1b}[31mmple");
        params.subject_alt_names.push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
        params.subject_alt_names.push(SanType::IpAddress("2001:db8::7".parse().unwrap()));
        params.subject_alt_names.push(SanType::Rfc822Name(Ia5String::try_from("a@example.test").unwrap()));
        params.not_before = (now - 10 * DAY).into();
        params.not_after = (now + 2 * DAY + DAY / 2).into();
        params.serial_number = Some(vec![0x0a, 0xbc].into());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let certificate = describe(&der, now);
        assert_eq!(certificate.names, ["www.example.test", "192.0.2.7", "2001:db8::7"]);
        assert_eq!(certificate.subject, "CN=exa\\u{1b}[31mmple");
        assert_eq!(certificate.issuer, certificate.subject);
        assert!(certificate.self_issued && !certificate.is_ca);
        assert_eq!(certificate.serial, "0abc");
        assert_eq!((certificate.key_type.as_str(), certificate.key_bits), ("ECDSA P-384", Some(384)));
        assert_eq!(certificate.signature_algorithm, "ecdsa-with-SHA384");
        assert_eq!(certificate.not_before, now - 10 * DAY);
        assert_eq!(certificate.days_left, 2);
        assert_eq!(describe(&der, now + 2 * DAY + DAY / 2).days_left, 0);
        assert_eq!(describe(&der, now + 2 * DAY + DAY / 2 + Duration::from_secs(1)).days_left, -1);
        assert_eq!(describe(&der, now + 5 * DAY + DAY / 2).days_left, -3);
        assert_eq!(certificate.sha256.len(), 64);
        assert_ne!(certificate.sha256, certificate.spki_sha256);
    }

    #[test]
    fn keys_are_named_with_their_size() {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let der = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let certificate = describe(&der, SystemTime::UNIX_EPOCH);
        assert_eq!((certificate.key_type.as_str(), certificate.key_bits), ("Ed25519", Some(256)));
        assert_eq!(bit_length(&[0, 0x80, 0]), 16);
        assert_eq!(bit_length(&[0x01, 0xff]), 9);
        assert_eq!(bit_length(&[]), 0);
    }

    #[test]
    fn garbage_keeps_its_fingerprint() {
        let certificate = describe(b"not DER", SystemTime::UNIX_EPOCH);
        assert_eq!(certificate.subject, "(not a readable certificate)");
        assert_eq!(certificate.sha256.len(), 64);
    }

    proptest! {
        #[test]
        fn arbitrary_and_damaged_certificates_never_panic(
            noise in proptest::collection::vec(any::<u8>(), 0..200),
            hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        ) {
            describe(&noise, SystemTime::UNIX_EPOCH);
            let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
            let mut der = CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec();
            for (place, value) in hits {
                let place = place.index(der.len());
                der[place] = value;
            }
            describe(&der, SystemTime::UNIX_EPOCH);
        }
    }
}
