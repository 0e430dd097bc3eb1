//! Views of request and response.

use std::borrow::Cow;
use std::time::SystemTime;

use data_encoding::HEXLOWER;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::arrival::{ArrivalView, BurstView, CurveView, SlowStartView};
use super::auth::AuthView;
use super::cookies::CookieView;
use super::grpc::GrpcView;
use super::live::{EventStreamView, WebSocketView};
use super::micros::us;
use super::reading::{
    AltSvcView, ErrorPageView, ErrorSourceView, GraphQlView, HabitsView, LayerView, LimitsView, ProblemView,
    TraceIdView, WaitView,
};
use super::security::SecurityView;
use crate::explain::status::explain;
use crate::reading;
use crate::timeline;
use crate::trace::{
    Body, Expect, GoAway, Header, Hop, Http, Informational, Redirect, SentRequest, StampedBy, TlsComplaint,
    method_promises,
};

/// A request and its response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HttpView<'a> {
    /// Version spoken.
    #[cfg_attr(test, schemars(extend("enum" = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"])))]
    version: &'static str,
    /// Status of the final response.
    status: Option<u16>,
    /// Its registered name; null for a code that has none.
    status_name: Option<&'static str>,
    /// What it means.
    status_meaning: Option<&'static str>,
    /// Whose side it speaks of.
    status_side: Option<&'static str>,
    /// What to check next.
    status_check_next: Option<&'static str>,
    /// Reason phrase, HTTP/1 only.
    reason: Option<&'a str>,
    /// The request, as sent.
    request: RequestView<'a>,
    /// The first byte of the request was handed to the kernel.
    start_us: u64,
    /// The last byte of the request was handed to the kernel.
    sent_us: Option<u64>,
    /// The wait of the body for a 100 (`Expect: 100-continue`); null where none was asked for.
    expect: Option<ExpectView>,
    /// When the peer was seen to have acknowledged the last byte of the body, by TCP_INFO or QUIC: no later than this,
    /// and a mark within the wait. Null where there is no body, where it was not seen before the response, and
    /// where the system does not tell.
    body_acked_us: Option<u64>,
    /// First byte of the final response, above TLS: when it arrived.
    first_byte_us: Option<u64>,
    /// When this program read that byte.
    first_byte_noticed_us: Option<u64>,
    /// Whose stamps the arrivals have: the kernel's, as a packet capture has them, or this program's, right behind
    /// each read; null where nothing arrived.
    #[cfg_attr(test, schemars(extend("enum" = ["kernel", "program", null])))]
    stamped_by: Option<&'static str>,
    /// End of the final response's head.
    head_end_us: Option<u64>,
    /// The last byte of the body, or the failure.
    end_us: u64,
    /// Interim responses (1xx).
    informational: Vec<InformationalView<'a>>,
    /// Header fields in wire order, repeats kept, secrets redacted.
    headers: Vec<HeaderView<'a>>,
    /// Trailer fields.
    trailers: Vec<HeaderView<'a>>,
    /// Bytes of the head as received.
    head_bytes: u64,
    /// The body: counted, not kept.
    body: BodyView<'a>,
    /// The rounds of TCP slow start that it came in; null where none are plain to see, as with a server that pauses by
    /// itself, loss, a round trip of less than 5 ms, and QUIC.
    slow_start: Option<SlowStartView>,
    /// Why none are shown; null where they are.
    slow_start_reason: Option<&'static str>,
    /// Application bytes received in all, above TLS.
    bytes_received: u64,
    /// Application bytes sent in all, above TLS.
    bytes_sent: u64,
    /// The first bytes received, when they were not HTTP.
    garbage: Option<GarbageView>,
    /// What the server said when it ended the connection (HTTP/2).
    goaway: Option<GoAwayView>,
    /// Where not a byte of a response came: `unprocessed` where the request never left or the protocol says
    /// that nothing was done for it, `refused` where the server said so (REFUSED_STREAM, or GOAWAY without an error),
    /// `http1-required` where it wants HTTP/1.1 for it, else `unknown`.
    #[cfg_attr(test, schemars(extend("enum" = ["unprocessed", "refused", "http1-required", "unknown", null])))]
    unanswered: Option<&'static str>,
    /// Where the response sends us, followed or not.
    redirect: Option<RedirectView<'a>>,
    /// Who stood on the way, by the response's own word, the layer next to the client first.
    layers: Vec<LayerView>,
    /// Who made the error; null where it is none, or nothing tells.
    error_by: Option<ErrorSourceView>,
    /// How much may be asked, and when again; null where nothing is said.
    limits: Option<LimitsView>,
    /// What of the wait was whose; null where nothing was waited for.
    wait: Option<WaitView>,
    /// Who has to say who he is, and how.
    auth: AuthView<'a>,
    /// What became of the cookies that it sets; null where those are not kept (`--cookies`).
    cookies: Option<Vec<CookieView<'a>>>,
    /// Problem details in the body (RFC 9457).
    problem: Option<ProblemView<'a>>,
    /// Errors of GraphQL in the body, of which the beginning is looked at.
    graphql_errors: Option<GraphQlView<'a>>,
    /// The names that the request was given in somebody's tracing or log.
    trace_ids: Vec<TraceIdView>,
    /// The events in the body, where it is a stream of them (text/event-stream).
    sse: Option<EventStreamView>,
    /// The WebSocket that the server opened.
    websocket: Option<WebSocketView<'a>>,
    /// The call of gRPC that it is (grpc://, grpcs://).
    grpc: Option<GrpcView<'a>>,
    /// What it says of its own safety in a browser.
    security: SecurityView,
    /// What the response says as an interface for programs.
    api: HabitsView,
    /// Where else the origin may be had (Alt-Svc); null where nothing is said of it.
    alt_svc: Option<AltSvcView>,
    /// What came on its TCP connection from the request on, below TLS: bytes that came without a pause, the first 64 times;
    /// empty where there is no such connection.
    bursts: Vec<BurstView>,
    /// The error page in the body, where its text is known.
    error_page: Option<ErrorPageView<'a>>,
}

