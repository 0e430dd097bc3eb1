//! The model of stages 3 and 4 where QUIC does both (RFC 9000, RFC 9001): what only QUIC has. The handshake
//! inside it is a TLS record like any other.

use std::time::Duration;

use super::at::At;
use super::resumption::EarlyData;
use super::tls::Direction;

/// A QUIC connection, or the attempt at one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quic {
    /// The first datagram was handed to the kernel.
    pub start: At,
    /// The handshake was complete (our Finished handed to the kernel), or failed.
    pub end: At,
    /// The version that was spoken; `None` where none came to be.
    pub version: Option<u32>,
    /// Whether the server asked for a proof of our address first (RFC 9000 §8.1.2).
    pub retry: bool,
    /// The versions that the server offered in a Version Negotiation packet; `None` without one.
    pub offered_versions: Option<Vec<u32>>,
    /// What became of 0-RTT (RFC 9001 §4.6); `None` where no session was at hand. No connection of a trace has one:
    /// with `--resume` it is that of the second connection.
    pub early_data: Option<EarlyData>,
    /// The datagrams of the handshake in their order, as far as they were kept.
    pub datagrams: Vec<Datagram>,
    /// Smoothed round-trip time when the last measured phase on the connection had ended.
    pub rtt: Option<Duration>,
    /// The least round trip seen.
    pub min_rtt: Option<Duration>,
    /// Packets of ours that were declared lost.
    pub lost: Option<u64>,
    /// Packets of ours, those that were lost included.
    pub sent: Option<u64>,
    /// Bytes that a datagram to the server may have, as far as was found out.
    pub mtu: Option<u16>,
}

/// A UDP datagram that carried QUIC packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub direction: Direction,
    /// Handed to the kernel, or taken from it.
    pub at: At,
    /// What it carried.
    pub packets: Vec<PacketKind>,
    /// Its payload in bytes.
    pub bytes: usize,
}

/// What a QUIC packet is, by its header, which is not encrypted (RFC 9000 §17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// The first flights: ClientHello and ServerHello.
    Initial,
    /// Data that goes along with the ClientHello of a resumed session.
    ZeroRtt,
    /// The rest of the TLS handshake.
    Handshake,
    /// The server wants to see first that we receive at our address.
    Retry,
    /// The server does not speak the version that was asked for.
    VersionNegotiation,
    /// Data.
    OneRtt,
    /// What no header can be read from.
    Unreadable,
}

impl PacketKind {
    /// The name by the RFC.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "Initial",
            Self::ZeroRtt => "0-RTT",
            Self::Handshake => "Handshake",
            Self::Retry => "Retry",
            Self::VersionNegotiation => "Version Negotiation",
            Self::OneRtt => "1-RTT",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Quic {
    /// The datagrams, those that one side sent in a row together.
    pub fn flights(&self) -> impl Iterator<Item = &[Datagram]> {
        self.datagrams.chunk_by(|one, next| one.direction == next.direction)
    }

    /// The handshake's time.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.end.since(self.start)
    }

    /// How long nothing came back, and the first flight went out again: the wait for that. Of a server that is only slow no
    /// packet of ours is lost.
    #[must_use]
    pub fn unheard(&self) -> Duration {
        /// Datagrams of one flight leave together; what is sent again waits longer (RFC 9002 §6.2).
        const TOGETHER: Duration = Duration::from_millis(20);
        let first = self.datagrams.first().map_or(self.start, |datagram| datagram.at);
        let before_any = self.datagrams.iter().take_while(|datagram| datagram.direction == Direction::Sent);
        let last = before_any.last().map_or(first, |datagram| datagram.at);
        Some(last.since(first)).filter(|unheard| *unheard > TOGETHER).unwrap_or_default()
    }

    /// How long may have been waited after the handshake before packets were sent again: the probe timeout as it stands then
    /// (RFC 9002 §6.2.1, with the 25 ms that acknowledgements may take), doubled each time.
    #[must_use]
    pub fn waited_to_send_again(&self) -> Duration {
        // What went out again in the handshake is among those that were lost.
        let before = if self.unheard().is_zero() { 0 } else { self.first_flight() };
        let lost = self.lost.unwrap_or(0).saturating_sub(before);
        let probe = self.min_rtt.or(self.rtt).unwrap_or_default() * 3 + Duration::from_millis(25);
        probe * ((1 << lost.min(8)) - 1)
    }

    /// Datagrams before the first that came.
    fn first_flight(&self) -> u64 {
        self.datagrams.iter().take_while(|datagram| datagram.direction == Direction::Sent).count() as u64
    }

    /// The number of version 2 (RFC 9369).
    pub const VERSION_2: u32 = 0x6b33_43cf;

    /// A version as people write it: `1`, or its number.
    #[must_use]
    pub fn version_name(version: u32) -> String {
        match version {
            1 => "1".to_owned(),
            Self::VERSION_2 => "2".to_owned(),
            other => format!("0x{other:08x}"),
        }
    }
}

impl Datagram {
    /// The names of its packets, each once in a row.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.packets.iter().map(|packet| packet.as_str()).collect();
        names.dedup();
        names
    }
}
