//! The model: what a trace saw, as plain public data.
//!
//! No I/O, no colours, no wording for people, and no import of any other module of this crate.
//! Stages fill it in, [`timeline`](crate::timeline) computes phases and spans from it, findings
//! judge it, renderers show it. It is not the JSON: that is a versioned view of its own.

mod connect;
mod copies;
mod cut;
mod dns;
mod dnssec;
mod failure;
mod http;
mod packet;
mod record;
mod service;
mod tls;
mod url;

use std::time::{Duration, SystemTime};

pub use connect::{Attempt, AttemptOutcome, Connect, TcpInfo};
pub use copies::{Copied, Keeper, Propagation, ServerCheck, ServerFault, UnfoundServer};
pub use cut::{AddressSource, ChildSide, Cut, MAX_SERVER_ADDRESSES, MAX_SERVERS, NameServer};
pub use dns::{Dns, DnsLane, Negative, RootHints, Stub, SystemFiles};
pub use dnssec::{
    Denial, Denied, Dnssec, DnssecVerdict, DsInfo, DsState, KeyInfo, KeyRole, ProofKind, SignatureInfo,
    ZoneLink,
};
pub use failure::{Failure, FailureCode};
pub use http::{Body, Header, Http, HttpVersion, Informational, Redirect, Request, header};
pub use packet::{
    Choice, Connection, MAX_UNTRUSTED, Meaning, NO_AUTHORITY, Packet, Purpose, ReplyHeader, StoppedBy, Stray,
    Transport, astray,
};
pub use record::{Rcode, Record, RecordType};
pub use service::{ServiceBinding, ServiceRecord};
pub use tls::{
    Alert, Certificate, CertificateFault, Direction, Flight, LegacyProbe, Offer, Tls, Verification,
};
pub use url::{Host, Scheme, Url, UrlChange};

/// A point in time: whole microseconds since the trace began (t0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u64);

impl At {
    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The point `duration` after `self`.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Everything one run saw, from the URL to the last byte. Whole also when the run failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The URL as it was typed.
    pub input: String,
    /// Wall time of t0.
    pub started_at: SystemTime,
    /// Client set-up before t0 (roots, TLS configuration, resolver configuration, the lab).
    pub setup: Duration,
    /// From t0 to the end of the last hop.
    pub total: Duration,
    /// One record for each redirect hop; empty when the URL could not be parsed.
    pub hops: Vec<Hop>,
    /// Why the input led to no request at all.
    pub no_request: Option<Failure>,
    /// True when the trace ran inside the built-in lab.
    pub lab: bool,
}

impl Trace {
    /// What ended the trace before its goal; `None` when the last response was read to its end.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.no_request.as_ref().or_else(|| self.hops.last()?.failure.as_ref())
    }
}

/// The stages of a hop, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageName {
    /// Taking the URL apart.
    Url,
    /// Finding the addresses.
    Dns,
    /// Opening a TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// Request and response.
    Http,
}

impl StageName {
    /// The word used in JSON, in messages and as prefix of rule ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }
}

/// The record of one stage of a hop.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage<T> {
    /// It ran, to its end or to its failure.
    Ran(T),
    /// It has nothing to do in this hop, for the reason given.
    Skipped(&'static str),
    /// An earlier stage failed.
    NotReached,
}

impl<T> Stage<T> {
    /// The record, if the stage ran.
    #[must_use]
    pub const fn ran(&self) -> Option<&T> {
        match self {
            Self::Ran(record) => Some(record),
            Self::Skipped(_) | Self::NotReached => None,
        }
    }

    /// The record to change, if the stage ran.
    pub const fn ran_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Ran(record) => Some(record),
            Self::Skipped(_) | Self::NotReached => None,
        }
    }
}

/// One request of a redirect chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// The URL, taken apart.
    pub url: Url,
    /// Start of the hop.
    pub start: At,
    /// End of the hop: last body byte, or the failure.
    pub end: At,
    /// Name resolution.
    pub dns: Stage<Dns>,
    /// The TCP connection.
    pub connect: Stage<Connect>,
    /// The TLS handshake.
    pub tls: Stage<Tls>,
    /// Request and response.
    pub http: Stage<Http>,
    /// The earlier hop whose connection this one used, if any.
    pub reused: Option<usize>,
    /// What ended it before its goal.
    pub failure: Option<Failure>,
}
