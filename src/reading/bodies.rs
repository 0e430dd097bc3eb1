//! What the beginning of a JSON body says: problem details (RFC 9457), and the errors of GraphQL.
//!
//! The end is mostly missing: members are read one by one, as far as they are whole.

use serde_json::Value;

use super::fields::{Fields, clip};
use crate::trace::{GraphQlErrors, Header, Problem};

/// Members and elements that are read.
const MOST: usize = 64;

/// Problem details (RFC 9457 §3).
pub(super) fn problem(headers: &[Header], start: &[u8]) -> Option<Problem> {
    if !Fields::of(headers).says("content-type", "application/problem+json") {
        return None;
    }
    let all = members(start)?;
    let value = |name: &str| whole(all.iter().find(|(own, _)| own == name)?.1);
    let text = |name: &str| value(name).and_then(|value| value.as_str().map(clip));
    let status = value("status").and_then(|value| u16::try_from(value.as_u64()?).ok());
    // RFC 9457 §4.2.1: without a type it says no more than the status.
    Some(Problem { title: text("title"), status, kind: text("type"), detail: text("detail") })
}

/// The errors of a GraphQL response (GraphQL section 7.1).
pub(super) fn graphql(headers: &[Header], start: &[u8]) -> Option<GraphQlErrors> {
    let fields = Fields::of(headers);
    let own_type = fields.says("content-type", "application/graphql-response+json");
    if !own_type && !fields.says("content-type", "application/json") {
        return None;
    }
    let all = members(start)?;
    let of = |name: &str| all.iter().find(|(own, _)| own == name).map(|(_, value)| *value);
    if all.iter().any(|(name, _)| !["data", "errors", "extensions"].contains(&name.as_str())) {
        return None;
    }
    let errors: Vec<Value> = elements(of("errors")?)?.into_iter().filter_map(whole).collect();
    let first = errors.first()?;
    let message = first.get("message")?.as_str().map(clip)?;
    // A list of errors is nobody's own: something else has to be GraphQL's.
    let marked = ["locations", "path", "extensions"].iter().any(|name| first.get(name).is_some());
    (own_type || marked || of("data").is_some())
        .then_some(GraphQlErrors { count: errors.len(), first: message })
}

fn whole(slice: &[u8]) -> Option<Value> {
    serde_json::from_slice(slice).ok()
}

/// The members of the object that a text begins, each with its value; that of the last may be cut.
fn members(start: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut rest = start.trim_ascii_start().strip_prefix(b"{")?;
    let mut all = Vec::new();
    while all.len() < MOST {
        rest = rest.trim_ascii_start();
        let Some(name) = string(rest) else { break };
        let key = whole(&rest[..name]).and_then(|key| key.as_str().map(clip));
        let Some(value) = rest[name..].trim_ascii_start().strip_prefix(b":") else { break };
        let (value, behind) = value.trim_ascii_start().split_at(length(value.trim_ascii_start()));
        all.push((key?, value.trim_ascii_end()));
        match behind.strip_prefix(b",") {
            Some(more) => rest = more,
            None => break,
        }
    }
    Some(all)
}

/// The elements of the list that a text begins.
fn elements(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = text.strip_prefix(b"[")?;
    let mut all = Vec::new();
    while all.len() < MOST {
        rest = rest.trim_ascii_start();
        let (value, behind) = rest.split_at(length(rest));
        if value.trim_ascii().is_empty() {
            break;
        }
        all.push(value.trim_ascii_end());
        match behind.strip_prefix(b",") {
            Some(more) => rest = more,
            None => break,
        }
    }
    Some(all)
}

/// The length of the string that a text begins, with its quotes.
fn string(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    if text.first() != Some(&b'"') {
        return None;
    }
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// How far a value goes: to the comma or the bracket behind it, or to the end of what is there.
fn length(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => match string(&text[at..]) {
                Some(length) => {
                    at += length;
                    continue;
                }
                None => return text.len(),
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}
