//! One question to one name server: why it was sent, how it travelled, what came back, what that meant.

use std::net::SocketAddr;
use std::time::Duration;

use super::at::At;
use super::cut::AddressSource;
use super::meaning::Meaning;
use super::record::{Rcode, Record, RecordType};

/// What went out less long before another question was not waited for.
pub const TIME_TO_ANSWER: Duration = Duration::from_millis(150);

/// One question sent to one server, and what came of it. A question sent again, by another
/// transport or to another server is a packet of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// The packet whose reply made this one needed; `None` for the first.
    pub parent: Option<usize>,
    /// What it was for.
    pub purpose: Purpose,
    /// The zone the server was asked as a server of; `.` for the root, empty for a resolver.
    pub zone: String,
    /// Name asked, with its final dot.
    pub qname: String,
    /// Type asked.
    pub qtype: RecordType,
    /// Name of the server, with its final dot; `None` for a resolver.
    pub server_name: Option<String>,
    /// Its address.
    pub server: SocketAddr,
    /// Where the address came from.
    pub source: AddressSource,
    /// Why this server and this form.
    pub chosen: Choice,
    /// UDP or TCP.
    pub transport: Transport,
    /// What of EDNS the question carried.
    pub edns: Edns,
    /// In which case its name was written.
    pub spelling: Spelling,
    /// The connection it went out on; `None` by UDP.
    pub connection: Option<ConnectionUse>,
    /// UDP: handed to the kernel. A connection made for it: the connect was started. A kept one: the
    /// question was written, or was to be and could not.
    pub sent: At,
    /// The connection made for this question was ready and the question was written: TCP, then TLS
    /// where there is TLS, or QUIC. `None` by UDP, and on a connection that was there already.
    pub connected: Option<At>,
    /// TLS and HTTPS: TCP was up and TLS was begun.
    pub tcp_done: Option<At>,
    /// The reply was there.
    pub received: Option<At>,
    /// When waiting for it ended.
    pub end: At,
    /// Bytes of the question (DNS message); 0 when it could not be sent.
    pub bytes_sent: usize,
    /// Bytes of the reply (DNS message).
    pub bytes_received: Option<usize>,
    /// Datagrams dropped while waiting: wrong source, id or question, or not a reply.
    pub dropped: u32,
    /// The same, by kind.
    pub dropped_kinds: Vec<(Stray, u32)>,
    /// What the reply's header said.
    pub reply: Option<ReplyHeader>,
    /// What it meant for the walk.
    pub meaning: Meaning,
    /// Records in the reply that its server has no say over (outside the zone it was asked for):
    /// not believed, and not used. At most [`MAX_UNTRUSTED`] are kept.
    pub untrusted: Vec<Record>,
}

/// What of EDNS (RFC 6891) a question carries. Each is less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edns {
    /// An OPT record with options: the server's identity is asked for (NSID, RFC 5001).
    Full,
    /// An OPT record without options.
    Bare,
    /// No OPT record.
    None,
}

impl Edns {
    /// Whether there is an OPT record.
    #[must_use]
    pub const fn is_some(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// In which case the letters of a question's name are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// As it is.
    Plain,
    /// Each letter in a case drawn by lot (0x20).
    Random,
}

impl Spelling {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Random => "random",
        }
    }
}

/// What makes a datagram no reply to the question that is awaited (RFC 5452 §9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stray {
    /// Another id.
    WrongId,
    /// The id, and another name, type or class.
    WrongQuestion,
    /// The id, and no question section.
    NoQuestion,
    /// A question (QR is not set), or too short for a message.
    NotAReply,
    /// Another operation than QUERY (RFC 1035 §4.1.1).
    WrongOperation,
    /// From another address or port than the one asked.
    WrongSource,
}

impl Stray {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongId => "wrong-id",
            Self::WrongQuestion => "wrong-question",
            Self::NoQuestion => "no-question",
            Self::NotAReply => "not-a-reply",
            Self::WrongOperation => "wrong-operation",
            Self::WrongSource => "wrong-source",
        }
    }
}

/// Records of one reply that are kept though they are not believed.
pub const MAX_UNTRUSTED: usize = 16;

