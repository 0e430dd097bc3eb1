//! In which form a server is asked: transport and EDNS (RFC 6891), by what the caches know of it.

use std::net::SocketAddr;

use crate::dns::cache::network::Udp;
use crate::dns::context::Context;
use crate::dns::transport::ask::Ask;
use crate::trace::{Choice, Edns, Transport};

/// How a server is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryForm {
    pub(crate) chosen: Choice,
    pub(crate) transport: Transport,
    pub(crate) edns: Edns,
}

impl QueryForm {
    /// What is asked first of anybody.
    pub(crate) const USUAL: Self =
        Self { chosen: Choice::First, transport: Transport::Udp, edns: Edns::Full };

    /// By what the run has learnt of the network and of the server.
    pub(crate) fn to(context: &Context, server: SocketAddr, chosen: Choice) -> Self {
        let (chosen, transport) = match context.network.udp.get() {
            Udp::Blocked => (Choice::UdpBlocked, Transport::Tcp),
            Udp::Unknown | Udp::Works if context.infra.tcp_only(server) => (chosen, Transport::Tcp),
            Udp::Unknown | Udp::Works => (chosen, Transport::Udp),
        };
        Self { chosen, transport, edns: context.infra.edns(server) }
    }

    /// A query in this form.
    pub(crate) fn of(self, ask: Ask) -> Ask {
        Ask { chosen: self.chosen, transport: self.transport, edns: self.edns, ..ask }
    }
}
