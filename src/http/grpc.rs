//! gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): what a call adds to a request, and what its response says. Messages are
//! counted as they come and not kept, but for the beginning of the first, which may be the answer to a health check.
//!
//! Sends nothing and waits for nothing; of compressed messages only the answer to a health check is unpacked.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::decode::{Decoders, Step};
use crate::plan::{HttpPlan, Piece, RequestBody};
use crate::trace::{
    BodyFraming, Grpc, GrpcFault, GrpcMessages, GrpcStatus, GrpcStatusBy, HEALTH_METHOD, HEALTH_SERVICE,
    Header, Http, Serving, Url, header,
};

/// The media type; a subtype may follow a `+`.
pub(super) const MEDIA_TYPE: &str = "application/grpc";
/// What clients take of a message unless told otherwise.
const LARGEST: u32 = 4 << 20;
/// What is kept of the first message.
const KEPT: usize = 1 << 10;
/// Characters of `grpc-message` that are kept.
const WORDS: usize = 1 << 10;

/// A call, before anything of it is sent.
pub(super) fn call(url: &Url) -> Grpc {
    let (service, method) = method(url);
    let asked = is_health_check(url).then(|| asked_service(url));
    Grpc { service: service.to_owned(), method: method.to_owned(), asked, ..Grpc::default() }
}

/// Whether a URL names no method: then the health is asked for.
#[must_use]
pub fn is_health_check(url: &Url) -> bool {
    url.scheme.is_grpc() && url.path == "/"
}

/// The service and the method that are called.
fn method(url: &Url) -> (&str, &str) {
    if is_health_check(url) {
        return (HEALTH_SERVICE, HEALTH_METHOD);
    }
    url.path.trim_start_matches('/').rsplit_once('/').unwrap_or(("", ""))
}

/// The path of a call.
pub(super) fn target(url: &Url) -> String {
    let (service, method) = method(url);
    format!("/{service}/{method}")
}

/// `?service=NAME`.
fn asked_service(url: &Url) -> String {
    let named = url.query.as_deref().and_then(|query| query.strip_prefix("service=")).unwrap_or_default();
    percent_decode_str(named).decode_utf8_lossy().into_owned()
}

/// What a call says of itself beside its time: no compression is offered, as what is saved is the message itself.
pub(super) const FIELDS: &[(&str, &str)] =
    &[("Content-Type", MEDIA_TYPE), ("TE", "trailers"), ("Grpc-Accept-Encoding", "identity")];

/// Holds a request against what a call can be.
///
/// # Errors
/// Another method than POST, or a message for the health check, which has its own.
pub(super) fn check(url: &Url, method: &str, plan: &HttpPlan) -> Result<(), String> {
    if method != "POST" {
        return Err(format!("gRPC has no {method}: each call is a POST"));
    }
    if is_health_check(url) && plan.body.is_some() {
        let message =
            "the health check has a message of its own: /package.Service/Method says for what this one is";
        return Err(message.to_owned());
    }
    match plan.body.as_ref().map(RequestBody::length) {
        None | Some(Some(0..=LONGEST)) => Ok(()),
        Some(None) => Err("the length of a gRPC message goes before it: a file has one, a long stream has \
                           none"
            .to_owned()),
        Some(Some(length)) => {
            Err(format!("a gRPC message has at most 4 GiB, and this one has {length} bytes"))
        }
    }
}

/// The longest message: its length is a number of 32 bits.
const LONGEST: u64 = u32::MAX as u64;

/// The body of a call: `given` as its message, or the question for the health, in front of it flag and length.
#[must_use]
pub fn body(url: &Url, given: Option<&RequestBody>) -> RequestBody {
    let message = match given {
        _ if is_health_check(url) => {
            RequestBody::new(vec![Piece::Bytes(question(&asked_service(url)).into())])
        }
        Some(given) => given.clone(),
        None => RequestBody::new(Vec::new()),
    };
    // What has no length, or too much of it, is refused before it is sent.
    let length = message.length().and_then(|length| u32::try_from(length).ok()).unwrap_or(u32::MAX);
    let prefix: Vec<u8> = std::iter::once(0).chain(length.to_be_bytes()).collect();
    let pieces = std::iter::once(Piece::Bytes(prefix.into())).chain(message.pieces.iter().cloned());
    RequestBody { pieces: pieces.collect(), meter: message.meter }
}

