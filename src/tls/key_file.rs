//! What a file of a client's certificate or key holds: PEM (RFC 7468), DER, or PKCS#12 (RFC 7292).
//!
//! It takes files apart and opens what a password locks; whether certificate and key belong together is
//! seen in `identity`.

use data_encoding::BASE64;
use pkcs5::EncryptionScheme;
use pkcs5::der::Decode as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use x509_parser::prelude::X509Certificate;

use super::der::{children, contents};

/// What a file is.
#[derive(Debug)]
pub(super) enum Contents {
    /// Certificates, keys, or both.
    Parts(Parts),
    /// A PKCS#12 container, whole.
    Pkcs12,
}

/// What stands open in a file.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// In their order.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// The first.
    pub(super) key: Option<Key>,
}

/// A private key, as a file has it.
#[derive(Debug)]
pub(super) enum Key {
    Plain(PrivateKeyDer<'static>),
    /// An EncryptedPrivateKeyInfo (RFC 5958 §3).
    Encrypted(Vec<u8>),
    /// In OpenSSL's old form (`Proc-Type: 4,ENCRYPTED`, RFC 1421), which is not read here.
    OldForm,
}

/// Why something encrypted stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locked {
    /// The password does not open it.
    WrongPassword,
    /// It is encrypted in a way that is not read here.
    Scheme,
    /// It does not hold what it should.
    Broken,
}

/// Takes a file apart.
pub(super) fn read(bytes: &[u8]) -> Contents {
    const BEGIN: &[u8] = b"-----BEGIN ";
    if bytes.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Contents::Parts(of_pem(&String::from_utf8_lossy(bytes)));
    }
    if is_pkcs12(bytes) {
        return Contents::Pkcs12;
    }
    let mut parts = Parts::default();
    if X509Certificate::from_der(bytes).is_ok() {
        parts.certificates.push(CertificateDer::from(bytes.to_vec()));
    } else if encrypted_parts(bytes).is_some() {
        parts.key = Some(Key::Encrypted(bytes.to_vec()));
    } else if let Ok(key) = PrivateKeyDer::try_from(bytes.to_vec()) {
        parts.key = Some(Key::Plain(key));
    }
    Contents::Parts(parts)
}

/// A PFX begins with its version, which is 3 (RFC 7292 §4).
fn is_pkcs12(bytes: &[u8]) -> bool {
    children(bytes).is_some_and(|inside| {
        inside.first().is_some_and(|version| version.tag() == Tag::Integer && version.data == [3])
    })
}

fn of_pem(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("-----END ")).collect();
        let is_old = body.iter().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
        let der = BASE64.decode(body.concat().as_bytes()).ok();
        match (label, der) {
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", Some(der)) => {
                // What OpenSSL puts behind a certificate as its trust is no part of it.
                let rest = X509Certificate::from_der(&der).map_or(0, |(rest, _)| rest.len());
                parts.certificates.push(der[..der.len() - rest].to_vec().into());
            }
            _ if !label.ends_with("PRIVATE KEY") || parts.key.is_some() => {}
            _ if is_old => parts.key = Some(Key::OldForm),
            ("ENCRYPTED PRIVATE KEY", Some(der)) => parts.key = Some(Key::Encrypted(der)),
            (_, Some(der)) => parts.key = PrivateKeyDer::try_from(der).ok().map(Key::Plain),
            (_, None) => {}
        }
    }
    parts
}

/// Opens an EncryptedPrivateKeyInfo.
///
/// # Errors
/// Why it stays locked.
pub(super) fn unlock(der: &[u8], password: &str) -> Result<PrivateKeyDer<'static>, Locked> {
    let (scheme, data) = encrypted_parts(der).ok_or(Locked::Broken)?;
    let key = decrypt(scheme, data, password)?;
    // A wrong password may leave something that merely ends like a key.
    PrivateKeyDer::try_from(key).map_err(|_| Locked::WrongPassword)
}

/// The algorithm and the encrypted data of an EncryptedPrivateKeyInfo.
fn encrypted_parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, _) = Any::from_der(contents(der)?).ok()?;
    let scheme = &contents(der)?[..contents(der)?.len() - rest.len()];
    let (_, data) = Any::from_der(rest).ok()?;
    let is_scheme = scheme.first() == Some(&0x30) && data.tag() == Tag::OctetString;
    is_scheme.then_some((scheme, data.data))
}

/// Undoes password-based encryption (RFC 8018 §6.2); `scheme` is its AlgorithmIdentifier.
///
/// # Errors
/// Why it stays locked.
pub(super) fn decrypt(scheme: &[u8], data: &[u8], password: &str) -> Result<Vec<u8>, Locked> {
    let Ok(EncryptionScheme::Pbes2(parameters)) = EncryptionScheme::from_der(scheme) else {
        return Err(Locked::Scheme);
    };
    parameters.decrypt(password, data).map_err(|error| match error {
        // The padding is not what it must be; the crate calls it the one or the other.
        pkcs5::Error::DecryptFailed | pkcs5::Error::EncryptFailed => Locked::WrongPassword,
        _ => Locked::Scheme,
    })
}
