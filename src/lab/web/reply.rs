//! What a well-behaved site says: status, header fields and body, whatever HTTP version carries it.
//!
//! No sockets and no waits.

use compression_codecs::core::Level;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{DeflateEncoder, EncodeV2, GzipEncoder};

use super::site::{CHANGING_ETAG, DEAF_ETAG, ETAG, Encoding, Page};
use crate::clock::Clock;

/// Bodies made when the lab starts, so that no request waits for them.
pub(crate) struct Bodies {
    page: Vec<u8>,
    gzipped: Vec<u8>,
    deflated: Vec<u8>,
    intermediate: Vec<u8>,
}

/// What a request wants.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) target: &'a str,
    pub(super) accept_encoding: &'a str,
    pub(super) if_none_match: &'a str,
}

/// A response but for its framing.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// The field of the 103.
pub(super) const HINT: (&str, &str) = ("link", "</style.css>; rel=preload; as=style");

impl Bodies {
    /// Makes them. `intermediate` is the certificate that leaves say where to fetch.
    pub(crate) fn new(intermediate: Vec<u8>) -> std::io::Result<Self> {
        let page = page().into_bytes();
        let gzipped = encode(&mut GzipEncoder::new(Level::Default.into()), &page)?;
        let deflated = encode(&mut DeflateEncoder::new(Level::Default.into()), &page)?;
        Ok(Self { page, gzipped, deflated, intermediate })
    }
}

/// Bytes in a content coding.
pub(crate) fn encode(encoder: &mut dyn EncodeV2, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let (mut out, mut space) = (Vec::new(), vec![0; 64 * 1024]);
    let mut input = PartialBuffer::new(bytes);
    while !input.unwritten().is_empty() {
        let mut room = WriteBuffer::new_initialized(&mut space);
        encoder.encode(&mut input, &mut room)?;
        out.extend_from_slice(room.written());
    }
    loop {
        let mut room = WriteBuffer::new_initialized(&mut space);
        let done = encoder.finish(&mut room)?;
        out.extend_from_slice(room.written());
        if done {
            return Ok(out);
        }
    }
}

/// Answers a request for a page of a site. The body is there for HEAD too; it is not to be sent.
pub(super) fn reply(page: &Page, request: &Request<'_>, bodies: &Bodies, clock: &Clock) -> Reply {
    if let (Some(allowed), "OPTIONS") = (page.preflight, request.method) {
        let mut fields = vec![("server", "urltrace-lab".to_owned()), ("date", date(clock))];
        fields.extend(allowed.iter().map(|(name, value)| (*name, (*value).to_owned())));
        return Reply { status: 204, fields, body: Vec::new() };
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let own = page.text.filter(|_| path == page.at);
    let mut content_type = own.map_or("text/html; charset=utf-8", |(kind, _)| kind);
    let mut status = page.status;
    let mut encoded = Encoding::Identity;
    let tagged = page.fields.iter().any(|(name, _)| *name == "etag");
    let body = match (page.status, path) {
        (200, _) if own.is_some() && is_unchanged(page, request.if_none_match) => {
            status = 304;
            Vec::new()
        }
        _ if own.is_some() => own.map(|(_, text)| text.as_bytes().repeat(page.times)).unwrap_or_default(),
        (200, "/" | "/index.html") if tagged && request.if_none_match.contains(ETAG) => {
            status = 304;
            Vec::new()
        }
        (200, "/" | "/index.html") => {
            encoded = page.encoding.asked_for(request.accept_encoding);
            match encoded {
                Encoding::Identity => bodies.page.clone(),
                Encoding::Never => bodies.page.repeat(5),
                Encoding::Gzip => bodies.gzipped.clone(),
                Encoding::RawDeflate => bodies.deflated.clone(),
            }
        }
        (200, "/intermediate.der") => {
            content_type = "application/pkix-cert";
            bodies.intermediate.clone()
        }
        (200, _) => {
            status = 404;
            short(404)
        }
        _ => short(status),
    };
    let mut fields = vec![
        ("server", "urltrace-lab".to_owned()),
        ("date", date(clock)),
        ("content-type", content_type.to_owned()),
    ];
    if page.encoding.name().is_some() {
        fields.push(("vary", "accept-encoding".to_owned()));
    }
    if let Some(name) = encoded.name() {
        fields.push(("content-encoding", name.to_owned()));
    }
    fields.extend(page.fields.iter().map(|(name, value)| (*name, told(value, clock))));
    Reply { status, fields, body }
}

/// Whether a page is still what a request names, as far as its server looks.
fn is_unchanged(page: &Page, named: &str) -> bool {
    let tag = page.fields.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| *tag);
    tag.is_some_and(|tag| tag != DEAF_ETAG && tag != CHANGING_ETAG && named.contains(tag))
}

