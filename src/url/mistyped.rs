//! What is recognisably something else than a URL, and how it would be one. Nothing of it is quoted
//! that could hold a password.

use std::net::Ipv6Addr;

use super::typed::Typed;
use crate::trace::FailureCode;

/// Why no URL can be made of it, and what to type instead.
pub(super) struct Mistyped {
    pub(super) code: FailureCode,
    pub(super) message: String,
    pub(super) hint: String,
}

/// How a URL begins.
const FORM: &str = "a URL begins with its scheme or its host: https://www.example.com/";

/// Recognises what is often typed for a URL.
pub(super) fn recognise(clean: &str, typed: &Typed<'_>) -> Option<Mistyped> {
    let found =
        |code, message: &str, hint: String| Some(Mistyped { code, message: message.to_owned(), hint });
    let invalid = |message, hint: &str| found(FailureCode::InvalidUrl, message, hint.to_owned());
    if clean.starts_with(['"', '\'', '`', '<', '\u{ab}', '\u{2018}', '\u{201c}']) {
        return invalid("the URL is in quotes that are part of it", "quote it once, for the shell");
    }
    if let Some(word) = typed.scheme {
        return other_scheme(word, typed);
    }
    if !matches!(typed.lead, "" | "//") {
        return invalid("a URL cannot begin with a path", FORM);
    }
    if clean.starts_with('@') {
        return invalid("a URL cannot begin with `@`", "@FILE belongs to an option, as in -d @FILE");
    }
    let word = typed.authority.trim_end_matches(['.', ',', ';']).to_ascii_lowercase();
    if matches!(word.as_str(), "http" | "https") && typed.tail.starts_with(['/', '\\']) {
        let rest = typed.tail.trim_start_matches(['/', '\\']);
        let message = format!("the colon behind `{word}` is missing");
        return found(FailureCode::InvalidUrl, &message, format!("{word}://{rest}"));
    }
    if is_ssh(typed) {
        let host = typed.host;
        return found(
            FailureCode::InvalidUrl,
            "USER@HOST:PATH is how ssh and git name a place, not a URL",
            format!("the web address is mostly https://{host}/PATH"),
        );
    }
    bare_ipv6(typed, "http")
}

/// A scheme that is not traced, and the URL that was perhaps meant.
fn other_scheme(word: &str, typed: &Typed<'_>) -> Option<Mistyped> {
    let lower = word.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "http" | "https" | "ws" | "wss" | "grpc" | "grpcs" | "tls" | "quic" | "tcp" | "dns"
    ) {
        return bare_ipv6(typed, &lower);
    }
    let instead = |scheme: &str| format!("{scheme}://{}{}", typed.authority, typed.tail);
    let slip = lower.len() <= 7 && lower.chars().all(|char| "htpsx".contains(char));
    let hint = match lower.as_str() {
        "view-source" | "feed" => "trace the URL behind it".to_owned(),
        "ssh" | "git" => format!("the web address is mostly https://{}/PATH", typed.host),
        _ if slip && lower.contains('s') => format!("did you mean {}?", instead("https")),
        _ if slip => format!("did you mean {}?", instead("http")),
        _ => "urltrace traces http, https, ws, wss, grpc and grpcs, tls://HOST:PORT, quic://HOST:PORT, tcp://HOST:PORT and dns://NAME".to_owned(),
    };
    let yet = if lower == "quic" { " yet" } else { "" };
    let message = format!("the scheme `{word}` cannot be traced{yet}");
    Some(Mistyped { code: FailureCode::UnsupportedScheme, message, hint })
}

/// `git@host:path`.
fn is_ssh(typed: &Typed<'_>) -> bool {
    typed.userinfo.is_some_and(|user| !user.is_empty() && !user.contains(':'))
        && typed
            .port
            .is_some_and(|port| port.starts_with(|char: char| char.is_ascii_alphabetic() || char == '~'))
}

/// RFC 3986 §3.2.2: brackets tell an IPv6 address from its port.
fn bare_ipv6(typed: &Typed<'_>, scheme: &str) -> Option<Mistyped> {
    let rest = typed.authority.rsplit_once('@').map_or(typed.authority, |(_, rest)| rest);
    let address: Ipv6Addr = rest.split('%').next()?.parse().ok()?;
    Some(Mistyped {
        code: FailureCode::InvalidHost,
        message: "in a URL an IPv6 address is written in brackets".to_owned(),
        hint: match scheme {
            "http" | "https" | "ws" | "wss" | "grpc" | "grpcs" => {
                format!("{scheme}://[{address}]/, or with a port {scheme}://[{address}]:8080/")
            }
            _ => format!("{scheme}://[{address}]:443"),
        },
    })
}
