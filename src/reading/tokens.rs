//! JSON Web Tokens that are met (RFC 7519), described: never shown, never checked, and nothing told of whom they
//! are about.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::dates::moment;
use super::fields::clip;
use crate::trace::{Header, Request, TokenFault, TokenForm, WebToken};

/// Tokens that are told of one exchange.
const MOST: usize = 8;
/// Bytes of a text in which tokens are looked for.
const SEARCHED: usize = 64 << 10;
/// Bytes of a token that are read.
const READ: usize = 16 << 10;

/// The tokens of an exchange: in the URL, the request, the response. It ended at `here`.
pub(super) fn tokens(request: &Request, here: SystemTime) -> Vec<WebToken> {
    let Some(http) = request.http.as_ref().ran() else { return Vec::new() };
    let mut all: Vec<WebToken> = Vec::new();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut look = |place: &dyn Fn() -> String, text: &[u8]| {
        for token in found(&text[..text.len().min(SEARCHED)]) {
            if all.len() < MOST && !seen.iter().any(|known| known == token) {
                let (now, _) = moment(&http.headers, here);
                if let Some(token) = read(token, &place(), now) {
                    all.push(token);
                }
                seen.push(token.to_vec());
            }
        }
    };
    for part in [&request.url.query, &request.url.fragment].into_iter().flatten() {
        look(&|| "url".to_owned(), part.as_bytes());
    }
    let of = |side: &str, field: &Header| format!("{side} {}", clip(&field.name.to_ascii_lowercase()));
    for field in http.request.headers.iter().filter(|field| field.name != ":path") {
        look(&|| of("request", field), &field.value);
    }
    for field in &http.headers {
        look(&|| of("response", field), &field.value);
    }
    all
}

/// Whatever begins like a token: three or five parts of base64url.
pub(super) fn found(text: &[u8]) -> Vec<&[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let (mut all, mut at) = (Vec::new(), 0);
    while at + 3 < text.len() && all.len() < 2 * MOST {
        let begins = text[at] == b'e'
            && text[at..].starts_with(b"eyJ")
            && (at == 0 || !text[at - 1].is_ascii_alphanumeric());
        if !begins {
            at += 1;
            continue;
        }
        let length = text[at..].iter().take_while(|byte| is_part(byte)).count();
        all.push(&text[at..at + length]);
        at += length;
    }
    all
}

/// An object of a part, if it is one that can be read.
fn object(part: &[u8]) -> Option<Map<String, Value>> {
    let bytes = BASE64URL_NOPAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

pub(super) fn read(token: &[u8], place: &str, now: SystemTime) -> Option<WebToken> {
    if token.len() > READ {
        return None;
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let form = match parts.len() {
        3 => TokenForm::Signed,
        5 => TokenForm::Encrypted,
        _ => return None,
    };
    let header = object(parts[0])?;
    let text = |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_str).map(clip);
    let mut told = WebToken {
        place: place.to_owned(),
        form,
        algorithm: text(&header, "alg"),
        kind: text(&header, "typ"),
        key: text(&header, "kid"),
        issuer: None,
        audience: Vec::new(),
        issued: None,
        not_before: None,
        expires: None,
        left: None,
        others: 0,
        faults: Vec::new(),
    };
    // A token has an algorithm; what has none only looks like one.
    told.algorithm.as_ref()?;
    if form == TokenForm::Signed {
        let claims = object(parts[1])?;
        told.issuer = text(&claims, "iss");
        told.audience = match claims.get("aud") {
            Some(Value::String(one)) => vec![clip(one)],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).take(8).map(clip).collect(),
            _ => Vec::new(),
        };
        let time = |name: &str| claims.get(name).and_then(Value::as_f64).and_then(moment_of);
        (told.issued, told.not_before, told.expires) = (time("iat"), time("nbf"), time("exp"));
        let known = ["iss", "aud", "iat", "nbf", "exp"];
        told.others = claims.keys().filter(|name| !known.contains(&name.as_str())).count();
        let unsigned = told.algorithm.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("none"));
        told.faults = faults(&told, unsigned || parts[2].is_empty(), now);
        told.left = told.expires.map(|at| match at.duration_since(now) {
            Ok(left) => i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            Err(over) => -i64::try_from(over.duration().as_secs()).unwrap_or(i64::MAX),
        });
    }
    Some(told)
}

/// Seconds since 1970 of any year that has four digits.
fn moment_of(seconds: f64) -> Option<SystemTime> {
    (0.0..2.5e11).contains(&seconds).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds))
}

/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// A token lives long from here on.
const LONG: Duration = Duration::from_secs(24 * 3_600);

fn faults(token: &WebToken, unsigned: bool, now: SystemTime) -> Vec<TokenFault> {
    let begins = [token.issued, token.not_before];
    let lifetime = token.expires.zip(token.issued).and_then(|(end, begin)| end.duration_since(begin).ok());
    let all = [
        (unsigned, TokenFault::Unsigned),
        (token.expires.is_some_and(|at| at + SKEW < now), TokenFault::Expired),
        (begins.into_iter().flatten().any(|at| at > now + SKEW), TokenFault::NotYetValid),
        (token.expires.is_none(), TokenFault::NeverExpires),
        (lifetime.is_some_and(|lifetime| lifetime > LONG), TokenFault::LongLived),
        (token.place == "url", TokenFault::InUrl),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, fault)| fault).collect()
}
