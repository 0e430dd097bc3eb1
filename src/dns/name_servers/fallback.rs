//! The same query in another form (RFC 7766 §5, RFC 6891 §6.2.2): by TCP after TC or where UDP seems to be blocked,
//! without EDNS where it is refused, and both beside the last round to servers that were silent.
//!
//! When that is due is decided by `judge` and `ask`.

use std::net::SocketAddr;

use crate::dns::cache::network::Udp;
use crate::dns::name_servers::race::{Dispatch, PATIENCE_LEAST, Race};
use crate::dns::name_servers::selection::Candidate;
use crate::trace::{Choice, Transport};

/// Servers that are asked by TCP when UDP seems to be blocked, and in other forms in the last round.
const TCP_AT_ONCE: usize = 2;

impl Race<'_> {
    pub(crate) fn may_try_tcp(&self) -> bool {
        let query = self.query;
        !self.tcp_tried
            && query.zone.name.is_root()
            && !query.root_answered.get()
            && query.context.network.udp.get() == Udp::Unknown
    }

    /// Nothing came back from any root server by UDP so far: the first ones are asked by TCP beside
    /// it, once. True when something was sent.
    pub(crate) fn try_tcp(&mut self) -> bool {
        let query = self.query;
        if !self.may_try_tcp() {
            return false;
        }
        self.tcp_tried = true;
        let mut asked: Vec<(usize, Candidate)> =
            self.servers.iter().map(|(id, server)| (*id, server.clone())).collect();
        // Where this machine has no way to, TCP has none either.
        asked.retain(|(_, server)| query.context.network.routed(server.address));
        asked.sort_by_key(|(id, _)| *id);
        let mut sent = false;
        for (id, server) in asked.into_iter().take(TCP_AT_ONCE) {
            let edns = query.context.infra.edns(server.address);
            let (form, parent) = (Some((Transport::Tcp, edns)), query.parent);
            let chosen = Choice::UdpBlocked;
            sent |= self.start(Dispatch { server, chosen, parent, because: Some(id), form, aside: false });
        }
        sent
    }

    /// Those of the last round that are asked in other forms beside it: there are servers that drop
    /// what has EDNS in it, and some that answer by TCP alone. None where this zone has replied.
    pub(crate) fn silent(&self) -> Vec<Candidate> {
        let by_udp = self.query.context.network.udp.get() != Udp::Blocked;
        if self.replied || !by_udp || self.query.zone.name.is_root() {
            return Vec::new();
        }
        let silent = self.queue.iter().filter(|server| !self.query.context.infra.tcp_only(server.address));
        silent.take(TCP_AT_ONCE).cloned().collect()
    }

    /// Without EDNS, and by TCP. The question in its usual form went out first: where that was only
    /// lost on the way, its answer comes first, too.
    pub(crate) fn ask_otherwise(&mut self, servers: Vec<Candidate>) {
        let query = self.query;
        for server in servers {
            let edns = query.context.infra.edns(server.address);
            let never_heard = query.context.infra.srtt(server.address).is_none();
            let before = self.first_to(server.address);
            for (transport, edns) in [(Transport::Udp, false), (Transport::Tcp, edns)] {
                let is_new =
                    transport == Transport::Tcp || query.context.infra.edns(server.address) && never_heard;
                if is_new && !query.is_spent() {
                    self.start(Dispatch {
                        server: server.clone(),
                        chosen: Choice::Again,
                        parent: before.or(query.parent),
                        because: before,
                        form: Some((transport, edns)),
                        // What is waited for is the round in the usual form.
                        aside: true,
                    });
                }
            }
        }
    }

    /// The first packet to a server.
    fn first_to(&self, address: SocketAddr) -> Option<usize> {
        let sent = self.servers.iter().filter(|(_, server)| server.address == address);
        sent.map(|(id, _)| *id).min()
    }

    /// The same server once more, in another form. It has answered: hedging waits for a whole
    /// exchange again.
    pub(crate) fn ask_as(
        &mut self,
        id: usize,
        server: Candidate,
        chosen: Choice,
        transport: Transport,
        edns: bool,
    ) {
        let srtt = self.query.context.infra.srtt(server.address).unwrap_or(PATIENCE_LEAST);
        let patience = (srtt * 4).max(PATIENCE_LEAST);
        let form = Some((transport, edns));
        if self.start(Dispatch { server, chosen, parent: Some(id), because: Some(id), form, aside: false }) {
            self.hedge_at = Some(self.query.log.clock().now().after(patience));
        }
    }
}
