//! RDATA of DNSSEC records in presentation format, as `dig` prints it (RFC 4034 §2.2, §3.2, §4.2, §5.3;
//! RFC 5155 §3.3). Only text is made here.

use data_encoding::HEXUPPER;
use hickory_resolver::proto::dnssec::PublicKey;
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::rr::{RData, RecordTypeSet};
use hickory_resolver::proto::serialize::binary::BinEncodable;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dns::wire::name::name_text;
use crate::dns::wire::rfc4648::{base32hex, base64_words, hex_words};
use crate::trace::RecordType;

/// Record data in zone-file form; `None` for types without one of their own.
pub(crate) fn data_text(data: &DNSSECRData) -> Option<String> {
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
            Some(format!("{} 3 {algorithm} {}", key.flags(), base64_words(public.public_bytes())))
        }
        DNSSECRData::CDNSKEY(_) => match &encoded(data)[..] {
            [flags0, flags1, protocol, algorithm, key @ ..] => {
                let flags = u16::from_be_bytes([*flags0, *flags1]);
                Some(format!("{flags} {protocol} {algorithm} {}", base64_words(key)))
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
            base32hex(nsec3.next_hashed_owner_name()),
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
        base64_words(signature.sig())
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
    if salt.is_empty() { "-".to_owned() } else { HEXUPPER.encode(salt) }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
    use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DS, NSEC, NSEC3};
    use hickory_resolver::proto::dnssec::{Algorithm, Nsec3HashAlgorithm, PublicKeyBuf};
    use hickory_resolver::proto::rr::{RecordType as WireType, SerialNumber};

    use super::*;
    use crate::dns::wire::name::parse_name;

    fn name(text: &str) -> hickory_resolver::proto::rr::Name {
        parse_name(text).unwrap()
    }

    #[test]
    fn records_are_shown_as_dig_shows_them() {
        let text = |data| data_text(&data).unwrap();
        let ds = DS::new(20_326, Algorithm::RSASHA256, 2.into(), vec![0xCD; 32]);
        let digest = format!("{} {}", "CD".repeat(28), "CD".repeat(4));
        assert_eq!(text(DNSSECRData::DS(ds)), format!("20326 8 2 {digest}"));
        let key = |bytes| DNSKEY::with_flags(257, PublicKeyBuf::new(bytes, Algorithm::ED25519));
        assert_eq!(text(DNSSECRData::DNSKEY(key(vec![1, 2, 3, 4]))), "257 3 15 AQIDBA==");
        let long = format!("257 3 15 {} {}", "/".repeat(56), "/".repeat(4));
        assert_eq!(text(DNSSECRData::DNSKEY(key(vec![255; 45]))), long);
        let input = SigInput {
            type_covered: WireType::AAAA,
            algorithm: Algorithm::ECDSAP256SHA256,
            num_labels: 3,
            original_ttl: 300,
            sig_expiration: SerialNumber::new(1_790_000_000),
            sig_inception: SerialNumber::new(1_700_000_000),
            key_tag: 7,
            signer_name: name("example.test"),
        };
        assert_eq!(
            text(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![255, 255, 255]))),
            "AAAA 13 3 300 20260921141320 20231114221320 7 example.test. ////"
        );
        let nsec = NSEC::new_cover_self(name("b.test"), [WireType::A, WireType::from(65_280)]);
        assert_eq!(text(DNSSECRData::NSEC(nsec)), "b.test. A RRSIG NSEC TYPE65280");
        let hash = vec![0x15, 0x2d, 0xa0, 0x7a, 0x65];
        let nsec3 = |opt_out, salt| {
            NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, 5, salt, hash.clone(), [WireType::NS])
        };
        assert_eq!(text(DNSSECRData::NSEC3(nsec3(true, vec![0xAB, 1]))), "1 1 5 AB01 2KMQ0UJ5 NS");
        assert_eq!(text(DNSSECRData::NSEC3(nsec3(false, Vec::new()))), "1 0 5 - 2KMQ0UJ5 NS");
    }
}
