//! The model: what a trace saw, as plain public data.
//!
//! No I/O, no colours, no wording for people, and no import of any other module of this crate.
//! Stages fill it in, [`timeline`](crate::timeline) computes phases and spans from it, findings
//! judge it, renderers show it. It is not the JSON: that is a versioned view of its own.

mod dnssec;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use dnssec::{
    Denial, Denied, Dnssec, DnssecVerdict, DsInfo, DsState, KeyInfo, KeyRole, ProofKind, SignatureInfo,
    ZoneLink,
};

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
    /// What ended the trace before its goal; `None` when the last response was read to its end.
    pub failure: Option<Failure>,
    /// True when the trace ran inside the built-in lab.
    pub lab: bool,
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

/// Why a trace ended before its goal. A failure of the traced thing, not of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stage that failed or was running.
    pub stage: StageName,
    /// A stable word for scripts.
    pub code: FailureCode,
    /// One sentence for people: lower case, no full stop, with the names and numbers of this run.
    pub message: String,
    /// What to try next.
    pub hint: Option<String>,
    /// The hop it happened in.
    pub hop: usize,
    /// How long the stage had been running.
    pub running: Duration,
}

macro_rules! failure_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $word:literal,)+) => {
        /// A stable kebab-case word for each way a trace can fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FailureCode { $($(#[doc = $doc])+ $variant,)+ }
        impl FailureCode {
            /// Every code, in the order of the stages.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The word used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word,)+ } }
        }
    };
}

failure_codes! {
    /// url: not a URL.
    InvalidUrl => "invalid-url",
    /// url: a scheme other than http and https.
    UnsupportedScheme => "unsupported-scheme",
    /// url: no host.
    EmptyHost => "empty-host",
    /// url: a host that no rule can read.
    InvalidHost => "invalid-host",
    /// url: a port that is no number from 1 to 65535.
    InvalidPort => "invalid-port",
    /// dns: the name does not exist (NXDOMAIN).
    NxDomain => "nxdomain",
    /// dns: the name exists, without an address.
    NoData => "nodata",
    /// dns: every server of a zone failed.
    NoUsableServer => "no-usable-server",
    /// dns: no answer within the limit.
    DnsTimeout => "dns-timeout",
    /// dns: no root server and no resolver could be reached.
    DnsUnreachable => "dns-unreachable",
    /// dns: the resolver answered with an error code.
    ResolverFailed => "resolver-failed",
    /// dns: a chain of CNAMEs that comes back to itself.
    CnameLoop => "cname-loop",
    /// dns: more CNAMEs than the limit.
    CnameChainTooLong => "cname-chain-too-long",
    /// dns: name servers whose addresses can only be found by asking themselves.
    GlueLoop => "glue-loop",
    /// dns: more referrals than the limit.
    TooManyCuts => "too-many-cuts",
    /// dns: more packets than the limit.
    PacketBudget => "packet-budget",
    /// dns: a name that cannot be sent (label or name too long).
    InvalidName => "invalid-name",
    /// tcp: the address actively refused.
    ConnectionRefused => "connection-refused",
    /// tcp: no answer within the limit.
    ConnectTimeout => "connect-timeout",
    /// tcp: no route, or an ICMP unreachable.
    Unreachable => "unreachable",
    /// tcp: no address of the wanted family.
    NoAddress => "no-address",
    /// tcp: any other error of the operating system.
    ConnectFailed => "connect-failed",
    /// tls: the certificate's validity has ended.
    CertificateExpired => "certificate-expired",
    /// tls: the certificate's validity has not begun.
    CertificateNotYetValid => "certificate-not-yet-valid",
    /// tls: the certificate is for other names.
    CertificateWrongHost => "certificate-wrong-host",
    /// tls: the certificate signed itself and is no trusted root.
    CertificateSelfSigned => "certificate-self-signed",
    /// tls: the server did not send the intermediate certificate.
    CertificateChainIncomplete => "certificate-chain-incomplete",
    /// tls: the chain ends at an issuer that is not trusted.
    CertificateUnknownIssuer => "certificate-unknown-issuer",
    /// tls: any other fault of the certificate.
    CertificateInvalid => "certificate-invalid",
    /// tls: the peer does not hold the certificate's key.
    BadSignature => "bad-signature",
    /// tls: the server speaks only TLS 1.1 or older.
    LegacyProtocol => "legacy-protocol",
    /// tls: the server speaks only cipher suites that are no longer offered.
    LegacyCipher => "legacy-cipher",
    /// tls: the server ended the handshake with an alert.
    TlsAlert => "tls-alert",
    /// tls: the server asked for a client certificate and ended the handshake without one.
    ClientCertificateRequired => "client-certificate-required",
    /// tls: what came back is not TLS.
    NotTls => "not-tls",
    /// tls: the connection ended inside the handshake.
    TlsClosed => "tls-closed",
    /// tls: no answer within the limit.
    TlsTimeout => "tls-timeout",
    /// tls: the server broke the protocol.
    TlsProtocol => "tls-protocol",
    /// http: a method, target or header field that cannot be sent.
    InvalidRequest => "invalid-request",
    /// http: what came back is not HTTP.
    NotHttp => "not-http",
    /// http: a head larger than the limit.
    HeadersTooLarge => "headers-too-large",
    /// http: more header fields than the limit.
    TooManyHeaders => "too-many-headers",
    /// http: more interim (1xx) responses than the limit.
    TooManyInformational => "too-many-informational",
    /// http: the connection closed without a single byte.
    EmptyResponse => "empty-response",
    /// http: the connection closed inside the head.
    HeadIncomplete => "head-incomplete",
    /// http: the connection closed inside the body.
    BodyIncomplete => "body-incomplete",
    /// http: body framing that cannot be read (chunk size, lengths that disagree).
    BadFraming => "bad-framing",
    /// http: the connection was reset.
    ConnectionReset => "connection-reset",
    /// http: the peer broke HTTP/2.
    Http2Protocol => "http2-protocol",
    /// http: the peer does not speak the asked version.
    VersionNotNegotiated => "version-not-negotiated",
    /// http: a redirect that names no URL that can be followed.
    BadRedirect => "bad-redirect",
    /// http: more redirects than the limit.
    TooManyRedirects => "too-many-redirects",
    /// http: the body could not be written to the file asked for.
    OutputFailed => "output-failed",
    /// any stage: `--max-time` passed.
    MaxTime => "max-time",
    /// any stage: the user interrupted the trace.
    Interrupted => "interrupted",
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
}

