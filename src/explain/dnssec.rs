//! The numbers of DNSSEC by name, as IANA's registries have them.

use std::borrow::Cow;

/// The name of a DNSSEC algorithm (IANA's registry), or its number.
#[must_use]
pub fn algorithm(number: u8) -> Cow<'static, str> {
    algorithm_name(number).map_or_else(|| format!("algorithm {number}").into(), Cow::Borrowed)
}

/// The name of a DNSSEC algorithm (IANA's registry).
#[must_use]
pub const fn algorithm_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "RSAMD5",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC-GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        _ => return None,
    })
}

/// The name of a DS digest type (IANA's registry), or its number.
#[must_use]
pub fn digest_type(number: u8) -> Cow<'static, str> {
    let name = match number {
        1 => "SHA-1",
        2 => "SHA-256",
        3 => "GOST",
        4 => "SHA-384",
        _ => return format!("digest type {number}").into(),
    };
    name.into()
}
