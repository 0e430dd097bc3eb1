//! How names are resolved: which resolver is asked what, and what is validated and surveyed.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::family::Family;
use super::roots::RootsChoice;
use crate::trace::{RecordType, Transport};

/// The limit for DNS when not given.
pub const DNS_TIMEOUT: Duration = Duration::from_secs(10);
/// The path that `--resolver system` reads before it asks anybody.
pub const HOSTS_FILE: &str = "/etc/hosts";
/// Where the C library is told whom to ask in which order.
pub const NSSWITCH: &str = "/etc/nsswitch.conf";

/// How names are resolved.
#[derive(Clone, Debug)]
pub struct DnsPlan {
    /// The counted lane.
    pub lane: ResolverChoice,
    /// The text of a root hints file and where it came from; `None` for the built-in hints.
    pub root_hints: Option<HintsText>,
    /// The port of authoritative servers whose address came without one: 53, or the lab's.
    pub server_port: u16,
    /// The machine's resolvers, for the stub lane; empty when there is none.
    pub stub_servers: Vec<SocketAddr>,
    /// How this machine completes short names.
    pub search: SearchList,
    /// The addresses of the hosts file, used by `--resolver system` only.
    pub hosts_file: Option<PathBuf>,
    /// nsswitch.conf, to tell the order of sources; nothing is decided by it.
    pub nsswitch: Option<PathBuf>,
    /// Families to ask for and to use.
    pub family: Family,
    /// Families that name servers are asked by: `urltrace dns -4` and `-6`.
    pub server_family: Family,
    /// `--resolve HOST:PORT:ADDRESS`, in the order given.
    pub overrides: Vec<ResolveOverride>,
    /// The limit for resolving one host.
    pub timeout: Duration,
    /// What to do with HTTPS records.
    pub https_records: HttpsRecords,
    /// How much of a name each server is told.
    pub minimisation: Minimisation,
    /// Questions, each with its retries, that one server or resolver is asked at the same time; `None` for no bound,
    /// which one name alone does not need.
    pub server_limit: Option<usize>,
    /// Whom `urltrace dns` asks once the answer is there.
    pub survey: Survey,
    /// What is trusted when the resolver is asked over TLS or QUIC.
    pub roots: RootsChoice,
    /// Whether answers are validated, and from which trust anchors.
    pub dnssec: DnssecPlan,
}

/// The search list of this machine (resolv.conf(5)): what short names are completed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchList {
    /// Where it comes from.
    pub source: String,
    /// The domains, in their order.
    pub domains: Vec<String>,
    /// Words of the list that are no domain.
    pub ignored: Vec<String>,
    /// A name with fewer dots is completed before it is asked for as it is.
    pub ndots: usize,
}

impl Default for SearchList {
    fn default() -> Self {
        Self { source: String::new(), domains: Vec::new(), ignored: Vec::new(), ndots: 1 }
    }
}

/// Validation of what the walk finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnssecPlan {
    /// `--no-dnssec`: no signatures are asked for.
    Off,
    /// Signatures are asked for and checked.
    On {
        /// `--trust-anchor`, or the lab's; `None` for the built-in keys of the root.
        anchors: Option<AnchorsText>,
    },
}

/// Trust anchors that were read before t0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorsText {
    /// Their file, or `lab`.
    pub source: String,
    /// Zone-file records of type DS or DNSKEY.
    pub text: String,
}

/// What to do with a host's HTTPS records (RFC 9460).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpsRecords {
    /// Ask for them beside the addresses and use them as a browser does.
    #[default]
    Use,
    /// `--no-https-rr`.
    Ignore,
}

/// Whom `urltrace dns` asks once the answer is there. Nothing of it is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// `--all-ns`: every address of every server of the last zone.
    pub all_servers: bool,
    /// `--propagation`: everybody who may have a copy.
    pub propagation: Option<PublicResolvers>,
}

/// The public resolvers of `--propagation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicResolvers {
    /// The well-known ones, [`PUBLIC_RESOLVERS`]. The lab, which has no network, asks none of them.
    BuiltIn,
    /// `--resolvers FILE`.
    Given(Vec<PublicResolver>),
}

/// A public resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicResolver {
    /// Its address.
    pub address: SocketAddr,
    /// What it is called.
    pub name: Option<String>,
}