// ---------------------------------------------------------------------------------------- url

/// A URL taken apart by the WHATWG URL standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The whole URL as a browser would write it. Holds secrets: renderers redact.
    pub href: String,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// True when the scheme was missing and https was taken.
    pub scheme_assumed: bool,
    /// User name, percent-decoded.
    pub username: Option<String>,
    /// Password, percent-decoded.
    pub password: Option<String>,
    /// What kind of host it is.
    pub host: Host,
    /// The host as sent: ASCII, punycode; IPv6 without brackets.
    pub host_ascii: String,
    /// The host in Unicode; the same as `host_ascii` for most.
    pub host_unicode: String,
    /// The port.
    pub port: u16,
    /// Whether the port was given.
    pub port_is_default: bool,
    /// Path, percent-encoded, at least `/`.
    pub path: String,
    /// Query without `?`.
    pub query: Option<String>,
    /// Fragment without `#`; never sent.
    pub fragment: Option<String>,
    /// What a browser would silently change in the input.
    pub changes: Vec<UrlChange>,
}

/// The schemes that can be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The word in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port when none is given.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name to be resolved; lower case ASCII.
    Name(String),
    /// An IPv4 literal.
    Ipv4(Ipv4Addr),
    /// An IPv6 literal.
    Ipv6(Ipv6Addr),
}

