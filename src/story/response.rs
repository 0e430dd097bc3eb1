//! The answer: its status, its body, what may be kept of it, and what becomes of the connection.

use super::said;
use super::teller::{Teller, clip};
use crate::explain::status;
use crate::timeline::{self, Phase, SlowStart, phases};
use crate::trace::{Body, BodyFraming, Hop, Http, HttpVersion, directive, header, seconds};
use crate::units;

const BODY: &[&str] = &["RFC 9110 section 8", "RFC 9112 section 6", "RFC 5681 section 3.1"];

/// All that came back; nothing where nothing did.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>, http: &Http) {
    let Some(code) = http.status else { return };
    status(teller, http, code);
    body(teller, hop, http);
    said::put(teller, hop, http);
    kept(teller, http);
    connection(teller, http);
}

fn status(teller: &mut Teller, http: &Http, code: u16) {
    let text = status::explain(code);
    let mut told = vec![
        format!("The server answered {code} {} by {}. {}", text.name, http.version.as_str(), text.meaning),
        teller
            .once(
                "The first digit is the class: 2 means done, 3 look elsewhere, 4 the request is at fault in the \
                 server's view, 5 the server itself is.",
            )
            .to_owned(),
    ];
    if let Some(redirect) = &http.redirect {
        told.push(format!(
            "The field Location sends the client to {}; it was {}.",
            clip(&redirect.location),
            if redirect.followed { "followed" } else { "not followed in this run" }
        ));
    }
    told.extend(said::by_whom(http));
    let command = match code {
        200..=299 => "urltrace --lab https://not-found.http.test/",
        300..=399 => "urltrace --lab -L http://shop.test/",
        _ => "urltrace --lab https://www.example.test/",
    };
    teller.tell("The status", &told, &["RFC 9110 section 15"], command);
}

fn body(teller: &mut Teller, hop: &Hop<'_>, http: &Http) {
    let Body { encoded_bytes, wire_bytes, framing, complete, .. } = http.body;
    let received = phases(hop).spent[Phase::Receive].unwrap_or(0);
    let end = match framing {
        BodyFraming::None => "there is none",
        BodyFraming::ContentLength => "the field Content-Length says how long it is",
        BodyFraming::Chunked => "it comes in chunks, and one of length 0 ends it",
        BodyFraming::Close => {
            "it ends when the server closes the connection, so that a loss looks like an end"
        }
        BodyFraming::Http2 => "the last frame says that it is the last",
        BodyFraming::Http3 => "it ends with its stream",
    };
    let mut told = vec![
        format!(
            "The body has {}, {} as sent, and from the first byte of the answer to the last {} passed. Where it \
             ends: {end}.",
            units::bytes(encoded_bytes),
            units::bytes(wire_bytes),
            units::micros(received)
        ),
        if complete { "" } else { "Its end was not seen in this run." }.to_owned(),
    ];
    if let Some(kind) = header(&http.headers, "content-type") {
        told.push(format!("The field Content-Type says what the bytes are: {}.", clip(&kind)));
    }
    match (&http.body.encoding, http.body.decoded_bytes) {
        (Some(encoding), Some(decoded)) => {
            told.push(format!(
                "They came compressed by {}: unpacked they are {}{}.",
                clip(encoding),
                units::bytes(decoded),
                http.body
                    .ratio()
                    .map_or_else(String::new, |ratio| format!(", {ratio:.1} for each byte sent"))
            ));
        }
        (Some(encoding), None) => {
            told.push(format!("They are encoded by {} and were left so.", clip(encoding)));
        }
        (None, _) if header(&http.request.headers, "accept-encoding").is_some() => {
            told.push("They did not come compressed, although that was asked for.".to_owned());
        }
        (None, _) => told.push("They did not come compressed, and that was not asked for.".to_owned()),
    }
    let slow_start = timeline::slow_start(hop);
    told.extend(slow_start.as_ref().map(in_rounds));
    let command = if http.body.encoding.is_some() {
        "urltrace --lab https://drip-body.http.test/"
    } else {
        "urltrace --lab https://gzip.http.test/"
    };
    let standards = if slow_start.is_some() { BODY } else { &BODY[..2] };
    teller.tell("The body", &told, standards, command);
}

