//! Record data in presentation format, as `dig` prints it (RFC 1035 §5.1, RFC 4034 §2.2, §3.2, §4.2, §5.3,
//! RFC 5155 §3.3, RFC 9460 §2.1; RFC 3597 §5 for types without a form of their own).
//!
//! Only text is made here; what the data means for the walk is decided elsewhere.

use std::fmt::Write as _;
use std::net::IpAddr;

use data_encoding::{BASE64, HEXUPPER};
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dns::wire::name::{decimal, name_text};
use crate::dns::wire::rfc4648::{base32hex, base64_words, hex_words};
use crate::dns::wire::svcb::{self, Service};
use crate::explain::dnssec::algorithm_name;
use crate::trace::RecordType;

/// RFC 1876.
const LOC: u16 = 29;

/// One field of RDATA, by how it is written.
#[derive(Clone, Copy, Debug)]
enum Field {
    /// Numbers of one, two and four bytes.
    U8,
    U16,
    U32,
    Domain,
    /// A string behind its length, in quotes; one or more of them; all that is left as one.
    Text,
    Texts,
    Quoted,
    /// A string behind its length, as it is.
    Word,
    /// All that is left.
    Hex,
    Base64,
    /// RFC 5155 §3.3: bytes behind their length.
    Salt,
    Hash,
    /// A type by its mnemonic, and a bitmap of such (RFC 4034 §4.1.2).
    Type,
    Types,
    /// RFC 4034 §3.2: `YYYYMMDDHHmmSS`, UTC.
    Time,
    /// RFC 4398 §2.1, §2.2.
    CertificateKind,
    Algorithm,
}

use Field::{
    Algorithm, Base64, CertificateKind, Domain, Hash, Hex, Quoted, Salt, Text, Texts, Time, Type, Types, U8,
    U16, U32, Word,
};

/// The fields of each type's RDATA.
#[rustfmt::skip]
const FORMS: &[(&[u16], &[Field])] = &[
    (&[2, 5, 12, 39], &[Domain]), // NS, CNAME, PTR, DNAME
    (&[6], &[Domain, Domain, U32, U32, U32, U32, U32]), // SOA
    (&[13], &[Text, Text]), // HINFO
    (&[15, 18, 21, 36], &[U16, Domain]), // MX, AFSDB, RT, KX
    (&[16, 99], &[Texts]), // TXT, SPF
    (&[17], &[Domain, Domain]), // RP
    (&[33], &[U16, U16, U16, Domain]), // SRV
    (&[35], &[U16, U16, Text, Text, Text, Domain]), // NAPTR
    (&[37], &[CertificateKind, U16, Algorithm, Base64]), // CERT
    (&[43, 59], &[U16, U8, U8, Hex]), // DS, CDS
    (&[44], &[U8, U8, Hex]), // SSHFP
    (&[46], &[Type, U8, U8, U32, Time, Time, U16, Domain, Base64]), // RRSIG
    (&[47], &[Domain, Types]), // NSEC
    (&[48, 60], &[U16, U8, U8, Base64]), // DNSKEY, CDNSKEY
    (&[50], &[U8, U8, U16, Salt, Hash, Types]), // NSEC3
    (&[51], &[U8, U8, U16, Salt]), // NSEC3PARAM
    (&[52, 53], &[U8, U8, U8, Hex]), // TLSA, SMIMEA
    (&[61], &[Base64]), // OPENPGPKEY
    (&[62], &[U32, U16, Types]), // CSYNC
    (&[256], &[U16, U16, Quoted]), // URI
    (&[257], &[U8, Word, Quoted]), // CAA
];

/// Record data in zone-file form.
pub(crate) fn data_text(data: &RData) -> String {
    match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        other => bytes_text(other.record_type(), &other.to_bytes().unwrap_or_default()),
    }
}