impl Host {
    /// The address, if the host is a literal.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::Ipv4(address) => Some(IpAddr::V4(*address)),
            Self::Ipv6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

/// One silent change between what was typed and what is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlChange {
    /// What kind of change, in kebab-case (`backslash`, `tab-or-newline`, `upper-case-host`,
    /// `default-port`, `dot-segments`, `ipv4-form`, `idn`, ...).
    pub kind: &'static str,
    /// The part as typed.
    pub before: String,
    /// The part as used.
    pub after: String,
}

// ---------------------------------------------------------------------------------------- dns

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

/// What one address of a name server said, by `--all-ns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCheck {
    /// The server's name, with its final dot.
    pub name: String,
    /// Its address.
    pub address: SocketAddr,
    /// Where the address came from.
    pub source: AddressSource,
    /// Round trip of the question for the SOA, by UDP.
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

/// What is wrong with one server of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFault {
    /// No answer by any transport; the reason.
    Unreachable(String),
    /// It does not serve the zone; what it did instead.
    Lame(String),
    /// It has an older copy of the zone than the newest (RFC 1982).
    SerialDiffers {
        /// The newest serial seen.
        newest: u32,
    },
    /// It answers the question otherwise than most.
    AnswerDiffers,
    /// It refuses or ignores EDNS.
    NoEdns,
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
            Self::SerialDiffers { .. } => "serial-differs",
            Self::AnswerDiffers => "answer-differs",
            Self::NoEdns => "no-edns",
            Self::NoTcp => "no-tcp",
        }
    }
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

/// A DNS record type by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

/// A DNS response code, with the EDNS high bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rcode(pub u16);

macro_rules! mnemonics {
    ($type:ident, $prefix:literal, $($number:literal $word:literal,)+) => {
        impl $type {
            /// The IANA mnemonic, or the number with a prefix (RFC 3597 §5 for types).
            #[must_use]
            pub fn mnemonic(self) -> std::borrow::Cow<'static, str> {
                match self.0 { $($number => $word.into(),)+ other => format!(concat!($prefix, "{}"), other).into() }
            }
            /// Reads a mnemonic, in any case.
            #[must_use]
            pub fn from_mnemonic(word: &str) -> Option<Self> {
                let word = word.to_ascii_uppercase();
                match word.as_str() {
                    $($word => Some(Self($number)),)+
                    other => other.strip_prefix($prefix)?.parse().ok().map(Self),
                }
            }
        }
    };
}

mnemonics! { RecordType, "TYPE",
    1 "A", 2 "NS", 5 "CNAME", 6 "SOA", 12 "PTR", 15 "MX", 16 "TXT", 28 "AAAA", 33 "SRV", 35 "NAPTR",
    39 "DNAME", 41 "OPT", 43 "DS", 44 "SSHFP", 46 "RRSIG", 47 "NSEC", 48 "DNSKEY", 50 "NSEC3", 51 "NSEC3PARAM",
    52 "TLSA", 59 "CDS", 60 "CDNSKEY", 64 "SVCB", 65 "HTTPS", 255 "ANY", 257 "CAA",
    13 "HINFO", 17 "RP", 29 "LOC", 37 "CERT", 53 "SMIMEA", 61 "OPENPGPKEY", 62 "CSYNC", 63 "ZONEMD", 99 "SPF",
    251 "IXFR", 252 "AXFR", 256 "URI",
}

mnemonics! { Rcode, "RCODE",
    0 "NOERROR", 1 "FORMERR", 2 "SERVFAIL", 3 "NXDOMAIN", 4 "NOTIMP", 5 "REFUSED", 6 "YXDOMAIN",
    7 "YXRRSET", 8 "NXRRSET", 9 "NOTAUTH", 10 "NOTZONE", 11 "DSOTYPENI", 16 "BADVERS", 23 "BADCOOKIE",
}

#[allow(missing_docs)]
impl RecordType {
    pub const A: Self = Self(1);
    pub const NS: Self = Self(2);
    pub const CNAME: Self = Self(5);
    pub const SOA: Self = Self(6);
    pub const AAAA: Self = Self(28);
    pub const DNAME: Self = Self(39);
    pub const HTTPS: Self = Self(65);
}

