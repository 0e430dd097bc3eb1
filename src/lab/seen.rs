//! What reached the lab: packets by name server and connections by web server.
//!
//! Counted when something arrives, before it is looked at, so that a test can also say who was
//! left alone. Contents are not kept.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::trace::Transport;

/// How much arrived, by the server's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// DNS messages by UDP.
    pub udp: BTreeMap<IpAddr, u64>,
    /// DNS messages by TCP.
    pub tcp: BTreeMap<IpAddr, u64>,
    /// Accepted connections to web servers, on either port.
    pub connections: BTreeMap<IpAddr, u64>,
}

impl Seen {
    /// DNS messages that reached `server` by `transport`.
    #[must_use]
    pub fn dns(&self, server: IpAddr, transport: Transport) -> u64 {
        let counts = match transport {
            Transport::Udp => &self.udp,
            _ => &self.tcp,
        };
        counts.get(&server).copied().unwrap_or(0)
    }

    /// Connections that `server` accepted.
    #[must_use]
    pub fn connections(&self, server: IpAddr) -> u64 {
        self.connections.get(&server).copied().unwrap_or(0)
    }
}

/// The counters while the lab runs: written by its thread, read by anybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<Mutex<Seen>>);

impl Tally {
    pub(super) fn dns(&self, server: IpAddr, transport: Transport) {
        let mut seen = self.lock();
        let counts = match transport {
            Transport::Udp => &mut seen.udp,
            _ => &mut seen.tcp,
        };
        *counts.entry(server).or_default() += 1;
    }

    pub(super) fn connection(&self, server: IpAddr) {
        *self.lock().connections.entry(server).or_default() += 1;
    }

    pub(super) fn read(&self) -> Seen {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // A count is whole after each statement, so a panic elsewhere cannot have spoilt it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
