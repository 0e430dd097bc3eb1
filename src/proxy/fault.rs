//! What went wrong with a proxy, in words: whose fault it is, and what to try. The target is never blamed for
//! what the proxy says.

use std::io;

use super::terms::Terms;
use crate::fault::Fault;
use crate::os;
use crate::stop::Stopped;
use crate::trace::{Failure, FailureCode, Header, Proxy, ProxySource, SocksReply, StageName};
use crate::units;

/// How an exchange broke.
pub(super) enum Broken {
    /// A limit, or the user.
    Stopped(Stopped),
    /// The connection failed; a reset, mostly.
    Io(io::Error),
    /// The proxy closed it without a byte of an answer.
    Closed,
    /// It closed it inside an answer.
    ClosedInside,
    /// It answered in another protocol, which begins so.
    NotItsProtocol(Vec<u8>),
    /// It sent more than is read of this.
    TooMuch(&'static str),
    /// It answered with what was not asked for.
    Unasked(String),
}

fn fault(code: FailureCode, message: String) -> Fault {
    Fault::new(StageName::Tcp, code, message)
}

/// Where the proxy was named, and how to go without it.
fn origin(proxy: &Proxy) -> String {
    match proxy.source {
        ProxySource::Option(option) => format!("it was named by {option}"),
        ProxySource::Variable(name) => {
            format!("it was named by the variable {name}; --noproxy '*' goes without it")
        }
    }
}

/// The exchange broke.
pub(super) fn broken(broken: Broken, proxy: &Proxy, terms: Terms<'_>) -> Fault {
    let who = proxy.words();
    let round = proxy.rounds.last();
    let asked = round.map_or_else(String::new, |round| format!(" after `{}`", round.asked));
    match broken {
        Broken::Stopped(Stopped::Limit) => {
            let took = round.map_or_else(String::new, |round| units::duration(round.end.since(round.start)));
            fault(FailureCode::ProxyTimeout, format!("the {who} did not answer in {took}{asked}"))
                .hint("it may be waiting for the target in vain: ask whoever runs it, or its log")
        }
        Broken::Stopped(why) => {
            let doing = format!("waiting for the {who}{asked}");
            Fault::stopped(StageName::Tcp, why, terms.stop.max_time(), &doing)
        }
        Broken::Io(error) => {
            let message = format!("the connection to the {who} failed{asked}: {}", os::words(&error));
            fault(FailureCode::ProxyClosed, message).hint(CLOSED)
        }
        Broken::Closed => fault(
            FailureCode::ProxyClosed,
            format!("the {who} closed the connection{asked}, without an answer"),
        )
        .hint(CLOSED),
        Broken::ClosedInside => fault(
            FailureCode::ProxyClosed,
            format!("the {who} closed the connection inside its answer{asked}"),
        )
        .hint(CLOSED),
        Broken::NotItsProtocol(bytes) => {
            let spoken = if proxy.kind.is_http() { "HTTP" } else { "SOCKS 5" };
            let message =
                format!("the {who} does not speak {spoken}: its answer begins with `{}`", escape(&bytes));
            fault(FailureCode::NotProxy, message).hint(format!("{}; {}", guess(proxy, &bytes), origin(proxy)))
        }
        Broken::TooMuch(what) => {
            fault(FailureCode::NotProxy, format!("the {who} sends {what} without an end"))
                .hint(format!("this is no proxy, or a broken one; {}", origin(proxy)))
        }
        Broken::Unasked(what) => fault(FailureCode::NotProxy, format!("the {who} answered with {what}"))
            .hint(format!("this is no SOCKS 5 proxy, or a broken one; {}", origin(proxy))),
    }
}

const CLOSED: &str = "the proxy, or something before it, refuses such connections: is this address allowed to \
                      use it, is its kind (http, https, socks5) right?";

/// What a proxy may be that answers so.
#[must_use]
pub fn guess(proxy: &Proxy, bytes: &[u8]) -> &'static str {
    match bytes {
        [0x15 | 0x16, 3, ..] => "it begins like TLS: is it an https proxy?",
        [b'H', b'T', b'T', b'P', ..] => "it begins like HTTP: is it an http proxy?",
        [4 | 5, ..] | [0, 0x5a..=0x5d, ..] if proxy.kind.is_http() => {
            "it begins like SOCKS: is it a socks5 proxy?"
        }
        [0, 0x5a..=0x5d, ..] => "it begins like SOCKS 4, which is not supported",
        [b'S', b'S', b'H', b'-', ..] => "this port belongs to an SSH server",
        _ => "are its port and kind (http, https, socks5) right?",
    }
}

