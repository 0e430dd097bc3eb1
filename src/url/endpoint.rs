//! Endpoints: `tls://HOST[:PORT]`, `quic://HOST[:PORT]`, `tcp://HOST:PORT` and `dns://NAME`, which say how far a
//! trace goes. They are written like a URL (RFC 3986 §3.2) with a host and a port alone, and no browser opens them.

use super::mistyped::Mistyped;
use super::typed::Typed;
use crate::trace::{FailureCode, Host, Scheme, Url, UrlChange, UrlChangeKind};

/// The schemes that end before HTTP.
pub(super) const SCHEMES: [Scheme; 4] = [Scheme::Tls, Scheme::Quic, Scheme::Tcp, Scheme::Dns];

/// What such a URL has too much or too little of.
pub(super) fn misfit(typed: &Typed<'_>, scheme: Scheme) -> Option<Mistyped> {
    let word = scheme.as_str();
    let form = match scheme {
        Scheme::Http | Scheme::Https | Scheme::Ws | Scheme::Wss | Scheme::Grpc | Scheme::Grpcs => {
            return None;
        }
        Scheme::Tls => "tls://HOST:PORT, as in tls://mail.example.com:993",
        Scheme::Quic => "quic://HOST:PORT, as in quic://www.example.com:443",
        Scheme::Tcp => "tcp://HOST:PORT, as in tcp://www.example.com:22",
        Scheme::Dns => "dns://NAME, as in dns://www.example.com",
    };
    let found = |code, message: String| Some(Mistyped { code, message, hint: form.to_owned() });
    // Not quoted: it may hold a password.
    if typed.userinfo.is_some() {
        return found(FailureCode::InvalidUrl, format!("{word}:// logs in nowhere and takes no user name"));
    }
    let port = typed.port.filter(|port| !port.is_empty());
    if scheme == Scheme::Dns && typed.port.is_some() {
        return found(FailureCode::InvalidPort, "dns:// looks a name up, and a name has no port".to_owned());
    }
    if !matches!(typed.tail, "" | "/") {
        let what = if scheme == Scheme::Dns { "a name" } else { "a host and a port" };
        return found(FailureCode::InvalidUrl, format!("{word}:// takes {what} and nothing behind it"));
    }
    if port.is_none() && scheme == Scheme::Tcp {
        return found(
            FailureCode::InvalidPort,
            "tcp:// has no port of its own, and none was given".to_owned(),
        );
    }
    None
}

/// The URL, of parts that were checked.
pub(super) fn url(
    typed: &Typed<'_>,
    scheme: Scheme,
    host: Host,
    (host_ascii, host_unicode): (String, String),
    mut changes: Vec<UrlChange>,
) -> Url {
    let given = typed.port.and_then(|port| port.parse::<u16>().ok());
    let port = given.or(scheme.default_port()).unwrap_or_default();
    if let Some(text) = typed.port.filter(|text| *text != port.to_string()) {
        let empty = text.is_empty();
        changes.push(UrlChange {
            kind: if empty { UrlChangeKind::EmptyPort } else { UrlChangeKind::PortForm },
            before: if empty { ":".to_owned() } else { text.to_owned() },
            after: if empty { String::new() } else { port.to_string() },
        });
    }
    let shown = if matches!(host, Host::Ipv6(_)) { format!("[{host_ascii}]") } else { host_ascii.clone() };
    let end = if port == 0 { String::new() } else { format!(":{port}") };
    Url {
        href: format!("{}://{shown}{end}", scheme.as_str()),
        scheme,
        scheme_assumed: false,
        username: None,
        password: None,
        host,
        host_ascii,
        host_unicode,
        port,
        port_is_default: given.is_none(),
        path: String::new(),
        query: None,
        fragment: None,
        changes,
    }
}
