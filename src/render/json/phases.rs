//! Views of where a request's time went, and of why a phase did not happen.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::timeline::{PerPhase, Phase, Phases};

/// The phases of a hop in microseconds; null where a phase did not happen.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[allow(clippy::struct_field_names)] // the unit belongs into a name that leaves the program
pub(super) struct PhasesView {
    /// Before anything was done for it: the wait before it was sent once more.
    queue_us: Option<u64>,
    /// Finding the address.
    dns_us: Option<u64>,
    /// Opening the connection; with a proxy that to the proxy, with the lookup of its name.
    connect_us: Option<u64>,
    /// TLS with the proxy, if it speaks that, and having it open a tunnel.
    proxy_us: Option<u64>,
    /// The TLS handshake.
    tls_us: Option<u64>,
    /// The QUIC handshake, in place of connect and tls.
    quic_us: Option<u64>,
    /// Sending the request.
    send_us: Option<u64>,
    /// From the last byte sent to the first byte of the final response.
    wait_us: Option<u64>,
    /// From that byte to the last.
    receive_us: Option<u64>,
    /// What belongs to no phase.
    unaccounted_us: u64,
    /// From the hop's start to its end.
    total_us: u64,
}

impl From<Phases> for PhasesView {
    fn from(phases: Phases) -> Self {
        let Phases { spent, unaccounted, total } = phases;
        Self {
            queue_us: spent[Phase::Queue],
            dns_us: spent[Phase::Dns],
            connect_us: spent[Phase::Connect],
            proxy_us: spent[Phase::Proxy],
            tls_us: spent[Phase::Tls],
            quic_us: spent[Phase::Quic],
            send_us: spent[Phase::Send],
            wait_us: spent[Phase::Wait],
            receive_us: spent[Phase::Receive],
            unaccounted_us: unaccounted,
            total_us: total,
        }
    }
}

/// Why a phase is null: one member for each phase that is.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ReasonsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quic: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receive: Option<&'static str>,
}

impl From<PerPhase<Option<&'static str>>> for ReasonsView {
    fn from(reasons: PerPhase<Option<&'static str>>) -> Self {
        Self {
            queue: reasons[Phase::Queue],
            dns: reasons[Phase::Dns],
            connect: reasons[Phase::Connect],
            proxy: reasons[Phase::Proxy],
            tls: reasons[Phase::Tls],
            quic: reasons[Phase::Quic],
            send: reasons[Phase::Send],
            wait: reasons[Phase::Wait],
            receive: reasons[Phase::Receive],
        }
    }
}
