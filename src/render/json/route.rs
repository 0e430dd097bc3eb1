//! The view of the path to an address.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::trace::{RouteAnswer, RouteHop};

/// What came of the probes of one TTL: three TCP SYNs to the port of the connection, or with
/// HTTP/3 three datagrams of QUIC. Not counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct RouteHopView<'a> {
    /// The TTL (IPv6: hop limit) that they left with.
    ttl: u8,
    /// Who answered most of them; null where nobody did, or the system does not tell.
    address: Option<String>,
    /// Who else answered: another path of a balanced network.
    others: Vec<String>,
    /// The name of `address`, by reverse lookup at this machine's resolver; null where there is none.
    name: Option<&'a str>,
    /// The least round trip of its probes: until ICMP, or a datagram of the address itself, arrived by the kernel's stamp,
    /// or the SYN and ACK by TCP_INFO.
    rtt_us: Option<u64>,
    /// Probes whose answer was waited for.
    sent: u8,
    /// Those that were answered. Fewer than `sent` is no loss where a later hop has them all.
    answered: u8,
    /// What the answers said: ICMP time exceeded, ICMP unreachable, or an answer of the address itself: SYN and ACK or
    /// RST, by UDP a datagram or ICMP.
    #[cfg_attr(test, schemars(extend("enum" = ["time-exceeded", "unreachable", "reached", null])))]
    answer: Option<&'static str>,
}

impl<'a> From<&'a RouteHop> for RouteHopView<'a> {
    fn from(hop: &'a RouteHop) -> Self {
        Self {
            ttl: hop.ttl,
            address: hop.address.map(|address| address.to_string()),
            others: hop.others.iter().map(ToString::to_string).collect(),
            name: hop.name.as_deref(),
            rtt_us: hop.rtt.map(us),
            sent: hop.sent,
            answered: hop.answered,
            answer: hop.answer.map(RouteAnswer::as_str),
        }
    }
}
