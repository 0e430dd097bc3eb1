//! View of a proxy on the way.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::http::{self, HeaderView};
use super::micros::us;
use super::tls::TlsView;
use crate::trace::{At, Hop, Proxy, ProxyBypass, ProxyLookup, ProxyRound, SocksReply, StampedBy};

/// The proxy that a hop's connection goes through.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ProxyView<'a> {
    /// Its URL, without credentials.
    url: String,
    /// What it speaks: `socks5` is told an address, `socks5h` a name.
    #[cfg_attr(test, schemars(extend("enum" = ["http", "https", "socks5", "socks5h"])))]
    kind: &'static str,
    /// Who named it: an option or a variable of the environment.
    source: &'static str,
    /// Whether it opens a tunnel, or is sent the request itself.
    #[cfg_attr(test, schemars(extend("enum" = ["tunnel", "forward"])))]
    usage: &'static str,
    /// Whom it is to reach, as `host:port`, in the words it is told.
    target: &'a str,
    /// Who resolves the target's name; null where nobody does, as the URL or an option has an address.
    #[cfg_attr(test, schemars(extend("enum" = ["proxy", "urltrace", null])))]
    resolver: Option<&'static str>,
    /// Whether credentials for it were at hand, sent or not; they are never shown.
    authenticated: bool,
    /// The status of the answer to CONNECT; null without one.
    status: Option<u16>,
    /// Its reason phrase.
    reason: Option<&'a str>,
    /// Its header fields, where it was no success.
    headers: Vec<HeaderView<'a>>,
    /// The reply of a SOCKS proxy (RFC 1928 section 6); null without one.
    reply: Option<ReplyView>,
    /// The address that a SOCKS proxy says it uses.
    bound_address: Option<&'a str>,
    /// How its own name was resolved; null where it is an address.
    lookup: Option<LookupView<'a>>,
    /// From the first connection attempt to a connection to it; null where there is none.
    connect_us: Option<u64>,
    /// TLS with the proxy itself; null where it has none.
    tls: Option<TlsView<'a>>,
    /// From asking it for the target to its last answer; null where it was not asked.
    tunnel_us: Option<u64>,
    /// Whose stamps its answers have: the kernel's, as a packet capture has them, or this program's, right behind
    /// each read; null without one.
    #[cfg_attr(test, schemars(extend("enum" = ["kernel", "program", null])))]
    stamped_by: Option<&'static str>,
    /// What was asked of it, and answered.
    rounds: Vec<RoundView<'a>>,
    /// Its host: a name or an address.
    host: &'a str,
    /// Its port.
    port: u16,
    /// The work with it began, once it was connected to; null where there was none.
    start_us: Option<u64>,
    /// That work ended.
    end_us: u64,
}

impl<'a> ProxyView<'a> {
    /// The view of the proxy of a hop's own connection, if it has one.
    pub(super) fn of(hop: &Hop<'a>) -> Option<Self> {
        let connection = hop.connection.filter(|_| hop.reused.is_none())?;
        let proxy = connection.proxy.as_ref()?;
        let Proxy {
            kind,
            host,
            port,
            credentials,
            source,
            usage,
            target,
            lookup,
            tls,
            rounds,
            start,
            end,
            stamped_by,
            status,
            reason,
            headers,
            reply,
            bound,
        } = proxy;
        let tcp = &connection.tcp;
        Some(Self {
            url: proxy.url(),
            kind: kind.as_str(),
            source: source.as_str(),
            usage: usage.as_str(),
            target,
            resolver: match (proxy.is_told_a_name(), hop.dns.ran()) {
                (true, _) => Some("proxy"),
                (false, Some(_)) => Some("urltrace"),
                (false, None) => None,
            },
            authenticated: credentials.is_some(),
            status: *status,
            reason: reason.as_deref(),
            headers: http::headers(headers),
            reply: reply.map(Into::into),
            bound_address: bound.as_deref(),
            lookup: lookup.as_ref().map(Into::into),
            connect_us: tcp.winner.map(|_| us(tcp.end.since(tcp.start))),
            tls: tls.as_deref().map(Into::into),
            tunnel_us: proxy.tunnel().map(|(start, end): (At, At)| us(end.since(start))),
            stamped_by: stamped_by.map(StampedBy::as_str),
            rounds: rounds.iter().map(Into::into).collect(),
            host,
            port: *port,
            start_us: start.map(|at| at.0),
            end_us: end.0,
        })
    }
}

/// The reply of a SOCKS proxy.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ReplyView {
    /// Its number.
    code: u8,
    /// RFC 1928's words.
    name: &'static str,
}

impl From<SocksReply> for ReplyView {
    fn from(reply: SocksReply) -> Self {
        Self { code: reply.0, name: reply.name() }
    }
}

/// How a proxy's own name was resolved: by the machine's resolver.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LookupView<'a> {
    /// It was asked.
    start_us: u64,
    /// Until it had answered.
    duration_us: u64,
    /// What it said.
    addresses: Vec<String>,
    /// Why there is none.
    error: Option<&'a str>,
}

impl<'a> From<&'a ProxyLookup> for LookupView<'a> {
    fn from(lookup: &'a ProxyLookup) -> Self {
        Self {
            start_us: lookup.start.0,
            duration_us: us(lookup.end.since(lookup.start)),
            addresses: lookup.addresses.iter().map(ToString::to_string).collect(),
            error: lookup.error.as_deref(),
        }
    }
}

/// One question to a proxy.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RoundView<'a> {
    /// What was asked.
    asked: &'a str,
    /// What it answered; null where nothing came that could be read.
    answer: Option<&'a str>,
    /// It was asked.
    start_us: u64,
    /// Until it had answered, or waiting ended.
    duration_us: u64,
    /// Bytes of the question.
    bytes_sent: usize,
    /// Bytes of the answer.
    bytes_received: usize,
}

impl<'a> From<&'a ProxyRound> for RoundView<'a> {
    fn from(round: &'a ProxyRound) -> Self {
        let ProxyRound { asked, answer, start, end, bytes_sent, bytes_received } = round;
        Self {
            asked,
            answer: answer.as_deref(),
            start_us: start.0,
            duration_us: us(end.since(*start)),
            bytes_sent: *bytes_sent,
            bytes_received: *bytes_received,
        }
    }
}

/// A proxy that was not used for this host.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct BypassView<'a> {
    /// Whose list says so: an option or a variable.
    source: &'static str,
    /// Its entry that matches the host.
    entry: &'a str,
    /// The URL of the proxy, without credentials.
    proxy: &'a str,
}

impl<'a> From<&'a ProxyBypass> for BypassView<'a> {
    fn from(bypass: &'a ProxyBypass) -> Self {
        let ProxyBypass { source, entry, spared } = bypass;
        Self { source: source.as_str(), entry, proxy: spared }
    }
}