#[allow(missing_docs)]
impl Rcode {
    pub const NOERROR: Self = Self(0);
    pub const FORMERR: Self = Self(1);
    pub const SERVFAIL: Self = Self(2);
    pub const NXDOMAIN: Self = Self(3);
    pub const NOTIMP: Self = Self(4);
    pub const REFUSED: Self = Self(5);
    pub const BADVERS: Self = Self(16);
}

/// One resource record, in presentation form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Owner, with its final dot.
    pub name: String,
    /// Type.
    pub rtype: RecordType,
    /// Time to live, in seconds.
    pub ttl: u32,
    /// Data in zone-file form, as `dig` prints it.
    pub data: String,
}

/// The HTTPS records of an origin, and what was made of them (RFC 9460).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceBinding {
    /// The name asked: the host, behind `_port._https.` when the port is not the default one.
    pub name: String,
    /// AliasMode records that were followed: owner and target, in order.
    pub aliases: Vec<(String, String)>,
    /// ServiceMode records, the best priority first.
    pub records: Vec<ServiceRecord>,
    /// Index of the record whose target, port and ALPN are used.
    pub used: Option<usize>,
}

impl ServiceBinding {
    /// The record that is used.
    #[must_use]
    pub fn used(&self) -> Option<&ServiceRecord> {
        self.records.get(self.used?)
    }

    /// Whether it tells a client to use https where http was asked for (RFC 9460 §9.5).
    #[must_use]
    pub const fn demands_https(&self) -> bool {
        !self.aliases.is_empty() || self.used.is_some()
    }
}

impl ServiceRecord {
    /// The protocols that its endpoint speaks, by ALPN id (RFC 9460 §7.1.2).
    #[must_use]
    pub fn protocols(&self) -> Vec<String> {
        let mut all = self.alpn.clone();
        if self.default_alpn && !all.iter().any(|id| id == "http/1.1") {
            all.push("http/1.1".to_owned());
        }
        all
    }
}

/// One HTTPS record in ServiceMode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRecord {
    /// Its owner.
    pub owner: String,
    /// SvcPriority: the lowest is preferred.
    pub priority: u16,
    /// The effective target: the owner where the record says `.`.
    pub target: String,
    /// Time to live, in seconds.
    pub ttl: u32,
    /// `alpn`, as listed.
    pub alpn: Vec<String>,
    /// Whether HTTP/1.1 is offered though not listed (no `no-default-alpn`).
    pub default_alpn: bool,
    /// `port`, when given.
    pub port: Option<u16>,
    /// `ipv4hint` and `ipv6hint`.
    pub hints: Vec<IpAddr>,
    /// Whether it carries an ECH configuration.
    pub ech: bool,
    /// Keys that a client must understand.
    pub mandatory: Vec<String>,
    /// Why it cannot be used here.
    pub ignored: Option<String>,
}

/// A proven or claimed absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negative {
    /// The zone that said so (owner of the SOA); `None` when the reply had no SOA.
    pub zone: Option<String>,
    /// How long a resolver may remember the absence: min(SOA TTL, SOA minimum), RFC 2308 §5.
    pub ttl: Option<u32>,
    /// The type that is absent; `None` when the whole name is.
    pub rtype: Option<RecordType>,
}

/// A zone cut: a zone and the servers that were said to serve it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The zone, with its final dot.
    pub zone: String,
    /// Its name servers as the parent gave them.
    pub servers: Vec<NameServer>,
    /// The packet whose reply told of it; `None` for the root hints.
    pub learned_from: Option<usize>,
    /// True when an earlier question of this run had found it already.
    pub cached: bool,
    /// Time to live of the parent's NS records, in seconds; `None` for the root.
    pub ttl: Option<u32>,
    /// What the zone itself says of its servers, where a reply told it unasked.
    pub child: Option<ChildSide>,
}

/// The zone's own word about its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSide {
    /// The packet whose reply told it; `None` when that was an earlier question of this run.
    pub told_by: Option<usize>,
    /// Names of the servers, with their final dots.
    pub servers: Vec<String>,
    /// Addresses of servers that came along: name and address.
    pub addresses: Vec<(String, IpAddr)>,
    /// Time to live of the NS records, in seconds.
    pub ttl: u32,
}

