//! What a status code means, until the full table of `explain` stands here.

/// The explanation of a status code.
pub(super) struct StatusText {
    /// Its registered name.
    pub(super) name: &'static str,
    /// What it means, as the end of a sentence.
    pub(super) meaning: &'static str,
    /// Whose side it speaks of.
    pub(super) side: &'static str,
}

/// The one place where renderers ask for a status code's meaning.
pub(super) const fn status_text(code: u16) -> StatusText {
    let (name, meaning, side) = match code {
        100 => ("Continue", "the client may send the body", "both"),
        101 => ("Switching Protocols", "the connection goes on with another protocol", "both"),
        103 => ("Early Hints", "fields of the coming response, ahead of it", "both"),
        200 => ("OK", "the request succeeded", "both"),
        204 => ("No Content", "the request succeeded and there is nothing to show", "both"),
        301 => ("Moved Permanently", "the resource has a new URL for good", "both"),
        302 => ("Found", "the resource is at another URL for now", "both"),
        303 => ("See Other", "the answer is at another URL", "both"),
        304 => ("Not Modified", "the cached copy is still good", "both"),
        307 => ("Temporary Redirect", "the same request goes to another URL for now", "both"),
        308 => ("Permanent Redirect", "the same request goes to another URL for good", "both"),
        404 => ("Not Found", "the server has nothing at this URL", "client"),
        429 => ("Too Many Requests", "the client asked too often", "client"),
        503 => ("Service Unavailable", "the server cannot answer for now", "server"),
        other => class(other),
    };
    StatusText { name, meaning, side }
}

/// What is known of a code without a name.
const fn class(code: u16) -> (&'static str, &'static str, &'static str) {
    match code {
        100..=199 => ("", "an interim response", "both"),
        200..=299 => ("", "the request succeeded", "both"),
        300..=399 => ("", "further action is needed", "both"),
        400..=499 => ("", "the server finds fault with the request", "client"),
        500..=599 => ("", "the server failed", "server"),
        _ => ("", "a code outside the classes of RFC 9110", "server"),
    }
}
