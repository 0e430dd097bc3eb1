//! What a connection is good for beside the host that it was opened for: its certificate's names, its address.

use std::net::IpAddr;

use crate::tls;
use crate::trace::{Connection, ConnectionId};

/// What a connection is known to be good for.
pub(super) struct Covers {
    pub(super) connection: ConnectionId,
    /// The certificate, which was checked for the host that it was opened for.
    leaf: Vec<u8>,
    address: IpAddr,
}

impl Covers {
    /// Of a connection that needed no proxy; `None` where its certificate is not at hand, as when a session was resumed,
    /// or was not found good.
    pub(super) fn of(
        id: ConnectionId,
        connection: &Connection,
        unread: Option<&tls::Unread>,
    ) -> Option<Self> {
        let winner = connection.tcp.attempts.get(connection.tcp.winner?)?;
        let leaf = unread?.leaf().filter(|_| connection.proxy.is_none())?.to_vec();
        Some(Self { connection: id, leaf, address: winner.address.ip() })
    }

    /// Where it leads.
    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether it is for that name, too.
    pub(super) fn is_for(&self, host: &str) -> bool {
        tls::is_named(&self.leaf, host)
    }
}
