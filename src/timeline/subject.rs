//! What a row of the waterfall shows, by the id of it. Not its name: that is for people.

use super::phase::Phase;
use crate::trace::{PacketId, StageName};

/// What a span shows of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All of it.
    Request,
    /// One of its phases.
    Phase(Phase),
    /// Packets of its lookup: to one zone, for one server's address or for one purpose.
    Packets(Vec<PacketId>),
    /// What the machine's resolver said beside the walk.
    Stub,
    /// A connection attempt, by its place in the race.
    Attempt(usize),
    /// A connection that was given up, by its place among those of its request.
    Abandoned(usize),
    /// The lookup of the proxy's name.
    ProxyLookup,
    /// TLS with the proxy.
    ProxyTls,
    /// A question to the proxy, by its place.
    ProxyRound(usize),
    /// Datagrams of a QUIC handshake that one side sent in a row, by the place of that row.
    Datagrams(usize),
    /// A flight of the handshake, by its place.
    Flight(usize),
    /// The check of the certificates.
    Verification,
    /// The wait of a body for a 100.
    Expect,
    /// An interim response (1xx), by its place.
    Informational(usize),
    /// A metric of Server-Timing, by its place among those with a time.
    Metric(usize),
}

impl Subject {
    /// The stage that it is a part of; all of a request is part of none.
    #[must_use]
    pub const fn stage(&self) -> Option<StageName> {
        match self {
            Self::Request => None,
            Self::Phase(phase) => Some(phase.stage()),
            Self::Packets(_) | Self::Stub => Some(StageName::Dns),
            Self::Attempt(_) | Self::Abandoned(_) | Self::Datagrams(_) => Some(StageName::Tcp),
            Self::ProxyLookup | Self::ProxyTls | Self::ProxyRound(_) => Some(StageName::Tcp),
            Self::Flight(_) | Self::Verification => Some(StageName::Tls),
            Self::Expect | Self::Informational(_) | Self::Metric(_) => Some(StageName::Http),
        }
    }
}
