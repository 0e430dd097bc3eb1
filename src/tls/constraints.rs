//! Name constraints (RFC 5280 §4.2.1.10): which name of a leaf an authority may not vouch for, and which constraints the
//! TLS library does not evaluate.
//!
//! webpki says "name constraint violation" of both: it refuses every certificate under a constraint on directory names,
//! whatever they are, and the same of URIs and of kinds of names that it does not know. Such a certificate may be
//! sound. Works on a chain that was refused for it; decides nothing.

use rustls::RootCertStore;
use x509_parser::extensions::{GeneralName, NameConstraints};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate;
use super::checkable::{contents, sequence};
use crate::trace::{CertificateFault, CheckLimit};

/// What is told of kinds of constraints that are not evaluated.
const UNCHECKED: &str =
    "an authority with name constraints of a kind that is not evaluated (directory names, URIs or others)";

/// The fault of a chain that webpki refused for a name constraint. `way` begins with the leaf.
pub(super) fn fault(
    way: &[(usize, &X509Certificate<'_>)],
    roots: &RootCertStore,
) -> Option<CertificateFault> {
    let (_, leaf) = way.first().filter(|(index, _)| *index == 0)?;
    let sent = way[1..].iter().filter_map(|(_, authority)| {
        let constraints = authority.name_constraints().ok()??.value;
        Some((certificate::distinguished_name(authority.subject()), constraints))
    });
    let wrapped = anchored(way, roots);
    let trusted = wrapped.iter().filter_map(|(name, der)| {
        NameConstraints::from_der(der).ok().map(|(_, constraints)| (name.clone(), constraints))
    });
    let all: Vec<(String, NameConstraints<'_>)> =
        sent.map(|(name, constraints)| (name, constraints.clone())).chain(trusted).collect();
    let names: Vec<GeneralName<'_>> = match leaf.subject_alternative_name() {
        Ok(Some(names)) => names.value.general_names.clone(),
        _ => Vec::new(),
    };
    for (authority, constraints) in &all {
        if let Some(name) = names.iter().find(|name| violates(name, constraints)) {
            let words = format!(
                "has the name {}, which its authority ({authority}) may not vouch for (name constraints)",
                written(name)
            );
            return Some(CertificateFault::Other(words));
        }
    }
    let is_unchecked = |constraints: &NameConstraints<'_>| {
        bases(constraints).any(|base| match base {
            // Every certificate has a subject.
            GeneralName::DirectoryName(_) => true,
            GeneralName::DNSName(_) | GeneralName::IPAddress(_) => false,
            base => way.iter().any(|(_, certificate)| has_like(certificate, base)),
        })
    };
    let found = all.iter().any(|(_, constraints)| is_unchecked(constraints));
    found.then_some(CertificateFault::Unchecked { index: 0, limit: CheckLimit::Search(UNCHECKED) })
}

/// The constraints of the roots that the way may end at, with their names; kept without their outer tag.
fn anchored(way: &[(usize, &X509Certificate<'_>)], roots: &RootCertStore) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for (_, certificate) in way {
        let issuer = contents(certificate.issuer().as_raw());
        for root in roots.roots.iter().filter(|root| issuer == Some(&root.subject)) {
            if let Some(constraints) = &root.name_constraints {
                let name = certificate::distinguished_name(certificate.issuer());
                found.push((name, sequence(constraints)));
            }
        }
    }
    found
}

fn bases<'a, 'b>(constraints: &'a NameConstraints<'b>) -> impl Iterator<Item = &'a GeneralName<'b>> {
    let both = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
    both.into_iter().flatten().flatten().map(|subtree| &subtree.base)
}

/// Whether a certificate has a name of the kind of a constraint.
fn has_like(certificate: &X509Certificate<'_>, base: &GeneralName<'_>) -> bool {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| std::mem::discriminant(name) == std::mem::discriminant(base))
}

/// Whether a host name or an address is outside of what may be vouched for.
fn violates(name: &GeneralName<'_>, constraints: &NameConstraints<'_>) -> bool {
    let of = |subtrees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>, side| {
        let matches = subtrees.iter().flatten().filter_map(|subtree| within(name, &subtree.base, side));
        matches.collect::<Vec<bool>>()
    };
    let permitted = of(&constraints.permitted_subtrees, Side::Permitted);
    let excluded = of(&constraints.excluded_subtrees, Side::Excluded);
    excluded.contains(&true) || !permitted.is_empty() && !permitted.contains(&true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

/// Whether a name is within a subtree; `None` for one of another kind, or of one that is not looked at.
fn within(name: &GeneralName<'_>, base: &GeneralName<'_>, side: Side) -> Option<bool> {
    match (name, base) {
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => Some(is_below(name, base, side)),
        (GeneralName::IPAddress(address), GeneralName::IPAddress(base)) => {
            let (network, mask) = base.split_at_checked(base.len() / 2)?;
            let masked = |octets: &[u8]| {
                octets.iter().zip(mask).map(|(octet, mask)| octet & mask).collect::<Vec<u8>>()
            };
            Some(address.len() == network.len() && masked(address) == masked(network))
        }
        _ => None,
    }
}

fn is_below(name: &str, base: &str, side: Side) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    let bare = base.strip_prefix('.').unwrap_or(&base);
    let below = |name: &str, parent: &str| name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    match name.strip_prefix("*.") {
        // It stands for the excluded one, too.
        Some(parent)
            if side == Side::Excluded && bare.split_once('.').is_some_and(|(_, rest)| rest == parent) =>
        {
            true
        }
        Some(parent) => bare.is_empty() || parent == bare || below(parent, bare),
        None => bare.is_empty() || name == bare && !base.starts_with('.') || below(&name, bare),
    }
}

/// A name as it is told.
fn written(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => certificate::escape(name),
        GeneralName::IPAddress(octets) => match (<[u8; 4]>::try_from(*octets), <[u8; 16]>::try_from(*octets))
        {
            (Ok(octets), _) => std::net::Ipv4Addr::from(octets).to_string(),
            (_, Ok(octets)) => std::net::Ipv6Addr::from(octets).to_string(),
            _ => "of an address".to_owned(),
        },
        _ => "of another kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_its_base_by_whole_labels() {
        for (name, base, permitted, excluded) in [
            ("example.test", "example.test", true, true),
            ("www.Example.test", "example.test", true, true),
            ("www.example.test", ".example.test", true, true),
            ("example.test", ".example.test", false, false),
            ("notexample.test", "example.test", false, false),
            ("any.test", "", true, true),
            ("*.example.test", "example.test", true, true),
            ("*.example.test", "bar.example.test", false, true),
            ("*.example.test", "other.test", false, false),
        ] {
            assert_eq!(is_below(name, base, Side::Permitted), permitted, "{name} {base}");
            assert_eq!(is_below(name, base, Side::Excluded), excluded, "{name} {base}");
        }
    }

    #[test]
    fn an_address_is_within_its_network() {
        let (base, of) = ([192, 0, 2, 0, 255, 255, 255, 0], |last| [192, 0, last, 7]);
        let inside = |address: &[u8]| {
            within(&GeneralName::IPAddress(address), &GeneralName::IPAddress(&base), Side::Permitted)
        };
        assert_eq!(
            (inside(&of(2)), inside(&of(3)), inside(&[0; 16])),
            (Some(true), Some(false), Some(false))
        );
        assert_eq!(
            within(&GeneralName::DNSName("a.test"), &GeneralName::IPAddress(&base), Side::Excluded),
            None
        );
    }
}