impl<'a> HttpView<'a> {
    pub(super) fn new(started_at: SystemTime, hop: &Hop<'_>, http: &'a Http) -> Self {
        let status = http.status.map(explain);
        Self {
            version: http.version.as_str(),
            status: http.status,
            status_name: status.map(|text| text.name),
            status_meaning: status.map(|text| text.meaning),
            status_side: status.map(|text| text.side.as_str()),
            status_check_next: status.map(|text| text.check_next),
            reason: http.reason.as_deref(),
            request: RequestView::new(http),
            start_us: http.start.0,
            sent_us: http.sent.map(|at| at.0),
            expect: http.expect.map(Into::into),
            body_acked_us: http.body_acked.map(|at| at.0),
            first_byte_us: http.first_byte.map(|at| at.0),
            first_byte_noticed_us: http.first_byte_noticed.map(|at| at.0),
            stamped_by: http.stamped_by.map(StampedBy::as_str),
            head_end_us: http.head_end.map(|at| at.0),
            end_us: http.end.0,
            informational: http.informational.iter().map(InformationalView::new).collect(),
            headers: headers(&http.headers),
            trailers: headers(&http.trailers),
            head_bytes: http.head_bytes,
            body: (&http.body).into(),
            slow_start: timeline::slow_start(hop).map(Into::into),
            slow_start_reason: timeline::no_slow_start(hop),
            bytes_received: http.bytes_received,
            bytes_sent: http.bytes_sent,
            garbage: http.garbage.as_deref().map(|bytes| GarbageView {
                hex: HEXLOWER.encode(bytes),
                text: String::from_utf8_lossy(bytes).into_owned(),
            }),
            goaway: http.goaway.as_ref().map(Into::into),
            unanswered: http.unanswered.map(crate::trace::Unanswered::as_str),
            redirect: http.redirect.as_ref().map(RedirectView::new),
            layers: reading::layers(&http.headers).into_iter().map(Into::into).collect(),
            error_by: reading::error_source(http).map(Into::into),
            limits: LimitsView::of(started_at, http),
            wait: reading::wait(hop).map(Into::into),
            auth: AuthView::of(hop, http),
            cookies: http.cookies.as_ref().map(|cookies| cookies.iter().map(Into::into).collect()),
            problem: http.body.said.problem.as_ref().map(Into::into),
            graphql_errors: http.body.said.graphql.as_ref().map(Into::into),
            trace_ids: reading::trace_ids(&http.headers).into_iter().map(Into::into).collect(),
            sse: http.body.events.map(Into::into),
            websocket: http.websocket.as_ref().map(Into::into),
            grpc: GrpcView::of(http),
            security: reading::security(&http.headers).into(),
            api: reading::habits(&http.headers).into(),
            alt_svc: reading::alt_svc(&http.headers).map(Into::into),
            bursts: http.bursts.iter().copied().map(Into::into).collect(),
            error_page: http.body.said.page.as_ref().map(Into::into),
        }
    }
}

