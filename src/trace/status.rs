//! The model of a stapled OCSP response (RFC 6960), and of a certificate's stamps of public logs (RFC 6962).

use std::time::SystemTime;

/// A stapled OCSP response, as it says of itself. Its signature is not checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staple {
    /// What it says of the certificate.
    pub status: CertificateStatus,
    /// When it was made.
    pub produced_at: Option<SystemTime>,
    /// From when it holds.
    pub this_update: Option<SystemTime>,
    /// Until when it holds; a response need not say.
    pub next_update: Option<SystemTime>,
}

/// What a stapled response says of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Not revoked.
    Good,
    /// Revoked, at this time.
    Revoked(SystemTime),
    /// The responder does not know it.
    Unknown,
    /// It is about another certificate only.
    Other,
    /// The responder had no answer (`tryLater`, `unauthorized`, ...).
    NoAnswer,
    /// It cannot be read here.
    Unreadable,
}

impl CertificateStatus {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked(_) => "revoked",
            Self::Unknown => "unknown",
            Self::Other => "other-certificate",
            Self::NoAnswer => "no-answer",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A signed certificate timestamp: a public log's promise to list the certificate (RFC 6962 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTimestamp {
    /// The log, by the SHA-256 of its key, hexadecimal.
    pub log_id: String,
    /// When the log took the certificate.
    pub timestamp: SystemTime,
}
