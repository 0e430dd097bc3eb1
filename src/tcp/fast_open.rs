//! TCP Fast Open (RFC 7413), by the kernel: TCP_FASTOPEN_CONNECT (tcp(7)). With a cookie of the server connect() returns
//! at once, and the SYN leaves with the first data; without one it asks for a cookie and connects as usual.

use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::{bind, info};
use crate::plan::{FastOpenUse, TcpPlan};
use crate::trace::{FastOpen, FastOpenRefusal, FastOpenStart};

/// Sets it on a socket that is to be connected. `None` where it is not wanted; that the connect was put off shows when
/// it returns.
pub(super) fn prepare(socket: &Socket, plan: &TcpPlan) -> Option<FastOpenStart> {
    match plan.fast_open {
        FastOpenUse::Never => None,
        FastOpenUse::Ask if switch_on(socket) => Some(FastOpenStart::Asked),
        FastOpenUse::Ask => Some(FastOpenStart::Forbidden),
    }
}

#[cfg(target_os = "linux")]
fn switch_on(socket: &Socket) -> bool {
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::TcpFastOpenConnect, &true).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn switch_on(_: &Socket) -> bool {
    false
}

/// What became of the data in the SYN of a connection, when it has been used.
pub(super) fn settle(fast_open: &mut FastOpen, told: Option<info::FastOpenInfo>) {
    let Some(told) = told.filter(|_| fast_open.start == FastOpenStart::Deferred) else { return };
    fast_open.answered = Some(told.established);
    if !told.established {
        return;
    }
    fast_open.data_accepted = Some(told.data_acknowledged);
    // `tcpi_fastopen_client_fail` (linux/tcp.h): TFO_DATA_NOT_ACKED, TFO_SYN_RETRANSMITTED.
    fast_open.refusal = (!told.data_acknowledged).then_some(match told.failure {
        2 => FastOpenRefusal::NotAcknowledged,
        3 => FastOpenRefusal::SynRetransmitted,
        _ => FastOpenRefusal::Unsaid,
    });
}

/// Whether the kernel has a cookie of a server now. Where it has, connect() is put off, and nothing is sent; where it
/// has none, a SYN leaves that asks once more, and its connection is given up.
#[must_use]
pub fn has_cookie(address: SocketAddr, plan: &TcpPlan) -> Option<bool> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).ok()?;
    socket.set_nonblocking(true).ok()?;
    bind::bind(&socket, address, &plan.source).ok()?;
    switch_on(&socket).then(|| socket.connect(&address.into()).is_ok())
}
