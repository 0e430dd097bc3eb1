//! The records of DNSSEC as `dig` prints them (RFC 4034 §2.2, §3.2, §4.2, §5.3; RFC 5155 §3.3).
//!
//! Only text is made here.

use hickory_resolver::proto::dnssec::PublicKey;
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::rr::RecordTypeSet;
use hickory_resolver::proto::serialize::binary::BinEncodable;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dns::presentation::{base64, hex_words, name_text};
use crate::trace::RecordType;

/// Record data in zone-file form; `None` for types without one of their own.
pub(in crate::dns) fn data_text(data: &DNSSECRData) -> Option<String> {
    match data {
        DNSSECRData::DS(_) | DNSSECRData::CDS(_) => match &encoded(data)[..] {
            [tag0, tag1, algorithm, digest_type, digest @ ..] => {
                let tag = u16::from_be_bytes([*tag0, *tag1]);
                Some(format!("{tag} {algorithm} {digest_type} {}", hex_words(digest)))
            }
            _ => None,
        },
        DNSSECRData::DNSKEY(key) => {
            let public = key.public_key();
            let algorithm = u8::from(public.algorithm());
            Some(format!("{} 3 {algorithm} {}", key.flags(), base64(public.public_bytes())))
        }
        DNSSECRData::CDNSKEY(_) => match &encoded(data)[..] {
            [flags0, flags1, protocol, algorithm, key @ ..] => {
                let flags = u16::from_be_bytes([*flags0, *flags1]);
                Some(format!("{flags} {protocol} {algorithm} {}", base64(key)))
            }
            _ => None,
        },
        DNSSECRData::RRSIG(signature) => Some(signature_text(signature)),
        DNSSECRData::NSEC(nsec) => {
            Some(format!("{}{}", name_text(nsec.next_domain_name()), types(nsec.type_set())))
        }
        DNSSECRData::NSEC3(nsec3) => Some(format!(
            "1 {} {} {} {}{}",
            u8::from(nsec3.opt_out()),
            nsec3.iterations(),
            salt(nsec3.salt()),
            base32(nsec3.next_hashed_owner_name()),
            types(nsec3.type_set())
        )),
        DNSSECRData::NSEC3PARAM(parameters) => Some(format!(
            "1 {} {} {}",
            u8::from(parameters.opt_out()),
            parameters.iterations(),
            salt(parameters.salt())
        )),
        _ => None,
    }
}

fn encoded(data: &DNSSECRData) -> Vec<u8> {
    use hickory_resolver::proto::rr::RData;
    RData::DNSSEC(data.clone()).to_bytes().unwrap_or_default()
}

fn signature_text(signature: &RRSIG) -> String {
    let input = signature.input();
    format!(
        "{} {} {} {} {} {} {} {} {}",
        RecordType(u16::from(input.type_covered)).mnemonic(),
        u8::from(input.algorithm),
        input.num_labels,
        input.original_ttl,
        date(input.sig_expiration.get()),
        date(input.sig_inception.get()),
        input.key_tag,
        name_text(&input.signer_name),
        base64(signature.sig())
    )
}

/// `YYYYMMDDHHmmSS`, UTC.
fn date(seconds: u32) -> String {
    Timestamp::from_second(i64::from(seconds)).map_or_else(
        |_| seconds.to_string(),
        |time| time.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string(),
    )
}

fn types(set: &RecordTypeSet) -> String {
    set.iter().map(|rtype| format!(" {}", RecordType(u16::from(rtype)).mnemonic())).collect()
}

fn salt(salt: &[u8]) -> String {
    if salt.is_empty() { "-".to_owned() } else { hex_words(salt).replace(' ', "") }
}

/// RFC 4648 §7, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}