/// A HealthCheckRequest: field 1, a string, left out where it is empty (proto3).
fn question(service: &str) -> Vec<u8> {
    if service.is_empty() {
        return Vec::new();
    }
    let mut message = vec![0x0a];
    let mut length = service.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(service.as_bytes());
    message
}

/// The value of `grpc-timeout`: at most eight digits and a unit.
pub(super) fn timeout(left: Duration) -> String {
    let millis = left.as_millis();
    if millis < 100_000_000 { format!("{millis}m") } else { format!("{}S", left.as_secs().min(99_999_999)) }
}

/// Whether a response is one of gRPC.
pub(super) fn is_grpc(fields: &[Header]) -> bool {
    header(fields, "content-type").is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let subtype = kind.get(..MEDIA_TYPE.len()).filter(|begin| begin.eq_ignore_ascii_case(MEDIA_TYPE));
        subtype.is_some() && matches!(kind.as_bytes().get(MEDIA_TYPE.len()), None | Some(b'+'))
    })
}

/// Reads what a response says, once it has ended. One that broke off says what its trailers do, and no more.
pub(super) fn conclude(record: &mut Http, is_whole: bool) {
    let Some(mut call) = record.grpc.take() else { return };
    let mut found = record.body.messages.take();
    if !is_whole {
        found.iter_mut().for_each(|found| found.first.clear());
        (record.grpc, record.body.messages) = (Some(call), found);
        return;
    }
    call.status = status(record);
    let fields = match call.status.map(|status| status.by) {
        Some(GrpcStatusBy::Trailers) => &record.trailers,
        _ => &record.headers,
    };
    call.message = header(fields, "grpc-message").map(|text| words(&text));
    call.faults = faults(record, &call, found.as_ref());
    let first = found.as_mut().map(|found| std::mem::take(&mut found.first)).unwrap_or_default();
    record.body.messages = found;
    let is_ok = call.status.is_some_and(|status| status.code == 0);
    let is_readable = |fault: &GrpcFault| matches!(fault, GrpcFault::Compressed(_));
    if call.is_health_check() && is_ok && call.faults.iter().all(is_readable) {
        let how = encoding(record).filter(|_| !call.faults.is_empty());
        let plain = how.map_or_else(|| Some(first.clone()), |how| unpacked(&how, &first));
        match plain.and_then(|plain| serving(&plain)) {
            Some(serving) => call.serving = Some(serving),
            None => call.faults.push(GrpcFault::Unreadable),
        }
    }
    record.grpc = Some(call);
}

/// How messages are compressed, where that is told.
fn encoding(record: &Http) -> Option<String> {
    let how = header(&record.headers, "grpc-encoding")?;
    let how: String = how.trim().chars().take(100).collect();
    (!how.is_empty() && !how.eq_ignore_ascii_case("identity")).then_some(how)
}

/// A small message without its compression; `None` where that is not known, or it is no small one.
fn unpacked(how: &str, packed: &[u8]) -> Option<Vec<u8>> {
    if packed.len() > KEPT {
        return None;
    }
    let mut decoders = Decoders::new(&[how]).ok()?;
    decoders.feed(packed);
    decoders.end();
    let mut plain = Vec::new();
    loop {
        match decoders.step().ok()? {
            Step::Made(bytes) => plain.extend_from_slice(bytes),
            Step::Done => {}
            Step::Idle => break,
        }
        if plain.len() > KEPT {
            return None;
        }
    }
    decoders.finish().ok()?;
    Some(plain)
}

/// The status, by whoever tells it.
fn status(record: &Http) -> Option<GrpcStatus> {
    let told = |fields: &[Header], by| {
        let code = header(fields, "grpc-status").and_then(|text| number(&text))?;
        Some(GrpcStatus { code, by })
    };
    // Fields before a body are no trailers, whatever they say.
    let is_bare = record.body.framing == BodyFraming::None;
    let by_fields = if is_bare { told(&record.headers, GrpcStatusBy::TrailersOnly) } else { None };
    let by_http = || {
        let code = match record.status? {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502..=504 => 14,
            // 200, too: a call that went well has a status of its own.
            _ => 2,
        };
        Some(GrpcStatus { code, by: GrpcStatusBy::HttpStatus })
    };
    told(&record.trailers, GrpcStatusBy::Trailers).or(by_fields).or_else(by_http)
}

