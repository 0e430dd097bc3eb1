//! How single argument values are written: times, addresses, header fields, `--resolve` and
//! `--connect-to`. Pure: nothing here reads a file or the environment.

use std::net::{SocketAddr, SocketAddrV6};
use std::time::Duration;

use super::error::PlanError;
use crate::http::validate_field;
use crate::plan::{ConnectTo, Question, ResolveOverride};
use crate::trace::RecordType;

/// `Name: value` adds, `Name:` removes, `Name;` sends an empty value, as curl has it.
pub(super) fn header_field(option: &str, text: &str) -> Result<(String, Option<String>), PlanError> {
    let bad = || {
        // What follows the first word may be a secret that lost its colon.
        let (word, rest) =
            text.split_once(char::is_whitespace).map_or((text, ""), |(word, _)| (word, " ..."));
        let message = format!("`{}{rest}` is not a header field", word.escape_debug());
        PlanError::with_hint(message, format!("{option} 'Name: value'"))
    };
    let (name, value) = match (text.split_once(':'), text.strip_suffix(';')) {
        (Some((name, value)), _) => (name, Some(value.trim()).filter(|value| !value.is_empty())),
        (None, Some(name)) => (name, Some("")),
        (None, None) => return Err(bad()),
    };
    validate_field(name, value.unwrap_or_default()).map_err(PlanError::usage)?;
    Ok((name.to_owned(), value.map(str::to_owned)))
}

/// What `0` stands for: so long that it never ends anything.
const NO_LIMIT: Duration = Duration::from_secs(1_000_000_000);

/// A limit in seconds, or with its unit: `5`, `0.5`, `500ms`, `2s`, `1m`. `0` is no limit.
pub(super) fn limit(option: &str, text: &str) -> Result<Duration, PlanError> {
    let at = text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let scale = match unit {
        "" | "s" => Some(1.0),
        "ms" => Some(0.001),
        "m" => Some(60.0),
        _ => None,
    };
    let seconds = number.parse::<f64>().ok().zip(scale).map(|(number, scale)| number * scale);
    let limit = seconds.filter(|seconds| *seconds >= 0.0).map(|seconds| seconds.min(NO_LIMIT.as_secs_f64()));
    match limit.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(Duration::ZERO) if number.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) => {
            Err(PlanError::with_hint(format!("{option}: `{text}` is too short"), "a millisecond is 0.001"))
        }
        Some(Duration::ZERO) => Ok(NO_LIMIT),
        Some(limit) => Ok(limit),
        None => Err(PlanError::with_hint(
            format!("{option}: `{text}` is not a time"),
            "seconds, such as 5 or 0.5, or with a unit: 500ms, 2s, 1m",
        )),
    }
}

/// A pause, spelt as a limit; `None` for `0`, with which curl means its own.
pub(super) fn pause(option: &str, text: &str) -> Result<Option<Duration>, PlanError> {
    Ok(Some(limit(option, text)?).filter(|pause| *pause != NO_LIMIT))
}

/// `--max-redirs`: a number, or -1 for any number, as curl has it.
/// As curl's `-r` has it: `0-99`, `100-`, `-50`, several between commas; a number alone is where to begin.
pub(super) fn byte_ranges(text: &str) -> Result<String, PlanError> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_range = |range: &str| {
        range.split_once('-').is_some_and(|(from, to)| is_number(from) && is_number(to) && range.len() > 1)
    };
    if !text.is_empty() && is_number(text) {
        return Ok(format!("{text}-"));
    }
    if text.split(',').all(is_range) {
        return Ok(text.to_owned());
    }
    Err(PlanError::with_hint(
        format!("{text:?} is no range of bytes"),
        "-r 0-99 asks for the first hundred, -r 100- for what follows, -r -100 for the last",
    ))
}

pub(super) fn redirects(text: &str) -> Result<usize, PlanError> {
    match text.parse::<i64>() {
        Ok(-1) => Ok(usize::MAX),
        Ok(number) if number >= 0 => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ => Err(PlanError::with_hint(
            format!("--max-redirs: `{text}` is not a number of redirects"),
            "0 or more, or -1 for any number",
        )),
    }
}

/// A name as it is asked: lower case, internationalised labels in their xn-- form.
pub(super) fn question(name: &str, types: &[RecordType]) -> Option<Question> {
    let ascii = if name.is_ascii() { name.to_ascii_lowercase() } else { idna::domain_to_ascii(name).ok()? };
    let fine = !ascii.is_empty() && !ascii.contains(|c: char| c.is_ascii_control() || c == ' ');
    fine.then(|| Question { name: ascii, types: types.to_vec() })
}

/// An address with or without a port; IPv6 with a port in brackets.
pub(super) fn socket_address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || {
        let (address, digits) = text.strip_prefix('[')?.split_once("]:")?;
        scoped_address(address, digits.parse().ok()?)
    };
    let found = scoped_address(bare, port).or_else(|| text.parse().ok()).or_else(with_port);
    found.filter(|address| address.port() != 0)
}

/// An address without brackets; one of IPv6 may have a scope (RFC 4007 §11), the name of an interface or its
/// number.
pub(super) fn scoped_address(text: &str, port: u16) -> Option<SocketAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        return text.parse().ok().map(|address| SocketAddr::new(address, port));
    };
    let scope = zone.parse().ok().or_else(|| nix::net::if_::if_nametoindex(zone).ok())?;
    Some(SocketAddrV6::new(address.parse().ok()?, port, 0, scope).into())
}

/// `HOST:PORT:ADDRESS[,ADDRESS]`; curl's leading `+` (an entry that may time out) means nothing here.
pub(super) fn resolve_override(text: &str) -> Result<ResolveOverride, PlanError> {
    let bad = || {
        PlanError::with_hint(
            format!("--resolve: `{text}` cannot be read"),
            "--resolve www.example.com:443:192.0.2.1",
        )
    };
    let mut parts = text.trim_start_matches('+').splitn(3, ':');
    let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad());
    };
    let addresses = addresses
        .split(',')
        .map(|address| address.trim_matches(['[', ']']).parse().map_err(|_| bad()))
        .collect::<Result<_, _>>()?;
    // A name is the same with its last dot, and is looked for without it.
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = if host == "*" { Ok(host.to_owned()) } else { idna::domain_to_ascii(host) };
    Ok(ResolveOverride {
        host: host.ok().filter(|host| !host.is_empty()).ok_or_else(bad)?,
        port: port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)?,
        addresses,
    })
}

/// `HOST1:PORT1:HOST2:PORT2`; a host may be an IPv6 address in brackets.
pub(super) fn connect_to(text: &str) -> Result<ConnectTo, PlanError> {
    let bad = || {
        PlanError::with_hint(
            format!("--connect-to: `{text}` cannot be read"),
            "--connect-to www.example.com:443:192.0.2.1:8443",
        )
    };
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            ':' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    let [host, port, to_host, to_port] = parts[..] else { return Err(bad()) };
    let name = |part: &str| {
        let part = part.trim_matches(['[', ']']);
        (!part.is_empty()).then(|| idna::domain_to_ascii(part).unwrap_or_else(|_| part.to_owned()))
    };
    let number = |part: &str| match part {
        "" => Ok(None),
        digits => digits.parse().ok().filter(|port| *port != 0).map(Some).ok_or_else(bad),
    };
    Ok(ConnectTo { host: name(host), port: number(port)?, to_host: name(to_host), to_port: number(to_port)? })
}
