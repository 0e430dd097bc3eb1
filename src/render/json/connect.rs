//! View of the connection race.

use std::borrow::Cow;
use std::net::SocketAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::trace::{
    AddressCheck, Attempt, AttemptOutcome, Connect, FailureCode, FastOpen, FastOpenRefusal, FastOpenStart,
    StampedBy, TcpInfo, TlsVersion,
};

/// The connection race (RFC 8305).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ConnectView<'a> {
    /// First attempt's start.
    start_us: u64,
    /// Until the winner was connected (by the kernel's measure of the SYN's round trip, where there is one), or the
    /// last attempt failed.
    duration_us: u64,
    /// When this program saw that the winner was connected.
    noticed_us: Option<u64>,
    /// Whose measure the end is: the kernel's (the round trip of the SYN), or this program's; null without a winner.
    #[cfg_attr(test, schemars(extend("enum" = ["kernel", "program", null])))]
    stamped_by: Option<&'static str>,
    /// Every attempt, in the order started; behind those of the transport that was first, those of the other one, which
    /// ran beside them and are not counted.
    attempts: Vec<AttemptView<'a>>,
    /// Index of the winner.
    winner: Option<usize>,
    /// The winner's address.
    address: Option<String>,
    /// The winner's port.
    port: Option<u16>,
    /// Our end of the winning connection, as `address:port`.
    local: Option<String>,
    /// What the kernel knew of the winning connection right after the handshake (Linux).
    tcp_info: Option<TcpInfoView>,
    /// Addresses that were known and never tried, as `address:port`.
    untried: Vec<String>,
    /// The host and port that were replaced by `--connect-to` or the lab.
    redirected_from: Option<&'a str>,
    /// The socket of `--unix-socket`, in place of an address.
    unix_socket: Option<Cow<'a, str>>,
    /// What the kernel knew when the last measured phase on the connection had ended (Linux); null also where
    /// nothing followed the connect.
    tcp_info_after: Option<TcpInfoView>,
    /// `--all-addresses`: every address, tried side by side when the trace had ended, not counted; null without it.
    addresses: Option<Vec<AddressView<'a>>>,
    /// Why `--all-addresses` tried none here; null where it did, or was not asked for.
    addresses_skipped: Option<&'static str>,
    /// QUIC to the address that offered HTTP/3 and was silent during the race, tried once more when the trace had ended, not
    /// counted; null where that was not needed.
    udp_check: Option<AttemptView<'a>>,
    /// `--tcp-fastopen`: what it came to; null without it, and without a connection.
    fast_open: Option<FastOpenView>,
    /// How many of `attempts`, the last of them, were made by the other transport.
    rivals: usize,
}

impl<'a> From<&'a Connect> for ConnectView<'a> {
    fn from(connect: &'a Connect) -> Self {
        let winner =
            connect.winner.and_then(|index| connect.attempts.get(index)).map(|attempt| attempt.address);
        Self {
            start_us: connect.start.0,
            duration_us: us(connect.end.since(connect.start)),
            noticed_us: connect.noticed.map(|at| at.0),
            stamped_by: connect.stamped_by.map(StampedBy::as_str),
            attempts: connect.attempts.iter().chain(&connect.rivals).map(Into::into).collect(),
            winner: connect.winner,
            address: winner.map(|address| address.ip().to_string()),
            port: winner.map(|address| address.port()),
            local: connect.local.map(|address| address.to_string()),
            tcp_info: connect.tcp_info.as_ref().map(Into::into),
            untried: connect.untried.iter().map(SocketAddr::to_string).collect(),
            redirected_from: connect.redirected_from.as_deref(),
            unix_socket: connect.unix_socket.as_ref().map(|path| path.to_string_lossy()),
            tcp_info_after: connect.tcp_info_after.as_ref().map(Into::into),
            addresses: connect.addresses.as_ref().map(|all| all.iter().map(Into::into).collect()),
            udp_check: connect.udp_check.as_ref().map(Into::into),
            fast_open: connect.fast_open.as_ref().map(Into::into),
            addresses_skipped: connect.addresses_skipped,
            rivals: connect.rivals.len(),
        }
    }
}