/// Bytes in a sentence.
fn escape(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// An answer to CONNECT that is no success.
pub(super) fn refused(proxy: &Proxy) -> Fault {
    let (who, target) = (proxy.words(), &proxy.target);
    let status = proxy.status.unwrap_or_default();
    let reason = proxy.reason.as_deref().map_or_else(String::new, |reason| format!(" {}", clip(reason)));
    let said = format!("{status:03}{reason}");
    let words = proxy_words(&proxy.headers);
    match status {
        // 401 is for servers; tinyproxy says so to wrong credentials all the same.
        401 | 407 => {
            let wants = challenges(&proxy.headers);
            let given = if proxy.credentials.is_some() {
                "did not take the credentials"
            } else {
                "wants credentials"
            };
            let message = format!("the {who} {given}: {said}{wants}");
            fault(FailureCode::ProxyAuthentication, message).hint(credentials_hint(proxy))
        }
        // tinyproxy has 500 for a target that it cannot connect to.
        500 | 502..=504 => {
            let message = format!("the {who} could not reach {target}, it says: {said}{words}");
            fault(FailureCode::ProxyTargetFailed, message).hint(
                "what it saw there cannot be seen from here; --noproxy '*' tries without it, where that is allowed",
            )
        }
        _ => {
            let message = format!("the {who} refused a tunnel to {target}: {said}{words}");
            fault(FailureCode::ProxyRefused, message).hint(refused_hint(status))
        }
    }
}

/// Why a tunnel may have been refused with this status. A web server that is no proxy has answers to CONNECT, too.
const fn refused_hint(status: u16) -> &'static str {
    match status {
        400 | 404 | 405 | 501 => {
            "so answer web servers that are no proxies, and proxies without CONNECT: is its address right? the target was \
             not asked"
        }
        429 => "it limits how much it is asked; the target was not asked",
        300..=399 => "it sends elsewhere instead, as to a page for logging in; the target was not asked",
        403 => {
            "the proxy's rules forbid it (proxies often allow CONNECT to port 443 only); the target was not asked"
        }
        _ => "the target was not asked",
    }
}

fn credentials_hint(proxy: &Proxy) -> &'static str {
    let basic = proxy.headers.iter().filter(|field| is(field, "proxy-authenticate"));
    let mut schemes = basic.map(|field| field.text().to_ascii_lowercase()).peekable();
    let knows_basic = schemes.peek().is_none() || schemes.any(|scheme| scheme.starts_with("basic"));
    match (knows_basic, proxy.credentials.is_some()) {
        (false, _) => "urltrace knows Basic only, which this proxy does not offer",
        (true, false) => "-U USER:PASSWORD gives it some",
        (true, true) => "are user name and password right? -U gives others",
    }
}

fn is(field: &Header, name: &str) -> bool {
    field.name.eq_ignore_ascii_case(name)
}

/// `, by Basic or Negotiate`: the schemes of its challenges (RFC 9110 §11.7.1).
fn challenges(headers: &[Header]) -> String {
    let fields = headers.iter().filter(|field| is(field, "proxy-authenticate"));
    let schemes: Vec<String> =
        fields.filter_map(|field| Some(clip(field.text().split_whitespace().next()?))).collect();
    if schemes.is_empty() { String::new() } else { format!(", by {}", units::few(&schemes, " or ")) }
}

/// What well-known proxies say in fields of their own.
fn proxy_words(headers: &[Header]) -> String {
    const FIELDS: [&str; 3] = ["proxy-status", "x-squid-error", "x-proxy-error"];
    let said = FIELDS.iter().find_map(|name| headers.iter().find(|field| is(field, name)));
    said.map_or_else(String::new, |field| {
        format!(" ({}: {})", field.name.to_ascii_lowercase(), clip(&field.text()))
    })
}

/// A proxy's words are no dump.
fn clip(text: &str) -> String {
    const MOST: usize = 80;
    let mut clipped: String = text.chars().filter(|char| !char.is_control()).take(MOST).collect();
    if text.chars().count() > MOST {
        clipped.push_str("...");
    }
    clipped
}

