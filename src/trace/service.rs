//! The HTTPS records of an origin (RFC 9460), and what was made of them.

use std::net::IpAddr;

/// The HTTPS records of an origin, and what was made of them (RFC 9460).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceBinding {
    /// The name asked: the host, behind `_port._https.` when the port is not the default one.
    pub name: String,
    /// AliasMode records that were followed: owner and target, in order.
    pub aliases: Vec<(String, String)>,
    /// How the endpoint at their end failed when it was tried.
    pub alias_failed: Option<String>,
    /// ServiceMode records, the best priority first.
    pub records: Vec<ServiceRecord>,
    /// Index of the record whose target and port are used: the first that can be, until its endpoint has
    /// failed.
    pub used: Option<usize>,
    /// The endpoints in the order in which they are tried (RFC 9460 §3), the host's own last; none when only
    /// that is left.
    pub endpoints: Vec<ServiceEndpoint>,
}

/// Where a service may be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceEndpoint {
    /// Who says so.
    pub source: EndpointSource,
    /// The record's port; `None` for that of the URL.
    pub port: Option<u16>,
    /// The addresses of its target.
    pub addresses: Vec<IpAddr>,
}

/// Who names an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointSource {
    /// The record of this index.
    Record(usize),
    /// The aliases, at whose end it stands.
    Aliases,
    /// The URL itself.
    #[default]
    Host,
}

impl EndpointSource {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Aliases => "aliases",
            Self::Host => "host",
        }
    }

    /// The record, if one says so.
    #[must_use]
    pub const fn record(self) -> Option<usize> {
        match self {
            Self::Record(index) => Some(index),
            Self::Aliases | Self::Host => None,
        }
    }
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

/// HTTP/3 by its name in ALPN (RFC 9114 §3.1).
const H3: &str = "h3";
/// What is spoken over TCP, by its names there.
const BY_TCP: [&str; 2] = ["h2", "http/1.1"];

impl ServiceRecord {
    /// Whether it offers HTTP/3.
    #[must_use]
    pub fn offers_http3(&self) -> bool {
        self.alpn.iter().any(|name| name == H3)
    }

    /// Whether it offers HTTP/3 and nothing else that is spoken here: then only QUIC may be used with its endpoint (RFC
    /// 9460 §7.1.2).
    #[must_use]
    pub fn is_by_quic_alone(&self) -> bool {
        let by_tcp = self.default_alpn || self.alpn.iter().any(|name| BY_TCP.contains(&name.as_str()));
        self.offers_http3() && !by_tcp
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
    /// How its endpoint failed when it was tried.
    pub failed: Option<String>,
}
