//! One SYN with a TTL, and who answers it (Linux).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use super::heard::{icmp, prepare};
use super::outcome::{Answer, Outcome, PATIENCE};
use crate::clock::Clock;
use crate::os;
use crate::plan::TcpPlan;
use crate::tcp::info;
use crate::trace::{At, RouteAnswer};

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
    if let Some((heard, what)) = icmp(&socket, clock) {
        let from = heard.told.and_then(|(from, _)| from);
        let what = if from == Some(to.ip()) { RouteAnswer::Reached } else { what };
        return Outcome::Answered(Answer { from, what, rtt: heard.at.since(sent) });
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
    prepare(&socket, to, ttl, &plan.source)?;
    let sent = clock.now();
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if os::is_in_progress(&error) => {}
        Err(error) => return Err(error),
    }
    Ok((TcpStream::from_std(socket.into())?, sent))
}