/// A `grpc-status` where one is looked for, that is none: its begin.
fn unread_status(record: &Http) -> Option<String> {
    let bare = (record.body.framing == BodyFraming::None).then_some(&record.headers);
    let text =
        [Some(&record.trailers), bare].into_iter().flatten().find_map(|all| header(all, "grpc-status"))?;
    Some(text.chars().take(40).collect())
}

/// Digits, as a number that fits.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `grpc-message`, percent-decoded.
fn words(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().chars().take(WORDS).collect()
}

fn faults(record: &Http, call: &Grpc, found: Option<&GrpcMessages>) -> Vec<GrpcFault> {
    let mut faults = Vec::new();
    let nothing = GrpcMessages::default();
    let found = found.unwrap_or(&nothing);
    let is_told = call.status.is_some_and(|status| status.by != GrpcStatusBy::HttpStatus);
    if !is_grpc(&record.headers) {
        let kind = header(&record.headers, "content-type");
        faults.push(GrpcFault::NotGrpc(kind.map(|kind| kind.chars().take(100).collect())));
    }
    if !is_told {
        faults.push(unread_status(record).map_or(GrpcFault::NoStatus, GrpcFault::BadStatus));
    }
    if found.compressed {
        faults.push(encoding(record).map_or(GrpcFault::Undeclared, GrpcFault::Compressed));
    }
    faults.extend(found.bad_flag.map(GrpcFault::BadFlag));
    faults.extend(found.large.map(GrpcFault::MessageLarge));
    let is_cut = found.unfinished > 0;
    if is_cut {
        faults.push(GrpcFault::MessageCut);
    }
    match found.whole {
        0 if is_told && call.status.is_some_and(|status| status.code == 0) && !is_cut => {
            faults.push(GrpcFault::NoMessage);
        }
        2.. => faults.push(GrpcFault::SeveralMessages),
        _ => {}
    }
    faults
}

/// The messages of a response, as far as they have come.
#[derive(Default)]
pub(super) struct Messages {
    prefix: Vec<u8>,
    /// Bytes of the message that are still to come.
    left: u64,
    found: GrpcMessages,
}

impl Messages {
    /// Takes bytes of the body, and hands those of messages on.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let (message, rest) = bytes.split_at(count);
                self.left -= count as u64;
                self.found.bytes += count as u64;
                if self.found.whole == 0 {
                    let room = KEPT + 1 - self.found.first.len().min(KEPT + 1);
                    self.found.first.extend_from_slice(&message[..count.min(room)]);
                }
                each(message);
                self.found.whole += u64::from(self.left == 0);
                bytes = rest;
                continue;
            }
            self.prefix.push(bytes[0]);
            bytes = &bytes[1..];
            if let [flag, a, b, c, d] = self.prefix[..] {
                self.begin(flag, u32::from_be_bytes([a, b, c, d]));
            }
        }
        self.found.unfinished = self.left + self.prefix.len() as u64;
    }

    fn begin(&mut self, flag: u8, length: u32) {
        self.prefix.clear();
        match flag {
            0 => {}
            1 => self.found.compressed = true,
            other => {
                self.found.bad_flag.get_or_insert(other);
            }
        }
        if length > LARGEST {
            self.found.large.get_or_insert(length);
        }
        self.left = length.into();
        self.found.whole += u64::from(length == 0);
    }

    pub(super) fn found(&self) -> GrpcMessages {
        self.found.clone()
    }
}

/// The answer in a HealthCheckResponse: field 1, a number, the last one where there are several; 0 where there is none
/// (proto3). `None` for bytes that are no message of protobuf, or too many to be this one.
pub(super) fn serving(message: &[u8]) -> Option<Serving> {
    if message.len() > KEPT {
        return None;
    }
    let mut rest = message;
    let mut status = 0;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        match (tag >> 3, tag & 7) {
            (0, _) => return None,
            (1, 0) => status = varint(&mut rest)?,
            (1, _) => return None,
            (_, 0) => drop(varint(&mut rest)?),
            (_, 1) => rest = rest.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
            }
            (_, 5) => rest = rest.get(4..)?,
            _ => return None,
        }
    }
    Some(match status {
        0 => Serving::Unknown,
        1 => Serving::Serving,
        2 => Serving::NotServing,
        3 => Serving::ServiceUnknown,
        other => Serving::Other(other),
    })
}

/// A number in groups of seven bits, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
#[path = "tests/grpc_parts.rs"]
mod tests;
