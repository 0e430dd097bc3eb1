//! The host of a URL: its spellings, and the one host that the parser refuses and browsers take.

use percent_encoding::percent_decode_str;

use crate::trace::Host;

/// The host of a parsed URL.
pub(super) fn of(parsed: &::url::Url) -> Option<Host> {
    match parsed.host()? {
        ::url::Host::Domain("") => None,
        ::url::Host::Domain(name) => Some(Host::Name(name.to_owned())),
        ::url::Host::Ipv4(address) => Some(Host::Ipv4(address)),
        ::url::Host::Ipv6(address) => Some(Host::Ipv6(address)),
    }
}

/// A host as sent, and in Unicode.
pub(super) fn spellings(host: &Host) -> (String, String) {
    let ascii = match host {
        Host::Name(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        // URL standard §3.5: pieces in hexadecimal, also those of a mapped IPv4 address.
        Host::Ipv6(address) => {
            ::url::Host::<String>::Ipv6(*address).to_string().trim_matches(['[', ']']).to_owned()
        }
    };
    let unicode = match host {
        Host::Name(name) if name.contains("xn--") => match idna::domain_to_unicode(name) {
            (unicode, Ok(())) => unicode,
            (_, Err(_)) => ascii.clone(),
        },
        _ => ascii.clone(),
    };
    (ascii, unicode)
}

/// An ASCII host with a label that begins like Punycode and is none: since June 2026 the URL standard
/// (§3.5, domain to ASCII) takes it as typed, in lower case.
pub(super) fn undecodable(typed: &str) -> Option<String> {
    let name = percent_decode_str(typed).decode_utf8().ok()?.to_ascii_lowercase();
    let forbidden = |byte: u8| byte <= b' ' || b"#/:<>?@[\\]^|%\x7f".contains(&byte) || !byte.is_ascii();
    let puny = name.split('.').any(|label| label.starts_with("xn--"));
    (puny && !name.bytes().any(forbidden) && !is_number(&name)).then_some(name)
}

/// URL standard §3.5: whether a host ends in a number, and is an IPv4 address then.
pub(super) fn is_number(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
