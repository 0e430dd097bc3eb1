//! The model of stage 1: a URL taken apart, and what a browser would silently change in it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::stage::StageName;

/// A URL taken apart by the WHATWG URL standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The whole URL as a browser would write it. Holds secrets: renderers redact.
    pub href: String,
    /// How to speak, or how far to go.
    pub scheme: Scheme,
    /// True when the scheme was missing and one was assumed: https; http for `localhost`, addresses and
    /// names of one label.
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
    /// The port; 0 with `dns`, which has none.
    pub port: u16,
    /// Whether no port was given, or the scheme's own.
    pub port_is_default: bool,
    /// Path, percent-encoded, at least `/`; empty where the scheme has none.
    pub path: String,
    /// Query without `?`.
    pub query: Option<String>,
    /// Fragment without `#`; never sent.
    pub fragment: Option<String>,
    /// What a browser would silently change in the input.
    pub changes: Vec<UrlChange>,
}

/// A reference to be resolved against the URL of a page, with no more than the two slashes that a host stands behind:
/// browsers skip all others, and take backslashes for slashes (URL standard, special authority ignore slashes state).
#[must_use]
pub fn few_slashes(reference: &str) -> Cow<'_, str> {
    let is_slash = |char: char| matches!(char, '/' | '\\');
    let rest = reference.trim_start_matches(is_slash);
    if reference.len() - rest.len() > 2 { format!("//{rest}").into() } else { reference.into() }
}

/// The schemes that can be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// A WebSocket in the clear (RFC 6455).
    Ws,
    /// A WebSocket over TLS.
    Wss,
    /// A call of gRPC in the clear, by HTTP/2 with prior knowledge: not a registered scheme.
    Grpc,
    /// The same over TLS.
    Grpcs,
    /// TLS alone, whatever is spoken inside it: `tls://HOST[:PORT]`, not a registered scheme.
    Tls,
    /// A QUIC connection alone, with the TLS inside it: `quic://HOST[:PORT]`, not a registered scheme.
    Quic,
    /// A TCP connection alone: `tcp://HOST:PORT`, not a registered scheme.
    Tcp,
    /// The addresses of a name alone: `dns://NAME`, not the scheme of RFC 4501.
    Dns,
}

impl Scheme {
    /// The word in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Grpc => "grpc",
            Self::Grpcs => "grpcs",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Tcp => "tcp",
            Self::Dns => "dns",
        }
    }

    /// The port when none is given, if it has one.
    #[must_use]
    pub const fn default_port(self) -> Option<u16> {
        match self {
            Self::Http | Self::Ws | Self::Grpc => Some(80),
            Self::Https | Self::Wss | Self::Grpcs | Self::Tls | Self::Quic => Some(443),
            Self::Tcp | Self::Dns => None,
        }
    }

    /// Whether requests go in the clear.
    #[must_use]
    pub const fn is_clear(self) -> bool {
        matches!(self, Self::Http | Self::Ws | Self::Grpc)
    }

    /// Whether a WebSocket is to be opened.
    #[must_use]
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Whether a call of gRPC is to be made.
    #[must_use]
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::Grpcs)
    }

    /// The scheme that goes into a request of HTTP, and whose rules hold for the parts of such a URL.
    #[must_use]
    pub const fn of_http(self) -> Self {
        match self {
            Self::Http | Self::Grpc => Self::Http,
            Self::Https | Self::Grpcs => Self::Https,
            other => other,
        }
    }

    /// The last stage of a trace of such a URL.
    #[must_use]
    pub const fn last_stage(self) -> StageName {
        match self {
            Self::Http | Self::Https | Self::Ws | Self::Wss | Self::Grpc | Self::Grpcs => StageName::Http,
            Self::Tls | Self::Quic => StageName::Tls,
            Self::Tcp => StageName::Tcp,
            Self::Dns => StageName::Dns,
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
    /// Whether it is this machine: what is sent there is on no way (RFC 6761 §6.3).
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            literal => literal.address().is_some_and(|address| address.is_loopback()),
        }
    }

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
    /// What kind of change.
    pub kind: UrlChangeKind,
    /// The part as typed.
    pub before: String,
    /// The part as used.
    pub after: String,
}

/// The kinds of silent changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlChangeKind {
    /// Space around the URL is left out.
    SurroundingSpace,
    /// Tabs and newlines are left out.
    TabOrNewline,
    /// The scheme is written in lower case.
    UpperCaseScheme,
    /// What should be `//` is written so.
    Slashes,
    /// An `@` in the user information is percent-encoded.
    AtSignInUserinfo,
    /// User information without a name, or a password that is empty, is left out.
    EmptyUserinfo,
    /// The host is percent-decoded.
    PercentEncodingInHost,
    /// The host is written in lower case.
    UpperCaseHost,
    /// The host is written in ASCII (RFC 5890).
    Idn,
    /// A label begins with `xn--` and is not valid Punycode: the host is kept as typed.
    InvalidPunycode,
    /// An IPv4 address gets its usual form.
    Ipv4Form,
    /// An IPv6 address gets its usual form (RFC 5952).
    Ipv6Form,
    /// The port is the scheme's and is left out.
    DefaultPort,
    /// The port gets its usual form.
    PortForm,
    /// A colon without a port is left out.
    EmptyPort,
    /// Backslashes become slashes.
    Backslash,
    /// The segments `.` and `..` are resolved.
    DotSegments,
    /// What cannot stand in a URL is percent-encoded.
    PercentEncoding,
    /// The host has an HTTPS record: http becomes https (RFC 9460 §9.5).
    HttpsRecordUpgrade,
}

impl UrlChangeKind {
    /// Every kind, in the order of a URL's parts.
    pub const ALL: &'static [Self] = &[
        Self::SurroundingSpace,
        Self::TabOrNewline,
        Self::UpperCaseScheme,
        Self::Slashes,
        Self::AtSignInUserinfo,
        Self::EmptyUserinfo,
        Self::PercentEncodingInHost,
        Self::UpperCaseHost,
        Self::Idn,
        Self::InvalidPunycode,
        Self::Ipv4Form,
        Self::Ipv6Form,
        Self::DefaultPort,
        Self::PortForm,
        Self::EmptyPort,
        Self::Backslash,
        Self::DotSegments,
        Self::PercentEncoding,
        Self::HttpsRecordUpgrade,
    ];

    /// The word for it, kebab-case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SurroundingSpace => "surrounding-space",
            Self::TabOrNewline => "tab-or-newline",
            Self::UpperCaseScheme => "upper-case-scheme",
            Self::Slashes => "slashes",
            Self::AtSignInUserinfo => "at-sign-in-userinfo",
            Self::EmptyUserinfo => "empty-userinfo",
            Self::PercentEncodingInHost => "percent-encoding-in-host",
            Self::UpperCaseHost => "upper-case-host",
            Self::Idn => "idn",
            Self::InvalidPunycode => "invalid-punycode",
            Self::Ipv4Form => "ipv4-form",
            Self::Ipv6Form => "ipv6-form",
            Self::DefaultPort => "default-port",
            Self::PortForm => "port-form",
            Self::EmptyPort => "empty-port",
            Self::Backslash => "backslash",
            Self::DotSegments => "dot-segments",
            Self::PercentEncoding => "percent-encoding",
            Self::HttpsRecordUpgrade => "https-record-upgrade",
        }
    }
}
