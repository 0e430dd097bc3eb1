//! From text to the URL's record, or the failure that names what is wrong with it.

use std::time::Duration;

use ::url::{ParseError, Position};
use percent_encoding::percent_decode_str;

use super::call;
use super::changes::{
    compare_host, compare_port, compare_scheme, compare_tail, compare_userinfo, note_undecodable, strip,
};
use super::endpoint;
use super::host;
use super::mistyped::{Mistyped, recognise};
use super::refused::{check_port, explain};
use super::typed::Typed;
use crate::trace::{Failure, FailureCode, Host, Scheme, StageName, Url};

/// Takes `input` apart.
///
/// # Errors
/// A failure of the stage `url` that names the reason and, where one character is at fault, its
/// column.
pub fn parse(input: &str) -> Result<Url, Failure> {
    let mut changes = Vec::new();
    let clean = strip(input, &mut changes);
    if clean.is_empty() {
        return Err(failure(FailureCode::InvalidUrl, "the URL is empty".to_owned(), None));
    }
    let typed = Typed::split(&clean);
    if let Some(Mistyped { code, message, hint }) = recognise(&clean, &typed) {
        return Err(failure(code, message, Some(hint)));
    }
    let scheme = scheme(&typed);
    compare_scheme(&typed, scheme, &mut changes);
    // Not quoted: what stands in front of a missing host is a password at times.
    let no_host = || failure(FailureCode::EmptyHost, "the URL has no host".to_owned(), None);
    if typed.host.is_empty() {
        return Err(no_host());
    }
    check(&typed)?;
    if let Some(Mistyped { code, message, hint }) = endpoint::misfit(&typed, scheme) {
        return Err(failure(code, message, Some(hint)));
    }
    let parsed = whole(input, &clean, &typed, scheme)?;
    let (parsed, kept) = match parsed {
        Parsed::Usual(parsed) => (parsed, None),
        Parsed::Kept(parsed, host) => (parsed, Some(host)),
    };
    let host = kept.clone().map(Host::Name).or_else(|| host::of(&parsed)).ok_or_else(no_host)?;
    let (host_ascii, host_unicode) = host::spellings(&host);
    compare_host(typed.host, &host, &host_ascii, &mut changes);
    if kept.is_some() {
        note_undecodable(&host_ascii, &mut changes);
    }
    if scheme.last_stage() != StageName::Http {
        return Ok(endpoint::url(&typed, scheme, host, (host_ascii, host_unicode), changes));
    }
    if let Some(Mistyped { code, message, hint }) = call::misfit(&parsed, scheme) {
        return Err(failure(code, message, Some(hint)));
    }
    compare_port(typed.port, scheme, &mut changes);
    compare_tail(typed.tail, &parsed, &mut changes);
    compare_userinfo(typed.userinfo, &mut changes);
    let href = match &kept {
        None => parsed[Position::AfterScheme..].to_owned(),
        Some(host) => {
            format!(
                "{}{host}{}",
                &parsed[Position::AfterScheme..Position::BeforeHost],
                &parsed[Position::AfterHost..]
            )
        }
    };
    let href = format!("{}{href}", scheme.as_str());
    Ok(Url {
        scheme,
        scheme_assumed: typed.scheme.is_none(),
        username: Some(decoded(parsed.username())).filter(|name| !name.is_empty()),
        password: parsed.password().map(decoded),
        host,
        host_ascii,
        host_unicode,
        port: parsed.port().or(scheme.default_port()).unwrap_or_default(),
        port_is_default: parsed.port().is_none(),
        path: parsed.path().to_owned(),
        query: parsed.query().map(str::to_owned),
        fragment: parsed.fragment().map(str::to_owned),
        href,
        changes,
    })
}

/// What the parser made of the URL.
enum Parsed {
    Usual(::url::Url),
    /// With a stand-in for a host that it refuses and browsers take, and that host.
    Kept(::url::Url, String),
}

/// The parser's view of the URL as a whole.
fn whole(input: &str, clean: &str, typed: &Typed<'_>, scheme: Scheme) -> Result<Parsed, Failure> {
    // The parser takes hosts apart for schemes that it knows only; endpoints are of none.
    let known = match scheme.of_http() {
        known @ (Scheme::Http | Scheme::Ws | Scheme::Wss) => known,
        _ => Scheme::Https,
    };
    let with =
        |authority: &str| ::url::Url::parse(&format!("{}://{authority}{}", known.as_str(), typed.tail));
    let error = match with(typed.authority) {
        Ok(parsed) => return Ok(Parsed::Usual(parsed)),
        Err(error) => error,
    };
    if let Some(host) =
        Some(typed.host).filter(|_| error == ParseError::IdnaError).and_then(host::undecodable)
    {
        let (before, after) =
            (typed.userinfo.map(|user| format!("{user}@")), typed.port.map(|port| format!(":{port}")));
        let stand_in = format!("{}host.invalid{}", before.unwrap_or_default(), after.unwrap_or_default());
        if let Ok(parsed) = with(&stand_in) {
            return Ok(Parsed::Kept(parsed, host));
        }
    }
    let (code, message) = explain(error, typed.host, |at| column(input, clean, typed.host_at + at));
    let hint = (typed.scheme.is_none() && !clean.contains('.'))
        .then(|| "a URL looks like https://www.example.com/".to_owned());
    Err(failure(code, message, hint))
}

/// The column, from 1, at which a byte of the cleaned text was typed.
fn column(input: &str, clean: &str, at: usize) -> usize {
    let kept = |char: &char| !matches!(char, '\t' | '\n' | '\r');
    let before = input.chars().take_while(|char| *char <= ' ').count();
    let wanted = clean[..at].chars().count();
    let typed = input.chars().skip(before).enumerate().filter(|(_, char)| kept(char)).nth(wanted);
    before + typed.map_or(wanted, |(index, _)| index) + 1
}

/// What a password cut short by its own `/`, `?` or `#` makes of the port, and other ports that are none.
fn check(typed: &Typed<'_>) -> Result<(), Failure> {
    check_port(typed.port).map_err(|message| {
        if typed.tail.contains('@') {
            // `https://joe:a/b@host/`: what looks like a port may be a part of the password.
            let message = "what stands behind the host's colon is not a port from 1 to 65535".to_owned();
            let hint = "in a user name or password `/`, `?` and `#` are written %2F, %3F and %23".to_owned();
            return failure(FailureCode::InvalidPort, message, Some(hint));
        }
        failure(FailureCode::InvalidPort, message, None)
    })
}

fn failure(code: FailureCode, message: String, hint: Option<String>) -> Failure {
    Failure { stage: StageName::Url, code, message, hint, running: Duration::ZERO }
}

/// The scheme as typed. Without one it is https; http where browsers take it, too: `localhost`,
/// addresses, and names of one label are seldom served with a certificate.
fn scheme(typed: &Typed<'_>) -> Scheme {
    let local = || {
        let name = typed.host.strip_suffix('.').unwrap_or(typed.host).to_ascii_lowercase();
        let label = !name.contains(['.', '\u{3002}']) || name.ends_with(".localhost");
        typed.port != Some("443") && (label || name.starts_with('[') || host::is_number(&name))
    };
    match typed.scheme {
        Some(word) => endpoint::SCHEMES
            .into_iter()
            .chain([Scheme::Http, Scheme::Ws, Scheme::Wss, Scheme::Grpc, Scheme::Grpcs])
            .find(|scheme| word.eq_ignore_ascii_case(scheme.as_str()))
            .unwrap_or(Scheme::Https),
        None if local() => Scheme::Http,
        None => Scheme::Https,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
