//! Every exit code. Scripts rely on them: they only ever gain members.

mod statuses;

pub use self::statuses::Statuses;
use crate::trace::{FailureCode, StageName, Trace};

/// Traced, and no limit broken.
pub const OK: u8 = 0;
/// A fault of this program.
pub const INTERNAL: u8 = 1;
/// Wrong arguments, a file that cannot be read or written.
pub const USAGE: u8 = 2;
/// The URL cannot be traced.
pub const URL: u8 = 3;
/// No address was found.
pub const DNS: u8 = 4;
/// No connection.
pub const TCP: u8 = 5;
/// No TLS, or a certificate that cannot be trusted.
pub const TLS: u8 = 6;
/// No valid HTTP response.
pub const HTTP: u8 = 7;
/// Status 4xx or 5xx, or one of gRPC that is not 0, or no SERVING, with `--fail`; another status than `--expect` says.
pub const STATUS: u8 = 8;
/// Traced, and a limit was broken: a `--budget`, or something was found that `--fail-on` forbids.
pub const LIMIT: u8 = 9;
/// Ctrl-C ended the run: 128 and the signal's number, as shells have it.
pub const INTERRUPTED: u8 = 130;
/// SIGTERM ended the run.
pub const TERMINATED: u8 = 143;

/// Each code and its meaning, as the README's table has them.
pub const TABLE: &[(u8, &str)] = &[
    (OK, "traced"),
    (INTERNAL, "internal error"),
    (USAGE, "usage: wrong arguments, a file that cannot be read or written"),
    (URL, "the URL cannot be traced"),
    (DNS, "DNS: no address was found"),
    (TCP, "TCP: no connection, or none through the proxy"),
    (TLS, "TLS: no handshake, or a certificate that cannot be trusted"),
    (HTTP, "HTTP: no valid response"),
    (
        STATUS,
        "another status than `--expect` says; with `--fail`: HTTP status 4xx or 5xx, a gRPC status that is not 0, or \
         a health check without SERVING",
    ),
    (LIMIT, "traced, and a `--budget` was broken, or something found that `--fail-on` forbids"),
    (INTERRUPTED, "interrupted (Ctrl-C): what was seen is printed; a second Ctrl-C ends it at once"),
    (TERMINATED, "terminated (SIGTERM): the same"),
];

/// The code of a failed stage.
#[must_use]
pub const fn of_stage(stage: StageName) -> u8 {
    match stage {
        StageName::Url => URL,
        StageName::Dns => DNS,
        StageName::Tcp => TCP,
        StageName::Tls => TLS,
        StageName::Http => HTTP,
    }
}

/// What to do about a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnBadStatus {
    /// It is a response like any other.
    Accept,
    /// `--fail`: 4xx and 5xx are not what was wanted.
    Fail,
    /// `--expect`: these are, and no others.
    Expect(Statuses),
}

impl OnBadStatus {
    /// The statuses of `--expect`.
    #[must_use]
    pub const fn statuses(&self) -> Option<&Statuses> {
        match self {
            Self::Expect(statuses) => Some(statuses),
            Self::Accept | Self::Fail => None,
        }
    }
}

/// Whether what was found keeps to what the user allows (`--fail-on`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// It does.
    Kept,
    /// It does not.
    Broken,
}

impl Limits {
    /// The code of a run that did what it was to do.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Kept => OK,
            Self::Broken => LIMIT,
        }
    }
}

/// The code of a trace: a failed stage's is stronger than that of a limit, and that than a status's.
#[must_use]
pub fn of_trace(trace: &Trace, bad_status: &OnBadStatus, limits: Limits) -> u8 {
    if let Some(failure) = trace.failure() {
        return match failure.code {
            // The stage did its work; the file is this machine's.
            FailureCode::OutputFailed | FailureCode::RequestBodyFailed => USAGE,
            _ => of_stage(failure.stage),
        };
    }
    let http = || trace.hops().next_back().and_then(|hop| hop.http.ran());
    // In gRPC the status of HTTP tells only how the way was.
    let is_bad = || {
        http().is_some_and(|http| {
            http.status.is_some_and(|status| status >= 400)
                || http.grpc.as_ref().is_some_and(|call| !call.is_good())
        })
    };
    match (limits, bad_status) {
        (Limits::Broken, _) => LIMIT,
        (Limits::Kept, OnBadStatus::Fail) if is_bad() => STATUS,
        (Limits::Kept, OnBadStatus::Expect(statuses)) if !statuses.admit(trace) => STATUS,
        _ => OK,
    }
}