/// The rounds of slow start that it came in.
fn in_rounds(found: &SlowStart) -> String {
    let sizes: Vec<String> = found.rounds.iter().map(|round| units::bytes(round.bytes)).collect();
    let then = match (&found.after, found.rate_after()) {
        (Some(_), Some(rate)) => format!(" From then on the line was full: {} a second.", units::bytes(rate)),
        _ => String::new(),
    };
    format!(
        "It came in bursts, a round trip of {} apart: {}. That is slow start: a server that does not know the path yet sends \
         about ten segments, waits until they are acknowledged, and then sends twice as many. {} went by between those \
         {}, however fast the line is; a connection that is kept has its window open already.{then}",
        units::duration(found.trip),
        sizes.join(", "),
        units::duration(found.waited()),
        units::count(found.rounds.len(), "round"),
    )
}

/// What a cache may keep of it.
fn kept(teller: &mut Teller, http: &Http) {
    // Nobody keeps what a call or a WebSocket says.
    if http.grpc.is_some() || http.websocket.is_some() {
        return;
    }
    let field = |name: &str| header(&http.headers, name).map(|value| clip(&value));
    let mut told = Vec::new();
    match field("cache-control") {
        Some(value) => {
            told.push(format!("The field Cache-Control says: {value}."));
            if let Some(seconds) = lifetime(http) {
                told.push(format!(
                    "max-age is how many seconds a copy is fresh: for {seconds} s a browser may show the page again \
                     without asking anybody."
                ));
            }
            if directs(http, "no-store") {
                told.push("no-store forbids to keep any copy.".to_owned());
            }
            if directs(http, "no-cache") {
                told.push("no-cache lets a copy be kept, but not shown before the server has been asked.".to_owned());
            }
        }
        None => told.push(
            "There are 0 fields Cache-Control in this answer: a browser has to guess how long a copy may be shown."
                .to_owned(),
        ),
    }
    let validators: Vec<String> = ["etag", "last-modified"]
        .into_iter()
        .filter_map(|name| Some(format!("{name} {}", field(name)?)))
        .collect();
    told.push(if validators.is_empty() {
        "No ETag and no Last-Modified came with it, by which a client could ask whether its copy is still good.".to_owned()
    } else {
        format!("By {} a client can ask whether its copy is still good, and gets 304 instead of the body.", validators.join(" and "))
    });
    teller.tell(
        "What may be kept",
        &told,
        &["RFC 9111 section 4.2", "RFC 9110 section 13"],
        "urltrace --lab https://rate-limited.http.test/",
    );
}

/// The seconds of `max-age`.
pub(super) fn lifetime(http: &Http) -> Option<u64> {
    directive(&http.headers, "cache-control", "max-age").and_then(|argument| seconds(&argument))
}

/// Whether Cache-Control has this directive.
pub(super) fn directs(http: &Http, name: &str) -> bool {
    directive(&http.headers, "cache-control", name).is_some()
}

/// Whether the server keeps the connection, as far as the answer says.
pub(super) fn stays_open(http: &Http) -> bool {
    let says = |word: &str| directive(&http.headers, "connection", word).is_some();
    // A stream that was left ends without its connection.
    let is_left = http.is_left_early() && matches!(http.version, HttpVersion::Http2 | HttpVersion::Http3);
    let ends = http.status == Some(101)
        || http.goaway.is_some()
        || http.body.framing == BodyFraming::Close
        || !(http.body.complete || is_left);
    match http.version {
        _ if ends => false,
        HttpVersion::Http2 | HttpVersion::Http3 => true,
        HttpVersion::Http11 => !says("close"),
        HttpVersion::Http10 => says("keep-alive"),
    }
}

fn connection(teller: &mut Teller, http: &Http) {
    let version = http.version.as_str();
    let told = if stays_open(http) {
        format!(
            "By {version} the connection may stay open for the next request, which then pays for no handshake: all \
             {} received here came over this one.",
            units::bytes(http.bytes_received)
        )
    } else {
        format!(
            "After these {} the connection is of no more use: the next request has to open another, with all its \
             handshakes.",
            units::bytes(http.bytes_received)
        )
    };
    teller.tell(
        "The connection afterwards",
        &[told],
        &["RFC 9112 section 9.3", "RFC 9113 section 9.1"],
        "urltrace --lab -L http://kept-connection.http.test/",
    );
}