/// A name server of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its name, with its final dot.
    pub name: String,
    /// Its addresses and where they came from.
    pub addresses: Vec<(IpAddr, AddressSource)>,
}

/// Where a name server's address came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressSource {
    /// The root hints.
    Hint,
    /// Glue below the new cut.
    GlueInDomain,
    /// Glue inside the asked zone, beside the new cut (or in the parent itself).
    GlueSibling,
    /// Our own walk for the server's name.
    Walk,
    /// The configuration (resolv.conf, `--resolver`).
    Configured,
}

impl AddressSource {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::GlueInDomain => "glue-in-domain",
            Self::GlueSibling => "glue-sibling",
            Self::Walk => "walk",
            Self::Configured => "configured",
        }
    }
}

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
    /// Whether the question carried EDNS.
    pub edns: bool,
    /// UDP: handed to the kernel. TCP: the connect was started.
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
    /// Bytes of the question (DNS message).
    pub bytes_sent: usize,
    /// Bytes of the reply (DNS message).
    pub bytes_received: Option<usize>,
    /// Datagrams dropped while waiting: wrong id, question or not a reply.
    pub dropped: u32,
    /// What the reply's header said.
    pub reply: Option<ReplyHeader>,
    /// What it meant for the walk.
    pub meaning: Meaning,
    /// Records in the reply that its server has no say over (outside the zone it was asked for):
    /// not believed, and not used. At most [`MAX_UNTRUSTED`] are kept.
    pub untrusted: Vec<Record>,
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
    /// The same server without EDNS, because it refused the question with it.
    WithoutEdns,
    /// The same server once more: all had been asked.
    Again,
    /// The same server, because its reply repeated the question in another case.
    CaseMismatch,
    /// By TCP, because nothing comes back by UDP.
    UdpBlocked,
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
            Self::WithoutEdns => "without-edns",
            Self::Again => "again",
            Self::CaseMismatch => "case-mismatch",
            Self::UdpBlocked => "udp-blocked",
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
    },
    /// The name exists, the type does not.
    NoData(Negative),
    /// The name does not exist.
    NxDomain(Negative),
    /// Truncated: the same question goes by TCP.
    Truncated,
    /// The server cannot do EDNS: the same question goes without.
    EdnsRefused,
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
    /// An answer without authority, or a reply that fits no case: the server does not serve the zone.
    Lame {
        /// Why, in words.
        reason: &'static str,
    },
    /// A reply that cannot be read.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// No reply within the limit.
    Timeout,
    /// The operating system said no (no route, port unreachable, connection refused or closed).
    Error {
        /// Its words.
        reason: String,
    },
    /// Another server's answer came first; this one was not awaited.
    Superseded,
}

impl Meaning {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Cname { .. } => "cname",
            Self::Referral { .. } => "referral",
            Self::NoData(_) => "nodata",
            Self::NxDomain(_) => "nxdomain",
            Self::Truncated => "truncated",
            Self::EdnsRefused => "edns-refused",
            Self::CaseChanged => "case-changed",
            Self::Refused => "refused",
            Self::ServerFailure => "server-failure",
            Self::UpwardReferral { .. } => "upward-referral",
            Self::Lame { .. } => "lame",
            Self::Malformed { .. } => "malformed",
            Self::Timeout => "timeout",
            Self::Error { .. } => "error",
            Self::Superseded => "superseded",
        }
    }

    /// Whether the server did what a server of the zone should.
    #[must_use]
    pub const fn is_useful(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. }
                | Self::Cname { .. }
                | Self::Referral { .. }
                | Self::NoData(_)
                | Self::NxDomain(_)
                | Self::Truncated
                | Self::CaseChanged
        )
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
    /// How old its copy is, in seconds: the TTL that the walk was given, less what is left.
    pub age: Option<u32>,
    /// Whether its addresses are those of the walk; `None` when one of the two has none to compare.
    pub agrees: Option<bool>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Whether it says to have validated all of it (AD); `None` when it said nothing of use.
    pub authenticated: Option<bool>,
}

