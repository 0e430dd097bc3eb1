//! What a browser silently changes in a URL: each part as typed beside the same part as used.

use percent_encoding::percent_decode_str;

use super::typed::Typed;
use crate::trace::{Host, Scheme, UrlChange, UrlChangeKind};

fn note(changes: &mut Vec<UrlChange>, kind: UrlChangeKind, before: &str, after: &str) {
    if before != after {
        changes.push(UrlChange { kind, before: before.to_owned(), after: after.to_owned() });
    }
}

/// URL standard §4.4: leading and trailing C0 controls and spaces go, tabs and newlines everywhere.
pub(super) fn strip(input: &str, changes: &mut Vec<UrlChange>) -> String {
    let trimmed = input.trim_matches(|c: char| c <= ' ');
    note(changes, UrlChangeKind::SurroundingSpace, input, trimmed);
    let clean = trimmed.replace(['\t', '\n', '\r'], "");
    note(changes, UrlChangeKind::TabOrNewline, trimmed, &clean);
    clean
}

/// The scheme's letters, and what should be `//`.
pub(super) fn compare_scheme(typed: &Typed<'_>, scheme: Scheme, changes: &mut Vec<UrlChange>) {
    let (Some(word), scheme) = (typed.scheme, scheme.as_str()) else { return };
    note(changes, UrlChangeKind::UpperCaseScheme, word, scheme);
    let slashes = |lead: &str| format!("{scheme}:{lead}");
    note(changes, UrlChangeKind::Slashes, &slashes(typed.lead), &slashes("//"));
}

/// The text itself may hold a password: only the fact is told.
pub(super) fn compare_userinfo(typed: Option<&str>, changes: &mut Vec<UrlChange>) {
    if typed.is_some_and(|text| text.contains('@')) {
        note(changes, UrlChangeKind::AtSignInUserinfo, "@", "%40");
    }
    match typed {
        Some("" | ":") => {
            note(changes, UrlChangeKind::EmptyUserinfo, &format!("{}@", typed.unwrap_or_default()), "");
        }
        // The parser drops the colon of an empty password.
        Some(text) if text.find(':') == Some(text.len() - 1) => {
            note(changes, UrlChangeKind::EmptyUserinfo, ":@", "@");
        }
        _ => {}
    }
}

/// A host that looks like Punycode and is none: kept as it is, which is worth knowing.
pub(super) fn note_undecodable(host: &str, changes: &mut Vec<UrlChange>) {
    let (before, after) = (host.to_owned(), host.to_owned());
    changes.push(UrlChange { kind: UrlChangeKind::InvalidPunycode, before, after });
}

pub(super) fn compare_host(raw: &str, host: &Host, ascii: &str, changes: &mut Vec<UrlChange>) {
    match host {
        Host::Ipv4(_) => note(changes, UrlChangeKind::Ipv4Form, raw, ascii),
        Host::Ipv6(_) => note(changes, UrlChangeKind::Ipv6Form, raw.trim_matches(['[', ']']), ascii),
        Host::Name(_) => {
            let decoded = percent_decode_str(raw).decode_utf8_lossy();
            note(changes, UrlChangeKind::PercentEncodingInHost, raw, &decoded);
            let lower = decoded.to_lowercase();
            note(changes, UrlChangeKind::UpperCaseHost, &decoded, &lower);
            note(changes, UrlChangeKind::Idn, &lower, ascii);
        }
    }
}

pub(super) fn compare_port(text: Option<&str>, scheme: Scheme, changes: &mut Vec<UrlChange>) {
    let Some(text) = text else { return };
    match text.parse::<u16>() {
        Ok(port) if Some(port) != scheme.default_port() => {
            note(changes, UrlChangeKind::PortForm, text, &port.to_string());
        }
        Ok(_) => note(changes, UrlChangeKind::DefaultPort, &format!(":{text}"), ""),
        Err(_) => note(changes, UrlChangeKind::EmptyPort, &format!(":{text}"), ""),
    }
}

pub(super) fn compare_tail(tail: &str, parsed: &::url::Url, changes: &mut Vec<UrlChange>) {
    let (rest, fragment) = tail.split_once('#').map_or((tail, None), |(rest, text)| (rest, Some(text)));
    let (raw_path, query) = rest.split_once('?').map_or((rest, None), |(path, text)| (path, Some(text)));
    let forward = raw_path.replace('\\', "/");
    note(changes, UrlChangeKind::Backslash, raw_path, &forward);
    let path = if forward.is_empty() { "/" } else { &forward };
    let has_dots = path.split('/').any(|segment| {
        matches!(segment.to_ascii_lowercase().as_str(), "." | ".." | "%2e" | "%2e%2e" | ".%2e" | "%2e.")
    });
    let kind = if has_dots { UrlChangeKind::DotSegments } else { UrlChangeKind::PercentEncoding };
    note(changes, kind, path, parsed.path());
    note(
        changes,
        UrlChangeKind::PercentEncoding,
        query.unwrap_or_default(),
        parsed.query().unwrap_or_default(),
    );
    note(
        changes,
        UrlChangeKind::PercentEncoding,
        fragment.unwrap_or_default(),
        parsed.fragment().unwrap_or_default(),
    );
}