/// The value of a field in this response.
fn told(value: &str, clock: &Clock) -> String {
    if value == CHANGING_ETAG { format!("\"{}\"", clock.now().0) } else { value.to_owned() }
}

/// The phrase of a status, as far as the lab uses it.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        103 => "Early Hints",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        401 => "Unauthorized",
        403 => "Forbidden",
        400 => "Bad Request",
        404 => "Not Found",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        503 => "Service Unavailable",
        _ => "",
    }
}

impl Encoding {
    /// The name of the coding.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity | Self::Never => None,
            Self::Gzip => Some("gzip"),
            Self::RawDeflate => Some("deflate"),
        }
    }

    /// Itself where the request takes it: RFC 9110 §12.5.3, as far as a server needs that knows one coding.
    fn asked_for(self, accept_encoding: &str) -> Self {
        let takes = accept_encoding.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let refused = parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            self.name().is_some_and(|name| coding.eq_ignore_ascii_case(name)) && !refused
        });
        if takes || self == Self::Never { self } else { Self::Identity }
    }
}

/// RFC 9110 §5.6.7.
fn date(clock: &Clock) -> String {
    let now = jiff::Timestamp::try_from(clock.wall_now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default()
}

fn short(status: u16) -> Vec<u8> {
    let reason = reason(status);
    format!("<!doctype html>\n<title>{status} {reason}</title>\n<h1>{status} {reason}</h1>\n").into_bytes()
}

fn page() -> String {
    let mut page =
        String::from("<!doctype html>\n<html lang=\"en\">\n<title>urltrace lab</title>\n<h1>It works</h1>\n");
    for line in 1..=40 {
        page.push_str(&format!(
            "<p>Line {line}: this page came from the lab, an internet inside the process, on loopback.</p>\n"
        ));
    }
    page.push_str("</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_still_good_is_not_sent_again() {
        let bodies = Bodies::new(Vec::new()).unwrap();
        let site = |host: &str| super::super::sites::SITES.iter().find(|site| site.host == host).unwrap();
        for (host, tag, status) in [
            ("kept-connection.http.test", ETAG, 304),
            ("kept-connection.http.test", "\"other\", W/\"lab\"", 304),
            ("kept-connection.http.test", "\"other\"", 200),
            ("kept-connection.http.test", "", 200),
            ("not-http.http.test", ETAG, 0),
        ] {
            let Some(page) = site(host).plain.and_then(super::super::site::Conduct::page) else {
                assert_eq!(status, 0);
                continue;
            };
            let request = Request { method: "GET", target: "/", accept_encoding: "", if_none_match: tag };
            let reply = reply(&page, &request, &bodies, &Clock::start());
            assert_eq!((reply.status, reply.body.is_empty()), (status, status == 304), "{tag}");
        }
    }

    #[test]
    fn gzip_is_for_those_who_ask() {
        for (field, wanted) in [
            ("gzip", true),
            ("deflate, gzip, br", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip; q=0", false),
            ("identity", false),
            ("", false),
            ("xgzip", false),
        ] {
            assert_eq!(Encoding::Gzip.asked_for(field) == Encoding::Gzip, wanted, "{field}");
        }
    }
}
