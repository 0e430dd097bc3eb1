//! Record data in presentation format, as `dig` prints it (RFC 1035 §5.1, RFC 3597 §5 for types without a
//! form of their own, RFC 9460 §2.1 for SVCB).
//!
//! Only text is made here; what the data means for the walk is decided elsewhere.

use std::fmt::Write as _;
use std::net::IpAddr;

use data_encoding::BASE64;
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable};

use crate::dns::wire::name::{decimal, name_text};
use crate::dns::wire::presentation_dnssec;
use crate::dns::wire::rfc4648::{base64_words, hex_words};
use crate::dns::wire::svcb::{self, Service};
use crate::trace::RecordType;

/// Types that the codec has no name for.
const RP: u16 = 17;

const AFSDB: u16 = 18;

const RT: u16 = 21;

const LOC: u16 = 29;

const KX: u16 = 36;

const SPF: u16 = 99;

const URI: u16 = 256;

/// Record data in zone-file form.
pub(crate) fn data_text(data: &RData) -> String {
    match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        RData::NS(name) => name_text(&name.0),
        RData::CNAME(name) => name_text(&name.0),
        RData::PTR(name) => name_text(&name.0),
        RData::MX(mx) => format!("{} {}", mx.preference, name_text(&mx.exchange)),
        RData::SRV(srv) => {
            format!("{} {} {} {}", srv.priority, srv.weight, srv.port, name_text(&srv.target))
        }
        RData::SOA(soa) => soa_text(soa),
        RData::TXT(txt) => strings(txt.txt_data.iter().map(AsRef::as_ref)),
        RData::HINFO(info) => strings([info.cpu.as_ref(), info.os.as_ref()]),
        RData::CAA(caa) => format!("{} {} {}", caa.flags(), caa.tag, quoted(&caa.value)),
        RData::NAPTR(naptr) => format!(
            "{} {} {} {}",
            naptr.order,
            naptr.preference,
            strings([naptr.flags.as_ref(), naptr.services.as_ref(), naptr.regexp.as_ref()]),
            name_text(&naptr.replacement)
        ),
        RData::TLSA(tlsa) => format!(
            "{} {} {} {}",
            u8::from(tlsa.cert_usage),
            u8::from(tlsa.selector),
            u8::from(tlsa.matching),
            hex_words(&tlsa.cert_data)
        ),
        RData::SSHFP(key) => format!(
            "{} {} {}",
            u8::from(key.algorithm),
            u8::from(key.fingerprint_type),
            hex_words(&key.fingerprint)
        ),
        RData::Unknown { code, rdata } => unknown(*code, &rdata.anything),
        RData::DNSSEC(data) => presentation_dnssec::data_text(data).unwrap_or_else(|| {
            let data = RData::DNSSEC(data.clone());
            unknown(data.record_type(), &data.to_bytes().unwrap_or_default())
        }),
        other => unknown(other.record_type(), &other.to_bytes().unwrap_or_default()),
    }
}

pub(crate) fn soa_text(soa: &SOA) -> String {
    format!(
        "{} {} {} {} {} {} {}",
        name_text(&soa.mname),
        name_text(&soa.rname),
        soa.serial,
        soa.refresh.cast_unsigned(),
        soa.retry.cast_unsigned(),
        soa.expire.cast_unsigned(),
        soa.minimum
    )
}

fn unknown(code: WireType, bytes: &[u8]) -> String {
    match (code, bytes) {
        (WireType::DNAME, _) => names(bytes, 1).unwrap_or_else(|| opaque(bytes)),
        (WireType::Unknown(RP), _) => names(bytes, 2).unwrap_or_else(|| opaque(bytes)),
        (WireType::Unknown(AFSDB | RT | KX), [p0, p1, name @ ..]) => match names(name, 1) {
            Some(name) => format!("{} {name}", u16::from_be_bytes([*p0, *p1])),
            None => opaque(bytes),
        },
        (WireType::DNSKEY | WireType::CDNSKEY, [flags0, flags1, protocol, algorithm, key @ ..]) => {
            let flags = u16::from_be_bytes([*flags0, *flags1]);
            format!("{flags} {protocol} {algorithm} {}", base64_words(key))
        }
        (WireType::Unknown(URI), [p0, p1, w0, w1, target @ ..]) => {
            let (priority, weight) = (u16::from_be_bytes([*p0, *p1]), u16::from_be_bytes([*w0, *w1]));
            format!("{priority} {weight} {}", quoted(target))
        }
        (WireType::CERT, [kind0, kind1, tag0, tag1, algorithm, data @ ..]) => {
            let (kind, tag) = (u16::from_be_bytes([*kind0, *kind1]), u16::from_be_bytes([*tag0, *tag1]));
            let kind = certificate_kind(kind).map_or_else(|| kind.to_string(), str::to_owned);
            let algorithm = algorithm_name(*algorithm).map_or_else(|| algorithm.to_string(), str::to_owned);
            format!("{kind} {tag} {algorithm} {}", base64_words(data))
        }
        (WireType::SVCB | WireType::HTTPS, rdata) => svcb_text(rdata),
        (WireType::OPENPGPKEY, key) => base64_words(key),
        (WireType::SMIMEA, [usage, selector, matching, data @ ..]) => {
            format!("{usage} {selector} {matching} {}", hex_words(data))
        }
        (WireType::CSYNC, [s0, s1, s2, s3, flags0, flags1, types @ ..]) => {
            let serial = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
            let flags = u16::from_be_bytes([*flags0, *flags1]);
            bitmap(types).map_or_else(|| opaque(bytes), |types| format!("{serial} {flags}{types}"))
        }
        (WireType::Unknown(SPF), _) => character_strings(bytes).unwrap_or_else(|| opaque(bytes)),
        (WireType::Unknown(LOC), _) => location(bytes).unwrap_or_else(|| opaque(bytes)),
        _ => opaque(bytes),
    }
}

