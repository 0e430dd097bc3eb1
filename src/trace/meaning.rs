//! What the reply to a question meant for the walk: answer, alias, referral, denial (RFC 2308), or no use.
//!
//! Not how a reply is told to be which: that is `dns`'s.

use std::net::SocketAddr;

use super::cut::NameServer;
use super::record::{Record, RecordType};

/// What a packet's outcome meant for the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The records asked for.
    Answer {
        /// Answer records, in order.
        records: Vec<Record>,
    },
    /// An alias; the walk goes on with its target.
    Cname {
        /// The whole chain of this reply, in order.
        records: Vec<Record>,
        /// Where it ends.
        target: String,
    },
    /// A DNAME that makes no name: YXDOMAIN (RFC 6672 §2.2).
    Yxdomain {
        /// The chain of this reply, the DNAME last.
        records: Vec<Record>,
    },
    /// Ask the servers of a deeper zone.
    Referral {
        /// The deeper zone.
        cut: String,
        /// Its servers, with the glue that was believed.
        servers: Vec<NameServer>,
        /// How many addresses came with it and were believed.
        glue: usize,
        /// Addresses that came with it and were not believed (out of bailiwick).
        ignored: usize,
        /// How many servers it named; only the first are used where there are very many.
        named: usize,
    },
    /// The name exists, the type does not.
    NoData(Negative),
    /// The name does not exist.
    NxDomain(Negative),
    /// Truncated: the same question goes by TCP.
    Truncated,
    /// The server did not take the question with EDNS: it goes without.
    EdnsRefused,
    /// The server did not take the question with EDNS options: it goes without them.
    EdnsOptionsRefused,
    /// The reply repeated the question in another case (0x20): the same question goes by TCP.
    CaseChanged,
    /// The server does not serve the zone or does not want to answer; the reason is the rcode.
    Refused,
    /// The server failed (SERVFAIL and other error codes).
    ServerFailure,
    /// A referral that leads up or sideways: the server does not serve the zone.
    UpwardReferral {
        /// The zone it refers to.
        to: String,
    },
    /// An answer of a server of the zone, without authority (AA): it does not serve the zone.
    NonAuthoritative,
    /// A reply that fits no case: the server does not serve the zone.
    Lame {
        /// Why, in words.
        reason: &'static str,
    },
    /// A reply that cannot be read.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// A reply came, and from another address than the one asked: it is not believed (RFC 5452 §3),
    /// and the same question goes by TCP.
    WrongSource {
        /// Where it came from.
        from: SocketAddr,
    },
    /// No reply within the limit.
    Timeout,
    /// The operating system said no (no route, port unreachable, connection refused or closed).
    Error {
        /// Its words.
        reason: String,
    },
    /// Everything, or all of DNS, was ended before a reply came: this says nothing of the server.
    Stopped(StoppedBy),
    /// Another server's answer came first; this one was not awaited.
    Superseded,
}

/// What ended a trace, or a stage of it, before a packet had its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoppedBy {
    /// Ctrl-C.
    Interrupt,
    /// The limit for everything.
    MaxTime,
    /// The limit for a part of the trace.
    Part,
    /// The limit for DNS.
    DnsLimit,
}

impl StoppedBy {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::MaxTime => "max-time",
            Self::Part => "part",
            Self::DnsLimit => "dns-limit",
        }
    }
}

impl Meaning {
    /// Whether nobody waited any longer: then it says nothing of the server.
    #[must_use]
    pub const fn was_stopped(&self) -> bool {
        matches!(self, Self::Stopped(_))
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Cname { .. } => "cname",
            Self::Yxdomain { .. } => "yxdomain",
            Self::Referral { .. } => "referral",
            Self::NoData(_) => "nodata",
            Self::NxDomain(_) => "nxdomain",
            Self::Truncated => "truncated",
            Self::EdnsRefused => "edns-refused",
            Self::EdnsOptionsRefused => "edns-options-refused",
            Self::CaseChanged => "case-changed",
            Self::Refused => "refused",
            Self::ServerFailure => "server-failure",
            Self::UpwardReferral { .. } => "upward-referral",
            Self::NonAuthoritative | Self::Lame { .. } => "lame",
            Self::Malformed { .. } => "malformed",
            Self::WrongSource { .. } => "wrong-source",
            Self::Timeout => "timeout",
            Self::Error { .. } | Self::Stopped(_) => "error",
            Self::Superseded => "superseded",
        }
    }

    /// Whether a walk can go on by it: an answer without authority is taken where nobody does better.
    #[must_use]
    pub const fn is_of_use(&self) -> bool {
        self.is_useful() || matches!(self, Self::NonAuthoritative)
    }

    /// Whether the server did what a server of the zone should.
    #[must_use]
    pub const fn is_useful(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. }
                | Self::Cname { .. }
                | Self::Yxdomain { .. }
                | Self::Referral { .. }
                | Self::NoData(_)
                | Self::NxDomain(_)
                | Self::Truncated
                | Self::CaseChanged
        )
    }
}

/// A proven or claimed absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negative {
    /// The zone that said so (owner of the SOA); `None` when the reply had no SOA, or one of another zone.
    pub zone: Option<String>,
    /// The zone whose SOA came along although it has no say here, where no other SOA did.
    pub foreign_soa: Option<String>,
    /// How long a resolver may remember the absence: min(SOA TTL, SOA minimum), RFC 2308 §5.
    pub ttl: Option<u32>,
    /// The type that is absent; `None` when the whole name is.
    pub rtype: Option<RecordType>,
}
