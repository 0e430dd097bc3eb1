//! One SYN with a TTL, and who answers it (Linux).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use super::outcome::{Answer, Outcome};
use crate::clock::Clock;
use crate::os;
use crate::plan::TcpPlan;
use crate::tcp::{bind, info};
use crate::trace::{At, RouteAnswer};

/// How long a probe waits: less than the second after which the kernel sends its SYN again (RFC 6298 §2).
const PATIENCE: Duration = Duration::from_millis(950);

/// Sends one, and waits for what comes of it. The connection, where there is one, ends without a byte.
pub(super) async fn send(to: SocketAddr, ttl: u8, plan: &TcpPlan, clock: &Clock) -> Outcome {
    let (socket, sent) = match launch(to, ttl, plan, clock) {
        Ok(launched) => launched,
        // A refusal by this machine itself may be there at once.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            let answer = Answer { from: Some(to.ip()), what: RouteAnswer::Reached, rtt: Duration::ZERO };
            return Outcome::Answered(answer);
        }
        Err(error) => return Outcome::Failed(os::words(&error)),
    };
    let limit = clock.instant(sent.after(PATIENCE)).into();
    if tokio::time::timeout_at(limit, socket.writable()).await.is_err() {
        return Outcome::Silent;
    }
    let now = clock.now();
    if let Some((from, what, at)) = icmp(&socket, clock) {
        let what = if from == Some(to.ip()) { RouteAnswer::Reached } else { what };
        return Outcome::Answered(Answer { from, what, rtt: at.since(sent) });
    }
    let reached = |rtt| Outcome::Answered(Answer { from: Some(to.ip()), what: RouteAnswer::Reached, rtt });
    let Some(error) = socket.take_error().unwrap_or_else(Some) else {
        return reached(info::read(&socket).map_or_else(|| now.since(sent), |info| info.rtt));
    };
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => reached(now.since(sent)),
        // An older kernel tells that there was ICMP, and not whose.
        io::ErrorKind::HostUnreachable => {
            Outcome::Answered(Answer { from: None, what: RouteAnswer::TimeExceeded, rtt: now.since(sent) })
        }
        _ => Outcome::Failed(os::words(&error)),
    }
}

fn launch(to: SocketAddr, ttl: u8, plan: &TcpPlan, clock: &Clock) -> io::Result<(TcpStream, At)> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    bind::bind(&socket, to, &plan.source)?;
    if to.is_ipv4() {
        socket.set_ttl_v4(ttl.into())?;
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
    } else {
        socket.set_unicast_hops_v6(ttl.into())?;
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
    }
    // Without it the time of the read is taken.
    let _ = setsockopt(&socket, sockopt::ReceiveTimestampns, &true);
    let sent = clock.now();
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if os::is_in_progress(&error) => {}
        Err(error) => return Err(error),
    }
    Ok((TcpStream::from_std(socket.into())?, sent))
}

/// The ICMP message that ended the attempt: whose, what it says, and when it came.
fn icmp(socket: &TcpStream, clock: &Clock) -> Option<(Option<IpAddr>, RouteAnswer, At)> {
    // The payload is the start of our own packet, which nobody needs.
    let mut bytes = [0; 128];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let mut control = nix::cmsg_space!([u8; 64], TimeSpec);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags).ok()?;
    let (mut told, mut at) = (None, None);
    for control in message.cmsgs().ok()? {
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
    let (from, what) = told?;
    Some((from, what, at.unwrap_or_else(|| clock.now())))
}

const fn meaning(is_time_exceeded: bool) -> RouteAnswer {
    if is_time_exceeded { RouteAnswer::TimeExceeded } else { RouteAnswer::Unreachable }
}