// ------------------------------------------------------------------------------------ connect

/// The connection race (RFC 8305).
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// First attempt's start.
    pub start: At,
    /// The winner was connected, or the last attempt failed.
    pub end: At,
    /// Every attempt, in the order started.
    pub attempts: Vec<Attempt>,
    /// Index of the winner.
    pub winner: Option<usize>,
    /// Our end of the winning connection.
    pub local: Option<SocketAddr>,
    /// What the kernel knows of the winning connection right after the handshake.
    pub tcp_info: Option<TcpInfo>,
    /// Addresses that were known and never tried.
    pub untried: Vec<SocketAddr>,
    /// `--connect-to` or a lab's port map: the host and port that were really used instead.
    pub redirected_from: Option<String>,
}

/// One connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// `connect()` was called.
    pub start: At,
    /// It was connected, failed, or was given up.
    pub end: At,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// SYNs sent again, as the kernel counts them; `None` where it cannot be asked.
    pub syn_retransmits: Option<u32>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Connected, and used.
    Won,
    /// Given up because another one had won.
    Lost,
    /// RST: nobody listens.
    Refused,
    /// No answer within `--connect-timeout`.
    TimedOut,
    /// No route, or ICMP unreachable.
    Unreachable(String),
    /// Any other error of the operating system.
    Failed(String),
    /// The trace was stopped (`--max-time`, interrupt).
    Stopped,
}

impl AttemptOutcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable(_) => "unreachable",
            Self::Failed(_) => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// TCP_INFO of a connection (Linux).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// Smoothed round-trip time. After a retransmitted SYN it is not a round trip: see `retransmits`.
    pub rtt: Duration,
    /// Its variation.
    pub rtt_var: Duration,
    /// The least round trip seen; `None` on kernels that do not tell.
    pub min_rtt: Option<Duration>,
    /// Maximum segment size for sending, in bytes.
    pub mss: u32,
    /// Segments sent again over the connection's life, SYNs included.
    pub retransmits: u32,
    /// Congestion window, in segments.
    pub congestion_window: u32,
    /// Path MTU, in bytes.
    pub path_mtu: u32,
}

// ---------------------------------------------------------------------------------------- tls

/// A TLS handshake, flight by flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Tls {
    /// The connection was there and making the ClientHello began; the first flight has the moment
    /// it was handed to the kernel.
    pub start: At,
    /// The handshake was complete (our Finished handed to the kernel), or failed.
    pub end: At,
    /// The name sent as SNI; `None` for an IP literal.
    pub sni: Option<String>,
    /// The name the certificate was checked against.
    pub verified_name: String,
    /// What was offered, read back from our own ClientHello.
    pub offer: Option<Offer>,
    /// The flights, in order.
    pub flights: Vec<Flight>,
    /// Times we had to wait for the server: 1 for TLS 1.3, 2 with HelloRetryRequest or TLS 1.2.
    pub round_trips: u32,
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: Option<String>,
    /// Cipher suite by its IANA name.
    pub cipher_suite: Option<String>,
    /// Key exchange group by its IANA name.
    pub group: Option<String>,
    /// Signature scheme of the server's proof, by its IANA name.
    pub signature_scheme: Option<String>,
    /// ALPN protocol chosen by the server.
    pub alpn: Option<String>,
    /// Whether the server asked for another key share (HelloRetryRequest).
    pub hello_retry: bool,
    /// Whether the server asked for a client certificate.
    pub client_certificate_requested: bool,
    /// The chain as sent, leaf first.
    pub chain: Vec<Certificate>,
    /// What checking it gave; `None` when no certificate came.
    pub verification: Option<Verification>,
    /// The alert that ended the handshake: ours or the server's.
    pub alert: Option<Alert>,
    /// Bytes of the stapled OCSP response, 0 without one.
    pub ocsp_bytes: usize,
    /// Bytes read from the socket during the handshake.
    pub bytes_received: u64,
    /// Bytes written to the socket during the handshake.
    pub bytes_sent: u64,
    /// CPU time of the key exchange on our side.
    pub key_exchange_cpu: Duration,
    /// What a second, old-fashioned ClientHello found after this one was turned down.
    pub legacy_probe: Option<LegacyProbe>,
}

