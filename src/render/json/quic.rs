//! View of a QUIC connection.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::trace::{Datagram, EarlyData, Quic};

/// A QUIC connection, or the attempt at one.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct QuicView {
    /// The first datagram was handed to the kernel.
    start_us: u64,
    /// The handshake was complete, or failed.
    end_us: u64,
    /// The version that was spoken: `1`, `2` or a number such as `0xff00001d`; null where none came to be.
    version: Option<String>,
    /// Whether the server asked for a proof of our address first (a Retry packet), which costs a round trip.
    retry: bool,
    /// Whether the server answered with a Version Negotiation packet.
    version_negotiation: bool,
    /// The versions that it offered there.
    offered_versions: Vec<String>,
    /// Smoothed round-trip time when the request had ended; null where no connection came to be.
    rtt_us: Option<u64>,
    /// The least round trip seen.
    min_rtt_us: Option<u64>,
    /// Packets of ours that were declared lost.
    lost: Option<u64>,
    /// Packets of ours, those that were lost included.
    sent: Option<u64>,
    /// Bytes that a datagram to the server may have, as far as was found out.
    mtu: Option<u16>,
    /// What became of 0-RTT. No connection of a trace has a ticket: with `--resume` it is that of the second
    /// connection, which is not counted.
    #[cfg_attr(test, schemars(extend("enum" = ["not-offered", "accepted", "refused"])))]
    early_data: &'static str,
    /// The datagrams of the handshake.
    datagrams: Vec<DatagramView>,
}

impl From<&Quic> for QuicView {
    fn from(quic: &Quic) -> Self {
        let offered = quic.offered_versions.as_deref().unwrap_or_default();
        Self {
            start_us: quic.start.0,
            end_us: quic.end.0,
            version: quic.version.map(Quic::version_name),
            retry: quic.retry,
            version_negotiation: quic.offered_versions.is_some(),
            offered_versions: offered.iter().map(|version| Quic::version_name(*version)).collect(),
            rtt_us: quic.rtt.map(us),
            min_rtt_us: quic.min_rtt.map(us),
            lost: quic.lost,
            sent: quic.sent,
            mtu: quic.mtu,
            early_data: quic.early_data.unwrap_or(EarlyData::NotOffered).as_str(),
            datagrams: quic.datagrams.iter().map(Into::into).collect(),
        }
    }
}

/// A datagram of a QUIC handshake.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct DatagramView {
    /// Who sent it.
    #[cfg_attr(test, schemars(extend("enum" = ["sent", "received"])))]
    direction: &'static str,
    /// Handed to the kernel, or taken from it.
    at_us: u64,
    /// The packets in it, by their headers.
    packets: Vec<&'static str>,
    /// Its payload in bytes.
    bytes: usize,
}

impl From<&Datagram> for DatagramView {
    fn from(datagram: &Datagram) -> Self {
        Self {
            direction: datagram.direction.as_str(),
            at_us: datagram.at.0,
            packets: datagram.packets.iter().map(|packet| packet.as_str()).collect(),
            bytes: datagram.bytes,
        }
    }
}