/// A request as sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RequestView<'a> {
    /// Method.
    method: &'a str,
    /// Whether it asks for no change (RFC 9110 section 9.2.1); null for a method that nothing is known of.
    safe: Option<bool>,
    /// Whether twice is like once (section 9.2.2).
    idempotent: Option<bool>,
    /// Whether a response to it may be kept (section 9.2.3); that to a POST or PATCH only where it says so.
    cacheable: Option<bool>,
    /// Path and query, secrets redacted.
    target: &'a str,
    /// Header fields in the order sent, secrets redacted.
    headers: Vec<HeaderView<'a>>,
    /// Bytes of the body that were sent.
    body_bytes: u64,
    /// How long the sending waited for the body's own source, a file or standard input; no part of `send`.
    body_wait_us: u64,
    /// The trace that it says it belongs to (traceparent); null where it says none.
    trace_id: Option<String>,
}

impl<'a> RequestView<'a> {
    fn new(http: &'a Http) -> Self {
        let request: &SentRequest = &http.request;
        let promises = method_promises(&request.method);
        Self {
            method: &request.method,
            safe: promises.map(|promises| promises.safe),
            idempotent: promises.map(|promises| promises.idempotent),
            cacheable: promises.map(|promises| promises.cacheable),
            target: &request.target,
            headers: headers(&request.headers),
            body_bytes: request.body_bytes,
            body_wait_us: us(http.body_wait),
            trace_id: reading::sent_trace(&request.headers),
        }
    }
}

/// The wait of a body for a 100.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ExpectView {
    /// The last byte of the head was handed to the kernel.
    asked_us: u64,
    /// The first byte of the response that ended the wait, or the end of what was allowed.
    end_us: u64,
    /// How long it may take.
    limit_us: u64,
    /// `continue`: a 100. `final`: a final response, and the body was not sent. `timed-out`: the body was sent without
    /// a word. `unanswered`: the exchange ended before.
    #[cfg_attr(test, schemars(extend("enum" = ["continue", "final", "timed-out", "unanswered"])))]
    outcome: &'static str,
}

impl From<Expect> for ExpectView {
    fn from(expect: Expect) -> Self {
        Self {
            asked_us: expect.asked.0,
            end_us: expect.end.0,
            limit_us: us(expect.limit),
            outcome: expect.outcome.as_str(),
        }
    }
}

/// A header field.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HeaderView<'a> {
    /// Name as on the wire; empty for a line that cannot be read as a field.
    name: &'a str,
    /// Value as on the wire, or that line, with U+FFFD for what is not UTF-8.
    value: String,
    /// There, and true, for a line that cannot be read as a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<bool>,
    /// The value in hexadecimal, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
}

/// Bytes in hexadecimal, where they are no UTF-8.
fn unless_text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).is_err().then(|| HEXLOWER.encode(bytes))
}

pub(super) fn headers<'a>(headers: &'a [Header]) -> Vec<HeaderView<'a>> {
    let view = |header: &'a Header| HeaderView {
        name: &header.name,
        value: header.text().into_owned(),
        unreadable: (!header.is_readable()).then_some(true),
        hex: unless_text(&header.value),
    };
    headers.iter().map(view).collect()
}

/// An interim response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct InformationalView<'a> {
    /// 100 to 199.
    status: u16,
    /// Its first byte.
    at_us: u64,
    /// Its fields.
    headers: Vec<HeaderView<'a>>,
}

impl<'a> InformationalView<'a> {
    fn new(interim: &'a Informational) -> Self {
        Self { status: interim.status, at_us: interim.at.0, headers: headers(&interim.headers) }
    }
}

