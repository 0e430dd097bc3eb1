//! Certificates that no library makes: one of rcgen's taken apart, changed and signed again.
//!
//! DER by hand (X.690), for faults only. What is right is made by rcgen.

use rcgen::{KeyPair, SigningKey as _};

/// The fields of a TBSCertificate that are changed here (RFC 5280 §4.1), in version 3.
pub(crate) mod field {
    /// The version, which version 1 leaves out.
    pub(crate) const VERSION: usize = 0;
    /// The algorithm of the signature.
    pub(crate) const ALGORITHM: usize = 2;
    /// The key.
    pub(crate) const KEY: usize = 6;
    /// The extensions, which came with version 3.
    pub(crate) const EXTENSIONS: usize = 7;
}

/// The certificate with its fields changed, signed with the issuer's key.
pub(crate) fn rebuilt(
    certificate: &[u8],
    issuer: &KeyPair,
    change: impl FnOnce(&mut Vec<Vec<u8>>),
) -> Result<Vec<u8>, rcgen::Error> {
    let outer = fields(contents(certificate));
    let mut inner = outer.first().map(|tbs| fields(contents(tbs))).unwrap_or_default();
    change(&mut inner);
    let is_versioned = inner.first().is_some_and(|first| first.first() == Some(&0xa0));
    let algorithm = inner.get(field::ALGORITHM - usize::from(!is_versioned)).cloned().unwrap_or_default();
    let tbs = tagged(0x30, &inner.concat());
    let signature = tagged(0x03, &[&[0][..], &issuer.sign(&tbs)?].concat());
    Ok(tagged(0x30, &[tbs, algorithm, signature].concat()))
}

/// The same certificate as one of version 1: without extensions, so without the names of a host.
pub(crate) fn version1(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    rebuilt(certificate, issuer, |fields| {
        fields.truncate(field::EXTENSIONS);
        fields.remove(field::VERSION);
    })
}

/// The same certificate with an RSA key of 1024 bits, which nobody holds the other half of.
pub(crate) fn with_weak_key(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    // rsaEncryption (RFC 8017 appendix C); a modulus with its highest bit set, and 65537.
    let algorithm = tagged(0x30, &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
    let modulus = tagged(0x02, &[&[0][..], &[0xc5; 128]].concat());
    let key = tagged(0x30, &[&modulus[..], &[0x02, 3, 1, 0, 1]].concat());
    let whole = tagged(0x30, &[algorithm, tagged(0x03, &[&[0][..], &key].concat())].concat());
    rebuilt(certificate, issuer, |fields| fields[field::KEY] = whole)
}

/// The same certificate as one signed with SHA-1, by what it says: ecdsa-with-SHA1 (RFC 3279 §2.2.3).
pub(crate) fn with_sha1(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let algorithm = tagged(0x30, &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);
    rebuilt(certificate, issuer, |fields| fields[field::ALGORITHM] = algorithm)
}

/// A value with its tag and length.
pub(crate) fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut der = vec![tag];
    match length {
        0..0x80 => der.push(length as u8),
        0x80..0x100 => der.extend([0x81, length as u8]),
        _ => {
            der.push(0x82);
            der.extend((length as u16).to_be_bytes());
        }
    }
    der.extend_from_slice(contents);
    der
}

/// Where the contents of a value begin, and where they end.
fn extent(der: &[u8]) -> (usize, usize) {
    let byte = |at: usize| usize::from(der.get(at).copied().unwrap_or_default());
    let (start, length) = match byte(1) {
        0x81 => (3, byte(2)),
        0x82 => (4, byte(2) << 8 | byte(3)),
        short => (2, short),
    };
    (start.min(der.len()), (start + length).min(der.len()))
}

pub(crate) fn contents(der: &[u8]) -> &[u8] {
    let (start, end) = extent(der);
    &der[start..end]
}

/// The values that stand one behind the other, each whole.
pub(crate) fn fields(mut contents: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    while !contents.is_empty() {
        let (field, rest) = contents.split_at(extent(contents).1);
        fields.push(field.to_vec());
        contents = rest;
    }
    fields
}
