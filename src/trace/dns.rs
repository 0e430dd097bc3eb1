//! The model of stage 2, name resolution: the question, the answer, and what lies beside the walk.
//!
//! Its parts have files of their own: records, zone cuts, packets, service bindings, copies and DNSSEC.

use std::net::{IpAddr, SocketAddr};

use super::at::At;
use super::copies::{Propagation, ServerCheck, UnfoundServer};
use super::cut::Cut;
use super::dnssec::Dnssec;
use super::meaning::Negative;
use super::packet::Packet;
use super::record::{Rcode, Record, RecordType};
use super::service::ServiceBinding;

/// Name resolution for one host, or one question of `urltrace dns`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    /// The name asked, with its final dot.
    pub name: String,
    /// The types asked, in the order asked (`A`, `AAAA`, ...).
    pub types: Vec<RecordType>,
    /// Which lane is counted.
    pub lane: DnsLane,
    /// Start of the counted lane.
    pub start: At,
    /// End of the counted lane.
    pub end: At,
    /// This program saw what ended it: the system had to wake it first. `None` where no packet ended it.
    pub noticed: Option<At>,
    /// The final response code of the counted lane; `None` when nothing usable came back.
    pub rcode: Option<Rcode>,
    /// The final answer: the CNAME chain in order, then the records.
    pub answers: Vec<Record>,
    /// The zone that said no, when the name or its type does not exist.
    pub negative: Option<Negative>,
    /// The addresses to connect to, in the order of the answers.
    pub addresses: Vec<IpAddr>,
    /// The zone cuts on the way, from the root down, over all CNAMEs.
    pub cuts: Vec<Cut>,
    /// Every packet of every lane, in the order sent. A packet's id is its index.
    pub packets: Vec<Packet>,
    /// The packets that the counted time was spent on, in order.
    pub critical_path: Vec<usize>,
    /// The root hints used.
    pub hints: RootHints,
    /// What the machine's own resolver said meanwhile; `None` when it was not asked.
    pub stub: Option<Stub>,
    /// The host's HTTPS records (RFC 9460); `None` when there are none, or nobody asked for them.
    pub service: Option<ServiceBinding>,
    /// Limits that were hit and facts that changed the walk, for people.
    pub notes: Vec<String>,
    /// Every address of every server of the last zone, with `--all-ns`; never counted.
    pub all_servers: Option<Vec<ServerCheck>>,
    /// Servers of the last zone that are not among those: their addresses were not found.
    pub unfound_servers: Vec<UnfoundServer>,
    /// Who has which copy, with `--propagation`; never counted.
    pub propagation: Option<Propagation>,
    /// What this machine's own files say of the name; `None` when they were not looked at.
    pub system: Option<SystemFiles>,
    /// What DNSSEC says; `None` when it was not asked, or not in time.
    pub dnssec: Option<Dnssec>,
    /// Why `dnssec` is `None`.
    pub unvalidated: Option<String>,
    /// Whether the resolver that was asked in the counted lane says to have validated all of it (AD,
    /// RFC 4035 §3.2.3); `None` when none was, or nothing of use was heard.
    pub authenticated: Option<bool>,
}

impl Dns {
    /// A resolution that has asked nobody yet.
    #[must_use]
    pub fn begun(name: String, types: Vec<RecordType>, lane: DnsLane, start: At, hints: RootHints) -> Self {
        Self {
            name,
            types,
            lane,
            start,
            end: start,
            noticed: None,
            rcode: None,
            answers: Vec::new(),
            negative: None,
            addresses: Vec::new(),
            cuts: Vec::new(),
            packets: Vec::new(),
            critical_path: Vec::new(),
            hints,
            stub: None,
            service: None,
            notes: Vec::new(),
            all_servers: None,
            unfound_servers: Vec::new(),
            propagation: None,
            system: None,
            dnssec: None,
            unvalidated: None,
            authenticated: None,
        }
    }
}

/// What a machine's own files say of a name. The walk heeds none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemFiles {
    /// The hosts file.
    pub hosts_file: String,
    /// Addresses it has for the name.
    pub addresses: Vec<IpAddr>,
    /// The order of sources that nsswitch.conf has for hosts, such as `files dns`.
    pub order: Option<String>,
}

/// How the counted answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsLane {
    /// The walk from the root.
    Walk,
    /// A resolver, by `--resolver`.
    Resolver,
    /// The machine's resolver, because the walk could not leave the network.
    StubFallback,
    /// `--resolve`: the user gave the address.
    Given,
    /// The name is special (`localhost`, RFC 6761) and never asked.
    Special,
}

impl DnsLane {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Resolver => "resolver",
            Self::StubFallback => "stub-fallback",
            Self::Given => "given",
            Self::Special => "special",
        }
    }
}

/// The root hints a walk began with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootHints {
    /// Where they came from: `built-in`, a file's name, or `lab`.
    pub source: String,
    /// The date in the file, as `YYYY-MM-DD`.
    pub date: Option<String>,
    /// What the root itself said otherwise (priming, RFC 9609): one sentence each. `None` when the
    /// root was not asked or did not answer before the trace ended.
    pub drift: Option<Vec<String>>,
}

/// What the machine's configured resolver said. Never counted, except as fallback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The servers of resolv.conf, in order.
    pub servers: Vec<SocketAddr>,
    /// The one that answered.
    pub server: Option<SocketAddr>,
    /// Start of its first question.
    pub start: At,
    /// End: the last answer, or the end of the trace if it had not answered by then.
    pub end: At,
    /// Its response code.
    pub rcode: Option<Rcode>,
    /// Its answers.
    pub answers: Vec<Record>,
    /// The least TTL left in its answers, in seconds.
    pub ttl: Option<u32>,
    /// How old its copy is, in seconds: the TTL that the walk was given, less what is left. `None` where the
    /// resolver may have cut that TTL short: nobody knows then.
    pub age: Option<u32>,
    /// How old it is at most: the same, though the TTL may have been cut short.
    pub age_at_most: Option<u32>,
    /// Whether its addresses are those of the walk; `None` when one of the two has none to compare.
    pub agrees: Option<bool>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Whether it says to have validated all of it (AD); `None` when it said nothing of use.
    pub authenticated: Option<bool>,
}