/// The body: counted, not kept.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct BodyView<'a> {
    /// Bytes on the wire, framing included.
    wire_bytes: u64,
    /// Bytes of the body as encoded by the server.
    encoded_bytes: u64,
    /// Bytes after undoing the encoding; null when it was not undone.
    decoded_bytes: Option<u64>,
    /// How many decoded bytes each encoded one stands for; null when nothing was undone.
    ratio: Option<f64>,
    /// Bytes behind the end of the encoded data, which are left out.
    surplus_bytes: u64,
    /// Bytes that came along behind the end of the response (HTTP/1), and belong to nothing.
    beyond_bytes: u64,
    /// Value of `content-encoding`.
    encoding: Option<&'a str>,
    /// When its bytes on the wire came: the first, and 10, 50, 90 and 100 % of them; empty where there are none. Of a
    /// body in more than 256 reads, to within a percent of the bytes.
    arrivals: Vec<ArrivalView>,
    /// Bytes a second from its first read to its last, those of the first left out; null where all came within a
    /// millisecond.
    bytes_per_second: Option<u64>,
    /// How its end is found: `content-length`, `chunked`, `close`, `h2`, `h3`, `none`.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "content-length", "chunked", "close", "h2", "h3"])))]
    framing: &'static str,
    /// Whether the end was seen.
    complete: bool,
    /// Why decoding failed or stopped.
    decode_error: Option<&'a str>,
    /// The file it was written to.
    saved_to: Option<Cow<'a, str>>,
    /// What the body of a 400 or 403 says of TLS: `plain-request`, `no-certificate`, `post-handshake` (it asks for a client
    /// certificate behind the handshake only).
    #[cfg_attr(test, schemars(extend("enum" = ["plain-request", "no-certificate", "post-handshake", null])))]
    tls_complaint: Option<&'static str>,
    /// How its bytes on the wire grew in number; null where none came.
    arrival_curve: Option<CurveView>,
}

impl<'a> From<&'a Body> for BodyView<'a> {
    fn from(body: &'a Body) -> Self {
        Self {
            wire_bytes: body.wire_bytes,
            encoded_bytes: body.encoded_bytes,
            decoded_bytes: body.decoded_bytes,
            ratio: body.ratio(),
            surplus_bytes: body.surplus_bytes,
            beyond_bytes: body.beyond_bytes,
            encoding: body.encoding.as_deref(),
            arrivals: body.arrivals.shares().into_iter().map(Into::into).collect(),
            bytes_per_second: body.arrivals.rate(),
            framing: body.framing.as_str(),
            complete: body.complete,
            decode_error: body.decode_error.as_deref(),
            tls_complaint: body.tls_complaint.map(TlsComplaint::as_str),
            saved_to: body.saved_to.as_ref().map(|path| path.to_string_lossy()),
            arrival_curve: CurveView::of(&body.arrivals),
        }
    }
}

/// Bytes that were not HTTP.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct GarbageView {
    /// In hexadecimal.
    hex: String,
    /// As text, with U+FFFD for what is not UTF-8.
    text: String,
}

/// A GOAWAY frame (RFC 9113 §6.8).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct GoAwayView {
    /// The last stream that was taken up, or may be yet.
    last_stream: u32,
    /// The error code.
    code: u32,
    /// Its registered name; null for a code that has none.
    name: Option<&'static str>,
    /// What was said beside the code, with U+FFFD for what is not UTF-8.
    debug: String,
    /// The same in hexadecimal, where it is no UTF-8.
    debug_hex: Option<String>,
}

impl From<&GoAway> for GoAwayView {
    fn from(goaway: &GoAway) -> Self {
        let &GoAway { last_stream, code, ref debug } = goaway;
        let (debug, debug_hex) = (String::from_utf8_lossy(debug).into_owned(), unless_text(debug));
        Self { last_stream, code, name: GoAway::code_name(code), debug, debug_hex }
    }
}

/// Where a response sends us.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RedirectView<'a> {
    /// `Location` as sent, secrets redacted.
    location: &'a str,
    /// The absolute URL, secrets redacted; null when it cannot be followed.
    target: Option<&'a str>,
    /// What changes: `scheme`, `host`, `www`, `port`, `path`, `slash`, `query`, `same`.
    #[cfg_attr(test, schemars(extend("items" = { "type": "string", "enum": ["scheme", "host", "www", "port", "path", "slash", "query", "same"] })))]
    changes: Vec<&'static str>,
    /// Whether it was followed.
    followed: bool,
    /// The method of the next request.
    next_method: Option<&'a str>,
}

impl<'a> RedirectView<'a> {
    fn new(redirect: &'a Redirect) -> Self {
        Self {
            location: &redirect.location,
            target: redirect.target.as_deref(),
            changes: redirect.changes.iter().map(|change| change.as_str()).collect(),
            followed: redirect.followed,
            next_method: redirect.next_method.as_deref(),
        }
    }
}
