//! Whether a response is text that could have come compressed, for the rules on compression. No rule itself.

use super::kept::is_stream;
use crate::trace::{Header, Http, directive, header};

/// Whether a text came as it is, to one who takes codings that make texts short.
pub(super) fn is_uncompressed_text(http: &Http) -> bool {
    // Of a body in a transfer coding, the bytes are not those of the text.
    let coded = ["content-encoding", "transfer-encoding"].iter().any(|name| {
        header(&http.headers, name).is_some_and(|value| {
            !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "identity" | "chunked")
        })
    });
    // Whoever stands before the server must leave it as it is (RFC 9111 §5.2.2.6).
    let left_alone = directive(&http.headers, "cache-control", "no-transform").is_some();
    !coded && !left_alone && is_text(http) && takes(&http.request.headers)
}

/// Whether a request takes a coding that makes texts short (RFC 9110 §12.5.3).
fn takes(headers: &[Header]) -> bool {
    let Some(accepted) = header(headers, "accept-encoding") else { return false };
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|weight| {
            let weight = weight.strip_prefix("q=").or(weight.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse() == Ok(0.0))
        });
        matches!(coding.as_str(), "gzip" | "x-gzip" | "br" | "zstd" | "deflate") && !refused
    })
}

/// Whether the type of a response is one of text that is written by hand or by programs, which always shrinks.
fn is_text(http: &Http) -> bool {
    let kind = header(&http.headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_known = matches!(
        kind,
        "application/json"
            | "application/javascript"
            | "application/xml"
            | "application/x-javascript"
            | "image/svg+xml"
    );
    !is_stream(http)
        && (is_known || kind.starts_with("text/") || kind.ends_with("+json") || kind.ends_with("+xml"))
}
