//! PKCS#12 containers (RFC 7292), as far as they are encrypted by PBES2: what OpenSSL 3, Java and Windows write today.
//!
//! The older ones (RC2 and triple DES by a derivation of their own) are told as such. The container's own
//! checksum is not checked: that its key fits its certificate is.

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::asn1_rs::Any;

use super::der::{children, contents, values};
use super::key_file::{Locked, decrypt, unlock};

/// What a container holds.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// The first.
    pub(super) key: Option<PrivateKeyDer<'static>>,
}

/// The contents of the OIDs that are met (RFC 7292 §4, RFC 5652 §4 and §8).
mod oid {
    /// pkcs7-data.
    pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    /// pkcs7-encryptedData.
    pub(super) const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
    /// pkcs-12-keyBag.
    pub(super) const KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01];
    /// pkcs-12-pkcs-8ShroudedKeyBag.
    pub(super) const SHROUDED_KEY: &[u8] =
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02];
    /// pkcs-12-certBag.
    pub(super) const CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x03];
}

/// Opens a container.
///
/// # Errors
/// Why it stays closed.
pub(super) fn open(der: &[u8], password: &str) -> Result<Opened, Locked> {
    // PFX ::= SEQUENCE { version, authSafe ContentInfo, macData }
    let pfx = children(der).ok_or(Locked::Broken)?;
    let (kind, content) = pfx.get(1).and_then(content_info).ok_or(Locked::Broken)?;
    if kind != oid::DATA {
        return Err(Locked::Scheme);
    }
    let safe = children(content.data).ok_or(Locked::Broken)?;
    let mut opened = Opened::default();
    for part in &safe {
        let (kind, content) = content_info(part).ok_or(Locked::Broken)?;
        if kind == oid::DATA {
            bags(content.data, password, &mut opened)?;
        } else if kind == oid::ENCRYPTED {
            bags(&encrypted(&content, password)?, password, &mut opened)?;
        } else {
            return Err(Locked::Scheme);
        }
    }
    Ok(opened)
}

/// ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT }: the type, and what is in the content.
fn content_info<'a>(info: &Any<'a>) -> Option<(&'a [u8], Any<'a>)> {
    let inside = values(info.data)?;
    let [kind, content, ..] = inside.as_slice() else { return None };
    Some((kind.data, values(content.data)?.into_iter().next()?))
}

/// EncryptedData ::= SEQUENCE { version, SEQUENCE { contentType, algorithm, [0] IMPLICIT OCTET STRING } }.
fn encrypted(content: &Any<'_>, password: &str) -> Result<Vec<u8>, Locked> {
    let parts = values(content.data).ok_or(Locked::Broken)?;
    let info = parts.get(1).ok_or(Locked::Broken)?;
    // The algorithm is needed whole, tag and length included.
    let (rest, _) = split(info.data).ok_or(Locked::Broken)?;
    let (data, scheme) = split(rest).ok_or(Locked::Broken)?;
    let data = values(data).and_then(|data| data.first().map(|data| data.data)).ok_or(Locked::Broken)?;
    let plain = decrypt(scheme, data, password)?;
    // The padding may be right by chance.
    if contents(&plain).is_none() { Err(Locked::WrongPassword) } else { Ok(plain) }
}

/// What follows the first DER value, and that value, whole.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    use x509_parser::asn1_rs::FromDer as _;
    let (rest, _) = Any::from_der(bytes).ok()?;
    Some((rest, &bytes[..bytes.len() - rest.len()]))
}

/// SafeContents ::= SEQUENCE OF SEQUENCE { bagId OID, bagValue [0] EXPLICIT, attributes }.
fn bags(safe: &[u8], password: &str, opened: &mut Opened) -> Result<(), Locked> {
    for bag in children(safe).ok_or(Locked::Broken)? {
        let inside = values(bag.data).ok_or(Locked::Broken)?;
        let [kind, value, ..] = inside.as_slice() else { return Err(Locked::Broken) };
        let value = value.data;
        if kind.data == oid::CERTIFICATE {
            // CertBag ::= SEQUENCE { certId OID, certValue [0] EXPLICIT OCTET STRING }
            let parts = children(value).ok_or(Locked::Broken)?;
            let octets = parts.get(1).and_then(|octets| values(octets.data)).ok_or(Locked::Broken)?;
            let der = octets.first().ok_or(Locked::Broken)?;
            opened.certificates.push(CertificateDer::from(der.data.to_vec()));
        } else if opened.key.is_some() {
            // One is enough.
        } else if kind.data == oid::SHROUDED_KEY {
            opened.key = Some(unlock(value, password)?);
        } else if kind.data == oid::KEY {
            opened.key = PrivateKeyDer::try_from(value.to_vec()).ok();
        }
    }
    Ok(())
}
