//! How the certificates of a chain stand to each other, by what they say of themselves: order, doubles, roots,
//! cross-signs. Pure; which way a check took is not known here.

use super::tls::Certificate;

/// What a certificate is in the chain as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainPlace {
    /// The server's own.
    Leaf,
    /// It has issued one before it.
    Issuer,
    /// It has issued others, and they come after it (RFC 8446 §4.4.2, RFC 5246 §7.4.2).
    OutOfOrder,
    /// It names itself as its issuer: whoever trusts it has it.
    Root,
    /// It was there before.
    Duplicate,
    /// It has issued none of the others.
    Unrelated,
}

impl ChainPlace {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Issuer => "issuer",
            Self::OutOfOrder => "out-of-order",
            Self::Root => "root",
            Self::Duplicate => "duplicate",
            Self::Unrelated => "unrelated",
        }
    }
}

/// What each certificate of a chain is in it.
#[must_use]
pub fn chain_places(chain: &[Certificate]) -> Vec<ChainPlace> {
    let place = |index: usize, certificate: &Certificate| {
        let issued = |other: &Certificate| other.issuer == certificate.subject && !other.self_issued;
        match () {
            () if index == 0 => ChainPlace::Leaf,
            () if chain[..index].iter().any(|other| other.sha256 == certificate.sha256) => {
                ChainPlace::Duplicate
            }
            () if certificate.self_issued => ChainPlace::Root,
            () if !chain.iter().any(issued) => ChainPlace::Unrelated,
            () if !chain[..index].iter().any(issued) => ChainPlace::OutOfOrder,
            () => ChainPlace::Issuer,
        }
    };
    chain.iter().enumerate().map(|(index, certificate)| place(index, certificate)).collect()
}

/// The other certificates of a chain that are for the same name and key, by other issuers: its cross-signs.
#[must_use]
pub fn cross_signs(chain: &[Certificate], index: usize) -> Vec<usize> {
    let Some(own) = chain.get(index) else { return Vec::new() };
    let is_cross = |other: &Certificate| {
        (&other.subject, &other.spki_sha256) == (&own.subject, &own.spki_sha256) && other.issuer != own.issuer
    };
    let all = chain.iter().enumerate().filter(|(_, other)| is_cross(other));
    all.map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::ChainPlace::{Duplicate, Issuer, Leaf, OutOfOrder, Root, Unrelated};
    use super::*;

    fn chain(of: &[(&str, &str)]) -> Vec<Certificate> {
        let mut trace = sample::success();
        let tls = trace.connections[0].tls.ran_mut().unwrap();
        let certificate = |(subject, issuer): &(&str, &str)| Certificate {
            subject: (*subject).to_owned(),
            issuer: (*issuer).to_owned(),
            sha256: format!("{subject} by {issuer}"),
            spki_sha256: (*subject).to_owned(),
            self_issued: subject == issuer,
            ..tls.chain[0].clone()
        };
        of.iter().map(certificate).collect()
    }

    #[test]
    fn each_certificate_has_its_place() {
        for (of, expected) in [
            (&[("leaf", "I1"), ("I1", "I2"), ("I2", "root")][..], &[Leaf, Issuer, Issuer][..]),
            (&[("leaf", "I1"), ("I2", "root"), ("I1", "I2")], &[Leaf, OutOfOrder, Issuer]),
            (&[("leaf", "I1"), ("root", "root"), ("I1", "root")], &[Leaf, Root, Issuer]),
            (&[("leaf", "I1"), ("I1", "I2"), ("I1", "I2")], &[Leaf, Issuer, Duplicate]),
            // A second signature over an intermediate leads elsewhere, and is in its place.
            (&[("leaf", "I1"), ("I1", "A"), ("I1", "B"), ("A", "root")], &[Leaf, Issuer, Issuer, Issuer]),
            (&[("leaf", "I1"), ("I1", "root"), ("else", "root")], &[Leaf, Issuer, Unrelated]),
            (&[("self", "self")], &[Leaf]),
            (&[], &[]),
        ] {
            assert_eq!(chain_places(&chain(of)), expected, "{of:?}");
        }
    }

    #[test]
    fn a_cross_sign_has_the_same_name_and_key_and_another_issuer() {
        let mut chain = chain(&[("leaf", "I1"), ("I1", "A"), ("I1", "B"), ("A", "root")]);
        assert_eq!(cross_signs(&chain, 1), [2]);
        assert_eq!(cross_signs(&chain, 2), [1]);
        assert!(cross_signs(&chain, 0).is_empty() && cross_signs(&chain, 9).is_empty());
        chain[2].spki_sha256 = "another key".to_owned();
        assert!(cross_signs(&chain, 1).is_empty(), "a key of its own makes it another certificate");
        chain[2] = Certificate { sha256: "renewed".to_owned(), ..chain[1].clone() };
        assert!(cross_signs(&chain, 1).is_empty(), "by the same issuer it is a renewal");
    }
}