impl PublicResolvers {
    /// Their addresses and names.
    #[must_use]
    pub fn list(&self) -> Vec<PublicResolver> {
        let known = |(address, name): &([u8; 4], &str)| PublicResolver {
            address: SocketAddr::from((*address, 53)),
            name: Some((*name).to_owned()),
        };
        match self {
            Self::BuiltIn => PUBLIC_RESOLVERS.iter().map(known).collect(),
            Self::Given(list) => list.clone(),
        }
    }
}

/// Well-known public resolvers that do not filter, or filter malware only.
pub const PUBLIC_RESOLVERS: &[([u8; 4], &str)] = &[
    ([1, 1, 1, 1], "Cloudflare"),
    ([8, 8, 8, 8], "Google"),
    ([9, 9, 9, 9], "Quad9"),
    ([208, 67, 222, 222], "OpenDNS"),
    ([4, 2, 2, 1], "Level 3"),
    ([64, 6, 64, 6], "UltraDNS"),
    ([74, 82, 42, 42], "Hurricane Electric"),
    ([94, 140, 14, 140], "AdGuard unfiltered"),
    ([76, 76, 2, 0], "Control D"),
    ([185, 222, 222, 222], "DNS.SB"),
    ([77, 88, 8, 8], "Yandex"),
    ([223, 5, 5, 5], "AliDNS"),
];

/// How much of a name each server of a walk is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Minimisation {
    /// The whole name, as resolvers did before 2016: no round trip more than there are cuts.
    #[default]
    Off,
    /// `--qmin`: one label more than its zone, and the whole name where that leads nowhere
    /// (RFC 9156, relaxed).
    Relaxed,
}

/// The names of `urltrace dns -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The questions, in the order read.
    pub questions: Vec<Question>,
    /// The line of each, by its place, where it came from a text.
    pub lines: BTreeMap<usize, BatchLine>,
    /// Whether one name may use what another has found.
    pub reuse: Reuse,
}

/// Where a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchLine {
    /// The number of the line.
    pub number: usize,
    /// Why it is not to be asked; its name is what the line begins with.
    pub refused: Option<String>,
}

/// Whether the names of a batch share what they find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// One cache of cuts and answers for all.
    #[default]
    Shared,
    /// `--cold`: every name begins at the root.
    Cold,
}

/// The counted lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ResolverChoice {
    /// The walk from the root.
    #[default]
    Walk,
    /// `--resolver system`: hosts file, then the servers of resolv.conf.
    System,
    /// `--resolver ADDRESS[:PORT]`.
    Server(SocketAddr),
    /// `--resolver tcp://..`, `tls://..`, `https://..`, `quic://..`.
    Endpoint(Endpoint),
}

/// A resolver that is asked on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As it was given.
    pub text: String,
    /// Any but UDP.
    pub transport: Transport,
    /// Its address, or its name, which has to be resolved first.
    pub host: EndpointHost,
    /// Its port.
    pub port: u16,
    /// What its certificate must be for: a name or an address.
    pub certificate_name: String,
    /// HTTPS: the path of the service.
    pub path: String,
}

/// Where a resolver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointHost {
    /// At this address.
    Address(IpAddr),
    /// At this address in this scope (RFC 4007 §11).
    Scoped(Ipv6Addr, u32),
    /// Where this name leads; ASCII.
    Name(String),
}

/// A root hints file that was read before t0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintsText {
    /// Its name, or `lab`.
    pub source: String,
    /// Its text: zone-file records; an address may carry `:port` (IPv6: `[address]:port`).
    pub text: String,
}

/// One `--resolve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveOverride {
    /// The host, lower case ASCII, or `*`.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

/// The question of `urltrace dns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, ASCII, with or without its final dot.
    pub name: String,
    /// The types.
    pub types: Vec<RecordType>,
}

impl Default for DnsPlan {
    fn default() -> Self {
        Self {
            lane: ResolverChoice::Walk,
            root_hints: None,
            server_port: 53,
            stub_servers: Vec::new(),
            search: SearchList::default(),
            hosts_file: None,
            nsswitch: None,
            family: Family::Any,
            server_family: Family::Any,
            overrides: Vec::new(),
            timeout: DNS_TIMEOUT,
            https_records: HttpsRecords::Use,
            minimisation: Minimisation::Off,
            server_limit: None,
            survey: Survey::default(),
            roots: RootsChoice::Embedded,
            dnssec: DnssecPlan::On { anchors: None },
        }
    }
}
