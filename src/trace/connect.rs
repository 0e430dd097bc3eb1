//! The model of stage 3: the connection race (RFC 8305), every attempt in it, and TCP_INFO.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::addresses::AddressCheck;
use super::at::{At, StampedBy};
use super::fast_open::{FastOpen, FastOpenStart};
use super::route::Route;
use super::service::EndpointSource;

/// The connection race (RFC 8305).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connect {
    /// First attempt's start.
    pub start: At,
    /// The winner was connected (by the kernel's measure of the SYN's round trip, where there is one), or the last
    /// attempt failed.
    pub end: At,
    /// This program saw that the winner was connected.
    pub noticed: Option<At>,
    /// Whose measure its end is; `None` without a winner.
    pub stamped_by: Option<StampedBy>,
    /// Every attempt, in the order started.
    pub attempts: Vec<Attempt>,
    /// Index of the winner.
    pub winner: Option<usize>,
    /// The attempts of the other transport, which ran beside these and were not first: TCP's where this is QUIC's race,
    /// QUIC's where it is TCP's. Nothing of them is counted.
    pub rivals: Vec<Attempt>,
    /// Our end of the winning connection.
    pub local: Option<SocketAddr>,
    /// What the kernel knows of the winning connection right after the handshake.
    pub tcp_info: Option<TcpInfo>,
    /// Addresses that were known and never tried.
    pub untried: Vec<SocketAddr>,
    /// `--connect-to` or a lab's port map: the host and port that were really used instead.
    pub redirected_from: Option<String>,
    /// `--unix-socket`: the socket of this machine that was connected to in place of an address.
    pub unix_socket: Option<PathBuf>,
    /// What the kernel knew when the last measured phase on the connection had ended.
    pub tcp_info_after: Option<TcpInfo>,
    /// `--all-addresses`: every address, tried for its own sake when the trace had ended; `None` where not asked for.
    pub addresses: Option<Vec<AddressCheck>>,
    /// Why none was tried, although it was asked for.
    pub addresses_skipped: Option<&'static str>,
    /// `--route`: the path to the winner's address; `None` where not asked for.
    pub route: Option<Route>,
    /// QUIC to an address that had offered HTTP/3 and was silent for as long as the race lasted, tried once more when the
    /// trace had ended. Nothing of it is counted.
    pub udp_check: Option<Attempt>,
    /// `--tcp-fastopen`: what it came to; `None` where not asked for, and without a connection.
    pub fast_open: Option<FastOpen>,
}

impl Connect {
    /// An attempt by its place among all: those of the race, then its rivals.
    #[must_use]
    pub fn attempt(&self, place: usize) -> Option<&Attempt> {
        self.attempts.iter().chain(&self.rivals).nth(place)
    }

    /// Whether the SYN was put off until the first data (TCP Fast Open): then there was nothing to wait for here, and
    /// the round trip of the SYN lies in what follows.
    #[must_use]
    pub fn is_deferred(&self) -> bool {
        let deferred = |fast_open: FastOpen| fast_open.start == FastOpenStart::Deferred;
        self.winner.is_some() && self.fast_open.is_some_and(deferred)
    }

    /// Whether QUIC had the way for itself before TCP: an HTTPS record offered HTTP/3 alone (RFC 9460 §7.1.2). Then the
    /// connect begins with the rivals.
    #[must_use]
    pub fn is_led_by_quic(&self) -> bool {
        !self.rivals.is_empty() && self.attempts.first().is_some_and(|first| self.start < first.start)
    }

    /// Segments with data that were sent again over the connection's life.
    #[must_use]
    pub fn sent_again(&self) -> u32 {
        let before = self.tcp_info.map_or(0, |info| info.retransmits);
        self.tcp_info_after.map_or(0, |info| info.retransmits.saturating_sub(before))
    }

    /// Bytes that were sent and not acknowledged, when that was looked at last. `None` where the kernel does not tell.
    #[must_use]
    pub fn unacknowledged(&self) -> Option<u64> {
        let info = self.tcp_info_after?;
        let once = info.bytes_sent?.checked_sub(info.bytes_retransmitted?)?;
        // The SYN counts among what is acknowledged, and not among what is sent.
        Some(once.saturating_sub(info.bytes_acked?.saturating_sub(1)))
    }

