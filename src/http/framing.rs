//! How the end of an HTTP/1 body is found (RFC 9112 §6.3) and whether the connection may be used
//! again (§9.3). Pure: works on a head that was read.

use crate::trace::{BodyFraming, Header};

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunked transfer coding.
    Chunked,
    /// Until the server closes.
    Close,
}

impl Framing {
    /// How the model calls it.
    pub(super) const fn kind(self) -> BodyFraming {
        match self {
            Self::None => BodyFraming::None,
            Self::Length(_) => BodyFraming::ContentLength,
            Self::Chunked => BodyFraming::Chunked,
            Self::Close => BodyFraming::Close,
        }
    }
}

/// Whether a connection survives its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Persistence {
    /// It may carry a further request.
    Keep,
    /// It ends with this response.
    Close,
}

/// The framing of the body that follows this head.
///
/// # Errors
/// Lengths that disagree or are no numbers; the text quotes them.
pub(super) fn framing(method: &str, status: u16, fields: &[Header]) -> Result<Framing, String> {
    let tunnel = method == "CONNECT" && (200..300).contains(&status);
    if method == "HEAD" || tunnel || matches!(status, 100..=199 | 204 | 304) {
        return Ok(Framing::None);
    }
    let codings = list(fields, "transfer-encoding");
    if let Some(last) = codings.last() {
        // §6.3 item 4: without `chunked` at the end, a response runs until the close.
        return Ok(if last.eq_ignore_ascii_case("chunked") { Framing::Chunked } else { Framing::Close });
    }
    content_length(fields).map(|length| length.map_or(Framing::Close, Framing::Length))
}

/// The declared length. A value repeated without change counts once (§6.3 item 5).
///
/// # Errors
/// Lengths that disagree or are no numbers; the text quotes them.
pub(super) fn content_length(fields: &[Header]) -> Result<Option<u64>, String> {
    let mut length = None;
    let values = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("content-length"));
    for text in values.flat_map(|field| field.meant().split(',').map(str::to_owned).collect::<Vec<_>>()) {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(value) = digits.then(|| text.parse::<u64>().ok()).flatten() else {
            if digits {
                return Err(format!(
                    "content-length is a number of {} digits: more than 64 bits",
                    text.len()
                ));
            }
            return Err(format!(
                "content-length is not a number: {:?}",
                text.chars().take(40).collect::<String>()
            ));
        };
        match length {
            Some(earlier) if earlier != value => {
                return Err(format!("two lengths that disagree: content-length {earlier} and {value}"));
            }
            _ => length = Some(value),
        }
    }
    Ok(length)
}

/// Whether the connection outlives a response with this head (RFC 9112 §9.3), as far as it says.
pub(super) fn persistence(minor: u8, framing: Framing, fields: &[Header]) -> Persistence {
    let options = list(fields, "connection");
    let says = |word: &str| options.iter().any(|option| option.eq_ignore_ascii_case(word));
    let coded = !list(fields, "transfer-encoding").is_empty();
    let sized = fields.iter().any(|field| field.name.eq_ignore_ascii_case("content-length"));
    // §6.1: a message with both kinds of framing, or with transfer codings in HTTP/1.0, may be an
    // attempt at smuggling: nothing after it can be trusted.
    let suspicious = coded && (sized || minor == 0);
    if framing == Framing::Close || suspicious || says("close") {
        Persistence::Close
    } else if minor >= 1 || says("keep-alive") {
        Persistence::Keep
    } else {
        Persistence::Close
    }
}

/// The members of a comma-separated field over all its lines, without empty ones.
pub(super) fn list(fields: &[Header], name: &str) -> Vec<String> {
    fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name))
        .flat_map(|field| field.meant().split(',').map(|member| member.trim().to_owned()).collect::<Vec<_>>())
        .filter(|member| !member.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[&str]) -> Vec<Header> {
        let split = |line: &&str| {
            let (name, value) = line.split_once(": ").unwrap();
            Header { name: name.to_owned(), value: value.as_bytes().to_vec() }
        };
        lines.iter().map(split).collect()
    }

    #[test]
    fn the_end_of_a_body_by_the_rules() {
        let chunked = "Transfer-Encoding: chunked";
        type Row<'a> = (&'a str, u16, &'a [&'a str], Result<Framing, ()>);
        let table: [Row<'_>; 18] = [
            ("GET", 200, &["Content-Length: 5"], Ok(Framing::Length(5))),
            ("HEAD", 200, &["Content-Length: 5"], Ok(Framing::None)),
            ("GET", 204, &["Content-Length: 5"], Ok(Framing::None)),
            ("GET", 304, &[chunked], Ok(Framing::None)),
            ("GET", 101, &[], Ok(Framing::None)),
            ("CONNECT", 200, &["Content-Length: 5"], Ok(Framing::None)),
            ("CONNECT", 403, &["Content-Length: 5"], Ok(Framing::Length(5))),
            ("GET", 200, &[chunked], Ok(Framing::Chunked)),
            ("GET", 200, &[chunked, "Content-Length: 5"], Ok(Framing::Chunked)),
            ("GET", 200, &["Transfer-Encoding: gzip, Chunked"], Ok(Framing::Chunked)),
            ("GET", 200, &["Transfer-Encoding: gzip"], Ok(Framing::Close)),
            ("GET", 200, &[], Ok(Framing::Close)),
            ("GET", 200, &["Content-Length: 5", "Content-Length: 5"], Ok(Framing::Length(5))),
            ("GET", 200, &["Content-Length: 5, 5"], Ok(Framing::Length(5))),
            ("GET", 200, &["Content-Length: 5", "Content-Length: 6"], Err(())),
            ("GET", 200, &["Content-Length: -1"], Err(())),
            ("GET", 200, &["Content-Length: +5"], Err(())),
            ("GET", 200, &["Content-Length: 99999999999999999999"], Err(())),
        ];
        for (method, status, lines, wanted) in table {
            let found = framing(method, status, &fields(lines));
            assert_eq!(found.clone().map_err(drop), wanted, "{method} {status} {lines:?}: {found:?}");
        }
    }

    #[test]
    fn a_connection_is_kept_only_when_that_is_safe() {
        let table: [(u8, Framing, &[&str], Persistence); 8] = [
            (1, Framing::Length(1), &[], Persistence::Keep),
            (1, Framing::Length(1), &["Connection: foo, Close"], Persistence::Close),
            (0, Framing::Length(1), &[], Persistence::Close),
            (0, Framing::Length(1), &["Connection: keep-alive"], Persistence::Keep),
            (1, Framing::Close, &["Connection: keep-alive"], Persistence::Close),
            (1, Framing::Chunked, &["Transfer-Encoding: chunked"], Persistence::Keep),
            (1, Framing::Chunked, &["Transfer-Encoding: chunked", "Content-Length: 1"], Persistence::Close),
            (
                0,
                Framing::Chunked,
                &["Transfer-Encoding: chunked", "Connection: keep-alive"],
                Persistence::Close,
            ),
        ];
        for (minor, framing, lines, wanted) in table {
            assert_eq!(persistence(minor, framing, &fields(lines)), wanted, "{minor} {framing:?} {lines:?}");
        }
    }
}
