//! Secrets that are known by their form, whatever they stand in: JSON Web Tokens (RFC 7519),
//! credentials behind their scheme (RFC 7617, RFC 6750), and the nonces of content security policies.

use super::ranges::Ranges;
use super::shape::Shape;

/// What looks like a secret.
pub(super) fn find(text: &[u8], shape: Shape) -> Ranges {
    let mut found = Ranges::default();
    // Before that no further token begins: a peer may send as many beginnings as fit into a field.
    let mut looked_at = 0;
    for at in 0..text.len() {
        // What each of them begins with.
        if !matches!(text[at], b'e' | b'\'' | b'b' | b'B') {
            continue;
        }
        let rest = &text[at..];
        if at >= looked_at && rest.starts_with(b"eyJ") && !before_is_word(text, at) {
            let length = web_token(rest);
            found.push(at..at + length);
            // Where none begins, none begins further on in the same part either: it would be shorter.
            looked_at = at + if length > 0 { length } else { part(rest) };
        }
        if rest.starts_with(b"'nonce-") {
            let from = at + b"'nonce-".len();
            let length = text[from..].iter().position(|byte| *byte == b'\'').unwrap_or(text.len() - from);
            found.push(from..from + length);
        }
        for scheme in [&b"bearer "[..], b"basic "] {
            let named = rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
            if named && !before_is_word(text, at) && shape.is_foreign(text, at) {
                let from = at + scheme.len();
                let length = credentials(&text[from..]);
                found.push(from..from + length);
            }
        }
    }
    found
}

fn before_is_word(text: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric())
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The length of a part of a token.
fn part(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_base64url(**byte)).count()
}

/// The length of `header.payload.signature`, 0 where it is none.
fn web_token(text: &[u8]) -> usize {
    let first = part(text);
    let second = match text.get(first) {
        Some(b'.') => part(&text[first + 1..]),
        _ => 0,
    };
    if first < 4 || second < 4 {
        return 0;
    }
    text.iter().take_while(|byte| is_base64url(**byte) || **byte == b'.').count()
}

/// The length of a `token68` (RFC 9110 §11.2), 0 where a parameter stands.
fn credentials(text: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    let length = text.iter().take_while(|byte| is_part(byte)).count();
    let padding = text[length..].iter().take_while(|byte| **byte == b'=').count();
    let ends = text.get(length + padding).is_none_or(|byte| !is_part(byte) && *byte != b'"');
    if ends { length + padding } else { 0 }
}