/// What a ClientHello offers. Names are IANA's; unknown numbers are `0x1234`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Versions.
    pub versions: Vec<String>,
    /// Cipher suites.
    pub cipher_suites: Vec<String>,
    /// Key exchange groups.
    pub groups: Vec<String>,
    /// Groups with a key share sent along, and its size in bytes.
    pub key_shares: Vec<(String, usize)>,
    /// Signature schemes.
    pub signature_schemes: Vec<String>,
    /// ALPN protocols.
    pub alpn: Vec<String>,
    /// Size of the ClientHello record.
    pub bytes: usize,
}

/// One burst of handshake messages in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Who sent it.
    pub direction: Direction,
    /// First byte (received) or handed to the kernel (sent).
    pub start: At,
    /// Last byte of it.
    pub end: At,
    /// Message names as they can be seen: plaintext names, or what the key schedule shows.
    pub messages: Vec<&'static str>,
    /// Bytes, record headers included.
    pub bytes: usize,
    /// CPU time spent on it: key exchange, verification, key schedule.
    pub cpu: Duration,
}

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// We did.
    Sent,
    /// The peer did.
    Received,
}

/// A certificate as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Subject as one line.
    pub subject: String,
    /// Issuer as one line.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// DNS names and addresses it is for.
    pub names: Vec<String>,
    /// Start of validity.
    pub not_before: SystemTime,
    /// End of validity.
    pub not_after: SystemTime,
    /// Whole days left when it was seen; negative when over.
    pub days_left: i64,
    /// Key type: `RSA`, `ECDSA P-256`, `Ed25519`, ...
    pub key_type: String,
    /// Key size in bits.
    pub key_bits: Option<u32>,
    /// Signature algorithm of the issuer.
    pub signature_algorithm: String,
    /// SHA-256 of the DER form, hexadecimal.
    pub sha256: String,
    /// SHA-256 of the public key (SPKI), hexadecimal: what pins use.
    pub spki_sha256: String,
    /// Whether it says it is a CA.
    pub is_ca: bool,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    /// Where its issuer's certificate can be fetched (AIA caIssuers).
    pub issuer_urls: Vec<String>,
    /// Signed certificate timestamps in it.
    pub sct_count: usize,
}

/// What checking the chain gave. All faults at once, not the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The trusted roots: `embedded (webpki-roots, 120)`, `system (145)`, a file's name.
    pub roots: String,
    /// Empty when the certificate is good.
    pub faults: Vec<CertificateFault>,
    /// True when faults were put aside by `-k`.
    pub overridden: bool,
    /// When it began.
    pub start: At,
    /// CPU time of the chain check and the signature check.
    pub cpu: Duration,
    /// When the embedded roots refuse: whether the system's roots would trust the chain.
    pub system_would_trust: Option<bool>,
}

/// One thing wrong with a certificate or its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// Validity is over.
    Expired {
        /// Index in the chain.
        index: usize,
        /// When it ended.
        not_after: SystemTime,
    },
    /// Validity has not begun.
    NotYetValid {
        /// Index in the chain.
        index: usize,
        /// When it begins.
        not_before: SystemTime,
    },
    /// For other names.
    WrongHost {
        /// The name wanted.
        wanted: String,
        /// The nearest of the names it is for.
        nearest: Option<String>,
    },
    /// Signed by itself and not trusted.
    SelfSigned,
    /// The issuer's certificate was not sent.
    MissingIntermediate {
        /// Who issued the last certificate sent.
        issuer: String,
        /// Where it can be fetched.
        url: Option<String>,
    },
    /// The chain ends at an issuer that is not trusted.
    UnknownIssuer {
        /// That issuer.
        issuer: String,
    },
    /// Anything else, in the library's words.
    Other(String),
}

