//! The phases of a request, and tables with one entry for each. Not how long one took.

use std::ops::{Index, IndexMut};

use crate::trace::StageName;

/// What a request's time is spent on, in the order that it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before anything is done for it: the wait before it is sent once more, or of a page's request for its turn.
    Queue,
    /// Finding the address.
    Dns,
    /// Opening the TCP connection.
    Connect,
    /// Having a proxy open a tunnel.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The QUIC handshake, in place of connect and tls.
    Quic,
    /// Sending the request.
    Send,
    /// From the last byte sent to the first byte of the final response.
    Wait,
    /// From that byte to the last.
    Receive,
}

impl Phase {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every phase, in order.
    pub const ALL: [Self; 9] = [
        Self::Queue,
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Quic,
        Self::Send,
        Self::Wait,
        Self::Receive,
    ];

    /// The word used in JSON and as a row's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }

    /// The stage that it is a part of.
    #[must_use]
    pub const fn stage(self) -> StageName {
        match self {
            Self::Dns => StageName::Dns,
            Self::Connect | Self::Proxy | Self::Quic => StageName::Tcp,
            Self::Tls => StageName::Tls,
            Self::Queue | Self::Send | Self::Wait | Self::Receive => StageName::Http,
        }
    }
}

/// One entry for each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerPhase<T>([T; Phase::COUNT]);

impl<T> PerPhase<T> {
    /// Makes an entry for each phase.
    pub fn of(entry: impl FnMut(Phase) -> T) -> Self {
        Self(Phase::ALL.map(entry))
    }

    /// The phases in order, each with its entry.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, &T)> {
        Phase::ALL.into_iter().zip(&self.0)
    }
}

impl<T> Index<Phase> for PerPhase<T> {
    type Output = T;

    fn index(&self, phase: Phase) -> &T {
        &self.0[phase as usize]
    }
}

impl<T> IndexMut<Phase> for PerPhase<T> {
    fn index_mut(&mut self, phase: Phase) -> &mut T {
        &mut self.0[phase as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_own_place_in_order() {
        let names = PerPhase::of(Phase::as_str);
        for (place, (phase, name)) in names.iter().enumerate() {
            assert_eq!((place, *name, names[phase]), (phase as usize, phase.as_str(), *name));
        }
    }
}
