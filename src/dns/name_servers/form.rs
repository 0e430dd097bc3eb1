//! In which form a server is asked: transport and EDNS.

use std::net::SocketAddr;

use crate::dns::cache::network::Udp;
use crate::dns::context::Shared;
use crate::trace::{Choice, Transport};

/// How a server is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) chosen: Choice,
    pub(crate) transport: Transport,
    /// Whether with EDNS.
    pub(crate) edns: bool,
}

impl Way {
    /// What is asked first of anybody.
    pub(crate) const USUAL: Self = Self { chosen: Choice::First, transport: Transport::Udp, edns: true };

    /// By what the run has learnt of the network and of the server.
    pub(crate) fn to(shared: &Shared, server: SocketAddr, chosen: Choice) -> Self {
        let (chosen, transport) = match shared.udp.get() {
            Udp::Blocked => (Choice::UdpBlocked, Transport::Tcp),
            Udp::Unknown | Udp::Works if shared.tcp_only(server) => (chosen, Transport::Tcp),
            Udp::Unknown | Udp::Works => (chosen, Transport::Udp),
        };
        Self { chosen, transport, edns: shared.edns(server) }
    }
}
