//! Words for what ended an exchange in HTTP/2 (RFC 9113), by the evidence of the tap: the `h2` crate has a
//! code for it and no more.

use ::h2::Reason;

use super::exchange::{HTTP_1_1_REQUIRED, Over};
use super::fault;
use super::frames::{HEADER, Received};
use super::framing::content_length;
use super::rules::{self, Breach};
use super::scene::{MAX_INFORMATIONAL, Scene};
use super::tap::Watch;
use super::words::escape;
use crate::fault::Fault;
use crate::trace::{At, FailureCode, GoAway, Http};

/// Words for an error of the crate.
pub(super) fn explain(error: &::h2::Error, watch: &Watch, scene: &Scene<'_>, record: &mut Http) -> Fault {
    watch.settle(record);
    let judged = judge(watch, record);
    let (tap, exchange) = (watch.connection(), watch.exchange());
    match exchange.over {
        Some(Over::HeadBytes) => return too_large(scene),
        Some(Over::Blocks) => return too_many_informational(),
        None if tap.over => return protocol("another response on the connection passed a limit".to_owned()),
        None => {}
    }
    if let Some(fault) = stranger(&tap.opening) {
        record.garbage = Some(tap.opening.clone());
        // Over TLS it was chosen by ALPN, by whoever ends TLS.
        let chosen = fault.code == FailureCode::Http2Protocol && !scene.url.scheme.is_clear();
        return if chosen { fault.hint(CHOSEN) } else { fault };
    }
    if let Some(breach) = tap.breach.as_ref().filter(|breach| breach.is_fatal()) {
        return rule(breach);
    }
    let now = scene.clock.now();
    if let Some(code) = exchange.reset {
        return reset(code, record);
    }
    let unasked = error.reason().is_none() || error.is_remote();
    if let Some(goaway) = tap.goaway.as_ref().filter(|_| unasked) {
        return gone(goaway, record, now);
    }
    let Some(reason) = error.reason() else {
        return match (&tap.error, tap.ended) {
            (Some(how), _) => fault::broken(how, record, now),
            (None, true) => fault::closed(record, now),
            (None, false) => protocol(format!("HTTP/2 failed: {error}")),
        };
    };
    let judged = tap.breach.clone().or(judged);
    by_rule(reason, judged, (&exchange.received, tap.has_lost_fields()), scene, record)
}

const CHOSEN: &str = "what ends TLS there chose h2 by ALPN, and what is behind it speaks HTTP/1.1: one of the two has to be told \
                      otherwise; try --http1.1 until then";

/// Words for an error that the crate has a code for, and that nobody else has told of.
fn by_rule(
    reason: Reason,
    judged: Option<Breach>,
    (received, has_lost_fields): (&Received, bool),
    scene: &Scene<'_>,
    record: &Http,
) -> Fault {
    if let Some(breach) = judged {
        return rule(&breach);
    }
    if has_lost_fields {
        return rule(&Breach::Frame("a block of fields that cannot be unpacked".to_owned(), "4.3"));
    }
    if let Err(why) = content_length(&record.headers) {
        return rule(&Breach::Field(why, "8.1.1"));
    }
    if reason == Reason::FLOW_CONTROL_ERROR {
        let what = "more DATA than the window takes, or a window of more than 2^31-1 bytes";
        return rule(&Breach::Frame(what.to_owned(), "5.2"));
    }
    // The crate stops reading a list of fields that grows beyond all bounds. The block was begun, and
    // never handed over.
    let handed_over = record.informational.len() + usize::from(record.status.is_some());
    if reason == Reason::ENHANCE_YOUR_CALM {
        return if received.blocks.len() > handed_over {
            too_large(scene)
        } else {
            protocol("the server sent more frames without any use than are taken from it".to_owned())
        };
    }
    let data = received.data_bytes - received.data_frames * HEADER as u64;
    if let (Ok(Some(length)), Some(_)) = (content_length(&record.headers), received.end)
        && length != data
    {
        let message = format!("content-length says {length} bytes and {data} came");
        return fault::new(FailureCode::BadFraming, message);
    }
    let interim = record.informational.len();
    if record.status.is_none() && interim > 0 && received.blocks.len() == interim && received.end.is_some() {
        return rule(&Breach::Frame("an interim response (1xx) that ends the stream".to_owned(), "8.1"));
    }
    if scene.ask.method == "HEAD" && data > 0 {
        return rule(&Breach::Frame("DATA in the response to HEAD".to_owned(), "8.1.1"));
    }
    if received.data_bytes > 0 && received.block_count == 0 {
        return rule(&Breach::Frame("DATA before the HEADERS of the response".to_owned(), "8.1"));
    }
    if record.status.is_some() && received.blocks.len() > handed_over && received.end.is_none() {
        return rule(&Breach::Frame(
            "HEADERS behind the response that do not end the stream".to_owned(),
            "8.1",
        ));
    }
    protocol(format!("the server broke the rules of HTTP/2: {reason:?} ({})", reason.description()))
}