fn bytes_text(code: WireType, bytes: &[u8]) -> String {
    if matches!(code, WireType::SVCB | WireType::HTTPS) {
        return svcb_text(bytes);
    }
    let code = u16::from(code);
    let form = FORMS.iter().find(|(codes, _)| codes.contains(&code));
    let text = match form {
        Some((_, form)) => fields(form, bytes),
        None if code == LOC => location(bytes),
        None => None,
    };
    text.unwrap_or_else(|| opaque(bytes))
}

/// Data of these fields and nothing else. Nobody may compress the names in it (RFC 3597 §4).
fn fields(form: &[Field], bytes: &[u8]) -> Option<String> {
    let mut decoder = BinDecoder::new(bytes);
    let mut parts = form.iter().map(|field| field.read(&mut decoder)).collect::<Option<Vec<_>>>()?;
    parts.retain(|part| !part.is_empty());
    decoder.is_empty().then(|| parts.join(" "))
}

impl Field {
    /// `None` where the data is not of this form.
    fn read(self, decoder: &mut BinDecoder<'_>) -> Option<String> {
        // Whatever bytes there are have a form: nothing is to be verified.
        let byte = |decoder: &mut BinDecoder<'_>| Some(decoder.read_u8().ok()?.unverified());
        let short = |decoder: &mut BinDecoder<'_>| Some(decoder.read_u16().ok()?.unverified());
        let long = |decoder: &mut BinDecoder<'_>| Some(decoder.read_u32().ok()?.unverified());
        let rest = |decoder: &mut BinDecoder<'_>| {
            Some(decoder.read_slice(decoder.len()).ok()?.unverified().to_vec())
        };
        let string =
            |decoder: &mut BinDecoder<'_>| Some(decoder.read_character_data().ok()?.unverified().to_vec());
        Some(match self {
            U8 => byte(decoder)?.to_string(),
            U16 => short(decoder)?.to_string(),
            U32 => long(decoder)?.to_string(),
            Domain => name_text(&Name::read(decoder).ok()?),
            Text => quoted(&string(decoder)?),
            Texts => {
                let mut texts = vec![quoted(&string(decoder)?)];
                while !decoder.is_empty() {
                    texts.push(quoted(&string(decoder)?));
                }
                texts.join(" ")
            }
            Quoted => quoted(&rest(decoder)?),
            Word => String::from_utf8(string(decoder)?).ok()?,
            Hex => hex_words(&rest(decoder)?),
            Base64 => base64_words(&rest(decoder)?),
            Salt => match &string(decoder)?[..] {
                [] => "-".to_owned(),
                salt => HEXUPPER.encode(salt),
            },
            Hash => base32hex(&string(decoder)?),
            Type => RecordType(short(decoder)?).mnemonic().into_owned(),
            Types => bitmap(&rest(decoder)?)?,
            Time => time(long(decoder)?),
            CertificateKind => {
                let kind = short(decoder)?;
                certificate_kind(kind).map_or_else(|| kind.to_string(), str::to_owned)
            }
            Algorithm => {
                let algorithm = byte(decoder)?;
                algorithm_name(algorithm).map_or_else(|| algorithm.to_string(), str::to_owned)
            }
        })
    }
}

fn bitmap(mut blocks: &[u8]) -> Option<String> {
    let mut types = Vec::new();
    while let [window, length, rest @ ..] = blocks {
        let (bits, after) = rest.split_at_checked(usize::from(*length))?;
        for (byte, first) in bits.iter().zip((0_u16..).step_by(8)).take(32) {
            let set = (0..8).filter(|bit| byte << bit & 0x80 != 0);
            types.extend(set.map(|bit| RecordType(u16::from(*window) << 8 | (first + bit)).mnemonic()));
        }
        blocks = after;
    }
    blocks.is_empty().then(|| types.join(" "))
}

fn time(seconds: u32) -> String {
    Timestamp::from_second(i64::from(seconds)).map_or_else(
        |_| seconds.to_string(),
        |time| time.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string(),
    )
}

