//! DER taken apart (X.690), for what no parser of ours knows: keys, PKCS#12, OCSP.

use x509_parser::asn1_rs::{Any, FromDer as _, Tag};

/// The contents of a DER SEQUENCE that is all there is.
pub(super) fn contents(der: &[u8]) -> Option<&[u8]> {
    let (_, sequence) = Any::from_der(der).ok()?;
    (sequence.tag() == Tag::Sequence).then_some(sequence.data)
}

/// The values in a DER SEQUENCE.
pub(super) fn children(der: &[u8]) -> Option<Vec<Any<'_>>> {
    values(contents(der)?)
}

/// The DER values that stand one behind the other.
pub(super) fn values(mut bytes: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (rest, value) = Any::from_der(bytes).ok()?;
        values.push(value);
        bytes = rest;
    }
    Some(values)
}
