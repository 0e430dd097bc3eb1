//! The socket of a probe, and what the kernel hands it: ICMP about what it sent, and when that came (Linux).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use crate::clock::Clock;
use crate::plan::Source;
use crate::tcp::bind;
use crate::timestamp;
use crate::trace::{At, RouteAnswer};

/// What came.
pub(super) struct Heard {
    /// When: the kernel's stamp, or else that of the read.
    pub(super) at: At,
    /// Of ICMP: whose, and what it says.
    pub(super) told: Option<(Option<IpAddr>, RouteAnswer)>,
}

/// Where a probe leaves from, with which TTL, and that ICMP is wanted.
pub(super) fn prepare(socket: &Socket, to: SocketAddr, ttl: u8, source: &Source) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    bind::bind(socket, to, source)?;
    if to.is_ipv4() {
        socket.set_ttl_v4(ttl.into())?;
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
    } else {
        socket.set_unicast_hops_v6(ttl.into())?;
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
    }
    timestamp::stamp_arrivals(socket);
    Ok(())
}

/// The ICMP message about a probe, if there is one.
pub(super) fn icmp(socket: &impl AsRawFd, clock: &Clock) -> Option<(Heard, RouteAnswer)> {
    let heard = hear(socket, MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT, clock).ok()?;
    let (_, what) = heard.told?;
    Some((heard, what))
}

/// The next message.
pub(super) fn hear(socket: &impl AsRawFd, flags: MsgFlags, clock: &Clock) -> io::Result<Heard> {
    // The payload is the start of our own packet, or versions of QUIC, which nobody needs.
    let mut bytes = [0; 128];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let mut control = nix::cmsg_space!([u8; 64], TimeSpec);
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let (mut told, mut at) = (None, None);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::ScmTimestampns(stamp) => {
                at = SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from(stamp))
                    .map(|stamp| clock.at_wall(stamp));
            }
            ControlMessageOwned::Ipv4RecvErr(error, from) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP => {
                let from = from.map(|from| Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr)).into());
                // RFC 792: 11 is time exceeded.
                told = Some((from, meaning(error.ee_type == 11)));
            }
            ControlMessageOwned::Ipv6RecvErr(error, from) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP6 => {
                let from = from.map(|from| Ipv6Addr::from(from.sin6_addr.s6_addr).into());
                // RFC 4443 §3.3: 3 is time exceeded.
                told = Some((from, meaning(error.ee_type == 3)));
            }
            _ => {}
        }
    }
    Ok(Heard { at: at.unwrap_or_else(|| clock.now()), told })
}

const fn meaning(is_time_exceeded: bool) -> RouteAnswer {
    if is_time_exceeded { RouteAnswer::TimeExceeded } else { RouteAnswer::Unreachable }
}
