//! The numbers of DNSSEC by name, as IANA's registries have them, and the words for keys that do not fit.

use std::borrow::Cow;

use crate::trace::{DsInfo, KeyInfo, KeyRole};

/// Tags of keys that a sentence names.
const MAX_TAGS: usize = 8;

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

/// The keys of a zone are signed, but by none that its DS (the `source`) is for.
#[must_use]
pub fn by_other_keys(zone: &str, source: &str, signed_by: &[u16], entries: &[&KeyInfo]) -> String {
    let list = |tags: &mut dyn Iterator<Item = u16>| {
        tags.take(MAX_TAGS).map(|tag| tag.to_string()).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{zone} DNSKEY is signed by key {} only, and its {source} speaks of key {}",
        list(&mut signed_by.iter().copied()),
        list(&mut entries.iter().map(|key| key.tag))
    )
}

/// None of a zone's keys is the one that its DS (the `source`) is for.
#[must_use]
pub fn no_key(zone: &str, source: &str, trusted: &[DsInfo], keys: &[&KeyInfo]) -> String {
    let of = |ds: &DsInfo, key: &KeyInfo| (key.tag, key.algorithm) == (ds.tag, ds.algorithm);
    let Some(ds) = trusted.iter().find(|ds| keys.iter().any(|key| of(ds, key))) else {
        let tags: Vec<String> = trusted.iter().map(|ds| ds.tag.to_string()).collect();
        return format!(
            "zone {zone} has no DNSKEY for {source} tag {} (its keys: {})",
            tags.join(", "),
            tags_of(keys)
        );
    };
    if keys.iter().any(|key| key.tag == ds.tag && key.role == KeyRole::Other) {
        return format!(
            "key {} of zone {zone} has not the flag of a zone's key (RFC 4034 section 2.1.1)",
            ds.tag
        );
    }
    format!("key {} of zone {zone} is not the one that its {source} speaks of", ds.tag)
}

/// Each tag once, with the number of the keys that have it.
fn tags_of(keys: &[&KeyInfo]) -> String {
    let mut counts: Vec<(u16, usize)> = Vec::new();
    for key in keys {
        match counts.iter_mut().find(|(tag, _)| *tag == key.tag) {
            Some((_, count)) => *count += 1,
            None => counts.push((key.tag, 1)),
        }
    }
    if counts.is_empty() {
        return "none".to_owned();
    }
    let word = |(tag, count): &(u16, usize)| match count {
        1 => tag.to_string(),
        many => format!("{many} with tag {tag}"),
    };
    let named: Vec<String> = counts.iter().take(MAX_TAGS).map(word).collect();
    let more: usize = counts.iter().skip(MAX_TAGS).map(|(_, count)| count).sum();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &more
}
