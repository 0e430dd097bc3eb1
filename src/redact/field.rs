//! Header fields (RFC 9110 §5): what of a value is secret, by the field's name.

use super::cookie;
use super::find::find;
use super::name::is_secret;
use super::ranges::Ranges;
use super::shape::Shape;

/// Authentication schemes that may stay; what follows them is the secret.
const SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "negotiate",
    "ntlm",
    "hoba",
    "mutual",
    "scram-sha-256",
    "token",
    "dpop",
    "aws4-hmac-sha256",
];

/// The secret parts of a field's value.
pub(super) fn secrets(name: &str, value: &[u8]) -> Ranges {
    let name = name.trim().to_ascii_lowercase();
    let mut found = Ranges::default();
    match name.as_str() {
        "set-cookie" | "set-cookie2" => found.extend(cookie::set(value)),
        name if name.ends_with("cookie") || name == "cookie2" => found.extend(cookie::sent(value)),
        name if name.ends_with("authorization") => found.extend(credentials(value)),
        name if name.ends_with("authentication-info") => found.push(0..value.len()),
        name if name.ends_with("-authenticate") => found.extend(challenge(value)),
        "" => found.extend(unreadable(value)),
        name if is_secret(name.as_bytes()) => found.push(0..value.len()),
        ":path" | "location" | "content-location" | "referer" | "refresh" => {
            found.extend(find(value, Shape::Reference));
        }
        _ => found.extend(find(value, Shape::Foreign)),
    }
    found
}

/// A line that is no field, and may have been meant as one: all behind the name of a secret one.
fn unreadable(line: &[u8]) -> Ranges {
    let mut found = find(line, Shape::Foreign);
    for name in [&b"cookie"[..], b"authorization", b"token", b"api-key"] {
        let mut windows = line.windows(name.len());
        if let Some(at) = windows.position(|window| window.eq_ignore_ascii_case(name)) {
            found.push(at + name.len()..line.len());
        }
    }
    found
}

/// What follows a known scheme; all of it where there is none.
fn credentials(value: &[u8]) -> Ranges {
    let start = value.len() - value.trim_ascii_start().len();
    let mut found = Ranges::default();
    let blank = value[start..].iter().position(|byte| *byte == b' ').map(|at| start + at);
    let scheme = blank.map(|at| String::from_utf8_lossy(&value[start..at]).to_ascii_lowercase());
    match (blank, scheme) {
        (Some(at), Some(scheme)) if SCHEMES.contains(&&*scheme) => found.push(at + 1..value.len()),
        _ => found.push(0..value.len()),
    }
    found
}

/// The `token68` of a challenge (Negotiate), and parameters that are used once (`nonce`, `opaque`).
fn challenge(value: &[u8]) -> Ranges {
    let mut found = find(value, Shape::Foreign);
    let text = value.trim_ascii();
    if let Some(blank) = text.iter().position(|byte| *byte == b' ') {
        let rest = text[blank..].trim_ascii();
        let bare = rest.iter().rev().skip_while(|byte| **byte == b'=').all(|byte| !b"=, \"".contains(byte));
        if bare {
            found.push(value.len() - rest.len()..value.len());
        }
    }
    found
}
