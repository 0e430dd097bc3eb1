//! The address families that a run may use.

use std::net::IpAddr;

use crate::trace::RecordType;

/// The address families a run may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// `-4`.
    Ipv4,
    /// `-6`.
    Ipv6,
}

impl Family {
    /// Whether an address is of this family.
    #[must_use]
    pub const fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }

    /// The records that hold its addresses.
    #[must_use]
    pub fn address_types(self) -> Vec<RecordType> {
        match self {
            Self::Any => vec![RecordType::A, RecordType::AAAA],
            Self::Ipv4 => vec![RecordType::A],
            Self::Ipv6 => vec![RecordType::AAAA],
        }
    }

    /// Its name and the option that chooses it, for messages; `None` for both families.
    #[must_use]
    pub const fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Any => None,
            Self::Ipv4 => Some(("IPv4", "-4")),
            Self::Ipv6 => Some(("IPv6", "-6")),
        }
    }
}