/// A TLS alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub direction: Direction,
    /// Its name by RFC 8446 §6, such as `handshake_failure`.
    pub description: String,
}

/// What an old-fashioned ClientHello found, on a connection of its own, after the real one failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyProbe {
    /// The newest version the server answered with; `None` when it refused all.
    pub version: Option<String>,
    /// The suite it chose.
    pub cipher_suite: Option<String>,
}

// --------------------------------------------------------------------------------------- http

/// A request and its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// The request, as sent.
    pub request: Request,
    /// Version spoken.
    pub version: HttpVersion,
    /// Work on the request began (HTTP/2: the preface, too).
    pub start: At,
    /// The last byte of the request was handed to the kernel.
    pub sent: Option<At>,
    /// Interim responses (1xx), each with its own stamp.
    pub informational: Vec<Informational>,
    /// First byte of the final response, above TLS (HTTP/2: its HEADERS frame).
    pub first_byte: Option<At>,
    /// End of the final response's head.
    pub head_end: Option<At>,
    /// The last byte of the body, or the failure.
    pub end: At,
    /// Status of the final response.
    pub status: Option<u16>,
    /// Reason phrase, HTTP/1 only.
    pub reason: Option<String>,
    /// Header fields in wire order, repeats kept (HTTP/2: repeats of a name stand together).
    pub headers: Vec<Header>,
    /// Trailer fields.
    pub trailers: Vec<Header>,
    /// Bytes of the head as received (HTTP/2: of the HEADERS frames).
    pub head_bytes: u64,
    /// The body.
    pub body: Body,
    /// Application bytes received in all, above TLS.
    pub bytes_received: u64,
    /// Application bytes sent in all, above TLS.
    pub bytes_sent: u64,
    /// The first bytes received, when they were not HTTP.
    pub garbage: Option<Vec<u8>>,
    /// Where the response sends us, followed or not.
    pub redirect: Option<Redirect>,
}

/// HTTP versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.0, by the response.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl HttpVersion {
    /// The name people write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// A request as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields in the order sent (HTTP/2: with pseudo-headers first).
    pub headers: Vec<Header>,
    /// Body bytes.
    pub body_bytes: u64,
}

/// A header field. The value is bytes: not every server sends text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Name as on the wire.
    pub name: String,
    /// Value as on the wire.
    pub value: Vec<u8>,
}

impl Header {
    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

/// The first header field of that name, as text.
#[must_use]
pub fn header<'a>(headers: &'a [Header], name: &str) -> Option<std::borrow::Cow<'a, str>> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(Header::text)
}

/// An interim response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Informational {
    /// 100 to 199.
    pub status: u16,
    /// Its first byte.
    pub at: At,
    /// Its fields.
    pub headers: Vec<Header>,
}

/// The body: counted, not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Bytes on the wire, chunk framing included (HTTP/2: DATA frames with their headers).
    pub wire_bytes: u64,
    /// Bytes of the body as encoded by the server.
    pub encoded_bytes: u64,
    /// Bytes after undoing `content-encoding`; `None` when it was not undone.
    pub decoded_bytes: Option<u64>,
    /// Value of `content-encoding`.
    pub encoding: Option<String>,
    /// How its end is found: `content-length`, `chunked`, `close`, `h2`, `none`.
    pub framing: &'static str,
    /// Whether the end was seen.
    pub complete: bool,
    /// Why decoding failed or stopped.
    pub decode_error: Option<String>,
    /// The file it was written to.
    pub saved_to: Option<PathBuf>,
}

/// Where a response sends us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `Location` as sent.
    pub location: String,
    /// The absolute URL; `None` when it cannot be followed.
    pub target: Option<String>,
    /// What changes: `scheme`, `host`, `www`, `port`, `path`, `slash`, `query`, `same`.
    pub changes: Vec<&'static str>,
    /// Whether it was followed.
    pub followed: bool,
    /// The method of the next request (RFC 9110 §15.4: 303, and POST on 301 and 302, turn to GET).
    pub next_method: Option<String>,
}
