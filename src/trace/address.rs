//! What kind of address one is (RFC 6890): whom it can mean, seen from anywhere on the Internet.
//!
//! A table; which kinds a stage heeds is its own business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A kind of address that means nobody in particular on the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// 0.0.0.0/8, `::`.
    Unspecified,
    /// 127.0.0.0/8, `::1`.
    Loopback,
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7.
    Private,
    /// 100.64.0.0/10.
    Shared,
    /// 169.254.0.0/16, fe80::/10.
    LinkLocal,
    /// 224.0.0.0/4, ff00::/8.
    Multicast,
    /// 255.255.255.255.
    Broadcast,
    /// `::ffff:0:0/96`: an IPv4 address that stands where none may.
    Mapped,
}

impl AddressKind {
    /// The kind of an address; `None` for one that is like any other.
    #[must_use]
    pub const fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    const fn of_v4(address: Ipv4Addr) -> Option<Self> {
        Some(match address.octets() {
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] => Self::Shared,
            [169, 254, ..] => Self::LinkLocal,
            [224..=239, ..] => Self::Multicast,
            [255, 255, 255, 255] => Self::Broadcast,
            _ => return None,
        })
    }

    const fn of_v6(address: Ipv6Addr) -> Option<Self> {
        Some(match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0, 0, 0, 0, 0, 0xffff, ..] => Self::Mapped,
            [0xfc00..=0xfdff, ..] => Self::Private,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            _ => return None,
        })
    }

    /// Whether nobody but the machine that asks, or its own link, can have it: no network has a host there
    /// for others.
    #[must_use]
    pub const fn is_nobodys(self) -> bool {
        !matches!(self, Self::Private | Self::Shared)
    }

    /// What it is, to stand behind `is`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unspecified => "no host's address (unspecified)",
            Self::Loopback => "a loopback address, which means whoever asks",
            Self::Private => "a private address, which means another host in every network",
            Self::Shared => "an address behind a provider's NAT (100.64.0.0/10)",
            Self::LinkLocal => "a link-local address, which means nothing beyond one link",
            Self::Multicast => "a multicast address, and no host's",
            Self::Broadcast => "the broadcast address, and no host's",
            Self::Mapped => "an IPv4 address written as IPv6 (mapped), which no host has",
        }
    }
}

/// The name that stands for an address in the DNS, for a lookup of its own names (RFC 1035 §3.5, RFC 3596 §2.5).
#[must_use]
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|byte| [byte & 0xf, byte >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_begin_and_end_where_their_networks_do() {
        use AddressKind::{Broadcast, LinkLocal, Loopback, Mapped, Multicast, Private, Shared, Unspecified};
        for (address, kind) in [
            ("0.0.0.0", Some(Unspecified)),
            ("1.0.0.0", None),
            ("10.255.255.255", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(Shared)),
            ("100.127.255.255", Some(Shared)),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.1", Some(Loopback)),
            ("128.0.0.0", None),
            ("169.253.255.255", None),
            ("169.254.169.254", Some(LinkLocal)),
            ("172.15.255.255", None),
            ("172.16.0.0", Some(Private)),
            ("172.32.0.0", None),
            ("192.168.0.1", Some(Private)),
            ("192.169.0.0", None),
            ("223.255.255.255", None),
            ("224.0.0.0", Some(Multicast)),
            ("239.255.255.255", Some(Multicast)),
            ("240.0.0.0", None),
            ("255.255.255.255", Some(Broadcast)),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::2", None),
            ("::ffff:127.0.0.1", Some(Mapped)),
            ("64:ff9b::1", None),
            ("fbff::1", None),
            ("fd00::1", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("fec0::1", None),
            ("ff02::1", Some(Multicast)),
            ("2001:db8::1", None),
        ] {
            assert_eq!(AddressKind::of(address.parse().unwrap()), kind, "{address}");
        }
    }
}
