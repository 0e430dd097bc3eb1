//! Which zones registries run: the root, the top-level domains and what these set aside for registrations (`co.uk`).
//!
//! Their servers serve everybody: what they have said is kept between the runs of a repeat. Which names these are is
//! said by the Public Suffix List, in its section of registries.

use hickory_resolver::proto::rr::Name;

use crate::suffix;

/// Whether a zone is a registry's own.
pub(crate) fn is_registry(zone: &Name) -> bool {
    suffix::is_registry(&zone.to_ascii())
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
            ("bbc.uk.", false, true),
            ("ibm.de.", false, true),
            ("www.ibm.de.", false, false),
            ("github.io.", false, true),
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
