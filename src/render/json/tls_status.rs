//! Views of what stands beside a handshake: a stapled OCSP response, the stamps of logs, a HelloRetryRequest.

use std::time::SystemTime;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::render::words;
use crate::trace::{CertificateStatus, HelloRetry, RetryCause, SignedTimestamp, Staple};

/// A stapled OCSP response, as it says of itself. Its signature is not checked.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct OcspView {
    /// What it says of the server's certificate.
    #[cfg_attr(test, schemars(extend("enum" = ["good", "revoked", "unknown", "other-certificate", "no-answer", "unreadable"])))]
    status: &'static str,
    /// When the certificate was revoked, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    revoked_at: Option<String>,
    /// When the response was made, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    produced_at: Option<String>,
    /// From when it holds, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    this_update: Option<String>,
    /// Until when it holds, RFC 3339; null where it does not say.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    next_update: Option<String>,
}

impl From<&Staple> for OcspView {
    fn from(staple: &Staple) -> Self {
        let time = |time| words::timestamp(time, 0);
        Self {
            status: staple.status.as_str(),
            revoked_at: match staple.status {
                CertificateStatus::Revoked(at) => Some(time(at)),
                _ => None,
            },
            produced_at: staple.produced_at.map(time),
            this_update: staple.this_update.map(time),
            next_update: staple.next_update.map(time),
        }
    }
}

/// A public log's stamp on a certificate (RFC 6962).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct TimestampView<'a> {
    /// The log: SHA-256 of its key, hexadecimal.
    log_id: &'a str,
    /// When it took the certificate, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    timestamp: String,
    /// The same to the millisecond, since 1970.
    unix_ms: u64,
}

impl<'a> From<&'a SignedTimestamp> for TimestampView<'a> {
    fn from(stamp: &'a SignedTimestamp) -> Self {
        let since = stamp.timestamp.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            log_id: &stamp.log_id,
            timestamp: words::timestamp(stamp.timestamp, 0),
            unix_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A HelloRetryRequest.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HelloRetryView<'a> {
    /// Why it came: no key share of a group that the server takes was sent (`group`), or it wants its
    /// cookie back (`cookie`).
    #[cfg_attr(test, schemars(extend("enum" = ["group", "cookie"])))]
    cause: &'static str,
    /// The group that it asked for; null when it asked for its cookie.
    group: Option<&'a str>,
    /// From our ClientHello to its last byte.
    cost_us: u64,
}

impl<'a> From<HelloRetry<'a>> for HelloRetryView<'a> {
    fn from(retry: HelloRetry<'a>) -> Self {
        let (cause, group) = match retry.cause {
            RetryCause::Group(group) => ("group", Some(group)),
            RetryCause::Cookie => ("cookie", None),
        };
        Self { cause, group, cost_us: us(retry.cost) }
    }
}
