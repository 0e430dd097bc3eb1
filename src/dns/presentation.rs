//! Names and record data as `dig` prints them.
//!
//! Only text is made here; what the data means for the walk is decided elsewhere. The forms are
//! those of BIND 9.18 (RFC 1035 §5.1, RFC 3597 §5 for types without one, RFC 9460 §2.1 for SVCB).

use std::fmt::Write as _;

use hickory_resolver::proto::rr::rdata::SVCB;
use hickory_resolver::proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::BinEncodable;

/// How many hexadecimal digits stand together before a space, as in BIND.
const HEX_WORD: usize = 56;

/// A name with its final dot, in the case it has on the wire; bytes that are no plain characters
/// are escaped.
pub(super) fn name_text(name: &Name) -> String {
    if name.is_root() {
        return ".".to_owned();
    }
    let mut text = String::with_capacity(name.len() + 1);
    for label in name {
        for &byte in label {
            match byte {
                b'"' | b'(' | b')' | b'.' | b';' | b'\\' | b'@' | b'$' => {
                    text.push('\\');
                    text.push(char::from(byte));
                }
                0x21..=0x7e => text.push(char::from(byte)),
                _ => decimal(&mut text, byte),
            }
        }
        text.push('.');
    }
    text
}

/// Record data in zone-file form.
pub(super) fn data_text(data: &RData) -> String {
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
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            name_text(&soa.mname),
            name_text(&soa.rname),
            soa.serial,
            soa.refresh.cast_unsigned(),
            soa.retry.cast_unsigned(),
            soa.expire.cast_unsigned(),
            soa.minimum
        ),
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
        RData::SVCB(svcb) => service(svcb),
        RData::HTTPS(https) => service(&https.0),
        RData::Unknown { code, rdata } => unknown(*code, &rdata.anything),
        RData::DNSSEC(data) => super::dnssec::data_text(data)
            .unwrap_or_else(|| opaque(&RData::DNSSEC(data.clone()).to_bytes().unwrap_or_default())),
        other => opaque(&other.to_bytes().unwrap_or_default()),
    }
}

fn unknown(code: WireType, bytes: &[u8]) -> String {
    match (code, bytes) {
        (WireType::DNAME, _) => {
            use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};
            Name::read(&mut BinDecoder::new(bytes)).map_or_else(|_| opaque(bytes), |name| name_text(&name))
        }
        _ => opaque(bytes),
    }
}

/// RFC 3597 §5.
fn opaque(bytes: &[u8]) -> String {
    if bytes.is_empty() { "\\# 0".to_owned() } else { format!("\\# {} {}", bytes.len(), hex_words(bytes)) }
}

pub(super) fn hex_words(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + bytes.len() / 28);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % (HEX_WORD / 2) == 0 {
            text.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
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

fn decimal(text: &mut String, byte: u8) {
    let _ = write!(text, "\\{byte:03}");
}

fn service(svcb: &SVCB) -> String {
    let mut text = format!("{} {}", svcb.svc_priority, name_text(&svcb.target_name));
    for (key, value) in &svcb.svc_params {
        text.push(' ');
        text.push_str(&parameter_name(*key));
        match value {
            SvcParamValue::NoDefaultAlpn => {}
            SvcParamValue::Mandatory(keys) => {
                let keys: Vec<_> = keys.0.iter().map(|key| parameter_name(*key)).collect();
                let _ = write!(text, "={}", keys.join(","));
            }
            SvcParamValue::Alpn(ids) => {
                let ids: Vec<_> = ids.0.iter().map(|id| list_item(id)).collect();
                let _ = write!(text, "={}", quoted_again(&ids.join(",")));
            }
            SvcParamValue::Port(port) => {
                let _ = write!(text, "={port}");
            }
            SvcParamValue::Ipv4Hint(hint) => {
                let hint: Vec<_> = hint.0.iter().map(|address| address.0.to_string()).collect();
                let _ = write!(text, "={}", hint.join(","));
            }
            SvcParamValue::Ipv6Hint(hint) => {
                let hint: Vec<_> = hint.0.iter().map(|address| address.0.to_string()).collect();
                let _ = write!(text, "={}", hint.join(","));
            }
            SvcParamValue::EchConfigList(config) => {
                let _ = write!(text, "={}", base64(&config.0));
            }
            SvcParamValue::Unknown(bytes) if bytes.0.is_empty() => {}
            SvcParamValue::Unknown(bytes) => {
                let _ = write!(text, "={}", quoted(&bytes.0));
            }
        }
    }
    text
}

fn parameter_name(key: SvcParamKey) -> String {
    match key {
        SvcParamKey::Mandatory => "mandatory".to_owned(),
        SvcParamKey::Alpn => "alpn".to_owned(),
        SvcParamKey::NoDefaultAlpn => "no-default-alpn".to_owned(),
        SvcParamKey::Port => "port".to_owned(),
        SvcParamKey::Ipv4Hint => "ipv4hint".to_owned(),
        SvcParamKey::EchConfigList => "ech".to_owned(),
        SvcParamKey::Ipv6Hint => "ipv6hint".to_owned(),
        other => format!("key{}", u16::from(other)),
    }
}

/// RFC 9460 appendix A.1: a comma or backslash inside an item of a list is escaped for the list,
/// before the whole is escaped as a string.
fn list_item(id: &str) -> String {
    id.replace('\\', "\\\\").replace(',', "\\,")
}

fn quoted_again(list: &str) -> String {
    quoted(list.as_bytes())
}

pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index > chunk.len() {
                text.push('=');
            } else {
                let six = (group >> (18 - 6 * index)) & 0x3f;
                text.push(char::from(ALPHABET[six as usize]));
            }
        }
    }
    text
}
