//! The plan: what a run will do, fully parsed and validated.
//!
//! This module is the only one that reads arguments and the environment; everything after it works from
//! plain values. Defaults stand here, in one place. Nothing here touches the network.

mod dns;
mod read;
mod syntax;

pub use read::{Action, Environment, PlanError, Settings, Show, settings};

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::trace::{RecordType, Transport};

/// What a run traces, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The URL as typed.
    pub input: String,
    /// Name resolution.
    pub dns: DnsPlan,
    /// Connections.
    pub tcp: TcpPlan,
    /// TLS.
    pub tls: TlsPlan,
    /// Requests.
    pub http: HttpPlan,
    /// `--max-time`: everything, from t0.
    pub max_time: Duration,
}

/// The address families a run may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// `-4`.
    Ipv4,
    /// `-6`.
    Ipv6,
}

impl Family {
    /// Whether an address is of this family.
    #[must_use]
    pub const fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }

    /// The records that hold its addresses.
    #[must_use]
    pub fn address_types(self) -> Vec<RecordType> {
        match self {
            Self::Any => vec![RecordType::A, RecordType::AAAA],
            Self::Ipv4 => vec![RecordType::A],
            Self::Ipv6 => vec![RecordType::AAAA],
        }
    }

    /// Its name and the option that chooses it, for messages; `None` for both families.
    #[must_use]
    pub const fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Any => None,
            Self::Ipv4 => Some(("IPv4", "-4")),
            Self::Ipv6 => Some(("IPv6", "-6")),
        }
    }
}

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
    /// Whether one name may use what another has found.
    pub reuse: Reuse,
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

/// How connections are made.
#[derive(Clone, Debug)]
pub struct TcpPlan {
    /// The limit of one attempt.
    pub connect_timeout: Duration,
    /// RFC 8305 §5: the time before the next attempt is started beside the last.
    pub stagger: Duration,
    /// Families to use.
    pub family: Family,
    /// `--connect-to HOST1:PORT1:HOST2:PORT2`, in the order given.
    pub connect_to: Vec<ConnectTo>,
    /// The lab's ports: (port in the URL, port really used). Empty outside the lab.
    pub port_map: Vec<(u16, u16)>,
}

/// One `--connect-to`. An empty host or port matches any, or keeps what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// Host in the URL; `None` matches every host.
    pub host: Option<String>,
    /// Port in the URL; `None` matches every port.
    pub port: Option<u16>,
    /// Host to connect to; `None` keeps the URL's.
    pub to_host: Option<String>,
    /// Port to connect to; `None` keeps the URL's.
    pub to_port: Option<u16>,
}

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct TlsPlan {
    /// What is trusted.
    pub roots: RootsChoice,
    /// `-k`: go on in spite of certificate faults.
    pub insecure: bool,
    /// `--tls-max`.
    pub max_version: TlsVersion,
    /// `SSLKEYLOGFILE`.
    pub key_log: Option<PathBuf>,
}

/// TLS versions that can be spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    #[default]
    Tls13,
}

/// What is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootsChoice {
    /// The roots built into the program (Mozilla's, by webpki-roots).
    #[default]
    Embedded,
    /// The machine's.
    System,
    /// `--cacert`: this PEM file only.
    File(PathBuf),
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`: these instead of the embedded ones.
    Environment {
        /// `SSL_CERT_FILE`.
        file: Option<PathBuf>,
        /// `SSL_CERT_DIR`.
        dir: Option<PathBuf>,
    },
    /// Given as DER, such as the lab's CA.
    Given {
        /// What to call them.
        name: String,
        /// The certificates.
        certificates: Vec<Vec<u8>>,
    },
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct HttpPlan {
    /// Which versions to offer.
    pub version: VersionChoice,
    /// `-X`; `None` for GET, or POST with a body.
    pub method: Option<String>,
    /// `-H` in order: name and value; `None` removes a default field (curl: `-H 'Name:'`).
    pub headers: Vec<(String, Option<String>)>,
    /// `-d`, `--data-binary`, `--json`.
    pub body: Option<Vec<u8>>,
    /// `-A`.
    pub user_agent: String,
    /// `--compressed`: offer encodings and undo them.
    pub compressed: bool,
    /// `-L`.
    pub follow: bool,
    /// `--max-redirs`.
    pub max_redirects: usize,
    /// `-o`.
    pub output: Option<PathBuf>,
    /// Bytes of a response head that are read at most.
    pub max_head_bytes: usize,
    /// Header fields that are read at most.
    pub max_headers: usize,
}

/// Which HTTP versions to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionChoice {
    /// HTTP/2 and HTTP/1.1 by ALPN; HTTP/1.1 in the clear.
    #[default]
    Auto,
    /// `--http1.1`.
    Http11,
    /// `--http2`: HTTP/2 only by ALPN; in the clear with prior knowledge.
    Http2,
}

/// The question of `urltrace dns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, ASCII, with or without its final dot.
    pub name: String,
    /// The types.
    pub types: Vec<RecordType>,
}

/// RFC 8305 §8: recommended connection attempt delay.
pub const STAGGER: Duration = Duration::from_millis(250);
/// `--max-time` when not given.
pub const MAX_TIME: Duration = Duration::from_secs(30);
/// The limit for DNS when not given.
pub const DNS_TIMEOUT: Duration = Duration::from_secs(10);
/// `--connect-timeout` when not given.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// `--max-redirs` when not given; a browser gives up at 20.
pub const MAX_REDIRECTS: usize = 20;
/// Bytes of a response head that are read at most.
pub const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Header fields that are read at most.
pub const MAX_HEADERS: usize = 1000;
/// The path that `--resolver system` reads before it asks anybody.
pub const HOSTS_FILE: &str = "/etc/hosts";
/// Where the C library is told whom to ask in which order.
pub const NSSWITCH: &str = "/etc/nsswitch.conf";

impl Default for DnsPlan {
    fn default() -> Self {
        Self {
            lane: ResolverChoice::Walk,
            root_hints: None,
            server_port: 53,
            stub_servers: Vec::new(),
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

impl Default for TcpPlan {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            stagger: STAGGER,
            family: Family::Any,
            connect_to: Vec::new(),
            port_map: Vec::new(),
        }
    }
}

impl Default for TlsPlan {
    fn default() -> Self {
        Self { roots: RootsChoice::Embedded, insecure: false, max_version: TlsVersion::Tls13, key_log: None }
    }
}

impl Default for HttpPlan {
    fn default() -> Self {
        Self {
            version: VersionChoice::Auto,
            method: None,
            headers: Vec::new(),
            body: None,
            user_agent: concat!("urltrace/", env!("CARGO_PKG_VERSION")).to_owned(),
            compressed: false,
            follow: false,
            max_redirects: MAX_REDIRECTS,
            output: None,
            max_head_bytes: MAX_HEAD_BYTES,
            max_headers: MAX_HEADERS,
        }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            input: String::new(),
            dns: DnsPlan::default(),
            tcp: TcpPlan::default(),
            tls: TlsPlan::default(),
            http: HttpPlan::default(),
            max_time: MAX_TIME,
        }
    }
}
