//! Values that stand behind a name: `token=...` in queries, forms and sentences, and in what peers
//! say also `Authorization: ...` and `"password": "..."`.

use std::ops::Range;

use super::name::is_secret;
use super::ranges::Ranges;
use super::shape::Shape;
use super::view::View;

/// The values behind secret names.
pub(super) fn find(view: &View, shape: Shape) -> Ranges {
    let bytes = view.bytes();
    let mut found = Ranges::default();
    let query = bytes.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let sign = bytes[at];
        let colon = sign == b':' && view.is_plain(at) && shape.is_foreign(bytes, at);
        if (sign == b'=' || colon) && is_secret(&bytes[key(bytes, at, shape)]) {
            let value = value(view, (at + 1, query), sign, shape);
            at = value.end.max(at + 1);
            found.push(view.range(value));
            continue;
        }
        at += 1;
    }
    found
}

/// The name before a sign.
fn key(bytes: &[u8], sign: usize, shape: Shape) -> Range<usize> {
    let mut end = sign;
    while shape.has_words() && end > 0 && matches!(bytes[end - 1], b' ' | b'"' | b'\'') {
        end -= 1;
    }
    let is_separator = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'?' | b'&'
                    | b';'
                    | b'#'
                    | b'/'
                    | b'='
                    | b','
                    | b':'
                    | b'\''
                    | b'"'
                    | b'`'
                    | b'{'
                    | b'}'
                    | b'('
                    | b')'
                    | b'<'
                    | b'>'
                    | b'|'
                    | b'\\'
            )
    };
    let start = bytes[..end].iter().rposition(is_separator).map_or(0, |at| at + 1);
    start..end
}

/// The value behind a sign, in a text whose query begins at `query`. A separator that is encoded is part of it.
fn value(view: &View, (from, query): (usize, usize), sign: u8, shape: Shape) -> Range<usize> {
    let bytes = view.bytes();
    let plain = |at: usize, set: &[u8]| view.is_plain(at) && set.contains(&bytes[at]);
    let first = |from: usize, ends: &dyn Fn(usize) -> bool| {
        (from..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len())
    };
    if !shape.has_words() {
        // A parameter of a path (`;jsessionid=`) ends with the path.
        let in_path = shape != Shape::Query && query >= from;
        let ends: &[u8] = if in_path { b"?#&" } else { b"&#" };
        return from..first(from, &|at| plain(at, ends));
    }
    let start = first(from, &|at| bytes[at] != b' ');
    if let Some(quote) = bytes.get(start).copied().filter(|byte| matches!(byte, b'"' | b'\'')) {
        let inside = start + 1;
        return inside..first(inside, &|at| bytes[at] == quote && bytes[at - 1] != b'\\');
    }
    let end = if sign == b':' {
        // A field of its own: to the end of its line, or of what is quoted.
        first(start, &|at| plain(at, b"\r\n`"))
    } else {
        first(start, &|at| shape.ends_at(bytes[at]) || plain(at, b"&"))
    };
    let tail = bytes[start..end].iter().rev().take_while(|byte| b".,;:!?)}]'\\".contains(byte)).count();
    start..end - tail.min(end - start)
}