/// RFC 1876: a place on Earth. `None` for a version or a length that is not known.
fn location(bytes: &[u8]) -> Option<String> {
    let [0, size, horizontal, vertical, place @ ..] = bytes else { return None };
    let (words, []) = place.as_chunks::<4>() else { return None };
    let [latitude, longitude, altitude] =
        words.iter().map(|word| u32::from_be_bytes(*word)).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    // Thousandths of a second of arc from the equator or the meridian, 2^31 in the middle.
    let angle = |value: u32, limit: i64, positive: char, negative: char| {
        let offset = i64::from(value) - (1 << 31);
        let (sign, rest) = (if offset < 0 { negative } else { positive }, offset.abs());
        let (degrees, minutes, millis) = (rest / 3_600_000, rest / 60_000 % 60, rest % 60_000);
        let text = format!("{degrees} {minutes} {}.{:03} {sign}", millis / 1_000, millis % 1_000);
        (rest <= limit * 3_600_000).then_some(text)
    };
    // Centimetres above 100 km below the spheroid.
    let altitude = i64::from(altitude) - 10_000_000;
    let sign = if altitude < 0 { "-" } else { "" };
    let altitude = format!("{sign}{}.{:02}m", altitude.abs() / 100, altitude.abs() % 100);
    // A digit and a power of ten, in centimetres.
    let length = |byte: u8| {
        let (digit, power) = (u64::from(byte >> 4), u32::from(byte & 0xf));
        let text = match power {
            0 | 1 => format!("0.{:02}m", digit * 10_u64.pow(power)),
            _ => format!("{}m", digit * 10_u64.pow(power - 2)),
        };
        (digit <= 9 && power <= 9).then_some(text)
    };
    Some(format!(
        "{} {} {altitude} {} {} {}",
        angle(latitude, 90, 'N', 'S')?,
        angle(longitude, 180, 'E', 'W')?,
        length(*size)?,
        length(*horizontal)?,
        length(*vertical)?
    ))
}

/// RFC 4398 §2.1.
const fn certificate_kind(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "PKIX",
        2 => "SPKI",
        3 => "PGP",
        4 => "IPKIX",
        5 => "ISPKI",
        6 => "IPGP",
        7 => "ACPKIX",
        8 => "IACPKIX",
        253 => "URI",
        254 => "OID",
        _ => return None,
    })
}

/// RFC 3597 §5.
fn opaque(bytes: &[u8]) -> String {
    if bytes.is_empty() { "\\# 0".to_owned() } else { format!("\\# {} {}", bytes.len(), hex_words(bytes)) }
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            0x20..=0x7e => text.push(char::from(byte)),
            _ => decimal(&mut text, byte),
        }
    }
    text.push('"');
    text
}

/// RFC 9460 §2.1; what is malformed as octets.
pub(crate) fn svcb_text(rdata: &[u8]) -> String {
    let service = Service::parse(rdata);
    let parts = svcb::split(rdata).and_then(|(_, _, bytes)| svcb::params(bytes));
    let Some(params) = parts.filter(|_| service.malformed.is_none()) else { return opaque(rdata) };
    let mut text = format!("{} {}", service.priority, name_text(&service.target));
    for (key, value) in params {
        let _ = write!(text, " {}", svcb::key_text(key));
        if let Some(value) = param_text(key, value).filter(|text| !text.is_empty()) {
            let _ = write!(text, "={value}");
        }
    }
    text
}

/// The value of a SvcParam; `None` for one that is not of its key's format.
fn param_text(key: u16, value: &[u8]) -> Option<String> {
    let list = |hints: Vec<IpAddr>| hints.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(",");
    Some(match svcb::key_text(key).as_str() {
        "mandatory" => {
            let keys = value.as_chunks::<2>().0.iter().map(|key| svcb::key_text(u16::from_be_bytes(*key)));
            keys.collect::<Vec<_>>().join(",")
        }
        "alpn" => quoted(&svcb::alpn(value)?.into_iter().map(list_item).collect::<Vec<_>>().join(&b',')),
        "port" => u16::from_be_bytes(value.try_into().ok()?).to_string(),
        "ipv4hint" => list(svcb::hints::<4>(value)?),
        "ipv6hint" => list(svcb::hints::<16>(value)?),
        "ech" => BASE64.encode(value),
        _ if value.is_empty() => String::new(),
        _ => quoted(value),
    })
}

