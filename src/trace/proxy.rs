//! The model of a proxy on the way: which one and why, what it was asked for, and what it said.

use std::net::IpAddr;

use super::at::{At, StampedBy};
use super::http::Header;
use super::tls::Tls;

/// A proxy that a connection goes through, or was to.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its host: a name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `user:password` for it. It is known to the redaction, and shown by nobody.
    pub credentials: Option<Secret>,
    /// Who named it.
    pub source: ProxySource,
    /// How it is used.
    pub usage: ProxyUsage,
    /// Whom it is to reach, as `host:port`, in the words it is told.
    pub target: String,
    /// How its own name was resolved; `None` where it is an address.
    pub lookup: Option<ProxyLookup>,
    /// TLS with the proxy itself.
    pub tls: Option<Box<Tls>>,
    /// What was asked of it and answered, in order. None where it forwards requests.
    pub rounds: Vec<ProxyRound>,
    /// The work with it began, once it was connected to; `None` where there was none.
    pub start: Option<At>,
    /// That work ended.
    pub end: At,
    /// Whose stamps its answers have; `None` where there was none.
    pub stamped_by: Option<StampedBy>,
    /// The status of the answer to CONNECT (RFC 9110 §9.3.6).
    pub status: Option<u16>,
    /// Its reason phrase.
    pub reason: Option<String>,
    /// Its header fields, where it was no success.
    pub headers: Vec<Header>,
    /// The reply of a SOCKS proxy (RFC 1928 §6).
    pub reply: Option<SocksReply>,
    /// The address that a SOCKS proxy says it uses for the connection.
    pub bound: Option<String>,
}

impl Proxy {
    /// The record of a proxy that nothing has been done with yet.
    #[must_use]
    pub const fn unused(
        kind: ProxyKind,
        host: String,
        port: u16,
        source: ProxySource,
        usage: ProxyUsage,
        target: String,
    ) -> Self {
        Self {
            kind,
            host,
            port,
            credentials: None,
            source,
            usage,
            target,
            lookup: None,
            tls: None,
            rounds: Vec::new(),
            start: None,
            end: At(0),
            stamped_by: None,
            status: None,
            reason: None,
            headers: Vec::new(),
            reply: None,
            bound: None,
        }
    }
}

/// A text that nobody is shown: printed for whoever looks for a fault, it hides itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(...)")
    }
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP in the clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS 5, told an address.
    Socks5,
    /// SOCKS 5, told a name.
    Socks5h,
}

impl ProxyKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Http, Self::Https, Self::Socks5, Self::Socks5h];

    /// The scheme of its URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// The port when none is given: curl's.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http | Self::Socks5 | Self::Socks5h => 1080,
        }
    }

    /// Whether it speaks HTTP.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// Whether what it is told, credentials too, is protected by TLS.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Https)
    }

    /// Whether it is given names and resolves them itself.
    #[must_use]
    pub const fn resolves(self) -> bool {
        matches!(self, Self::Http | Self::Https | Self::Socks5h)
    }
}

/// Who named a proxy, or a list of hosts without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxySource {
    /// An option of the command line, such as `--proxy`.
    Option(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
}

impl ProxySource {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Option(name) | Self::Variable(name) => name,
        }
    }
}

/// How a proxy is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyUsage {
    /// It connects to the target and passes bytes on: CONNECT, or SOCKS.
    Tunnel,
    /// It is sent the request itself, with the whole URL in it (RFC 9112 §3.2.2).
    Forward,
}

impl ProxyUsage {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tunnel => "tunnel",
            Self::Forward => "forward",
        }
    }
}

/// How the proxy's own name was resolved: by the machine's resolver, as for every other program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyLookup {
    /// It was asked.
    pub start: At,
    /// It had answered.
    pub end: At,
    /// What it said.
    pub addresses: Vec<IpAddr>,
    /// Why there is none.
    pub error: Option<String>,
}

/// How the question of a SOCKS proxy that holds user name and password is called (RFC 1929).
pub const PASSWORD_ROUND: &str = "user name and password";

/// One question to the proxy and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyRound {
    /// What was asked: `CONNECT www.example.test:443`, `greeting`.
    pub asked: String,
    /// What it answered; `None` where nothing came that could be read.
    pub answer: Option<String>,
    /// The question was handed to the kernel.
    pub start: At,
    /// The answer was there, or waiting ended.
    pub end: At,
    /// Bytes of the question.
    pub bytes_sent: usize,
    /// Bytes of the answer.
    pub bytes_received: usize,
}

/// The reply field of a SOCKS proxy (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocksReply(pub u8);

impl SocksReply {
    /// Success.
    pub const SUCCEEDED: Self = Self(0);

    /// RFC 1928's words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "succeeded",
            1 => "general SOCKS server failure",
            2 => "connection not allowed by ruleset",
            3 => "network unreachable",
            4 => "host unreachable",
            5 => "connection refused",
            6 => "TTL expired",
            7 => "command not supported",
            8 => "address type not supported",
            _ => "unassigned",
        }
    }
}

/// A proxy that was not used for a host, because a list says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyBypass {
    /// Whose list.
    pub source: ProxySource,
    /// Its entry that matches.
    pub entry: String,
    /// The proxy that would have been used, without credentials.
    pub spared: String,
}

impl Proxy {
    /// Its URL, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        proxy_url(self.kind, &self.host, self.port)
    }

    /// `http proxy 192.0.2.1:3128`, for the middle of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { kind, host, port, .. } = self;
        let host = bracketed(host);
        match kind {
            ProxyKind::Http => format!("http proxy {host}:{port}"),
            ProxyKind::Https => format!("https proxy {host}:{port}"),
            ProxyKind::Socks5 | ProxyKind::Socks5h => format!("SOCKS proxy {host}:{port}"),
        }
    }

    /// Whether the target that it is told is a name, which it resolves.
    #[must_use]
    pub fn is_told_a_name(&self) -> bool {
        let host = self.target.rsplit_once(':').map_or(self.target.as_str(), |(host, _)| host);
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_err()
    }

    /// Whether it passes on what it is sent, as far as it says so.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.usage == ProxyUsage::Forward
            || self.status.is_some_and(|status| (200..300).contains(&status))
            || self.reply == Some(SocksReply::SUCCEEDED)
    }

    /// Whether it was told the credentials: in its first question by HTTP, in a later one by SOCKS.
    #[must_use]
    pub fn credentials_were_sent(&self) -> bool {
        let asks = |round: &ProxyRound| self.kind.is_http() || round.asked == PASSWORD_ROUND;
        self.credentials.is_some() && self.rounds.iter().any(asks)
    }

    /// When it was asked for the target, and when it had answered; `None` where it was not.
    #[must_use]
    pub fn tunnel(&self) -> Option<(At, At)> {
        Some((self.rounds.first()?.start, self.rounds.last()?.end))
    }
}

/// The URL of a proxy.
#[must_use]
pub fn proxy_url(kind: ProxyKind, host: &str, port: u16) -> String {
    format!("{}://{}:{port}", kind.as_str(), bracketed(host))
}

/// An IPv6 address as it stands in a URL.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
