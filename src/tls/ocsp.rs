//! What a stapled OCSP response says (RFC 6960 §4.2.1). Its signature is not checked: nothing rests on it here.

use std::time::SystemTime;

use x509_parser::asn1_rs::{Any, Class, Tag};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::der::{children, values};
use crate::trace::{CertificateStatus, Staple};

/// Reads a response for this certificate.
pub(super) fn read(response: &[u8], leaf: &[u8]) -> Staple {
    let bare = |status| Staple { status, produced_at: None, this_update: None, next_update: None };
    let Some(outer) = children(response) else { return bare(CertificateStatus::Unreadable) };
    // responseStatus ENUMERATED: 0 is successful.
    match outer.first() {
        Some(status) if status.tag() == Tag::Enumerated && status.data == [0] => {}
        Some(status) if status.tag() == Tag::Enumerated => return bare(CertificateStatus::NoAnswer),
        _ => return bare(CertificateStatus::Unreadable),
    }
    let serial =
        X509Certificate::from_der(leaf).map(|(_, leaf)| leaf.raw_serial().to_vec()).unwrap_or_default();
    basic(&outer, &serial).unwrap_or_else(|| bare(CertificateStatus::Unreadable))
}

/// A BasicOCSPResponse in the response bytes.
fn basic(outer: &[Any<'_>], serial: &[u8]) -> Option<Staple> {
    // [0] EXPLICIT SEQUENCE { responseType OID, response OCTET STRING }
    let bytes = values(outer.get(1)?.data)?.into_iter().next()?;
    let response = values(bytes.data)?.into_iter().nth(1)?;
    // SEQUENCE { tbsResponseData, algorithm, signature, certificates }
    let data = children(response.data)?.into_iter().next()?;
    let fields = values(data.data)?;
    let produced_at = fields.iter().find(|field| field.tag() == Tag::GeneralizedTime).and_then(time);
    // Behind producedAt: SEQUENCE OF SingleResponse.
    let after = fields.iter().position(|field| field.tag() == Tag::GeneralizedTime)? + 1;
    let single = values(fields.get(after)?.data)?;
    let mut about = None;
    for response in &single {
        let parts = values(response.data)?;
        // CertID ends in the serial number.
        let is_ours = values(parts.first()?.data)?.last().is_some_and(|number| number.data == serial);
        if is_ours {
            about = Some(parts);
        }
    }
    let Some(parts) = about else {
        let status = CertificateStatus::Other;
        return Some(Staple { status, produced_at, this_update: None, next_update: None });
    };
    let next = parts.iter().skip(3).find(|part| is_context(part, 0));
    Some(Staple {
        status: status(parts.get(1)?)?,
        produced_at,
        this_update: parts.get(2).and_then(time),
        next_update: next.and_then(|next| time(values(next.data)?.first()?)),
    })
}

/// CertStatus ::= CHOICE { good [0], revoked [1] { revocationTime, reason }, unknown [2] }
fn status(choice: &Any<'_>) -> Option<CertificateStatus> {
    match (is_context(choice, 0), is_context(choice, 1), is_context(choice, 2)) {
        (true, ..) => Some(CertificateStatus::Good),
        (_, true, _) => values(choice.data)?.first().and_then(time).map(CertificateStatus::Revoked),
        (.., true) => Some(CertificateStatus::Unknown),
        _ => None,
    }
}

fn is_context(value: &Any<'_>, number: u32) -> bool {
    value.class() == Class::ContextSpecific && value.tag().0 == number
}

/// GeneralizedTime, which OCSP has in seconds and UTC: `20261129093000Z`.
fn time(value: &Any<'_>) -> Option<SystemTime> {
    let digits = std::str::from_utf8(value.data).ok()?.strip_suffix('Z')?;
    if value.tag() != Tag::GeneralizedTime
        || digits.len() != 14
        || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    let part = |from: usize, to: usize| digits[from..to].parse::<i8>().ok();
    let time = jiff::civil::DateTime::new(
        digits[..4].parse().ok()?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        0,
    );
    let time = time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(time.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&noise, b"");
        }
    }

    #[test]
    fn a_responder_without_an_answer_is_told_apart_from_noise() {
        assert_eq!(read(&[0x30, 3, 0x0a, 1, 3], b"").status, CertificateStatus::NoAnswer);
        assert_eq!(read(&[7; 20], b"").status, CertificateStatus::Unreadable);
        assert_eq!(read(&[0x30, 3, 0x0a, 1, 0], b"").status, CertificateStatus::Unreadable);
    }
}