/// The rule that the last block of fields breaks, if it breaks one.
///
/// The fields of a response that the crate refused are shown all the same.
fn judge(watch: &Watch, record: &mut Http) -> Option<Breach> {
    let mut fields = watch.fields(record.informational.len() + usize::from(record.status.is_some()))?;
    if record.status.is_some() {
        return rules::trailers(&fields);
    }
    let breach = rules::response(&fields);
    fields.retain(|field| !field.name.starts_with(':'));
    record.headers = fields;
    breach
}

/// A rule that the server broke.
pub(super) fn rule(breach: &Breach) -> Fault {
    protocol(format!("the server broke a rule of HTTP/2: {}", breach.words()))
}

/// The server ended the stream (§6.4).
fn reset(code: u32, record: &Http) -> Fault {
    let name = name(code);
    if record.head_end.is_some() {
        let message = format!(
            "the server broke off the body with {name} (RST_STREAM): {} came",
            fault::body_so_far(record)
        );
        return fault::new(FailureCode::BodyIncomplete, message);
    }
    let what = if code == 0 { "ended the request, without a response," } else { "refused the request" };
    with_hint(code, format!("the server {what} with {name} (RST_STREAM){}", meaning(code)))
}

/// The server ended the connection (§6.8).
fn gone(goaway: &GoAway, record: &Http, now: At) -> Fault {
    let GoAway { last_stream: _, code, debug } = goaway;
    let name = name(*code);
    let said = if debug.is_empty() { String::new() } else { format!(", saying `{}`", escape(debug)) };
    if *code == 0 {
        let message = format!(
            "the server shut the connection down (GOAWAY, {name}{said}) {}",
            fault::place(record, now)
        );
        return protocol(message).hint("try again: the server need not be at fault");
    }
    let message = format!("the server ended the connection with {name} (GOAWAY){said}{}", meaning(*code));
    with_hint(*code, message)
}

fn with_hint(code: u32, message: String) -> Fault {
    let fault = protocol(message);
    if code == HTTP_1_1_REQUIRED { fault.hint("the server wants HTTP/1.1: use --http1.1") } else { fault }
}

fn name(code: u32) -> String {
    GoAway::code_name(code).map_or_else(|| format!("code 0x{code:x}"), str::to_owned)
}

/// What a code says (§7), to stand at the end of a sentence.
const fn meaning(code: u32) -> &'static str {
    match code {
        1 => ": it says that we broke the protocol",
        2 => ": something failed inside it",
        3 => ": it says that we broke the rules of flow control",
        4 => ": it waited in vain for our answer to its SETTINGS",
        5 => ": it says that a frame came on a stream that was closed",
        6 => ": it says that a frame had a wrong size",
        7 => ": it did nothing for it",
        8 => ": it does not want the stream any more",
        9 => ": it could not unpack our header fields",
        11 => ": it finds that too much is asked of it",
        12 => ": it finds our TLS too weak",
        13 => ": it wants HTTP/1.1 for this",
        _ => "",
    }
}

pub(super) fn too_many_informational() -> Fault {
    let message = format!("more than {MAX_INFORMATIONAL} interim responses and no final one");
    fault::new(FailureCode::TooManyInformational, message)
}

pub(super) fn too_large(scene: &Scene<'_>) -> Fault {
    let limit = scene.plan.max_head_bytes / 1024;
    fault::new(FailureCode::HeadersTooLarge, format!("the response head is larger than {limit} kB"))
}

fn protocol(message: String) -> Fault {
    fault::new(FailureCode::Http2Protocol, message).hint("--http1.1 tells whether only HTTP/2 is affected")
}

/// A connection that does not begin with a frame that HTTP/2 could begin with.
fn stranger(opening: &[u8]) -> Option<Fault> {
    if opening.starts_with(b"HTTP/1.") {
        let line = opening.split(|&byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let message = format!("HTTP/2 was spoken to the server and it answered `{}`", escape(line));
        return Some(fault::new(FailureCode::Http2Protocol, message).hint("use --http1.1"));
    }
    // A frame of up to 16 kB, of a type that there is.
    let frame = matches!(opening, [] | [0] | [0, _] | [0, _, _] | [0, ..=0x40, _, ..=9, ..]);
    (!frame).then(|| fault::not_http(opening))
}
