//! What every server of a zone, and everybody who may have a copy, said: `--all-ns` and `--propagation`.
//!
//! Beside the walk, never counted.

use std::net::SocketAddr;
use std::time::Duration;

use super::cut::AddressSource;
use super::record::{Rcode, Record, RecordType};

/// Who has which copy of an answer, by `--propagation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propagation {
    /// The type that was asked for.
    pub rtype: RecordType,
    /// Everybody who was asked.
    pub copies: Vec<Copied>,
    /// In so many seconds the last copy that differs from the authority has run out.
    pub stale_for: Option<u32>,
    /// What follows, in sentences.
    pub advice: Vec<String>,
}

/// What one server or resolver has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Whose it is.
    pub keeper: Keeper,
    /// The server's or the resolver's name.
    pub name: Option<String>,
    /// Its address.
    pub address: SocketAddr,
    /// Its response code.
    pub rcode: Option<Rcode>,
    /// Its answer: aliases, then records.
    pub answers: Vec<Record>,
    /// The time its answer has left, in seconds; of an absence, too.
    pub ttl: Option<u32>,
    /// The round trip.
    pub rtt: Option<Duration>,
    /// Whether it is what the counted lane found; `None` when there is nothing to compare.
    pub agrees: Option<bool>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// The packets of it.
    pub packets: Vec<usize>,
}

/// Whose copy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// A server of the zone: the original.
    Authority,
    /// This machine's resolver.
    Configured,
    /// A public resolver.
    Public,
}

impl Keeper {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Configured => "configured",
            Self::Public => "public",
        }
    }
}

/// What one address of a name server said, by `--all-ns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCheck {
    /// The server's name, with its final dot.
    pub name: String,
    /// Its address.
    pub address: SocketAddr,
    /// Where the address came from.
    pub source: AddressSource,
    /// Round trip of the question for the SOA, by UDP; by TCP where UDP is blocked from here.
    pub rtt: Option<Duration>,
    /// Whether anything at all came back.
    pub reachable: bool,
    /// The response code to the question itself.
    pub rcode: Option<Rcode>,
    /// Whether it answered for the zone with authority.
    pub authoritative: Option<bool>,
    /// The SOA's serial.
    pub serial: Option<u32>,
    /// Its answer to the question.
    pub answers: Vec<Record>,
    /// Whether it speaks EDNS.
    pub edns: Option<bool>,
    /// Whether it answers by TCP.
    pub tcp: Option<bool>,
    /// What is wrong, or differs from the other servers.
    pub faults: Vec<ServerFault>,
    /// The packets of it all.
    pub packets: Vec<usize>,
}

/// A server of a zone that has no address to be asked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfoundServer {
    /// The server's name, with its final dot.
    pub name: String,
    /// Why its address was not found.
    pub why: String,
}

/// What is wrong with one server of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFault {
    /// No answer by any transport; the reason.
    Unreachable(String),
    /// It does not serve the zone; what it did instead.
    Lame(String),
    /// Its replies cannot be read or used; what is wrong with them.
    Unreadable(String),
    /// It has an older copy of the zone than the newest (RFC 1982).
    SerialDiffers {
        /// The newest serial seen.
        newest: u32,
    },
    /// It answers the question otherwise than most.
    AnswerDiffers,
    /// It refuses or ignores EDNS.
    NoEdns,
    /// It does not answer what has EDNS in it, and the same without.
    EdnsDropped,
    /// It answers by TCP and not by UDP; what it did instead.
    NoUdp(String),
    /// It does not answer by TCP (RFC 7766 §5 demands it).
    NoTcp,
}

impl ServerFault {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Lame(_) => "lame",
            Self::Unreadable(_) => "unreadable",
            Self::SerialDiffers { .. } => "serial-differs",
            Self::AnswerDiffers => "answer-differs",
            Self::NoEdns => "no-edns",
            Self::EdnsDropped => "edns-dropped",
            Self::NoUdp(_) => "no-udp",
            Self::NoTcp => "no-tcp",
        }
    }
}
