//! Which zones registries run: the root, the top-level domains and what these set aside for registrations (`co.uk`).
//!
//! Their servers serve everybody: what they have said is kept between the runs of a repeat. Without a list of such
//! names the short second-level labels of country domains stand for it, as registries choose them; one that is
//! taken for a registry's by mistake is merely not asked again.

use hickory_resolver::proto::rr::Name;

/// The longest label below a country's domain that is taken for the registry's: `com`, `gov`, `co`, `ac`.
const SHORT: usize = 3;
/// The length of a country's label (ISO 3166-1 alpha-2).
const COUNTRY: usize = 2;

/// Whether a zone is a registry's own.
pub(crate) fn is_registry(zone: &Name) -> bool {
    let mut labels = zone.iter().rev().map(<[u8]>::len);
    match (labels.next(), labels.next(), labels.next()) {
        (_, None, _) => true,
        (Some(top), Some(second), None) => top == COUNTRY && second <= SHORT,
        _ => false,
    }
}

/// Whether the delegation to a zone stands in one of a registry.
pub(crate) fn is_told_by_registry(zone: &Name) -> bool {
    !zone.is_root() && is_registry(&zone.base_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_tell_of_registered_names() {
        for (zone, own, told) in [
            (".", true, false),
            ("test.", true, true),
            ("example.test.", false, true),
            ("www.example.test.", false, false),
            ("uk.", true, true),
            ("co.uk.", true, true),
            ("example.co.uk.", false, true),
            ("www.example.co.uk.", false, false),
            ("bbc.com.", false, true),
            ("www.bbc.com.", false, false),
            ("example.uk.", false, true),
            ("www.example.uk.", false, false),
        ] {
            let name = Name::from_ascii(zone).unwrap();
            assert_eq!((is_registry(&name), is_told_by_registry(&name)), (own, told), "{zone}");
        }
    }
}
