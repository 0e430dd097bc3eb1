//! The model of `--all-addresses`: what became of each address of a host, tried side by side when the trace had
//! ended. Not the race, whose attempts are in [`Connect`](super::Connect).

use std::net::SocketAddr;
use std::time::Duration;

use super::failure::FailureCode;
use super::tls::TlsVersion;

/// Addresses that are tried at the same time.
pub const AT_ONCE: usize = 8;

/// One address, tried for its own sake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressCheck {
    /// The address.
    pub address: SocketAddr,
    /// What came of it.
    pub outcome: AddressOutcome,
    /// From `connect()` to the connection, or to its failure.
    pub connect: Option<Duration>,
    /// The kernel's round trip; none after a SYN that was sent again, which makes it no round trip.
    pub rtt: Option<Duration>,
    /// The TLS handshake, to its end or its failure.
    pub tls: Option<Duration>,
    /// The TLS version.
    pub tls_version: Option<TlsVersion>,
    /// Whether the certificate is good; `None` where none was seen, or it cannot be checked here.
    pub verified: Option<bool>,
    /// SHA-256 of the server's certificate, hexadecimal.
    pub fingerprint: Option<String>,
    /// The status, with `--all-addresses=http`.
    pub status: Option<u16>,
    /// Why it failed, for scripts.
    pub code: Option<FailureCode>,
    /// Why it failed, in words.
    pub error: Option<String>,
}

/// What came of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressOutcome {
    /// All that was tried went well.
    Ok,
    /// RST: nobody listens.
    Refused,
    /// No answer to the SYN.
    TimedOut,
    /// No route from this machine, or ICMP unreachable.
    Unreachable,
    /// The system gave another reason.
    Failed,
    /// Connected, and no TLS or no good certificate.
    TlsFailed,
    /// Connected, and no valid response.
    HttpFailed,
    /// The run was over before it was.
    Stopped,
    /// Not tried: there were too many, or no time was left.
    Untried,
}

impl AddressOutcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
            Self::TlsFailed => "tls-failed",
            Self::HttpFailed => "http-failed",
            Self::Stopped => "stopped",
            Self::Untried => "untried",
        }
    }
}

impl AddressCheck {
    /// Whether all that was tried at it went well, and a server that may be used answered.
    #[must_use]
    pub fn serves(&self) -> bool {
        let fails = self.status.is_some_and(|status| status >= 500);
        self.outcome == AddressOutcome::Ok && self.verified != Some(false) && !fails
    }

    /// An address that nothing has been done with.
    #[must_use]
    pub const fn untried(address: SocketAddr) -> Self {
        Self {
            address,
            outcome: AddressOutcome::Untried,
            connect: None,
            rtt: None,
            tls: None,
            tls_version: None,
            verified: None,
            fingerprint: None,
            status: None,
            code: None,
            error: None,
        }
    }
}
