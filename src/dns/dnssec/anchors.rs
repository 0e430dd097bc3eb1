//! Trust anchors (RFC 4033 §2): the root's keys as built in, or those of a text.
//!
//! IANA's two root keys (tags 20326 and 38696) come with the DNS codec. Whether a zone's keys match
//! its anchors is decided by the chain.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DS};
use hickory_resolver::proto::dnssec::{Algorithm, PublicKeyBuf, TrustAnchors};
use hickory_resolver::proto::rr::Name;

/// More anchors than anybody has.
const MAX_ANCHORS: usize = 256;

/// What is trusted without a proof.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors(Vec<Anchor>);

#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) zone: Name,
    pub(crate) trusts: Trusts,
}

/// The forms of an anchor.
#[derive(Clone, Debug)]
pub(crate) enum Trusts {
    Key(DNSKEY),
    Digest(DS),
}

impl Anchors {
    /// DS and DNSKEY records in zone-file form, as anchors of their owners.
    ///
    /// # Errors
    /// What of the text cannot be read or used.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse(text).map(Self)
    }

    /// The root's keys as IANA publishes them.
    pub(crate) fn built_in() -> Self {
        let anchors = TrustAnchors::default();
        let keys = (0..anchors.len()).filter_map(|index| anchors.get(index));
        let anchor = |key: &PublicKeyBuf| Anchor {
            zone: Name::root(),
            trusts: Trusts::Key(DNSKEY::new(true, true, false, key.clone())),
        };
        Self(keys.map(anchor).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The anchors of one zone.
    pub(crate) fn at(&self, zone: &Name) -> impl Iterator<Item = &Anchor> {
        self.0.iter().filter(move |anchor| anchor.zone == *zone)
    }
}

fn parse(text: &str) -> Result<Vec<Anchor>, String> {
    let mut anchors = Vec::new();
    let (mut record, mut began, mut depth) = (String::new(), 0, 0_usize);
    for (index, line) in text.lines().enumerate() {
        if depth == 0 {
            record.clear();
            began = index + 1;
        }
        // A record goes on over lines while a parenthesis is open (RFC 1035 §5.1).
        for character in line.split(';').next().unwrap_or_default().chars() {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                other => record.push(other),
            }
        }
        record.push(' ');
        if depth > 0 || record.trim().is_empty() || record.starts_with('$') {
            continue;
        }
        if anchors.len() == MAX_ANCHORS {
            return Err(format!("there are more than {MAX_ANCHORS}"));
        }
        anchors.push(read(&record).map_err(|reason| format!("line {began}: {reason}"))?);
    }
    if depth > 0 {
        return Err(format!("line {began}: a parenthesis is never closed"));
    }
    if anchors.is_empty() {
        return Err("there is no DS and no DNSKEY record".to_owned());
    }
    Ok(anchors)
}