/// A SOCKS reply other than success.
pub(super) fn socks_refused(reply: SocksReply, proxy: &Proxy) -> Fault {
    let (who, target) = (proxy.words(), &proxy.target);
    let said = format!("{} (reply {})", reply.name(), reply.0);
    match reply.0 {
        2 => fault(FailureCode::ProxyRefused, format!("the {who} refused a connection to {target}: {said}"))
            .hint("the proxy's rules forbid it; the target was not asked"),
        7 | 8 => fault(FailureCode::ProxyRefused, format!("the {who} cannot do what it was asked: {said}"))
            .hint("socks5 gives it an address, socks5h a name: try the other; -4 gives it an IPv4 address"),
        1 | 3..=6 => {
            let message = format!("the {who} could not reach {target}, it says: {said}");
            fault(FailureCode::ProxyTargetFailed, message).hint(
                "what it saw there cannot be seen from here: -4 or -6 with socks5 gives it an address of another \
                 family",
            )
        }
        _ => fault(
            FailureCode::NotProxy,
            format!("the {who} answered with a reply that means nothing: {said}"),
        )
        .hint(format!("this is no SOCKS 5 proxy, or a broken one; {}", origin(proxy))),
    }
}

/// None of the methods that were offered suits the proxy.
pub(super) fn no_method(proxy: &Proxy) -> Fault {
    let who = proxy.words();
    match &proxy.credentials {
        Some(_) => fault(
            FailureCode::ProxyAuthentication,
            format!("the {who} takes neither no authentication nor a password"),
        )
        .hint("urltrace knows these two methods only (RFC 1929)"),
        None => fault(
            FailureCode::ProxyAuthentication,
            format!("the {who} wants credentials: it takes no client without authentication"),
        )
        .hint("-U USER:PASSWORD gives it some"),
    }
}

/// The password was refused.
pub(super) fn wrong_password(proxy: &Proxy) -> Fault {
    fault(FailureCode::ProxyAuthentication, format!("the {} did not take the credentials", proxy.words()))
        .hint("are user name and password right? -U gives others")
}

/// RFC 1929 §2 has one byte for each length.
pub(super) fn credentials_too_long(proxy: &Proxy) -> Fault {
    let message = format!("the credentials for the {} are too long", proxy.words());
    fault(FailureCode::ProxyAuthentication, message).hint("SOCKS 5 takes 255 bytes of each (RFC 1929)")
}

/// RFC 1928 §5 has one byte for the length.
pub(super) fn name_too_long(name: &str) -> Fault {
    let message = format!("a SOCKS proxy takes names of 255 bytes at most, and this has {}", name.len());
    fault(FailureCode::ProxyRefused, message).hint("socks5 in place of socks5h resolves the name here")
}

/// The proxy itself could not be connected to; `failure` says why.
#[must_use]
pub fn not_connected(proxy: &Proxy, failure: Failure) -> Failure {
    let code = match failure.code {
        FailureCode::MaxTime | FailureCode::Interrupted => failure.code,
        _ => FailureCode::ProxyUnreachable,
    };
    let message = format!("no connection to the {}: {}", proxy.words(), failure.message);
    let own = failure.hint.map_or_else(String::new, |hint| format!("{hint}; "));
    Failure { code, message, hint: Some(format!("{own}{}", origin(proxy))), ..failure }
}

/// TLS with an https proxy failed; `failure` says why.
#[must_use]
pub fn not_secured(proxy: &Proxy, failure: Failure) -> Failure {
    let code = match failure.code {
        FailureCode::MaxTime | FailureCode::Interrupted => failure.code,
        _ => FailureCode::ProxyTls,
    };
    let message = format!("TLS with the {} failed: {}", proxy.words(), failure.message);
    let hint = match failure.code {
        FailureCode::NotTls => {
            "it may be a proxy without TLS: is it http:// in place of https://?".to_owned()
        }
        _ => format!("the proxy's own certificate and TLS are meant, not the target's; {}", origin(proxy)),
    };
    Failure { stage: StageName::Tcp, code, message, hint: Some(hint), ..failure }
}

/// The proxy's own name led nowhere; `failure` says why.
#[must_use]
pub fn not_resolved(proxy: &Proxy, failure: Failure) -> Failure {
    let code = match failure.code {
        FailureCode::MaxTime | FailureCode::Interrupted => failure.code,
        _ => FailureCode::ProxyUnresolved,
    };
    let message = format!("the name of the {} was not resolved: {}", proxy.words(), failure.message);
    let hint = format!("this machine's resolver was asked for it; {}", origin(proxy));
    Failure { stage: StageName::Tcp, code, message, hint: Some(hint), ..failure }
}