/// RFC 9460 appendix A.1: a comma or backslash inside an item of a list is escaped for the list,
/// before the whole is escaped as a string.
fn list_item(id: &[u8]) -> Vec<u8> {
    let escaped = |byte: &u8| if matches!(byte, b'\\' | b',') { vec![b'\\', *byte] } else { vec![*byte] };
    id.iter().flat_map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
    use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, NSEC3, RRSIG};
    use hickory_resolver::proto::dnssec::{Algorithm, Nsec3HashAlgorithm, PublicKeyBuf};
    use hickory_resolver::proto::rr::SerialNumber;

    use super::*;
    use crate::dns::wire::name::parse_name;

    #[test]
    fn further_types_look_as_dig_prints_them() {
        let key = [[1, 1, 3, 8].to_vec(), vec![0xff; 45]].concat();
        let uri = [&[0, 10, 0, 1][..], b"https://example.test/"].concat();
        let place =
            [0, 0x12, 0x16, 0x13, 0x89, 0x17, 0x2d, 0xd0, 0x70, 0xbe, 0x15, 0xf0, 0x00, 0x98, 0x8d, 0x20];
        for (code, bytes, text) in [
            (WireType::DNSKEY, key, format!("257 3 8 {} {}", "/".repeat(56), "/".repeat(4))),
            (WireType::Unknown(256), uri, "10 1 \"https://example.test/\"".to_owned()),
            (WireType::CERT, vec![0, 1, 48, 57, 8, 1, 2, 3], "PKIX 12345 RSASHA256 AQID".to_owned()),
            (WireType::CERT, vec![0, 99, 0, 0, 99, 1], "99 0 99 AQ==".to_owned()),
            (
                WireType::Unknown(LOC),
                place.to_vec(),
                "42 21 54.000 N 71 6 18.000 W -24.00m 1m 10000m 10m".to_owned(),
            ),
            (WireType::Unknown(LOC), vec![1, 2, 3], "\\# 3 010203".to_owned()),
            (WireType::Unknown(LOC), [vec![0, 0xff, 0, 0], vec![0xff; 12]].concat(), {
                format!("\\# 16 00FF0000{}", "F".repeat(24))
            }),
            (WireType::DNSKEY, vec![1], "\\# 1 01".to_owned()),
            (WireType::Unknown(17), b"\x01a\0\x01B\0".to_vec(), "a. B.".to_owned()),
            (WireType::OPENPGPKEY, vec![1, 2, 3], "AQID".to_owned()),
            (WireType::SMIMEA, vec![3, 1, 1, 0xab, 0xcd], "3 1 1 ABCD".to_owned()),
            (WireType::CSYNC, vec![0, 0, 0, 66, 0, 3, 0, 4, 0x60, 0, 0, 8], "66 3 A NS AAAA".to_owned()),
            (WireType::CSYNC, vec![0, 0, 0, 66, 0, 3, 0, 4, 0x60], "\\# 9 000000420003000460".to_owned()),
            (WireType::Unknown(99), b"\x02a \0".to_vec(), "\"a \" \"\"".to_owned()),
            (WireType::Unknown(99), b"\x03a ".to_vec(), "\\# 3 036120".to_owned()),
            (WireType::Unknown(17), b"\x01a\0".to_vec(), "\\# 3 016100".to_owned()),
            (WireType::Unknown(36), b"\0\x0a\x01a\0".to_vec(), "10 a.".to_owned()),
            (WireType::Unknown(18), b"\0\x0a\x01a\0\0".to_vec(), "\\# 6 000A01610000".to_owned()),
        ] {
            assert_eq!(bytes_text(code, &bytes), text, "{code}");
        }
    }

    fn name(text: &str) -> Name {
        parse_name(text).unwrap()
    }

    #[test]
    fn dnssec_records_are_shown_as_dig_shows_them() {
        let text = |data| data_text(&RData::DNSSEC(data));
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