/// One record: owner, maybe TTL and class, type, data.
fn read(text: &str) -> Result<Anchor, String> {
    const FORM: &str = "expected a zone, DS or DNSKEY, and its data";
    let mut fields = text.split_whitespace();
    let owner = fields.next().ok_or(FORM)?;
    let is_extra =
        |field: &&str| field.eq_ignore_ascii_case("IN") || field.bytes().all(|byte| byte.is_ascii_digit());
    let rtype = fields.find(|field| !is_extra(field)).ok_or(FORM)?.to_ascii_uppercase();
    if rtype != "DS" && rtype != "DNSKEY" {
        return Err(format!("`{}` is not an anchor: {FORM}", rtype.escape_debug()));
    }
    let data: Vec<&str> = fields.collect();
    let ([first, second, third], parts) = data.split_first_chunk::<3>().ok_or(FORM)?;
    let zone = crate::dns::wire::name::parse_name(owner)?;
    // The parts of the key or digest may stand apart.
    let rest = parts.concat();
    if rest.is_empty() {
        return Err(FORM.to_owned());
    }
    let trusts = if rtype == "DS" {
        let digest = HEXLOWER_PERMISSIVE
            .decode(rest.as_bytes())
            .map_err(|_| "the digest is not hexadecimal, two digits a byte")?;
        let (algorithm, digest_type) = (number::<u8>(second)?, number::<u8>(third)?);
        Trusts::Digest(DS::new(number(first)?, Algorithm::from_u8(algorithm), digest_type.into(), digest))
    } else {
        let (flags, protocol) = (number(first)?, number::<u8>(second)?);
        if protocol != 3 {
            return Err(format!("the protocol of a DNSKEY is 3, not {protocol} (RFC 4034 section 2.1.2)"));
        }
        let key = BASE64.decode(rest.as_bytes()).map_err(|_| "the key is not base64")?;
        let key = DNSKEY::with_flags(flags, PublicKeyBuf::new(key, Algorithm::from_u8(number(third)?)));
        if key.revoke() {
            return Err("the key is revoked (RFC 5011): it is no longer an anchor".to_owned());
        }
        Trusts::Key(key)
    };
    Ok(Anchor { zone, trusts })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{}` is not a number that fits here", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As published by IANA.
    const DS_20326: &str =
        ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
    const DS_38696: &str = ".\t86400 IN DS 38696 8 2 ( 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4\n C0FB2B16 ) ; 2024";

    #[test]
    fn the_built_in_keys_are_those_that_iana_digests() {
        let built_in = Anchors::built_in();
        let published = Anchors::parse(&format!("; comment\n\n{DS_20326}\n{DS_38696}\n")).unwrap();
        assert_eq!(built_in.at(&Name::root()).count(), 2);
        for (key, digest) in built_in.0.iter().zip(&published.0) {
            let (Trusts::Key(key), Trusts::Digest(ds)) = (&key.trusts, &digest.trusts) else { panic!() };
            assert_eq!(key.calculate_key_tag().unwrap(), ds.key_tag());
            assert!(ds.covers(&Name::root(), key).unwrap());
        }
    }

    #[test]
    fn a_key_can_be_an_anchor_too() {
        let key = "example.test. 3600 IN DNSKEY 257 3 13 m0YDL7YHCgqY5BPOy+UaYc6cqvGYlXA7rTnJPNzH Hy7fK65XVWKLyhVpnK0zsw0XSCz4DiGgVKPjHDCFmtnjqQ==";
        let anchors = Anchors::parse(key).unwrap();
        let zone = crate::dns::wire::name::parse_name("Example.test").unwrap();
        assert_eq!((anchors.at(&zone).count(), anchors.at(&Name::root()).count()), (1, 0));
    }

    #[test]
    fn what_is_no_anchor_is_told_with_its_line() {
        for (text, says) in [
            ("", "there is no DS and no DNSKEY record"),
            ("; nothing\n", "there is no DS and no DNSKEY record"),
            ("\n. IN A 192.0.2.1\n", "line 2: `A` is not an anchor"),
            (". DS 1", "line 1: expected a zone, DS or DNSKEY, and its data"),
            (". DS 1 8 2 XYZ0", "line 1: the digest is not hexadecimal"),
            (". DS 1 8 2 ABC", "line 1: the digest is not hexadecimal, two digits a byte"),
            (". DS many 8 2 AB", "line 1: `many` is not a number"),
            (". DS 70000 8 2 AB", "line 1: `70000` is not a number that fits"),
            (". DNSKEY 257 3 13 ***", "line 1: the key is not base64"),
            (". DNSKEY 257 2 13 AAAA", "line 1: the protocol of a DNSKEY is 3, not 2"),
            (". DNSKEY 385 3 13 AAAA", "line 1: the key is revoked"),
            (". DS ( 1 8 2 AB", "line 1: a parenthesis is never closed"),
            ("a..b DS 1 8 2 AB", "line 1: a..b has an empty label"),
            ("ünder. DS 1 8 2 AB", "line 1:"),
        ] {
            let error = Anchors::parse(text).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
