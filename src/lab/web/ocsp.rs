//! OCSP responses of the lab's authority, for servers that staple them (RFC 6960 §4.2.1). DER by hand.

use std::ops::Range;
use std::time::SystemTime;

use rcgen::{KeyPair, SigningKey as _};

use super::x509::{contents, fields, tagged};

/// id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// AlgorithmIdentifier of SHA-1, as a CertID names hashes by.
const SHA1: &[u8] = &[0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];

/// A response for a leaf, signed with its issuer's key, that holds for these times.
pub(crate) fn response(
    leaf: &[u8],
    issuer: &KeyPair,
    revoked: Option<SystemTime>,
    times: Range<SystemTime>,
) -> Result<Vec<u8>, rcgen::Error> {
    let outer = fields(contents(leaf));
    let tbs = outer.first().map(|tbs| fields(contents(tbs))).unwrap_or_default();
    let (serial, algorithm) =
        (tbs.get(1).cloned().unwrap_or_default(), outer.get(1).cloned().unwrap_or_default());
    // Nobody here looks at the hashes of the issuer.
    let hash = tagged(0x04, &[0; 20]);
    let id = tagged(0x30, &[SHA1, &hash, &hash, &serial].concat());
    let status = match revoked {
        None => tagged(0x80, &[]),
        Some(at) => tagged(0xa1, &time(at)),
    };
    let next = tagged(0xa0, &time(times.end));
    let single = tagged(0x30, &[id, status, time(times.start), next].concat());
    let responder = tagged(0xa2, &hash);
    let data = tagged(0x30, &[responder, time(times.start), tagged(0x30, &single)].concat());
    let signature = tagged(0x03, &[&[0][..], &issuer.sign(&data)?].concat());
    let basic = tagged(0x30, &[data, algorithm, signature].concat());
    let bytes = tagged(0x30, &[BASIC, &tagged(0x04, &basic)].concat());
    Ok(tagged(0x30, &[vec![0x0a, 1, 0], tagged(0xa0, &bytes)].concat()))
}

/// GeneralizedTime.
fn time(time: SystemTime) -> Vec<u8> {
    let text = jiff::Timestamp::try_from(time).map(|time| time.strftime("%Y%m%d%H%M%SZ").to_string());
    tagged(0x18, text.unwrap_or_default().as_bytes())
}