/// TCP Fast Open (RFC 7413) on a connection.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct FastOpenView {
    /// Whether the SYN asked for it: with a cookie, or for one. False where this system has it switched off.
    asked: bool,
    /// The server's cookie: known before (`cached`), given now for the next connection (`granted`), or `none`; null
    /// where that is not known.
    #[cfg_attr(test, schemars(extend("enum" = ["cached", "granted", "none", null])))]
    cookie: Option<&'static str>,
    /// Whether the server acknowledged the data in the SYN; null where none was in it, or nobody knows.
    data_accepted: Option<bool>,
    /// The same in words.
    result: &'static str,
    /// Whether a SYN that was put off was answered at all; null where none was, or nobody knows.
    answered: Option<bool>,
    /// Why the server did not take the data: it acknowledged the SYN alone, the SYN was sent again without it, or the
    /// kernel does not say.
    #[cfg_attr(test, schemars(extend("enum" = ["not-acknowledged", "syn-retransmitted", "unsaid", null])))]
    refusal: Option<&'static str>,
}

impl From<&FastOpen> for FastOpenView {
    fn from(fast_open: &FastOpen) -> Self {
        Self {
            asked: fast_open.start != FastOpenStart::Forbidden,
            cookie: fast_open.cookie(),
            data_accepted: fast_open.data_accepted,
            result: fast_open.words(),
            answered: fast_open.answered,
            refusal: fast_open.refusal.map(FastOpenRefusal::as_str),
        }
    }
}

/// `ipv4` or `ipv6`.
pub(super) const fn family(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "ipv4" } else { "ipv6" }
}

/// One connection attempt.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AttemptView<'a> {
    /// The address.
    address: String,
    /// The port.
    port: u16,
    /// The address's family.
    #[cfg_attr(test, schemars(extend("enum" = ["ipv4", "ipv6"])))]
    family: &'static str,
    /// `connect()` was called; with QUIC, the first datagram was handed to the kernel.
    start_us: u64,
    /// It was connected, failed, or was given up.
    end_us: u64,
    /// From start to end.
    duration_us: u64,
    /// How it ended.
    #[cfg_attr(test, schemars(extend("enum" = ["won", "lost", "refused", "timed-out", "unreachable", "failed", "stopped"])))]
    outcome: &'static str,
    /// The operating system's words.
    error: Option<&'a str>,
    /// SYNs sent again; null where the kernel cannot be asked.
    syn_retransmits: Option<u32>,
    /// Who has named this endpoint: an HTTPS record, HTTPS records in AliasMode, or the URL itself.
    #[cfg_attr(test, schemars(extend("enum" = ["record", "aliases", "host"])))]
    source: &'static str,
    /// The record, by its index in `dns.service.records`; null for the others.
    record: Option<usize>,
    /// What it was made by.
    #[cfg_attr(test, schemars(extend("enum" = ["tcp", "quic"])))]
    transport: &'static str,
    /// With QUIC: when the first datagram came back; null where none did, and with TCP.
    answered_us: Option<u64>,
}

impl<'a> From<&'a Attempt> for AttemptView<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            address: attempt.address.ip().to_string(),
            port: attempt.address.port(),
            family: family(attempt.address),
            start_us: attempt.start.0,
            end_us: attempt.end.0,
            duration_us: us(attempt.end.since(attempt.start)),
            outcome: attempt.outcome.as_str(),
            error: match &attempt.outcome {
                AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => Some(words),
                _ => None,
            },
            syn_retransmits: attempt.syn_retransmits,
            source: attempt.source.as_str(),
            record: attempt.source.record(),
            transport: attempt.transport.as_str(),
            answered_us: attempt.answered.map(|at| at.0),
        }
    }
}

