//! Cookies (RFC 6265): their names and attributes stay, their values go.

use std::ops::Range;

use super::ranges::Ranges;

/// The values of a Cookie field.
pub(super) fn sent(value: &[u8]) -> Ranges {
    let mut found = Ranges::default();
    for pair in pairs(value) {
        found.push(secret(value, pair));
    }
    found
}

/// The value of a Set-Cookie field, and what is no attribute that could be read.
pub(super) fn set(value: &[u8]) -> Ranges {
    let mut found = Ranges::default();
    for (index, pair) in pairs(value).into_iter().enumerate() {
        if index == 0 {
            found.push(secret(value, pair));
        } else {
            found.push(unknown(value, pair));
        }
    }
    found
}

/// What semicolons part, without the blanks around it. A quoted value may hold semicolons.
fn pairs(value: &[u8]) -> Vec<Range<usize>> {
    let mut pairs = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for at in 0..=value.len() {
        match value.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b';') if !quoted => {}
            Some(_) => continue,
            None => {}
        }
        if value.get(at).is_none_or(|byte| *byte == b';') {
            pairs.push(trimmed(value, start..at));
            start = at + 1;
        }
    }
    pairs
}

fn trimmed(value: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &value[range.clone()];
    let before = text.len() - text.trim_ascii_start().len();
    range.start + before..range.start + before + text.trim_ascii().len()
}

/// What is behind the name of a pair, or all of it where there is no name.
fn secret(value: &[u8], pair: Range<usize>) -> Range<usize> {
    let text = &value[pair.clone()];
    match text.iter().position(|byte| *byte == b'=') {
        Some(at) if text[..at].iter().all(|byte| is_token(*byte)) => pair.start + at + 1..pair.end,
        _ => pair,
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// What of an attribute is not known to be harmless: a second cookie may hide there, joined by a comma
/// or by a folded line.
fn unknown(value: &[u8], pair: Range<usize>) -> Range<usize> {
    let text = String::from_utf8_lossy(&value[pair.clone()]).to_ascii_lowercase();
    let (name, content) =
        text.split_once('=').map_or((&*text, None), |(name, content)| (name, Some(content)));
    let all = |fine: fn(char) -> bool| content.is_some_and(|content| content.chars().all(fine));
    let fine = match name.trim() {
        "secure" | "httponly" | "partitioned" | "discard" => content.is_none(),
        "path" => all(|char| !char.is_whitespace() && !matches!(char, ',' | '=' | '"')),
        "domain" => all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_')),
        "max-age" | "version" | "port" => all(|char| char.is_ascii_digit() || char == '-'),
        "samesite" => content.is_some_and(|word| matches!(word.trim(), "lax" | "strict" | "none")),
        "priority" => content.is_some_and(|word| matches!(word.trim(), "low" | "medium" | "high")),
        "expires" => content.is_some_and(is_date),
        "" => content.is_none(),
        _ => return pair,
    };
    if fine {
        return pair.start..pair.start;
    }
    let at = value[pair.clone()].iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1);
    pair.start + at..pair.end
}

/// Whether it has nothing in it but what dates have.
fn is_date(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
        "gmt",
        "utc",
    ];
    text.split([' ', ',', ':', '-', '+', '"']).all(|word| {
        WORDS.contains(&word) || word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
    })
}