/// Data of so many names and nothing else, which nobody may compress (RFC 3597 §4).
fn names(bytes: &[u8], count: usize) -> Option<String> {
    let mut decoder = BinDecoder::new(bytes);
    let names: Option<Vec<String>> =
        (0..count).map(|_| Name::read(&mut decoder).ok().map(|name| name_text(&name))).collect();
    names.filter(|_| decoder.is_empty()).map(|names| names.join(" "))
}

/// RFC 1035 §3.3: one or more strings, each behind its length.
fn character_strings(bytes: &[u8]) -> Option<String> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let [length, tail @ ..] = rest {
        let (part, after) = tail.split_at_checked(usize::from(*length))?;
        parts.push(part);
        rest = after;
    }
    (!parts.is_empty()).then(|| strings(parts))
}

/// RFC 4034 §4.1.2: the types of a bitmap, each behind a space.
fn bitmap(mut blocks: &[u8]) -> Option<String> {
    let mut text = String::new();
    while let [window, length, rest @ ..] = blocks {
        let (bits, after) = rest.split_at_checked(usize::from(*length))?;
        for (byte, first) in bits.iter().zip((0_u16..).step_by(8)).take(32) {
            for bit in (0..8).filter(|bit| byte << bit & 0x80 != 0) {
                let rtype = RecordType(u16::from(*window) << 8 | (first + bit));
                let _ = write!(text, " {}", rtype.mnemonic());
            }
        }
        blocks = after;
    }
    blocks.is_empty().then_some(text)
}

/// RFC 1876: a place on Earth. `None` for a version or a length that is not known.
fn location(bytes: &[u8]) -> Option<String> {
    let [0, size, horizontal, vertical, place @ ..] = bytes else { return None };
    let word = |at: usize| Some(u32::from_be_bytes(place.get(at..at + 4)?.try_into().ok()?));
    let (latitude, longitude, altitude) = (word(0)?, word(4)?, word(8)?);
    if place.len() != 12 {
        return None;
    }
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

/// IANA "DNS Security Algorithm Numbers".
const fn algorithm_name(algorithm: u8) -> Option<&'static str> {
    Some(match algorithm {
        1 => "RSAMD5",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "NSEC3DSA",
        7 => "NSEC3RSASHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECCGOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        _ => return None,
    })
}

/// RFC 3597 §5.
fn opaque(bytes: &[u8]) -> String {
    if bytes.is_empty() { "\\# 0".to_owned() } else { format!("\\# {} {}", bytes.len(), hex_words(bytes)) }
}

fn strings<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    parts.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
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
    use super::*;

    #[test]
    fn further_types_look_as_dig_prints_them() {
        let key = [[1, 1, 3, 8].to_vec(), vec![0xff; 45]].concat();
        let uri = [&[0, 10, 0, 1][..], b"https://example.test/"].concat();
        let place =
            [0, 0x12, 0x16, 0x13, 0x89, 0x17, 0x2d, 0xd0, 0x70, 0xbe, 0x15, 0xf0, 0x00, 0x98, 0x8d, 0x20];
        for (code, bytes, text) in [
            (WireType::DNSKEY, key, format!("257 3 8 {} {}", "/".repeat(56), "/".repeat(4))),
            (WireType::Unknown(URI), uri, "10 1 \"https://example.test/\"".to_owned()),
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
            (WireType::Unknown(RP), b"\x01a\0\x01B\0".to_vec(), "a. B.".to_owned()),
            (WireType::OPENPGPKEY, vec![1, 2, 3], "AQID".to_owned()),
            (WireType::SMIMEA, vec![3, 1, 1, 0xab, 0xcd], "3 1 1 ABCD".to_owned()),
            (WireType::CSYNC, vec![0, 0, 0, 66, 0, 3, 0, 4, 0x60, 0, 0, 8], "66 3 A NS AAAA".to_owned()),
            (WireType::CSYNC, vec![0, 0, 0, 66, 0, 3, 0, 4, 0x60], "\\# 9 000000420003000460".to_owned()),
            (WireType::Unknown(SPF), b"\x02a \0".to_vec(), "\"a \" \"\"".to_owned()),
            (WireType::Unknown(SPF), b"\x03a ".to_vec(), "\\# 3 036120".to_owned()),
            (WireType::Unknown(RP), b"\x01a\0".to_vec(), "\\# 3 016100".to_owned()),
            (WireType::Unknown(KX), b"\0\x0a\x01a\0".to_vec(), "10 a.".to_owned()),
            (WireType::Unknown(AFSDB), b"\0\x0a\x01a\0\0".to_vec(), "\\# 6 000A01610000".to_owned()),
        ] {
            assert_eq!(unknown(code, &bytes), text, "{code}");
        }
    }
}
