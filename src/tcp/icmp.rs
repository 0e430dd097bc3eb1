//! What ICMP says of a connect that failed: which message, and whose (Linux: ip(7), IP_RECVERR). The error alone is the
//! same for a firewall that forbids, for a router without a route and for a host that is not there.

use std::net::IpAddr;

use tokio::net::TcpStream;

/// That a firewall has said no.
pub(super) const FORBIDDEN: &str = "forbidden by a firewall";
/// That a neighbour does not answer by ARP or neighbour discovery: the address itself, or the next router towards it. Linux
/// says the same of both, from its own address.
pub(super) const NOBODY: &str =
    "nobody answers by ARP or neighbour discovery for that address, or for the router towards it";
/// That somebody on the way has said that it goes no further.
pub(super) const SAYS: &str = "by ICMP";

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Forbidden,
    NoRoute,
    NoHost,
    Circle,
}

/// A message, in words that end "connect to ADDRESS failed: ...".
fn words(word: Word, from: Option<IpAddr>, own: Option<IpAddr>) -> String {
    if word == Word::NoHost && from.is_some() && from == own {
        return NOBODY.to_owned();
    }
    let what = match word {
        Word::Forbidden => FORBIDDEN,
        Word::NoRoute => "no route to its network",
        Word::NoHost => "host unreachable",
        Word::Circle => "the packets go round in a circle (time exceeded)",
    };
    match from {
        Some(from) => format!("{what}, {from} says {SAYS}"),
        None => format!("{what}, {SAYS}"),
    }
}

/// Of ICMP for IPv4 (RFC 792, RFC 1812 §5.2.7.1).
const fn of_ipv4(kind: u8, code: u8) -> Option<Word> {
    match (kind, code) {
        (3, 9 | 10 | 13) => Some(Word::Forbidden),
        (3, 0 | 6 | 11) => Some(Word::NoRoute),
        (3, 1 | 7 | 12) => Some(Word::NoHost),
        (11, _) => Some(Word::Circle),
        _ => None,
    }
}

/// Of ICMPv6 (RFC 4443 §3.1).
const fn of_ipv6(kind: u8, code: u8) -> Option<Word> {
    match (kind, code) {
        (1, 1 | 5) => Some(Word::Forbidden),
        (1, 0 | 6) => Some(Word::NoRoute),
        (1, 2 | 3) => Some(Word::NoHost),
        (3, _) => Some(Word::Circle),
        _ => None,
    }
}

/// Whether the system is to keep what ICMP says of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// While a connect is under way: any such message ends it.
    Yes,
    /// On a connection it would end what TCP gets over by itself (RFC 9293 §3.9.2.2).
    No,
}

/// Has it kept, or not. Where that fails there is nothing to be heard, and nothing else changes.
#[cfg(target_os = "linux")]
pub(super) fn keep(socket: &impl std::os::fd::AsFd, to: IpAddr, keep: Keep) {
    use nix::sys::socket::{setsockopt, sockopt};
    let wanted = keep == Keep::Yes;
    let _ = match to {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &wanted),
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &wanted),
    };
}

/// What was said of a connect that failed.
#[cfg(target_os = "linux")]
pub(super) fn heard(socket: &TcpStream) -> Option<String> {
    use std::io::IoSliceMut;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::os::fd::AsRawFd as _;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
    use nix::sys::time::TimeSpec;

    // The payload is the start of our own packet.
    let mut bytes = [0; 128];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    // With the stamp that comes along.
    let mut control = nix::cmsg_space!([u8; 64], TimeSpec);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags).ok()?;
    let own = socket.local_addr().ok().map(|own| own.ip());
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, from) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP => {
            let from = from.map(|from| IpAddr::from(Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr))));
            Some(words(of_ipv4(error.ee_type, error.ee_code)?, from, own))
        }
        ControlMessageOwned::Ipv6RecvErr(error, from) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP6 => {
            let from = from.map(|from| IpAddr::from(Ipv6Addr::from(from.sin6_addr.s6_addr)));
            Some(words(of_ipv6(error.ee_type, error.ee_code)?, from, own))
        }
        _ => None,
    })
}

/// Nothing is kept here.
#[cfg(not(target_os = "linux"))]
pub(super) fn keep<S>(_: &S, _: IpAddr, _: Keep) {}

/// Nobody tells here.
#[cfg(not(target_os = "linux"))]
pub(super) fn heard(_: &TcpStream) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_by_what_it_says_and_by_whose_it_is() {
        let (own, router) = ("192.0.2.1".parse().ok(), "192.0.2.254".parse().ok());
        for (kind, code, from, expected) in [
            (3, 13, router, "forbidden by a firewall, 192.0.2.254 says by ICMP"),
            (3, 10, None, "forbidden by a firewall, by ICMP"),
            (3, 1, router, "host unreachable, 192.0.2.254 says by ICMP"),
            (3, 1, own, NOBODY),
            (3, 0, router, "no route to its network, 192.0.2.254 says by ICMP"),
            (11, 0, router, "the packets go round in a circle (time exceeded), 192.0.2.254 says by ICMP"),
        ] {
            assert_eq!(words(of_ipv4(kind, code).unwrap(), from, own), expected);
        }
        assert_eq!(of_ipv4(3, 3), None, "a refusal, as everybody calls it");
        assert_eq!(of_ipv6(1, 1), Some(Word::Forbidden));
        assert_eq!(of_ipv6(1, 3), Some(Word::NoHost));
        assert_eq!(of_ipv6(1, 4), None);
    }
}