    /// Those of them that were lost for certain: less those that the peer has had twice by its own word (DSACK, RFC
    /// 2883). `None` where that cannot be told apart.
    #[must_use]
    pub fn lost(&self) -> Option<u32> {
        self.tcp_info?;
        self.sent_again().checked_sub(self.tcp_info_after?.duplicates?)
    }

    /// How long may have been waited before they were sent again: the retransmission timeout, doubled each time (RFC
    /// 6298 §5.5). What the peer has had twice it had in time: then only what came back was late or lost, and the peer
    /// sends that again within the same time, as what was sent twice was answered at last. Where some of it was lost and
    /// some came twice, both may have been waited for. No more of a wait than what is beyond it is the peer's for certain.
    #[must_use]
    pub fn waited_to_send_again(&self) -> Duration {
        let first = self.tcp_info.and_then(|info| info.rto).unwrap_or(Duration::from_secs(1));
        let again = self.sent_again();
        let twice = again > 1 && self.lost().is_none_or(|lost| lost > 0 && lost < again);
        first * ((1 << (again.min(8) + u32::from(twice))) - 1)
    }
}

/// One connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// `connect()` was called.
    pub start: At,
    /// It was connected, failed, or was given up.
    pub end: At,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// SYNs sent again, as the kernel counts them; `None` where it cannot be asked.
    pub syn_retransmits: Option<u32>,
    /// Who has named it.
    pub source: EndpointSource,
    /// What it was made by.
    pub transport: Carrier,
    /// With QUIC: when the first datagram of the handshake came back; `None` where none did, and with TCP.
    pub answered: Option<At>,
}

/// What carries a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// TCP.
    #[default]
    Tcp,
    /// QUIC, by UDP.
    Quic,
}

impl Carrier {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Quic => "quic",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Quic => "QUIC",
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Connected, and used.
    Won,
    /// Given up because another one had won.
    Lost,
    /// RST: nobody listens.
    Refused,
    /// No answer within `--connect-timeout`.
    TimedOut,
    /// No route, or ICMP unreachable.
    Unreachable(String),
    /// Any other error of the operating system.
    Failed(String),
    /// The trace was stopped (`--max-time`, interrupt).
    Stopped,
}

impl Attempt {
    /// Its address, with what it was made by: where two transports stand beside each other.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} by {}", self.address, self.transport.spoken())
    }
}

impl AttemptOutcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable(_) => "unreachable",
            Self::Failed(_) => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// TCP_INFO of a connection (Linux).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpInfo {
    /// Smoothed round-trip time. After a retransmitted SYN it is not a round trip: see `retransmits`.
    pub rtt: Duration,
    /// Its variation.
    pub rtt_var: Duration,
    /// The retransmission timeout, as it stands.
    pub rto: Option<Duration>,
    /// The least round trip seen; `None` on kernels that do not tell.
    pub min_rtt: Option<Duration>,
    /// Maximum segment size for sending, in bytes.
    pub mss: u32,
    /// Segments sent again over the connection's life, SYNs included.
    pub retransmits: u32,
    /// Retransmission timeouts in a row that nothing has been acknowledged since (RFC 6298 §5.5): what is out goes nowhere,
    /// or its acknowledgements do not come back.
    pub timeouts: Option<u32>,
    /// Congestion window, in segments.
    pub congestion_window: u32,
    /// Path MTU, in bytes.
    pub path_mtu: u32,
    /// How many segments may overtake one before the kernel takes it for lost: what it has learned of reordering.
    pub reordering: Option<u32>,
    /// Segments that came out of order: others had overtaken them, or they were sent again.
    pub out_of_order: Option<u32>,
    /// The rate at which what was sent was delivered at last, in bytes a second (tcp(7): `tcpi_delivery_rate`).
    pub delivery_rate: Option<u64>,
    /// Segments that the peer has had twice by its own word (DSACK, RFC 2883): sent again for nothing. `None` where it
    /// has no such words (no SACK), or they were not waited for.
    pub duplicates: Option<u32>,
    /// Times that segments were seen to overtake each other.
    pub reorderings: Option<u32>,
    /// Bytes of data sent, those sent again included.
    pub bytes_sent: Option<u64>,
    /// Bytes of data sent again.
    pub bytes_retransmitted: Option<u64>,
    /// Bytes that the peer has acknowledged, its SYN's included.
    pub bytes_acked: Option<u64>,
    /// Bytes of data received.
    pub bytes_received: Option<u64>,
}
