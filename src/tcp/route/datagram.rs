//! One datagram with a TTL, to a server of QUIC, and who answers it (Linux).
//!
//! It opens nothing: a packet of a version that no server speaks, which is answered with those it does.

use std::io;
use std::net::SocketAddr;

use nix::sys::socket::MsgFlags;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::heard::{Heard, hear, icmp, prepare};
use super::outcome::{Answer, Outcome, PATIENCE};
use crate::clock::Clock;
use crate::os;
use crate::plan::TcpPlan;
use crate::trace::{At, RouteAnswer};

/// As long as an Initial has to be, or it is passed over (RFC 9000 §14.1).
const LENGTH: usize = 1200;

/// Sends one, and waits for what comes of it.
pub(super) async fn send(to: SocketAddr, ttl: u8, plan: &TcpPlan, clock: &Clock) -> Outcome {
    let (socket, sent) = match launch(to, ttl, plan, clock) {
        Ok(launched) => launched,
        Err(error) => return Outcome::Failed(os::words(&error)),
    };
    let limit = clock.instant(sent.after(PATIENCE)).into();
    let answer = socket.async_io(Interest::READABLE | Interest::ERROR, || answer(&socket, clock));
    match tokio::time::timeout_at(limit, answer).await {
        Err(_) => Outcome::Silent,
        Ok(Err(error)) => Outcome::Failed(os::words(&error)),
        Ok(Ok((heard, what))) => {
            let from = heard.told.map_or(Some(to.ip()), |(from, _)| from);
            let what = if from == Some(to.ip()) { RouteAnswer::Reached } else { what };
            Outcome::Answered(Answer { from, what, rtt: heard.at.since(sent) })
        }
    }
}

fn launch(to: SocketAddr, ttl: u8, plan: &TcpPlan, clock: &Clock) -> io::Result<(UdpSocket, At)> {
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    prepare(&socket, to, ttl, &plan.source)?;
    socket.connect(&to.into())?;
    let sent = clock.now();
    socket.send(&packet())?;
    Ok((UdpSocket::from_std(socket.into())?, sent))
}

/// What there is: ICMP, or a datagram of the address itself.
fn answer(socket: &UdpSocket, clock: &Clock) -> io::Result<(Heard, RouteAnswer)> {
    if let Some((heard, what)) = icmp(socket, clock) {
        return Ok((heard, what));
    }
    hear(socket, MsgFlags::MSG_DONTWAIT, clock).map(|heard| (heard, RouteAnswer::Reached))
}

/// A long header (RFC 9000 §17.2), of a version that is reserved to be unknown (§15), and connection ids of eight bytes.
fn packet() -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    let header = *b"\xc0\x1a\x2a\x3a\x4a\x08urltrace\x08urltrace";
    packet[..header.len()].copy_from_slice(&header);
    packet
}