/// An address, tried for its own sake.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AddressView<'a> {
    /// The address.
    address: String,
    /// The port.
    port: u16,
    /// The address's family.
    #[cfg_attr(test, schemars(extend("enum" = ["ipv4", "ipv6"])))]
    family: &'static str,
    /// What came of it: `ok` when all that was tried went well.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "refused", "timed-out", "unreachable", "failed", "tls-failed", "http-failed", "stopped", "untried"])))]
    outcome: &'static str,
    /// From connect() to the connection, or to its failure.
    connect_us: Option<u64>,
    /// The kernel's round trip; null after a lost SYN.
    rtt_us: Option<u64>,
    /// The TLS handshake, to its end or its failure.
    tls_us: Option<u64>,
    /// The TLS version.
    tls_version: Option<&'static str>,
    /// Whether the certificate is good; null where none was seen, or it cannot be checked here.
    verified: Option<bool>,
    /// SHA-256 of the server's certificate, hexadecimal.
    fingerprint: Option<&'a str>,
    /// The status of the response, with `--all-addresses=http`.
    status: Option<u16>,
    /// Why it failed, as in `failure.code`.
    code: Option<&'static str>,
    /// Why it failed, in words.
    error: Option<&'a str>,
}

impl<'a> From<&'a AddressCheck> for AddressView<'a> {
    fn from(check: &'a AddressCheck) -> Self {
        Self {
            address: check.address.ip().to_string(),
            port: check.address.port(),
            family: family(check.address),
            outcome: check.outcome.as_str(),
            connect_us: check.connect.map(us),
            rtt_us: check.rtt.map(us),
            tls_us: check.tls.map(us),
            tls_version: check.tls_version.map(TlsVersion::as_str),
            verified: check.verified,
            fingerprint: check.fingerprint.as_deref(),
            status: check.status,
            code: check.code.map(FailureCode::as_str),
            error: check.error.as_deref(),
        }
    }
}

/// TCP_INFO (Linux).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct TcpInfoView {
    /// Smoothed round-trip time.
    rtt_us: u64,
    /// Its variation.
    rtt_var_us: u64,
    /// The retransmission timeout, as it stands.
    rto_us: Option<u64>,
    /// The least round trip seen.
    min_rtt_us: Option<u64>,
    /// Maximum segment size for sending, in bytes.
    mss: u32,
    /// Segments sent again, SYNs included.
    retransmits: u32,
    /// Retransmission timeouts in a row that nothing has been acknowledged since.
    timeouts: Option<u32>,
    /// Congestion window, in segments.
    congestion_window: u32,
    /// Path MTU, in bytes.
    path_mtu: u32,
    /// How many segments may overtake one before the kernel takes it for lost.
    reordering: Option<u32>,
    /// Segments that came out of order: overtaken, or lost and sent again.
    out_of_order: Option<u32>,
    /// The rate at which what was sent was delivered at last, in bytes a second; null before any was.
    delivery_rate: Option<u64>,
    /// Segments that the peer has had twice by its own word (DSACK), sent again for nothing; null where it has no
    /// such words. In `tcp_info_after` as told within two round trips behind the end.
    duplicates: Option<u32>,
    /// Times that segments were seen to overtake each other.
    reorderings: Option<u32>,
    /// Bytes of data sent, those sent again included.
    bytes_sent: Option<u64>,
    /// Bytes of data sent again.
    bytes_retransmitted: Option<u64>,
    /// Bytes that the peer has acknowledged, the SYN counted as one.
    bytes_acked: Option<u64>,
    /// Bytes of data received.
    bytes_received: Option<u64>,
}

impl From<&TcpInfo> for TcpInfoView {
    fn from(info: &TcpInfo) -> Self {
        Self {
            rtt_us: us(info.rtt),
            rtt_var_us: us(info.rtt_var),
            rto_us: info.rto.map(us),
            min_rtt_us: info.min_rtt.map(us),
            mss: info.mss,
            retransmits: info.retransmits,
            timeouts: info.timeouts,
            congestion_window: info.congestion_window,
            path_mtu: info.path_mtu,
            reordering: info.reordering,
            out_of_order: info.out_of_order,
            delivery_rate: info.delivery_rate,
            duplicates: info.duplicates,
            reorderings: info.reorderings,
            bytes_sent: info.bytes_sent,
            bytes_retransmitted: info.bytes_retransmitted,
            bytes_acked: info.bytes_acked,
            bytes_received: info.bytes_received,
        }
    }
}