/// What a packet was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The walk for the traced name (counted, unless the resolver lane is).
    Walk,
    /// The walk for a name server's address.
    NsAddress,
    /// `. NS`, to see whether the hints have drifted (never counted).
    Priming,
    /// The machine's resolver, for comparison (never counted, unless it is the fallback).
    Stub,
    /// The resolver given by `--resolver`.
    Resolver,
    /// A server of the last zone, by `--all-ns` (never counted).
    AllServers,
    /// The name of the resolver given by `--resolver`.
    Bootstrap,
    /// Somebody who may have a copy, by `--propagation` (never counted).
    Propagation,
    /// The keys of a zone, for DNSSEC (never counted).
    DnsKey,
    /// What a zone's parent says of its keys, for DNSSEC (never counted).
    Ds,
    /// The question itself once more, with its signatures and whatever they are worth (CD), for
    /// DNSSEC (never counted).
    Recheck,
}

impl Purpose {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::NsAddress => "ns-address",
            Self::Priming => "priming",
            Self::Stub => "stub",
            Self::Resolver => "resolver",
            Self::AllServers => "all-servers",
            Self::Bootstrap => "bootstrap",
            Self::Propagation => "propagation",
            Self::DnsKey => "dnskey",
            Self::Ds => "ds",
            Self::Recheck => "recheck",
        }
    }
}

/// Why a server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The first of those known.
    First,
    /// The fastest of those asked before.
    Fastest,
    /// The one before it had not answered yet.
    Hedge,
    /// The one before it failed.
    NextAfterFailure,
    /// The same server by TCP, because its UDP reply was truncated.
    Truncated,
    /// The same server without EDNS options, because it refused the question with them.
    WithoutOptions,
    /// The same server without EDNS, because it refused the question with it.
    WithoutEdns,
    /// The same server once more: all had been asked, or this one alone is to be, and nothing came back.
    Again,
    /// The same server, because its reply repeated the question in another case.
    CaseMismatch,
    /// The same server with the name in plain case: what it said to one in drawn case is not believed yet.
    PlainCase,
    /// By TCP, because nothing comes back by UDP.
    UdpBlocked,
    /// The same server by TCP, because its UDP reply came from another address.
    WrongSource,
    /// On a new connection, because the one before had ended or gone silent.
    ConnectionEnded,
}

/// Whose connection a question went out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionUse {
    /// Its own: it was made for this question, or was to be.
    Opened,
    /// Made for an earlier question of the run, and kept open.
    Kept,
}

impl ConnectionUse {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Kept => "kept",
        }
    }
}

impl Choice {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Fastest => "fastest",
            Self::Hedge => "hedge",
            Self::NextAfterFailure => "next-after-failure",
            Self::Truncated => "truncated",
            Self::WithoutOptions => "without-options",
            Self::WithoutEdns => "without-edns",
            Self::Again => "again",
            Self::CaseMismatch => "case-mismatch",
            Self::PlainCase => "plain-case",
            Self::UdpBlocked => "udp-blocked",
            Self::WrongSource => "wrong-source",
            Self::ConnectionEnded => "connection-ended",
        }
    }
}

/// How a DNS question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One datagram each way.
    Udp,
    /// A connection, two bytes of length before each message (RFC 1035 §4.2.2).
    Tcp,
    /// The same inside TLS (RFC 7858).
    Tls,
    /// A POST by HTTP/2 (RFC 8484).
    Https,
    /// A QUIC stream for each question (RFC 9250).
    Quic,
}

impl Transport {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
        }
    }
}

/// The header of a reply and the facts of its OPT record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // RFC 1035 §4.1.1 has them as bits
pub struct ReplyHeader {
    /// Response code, with the EDNS high bits.
    pub rcode: Rcode,
    /// AA: the server says it is authoritative.
    pub authoritative: bool,
    /// TC: truncated.
    pub truncated: bool,
    /// RD, as echoed.
    pub recursion_desired: bool,
    /// RA: the server offers recursion.
    pub recursion_available: bool,
    /// AD: the resolver says the data is authentic (RFC 4035 §3.2.3).
    pub authentic_data: bool,
    /// Records in the answer section.
    pub answers: usize,
    /// Records in the authority section.
    pub authorities: usize,
    /// Records in the additional section, OPT not counted.
    pub additionals: usize,
    /// The UDP size of the reply's OPT record; `None` without EDNS.
    pub edns_size: Option<u16>,
    /// The server's identity (RFC 5001), as sent.
    pub nsid: Option<Vec<u8>>,
    /// Extended DNS errors (RFC 8914): code and text.
    pub extended_errors: Vec<(u16, String)>,
}
