//! The model of stage 5: a request and its response, interim ones and redirects included.

use std::path::PathBuf;
use std::time::Duration;

use super::arrivals::{Arrivals, Burst};
use super::at::{At, StampedBy};
use super::expect::Expect;
use super::grpc::{Grpc, GrpcMessages};
use super::said::BodySaid;
use super::token::WebToken;
use super::websocket::{EventStream, WebSocket};

/// A request and its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// The request, as sent.
    pub request: SentRequest,
    /// Version spoken.
    pub version: HttpVersion,
    /// The first byte of the request was handed to the kernel (HTTP/2: of the preface, where it is the first).
    pub start: At,
    /// The last byte of the request was handed to the kernel; of its head, where the body was withheld.
    pub sent: Option<At>,
    /// The wait of the body for a 100, where the request asked for one; `None` without that.
    pub expect: Option<Expect>,
    /// How long the sending waited for the body's own source, a file or standard input: no time of the network's.
    pub body_wait: Duration,
    /// The peer was seen to have acknowledged the last byte of the body.
    pub body_acked: Option<At>,
    /// Interim responses (1xx), each with its own stamp.
    pub informational: Vec<Informational>,
    /// First byte of the final response, above TLS (HTTP/2: its HEADERS frame): when it arrived.
    pub first_byte: Option<At>,
    /// This program read that byte.
    pub first_byte_noticed: Option<At>,
    /// Whose stamps the arrivals have; `None` where nothing arrived. The end of a connection has this program's.
    pub stamped_by: Option<StampedBy>,
    /// End of the final response's head.
    pub head_end: Option<At>,
    /// The last byte of the body arrived, or the failure.
    pub end: At,
    /// Status of the final response.
    pub status: Option<u16>,
    /// Reason phrase, HTTP/1 only.
    pub reason: Option<String>,
    /// Header fields in wire order, repeats kept.
    pub headers: Vec<Header>,
    /// Trailer fields.
    pub trailers: Vec<Header>,
    /// Bytes of the head as received (HTTP/2: of the HEADERS frames).
    pub head_bytes: u64,
    /// The body.
    pub body: Body,
    /// What came on its TCP connection from the request on, below TLS; empty where there is none.
    pub bursts: Vec<Burst>,
    /// Application bytes received in all, above TLS.
    pub bytes_received: u64,
    /// Application bytes sent in all, above TLS.
    pub bytes_sent: u64,
    /// The first bytes received, when they were not HTTP.
    pub garbage: Option<Vec<u8>>,
    /// What the server said when it ended the connection (HTTP/2).
    pub goaway: Option<GoAway>,
    /// What is known of the request, where not a byte of a response came.
    pub unanswered: Option<Unanswered>,
    /// Where the response sends us, followed or not.
    pub redirect: Option<Redirect>,
    /// Web tokens that were met, described.
    pub tokens: Vec<WebToken>,
    /// The WebSocket that the server has opened.
    pub websocket: Option<WebSocket>,
    /// The call of gRPC that it is.
    pub grpc: Option<Grpc>,
    /// What became of the cookies that it sets, where those of the chain are kept (`--cookies`).
    pub cookies: Option<Vec<SetCookie>>,
}

/// Bytes that a sender has on the way before the first acknowledgement (RFC 6928 §2): a body that fits is there half a
/// round trip after it was sent.
const FIRST_FLIGHT: u64 = 10 * 1460;

impl Http {
    /// Whether nobody waited for the end of the body: of a redirect that was followed, and would end with its connection, or
    /// had not ended its stream.
    #[must_use]
    pub fn is_left_early(&self) -> bool {
        let followed = self.redirect.as_ref().is_some_and(|redirect| redirect.followed);
        !self.body.complete && followed
    }

    /// What to say of the end of the body, behind its size; nothing where it was seen.
    #[must_use]
    pub fn missing_end(&self) -> &'static str {
        match (self.body.complete, self.is_left_early()) {
            (true, _) => "",
            (false, true) => ", not waited for",
            (false, false) => ", incomplete",
        }
    }

    /// How long after the kernel had the last byte of the body it was acknowledged: until then it was on its way, and the
    /// server had no whole request to think about. `None` where that was not seen, and the body may have been on its
    /// way for any part of the wait.
    #[must_use]
    pub fn body_lag(&self) -> Option<Duration> {
        if self.request.body_bytes <= FIRST_FLIGHT {
            return Some(Duration::ZERO);
        }
        Some(self.body_acked?.since(self.sent?))
    }

    /// Whether its body was sent and nothing has come since: neither an answer nor, as far as was seen, the
    /// acknowledgement of its last byte.
    #[must_use]
    pub const fn awaits_acknowledgement(&self) -> bool {
        self.request.body_bytes > 0 && self.body_acked.is_none() && self.first_byte.is_none()
    }
}

/// A cookie that a response sets. Its value is told by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The place of its field.
    pub field: usize,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: CookieFate,
    /// For https alone.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
    /// `Strict`, `Lax` or `None`, where it says so.
    pub same_site: Option<&'static str>,
}

/// What becomes of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieFate {
    /// It is kept.
    Kept,
    /// It is over, and so is the one it takes the place of.
    Removed,
    /// It is not taken.
    Refused(CookieRefusal),
}

impl CookieFate {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Refused(_) => "refused",
        }
    }
}

/// Why a cookie is not taken (RFC 6265 §5.2 and §5.3, and RFC 6265bis).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieRefusal {
    /// It has no name.
    NoName,
    /// It is for a domain that the host is not in.
    OtherDomain,
    /// It is for a single label: for all that is below.
    PublicSuffix,
    /// It is for https alone, or stands for one that is, and came in the clear.
    NotSecure,
    /// Its name begins with `__Secure-` or `__Host-`, and it is not what that promises.
    Prefix,
    /// It holds a control character.
    ControlCharacter,
    /// Name and value are larger than 4096 bytes.
    TooLarge,
    /// The response sets more than 50.
    TooMany,
}

impl CookieRefusal {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoName => "no-name",
            Self::OtherDomain => "other-domain",
            Self::PublicSuffix => "public-suffix",
            Self::NotSecure => "not-secure",
            Self::Prefix => "prefix",
            Self::ControlCharacter => "control-character",
            Self::TooLarge => "too-large",
            Self::TooMany => "too-many",
        }
    }
}

/// What a server says when it ends an HTTP/2 connection (RFC 9113 §6.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream it has taken up, or may yet.
    pub last_stream: u32,
    /// Why.
    pub code: u32,
    /// What it says beside the code, its first 256 bytes.
    pub debug: Vec<u8>,
}

impl GoAway {
    /// The registered name of an error code (RFC 9113 §7).
    #[must_use]
    pub const fn code_name(code: u32) -> Option<&'static str> {
        Some(match code {
            0 => "NO_ERROR",
            1 => "PROTOCOL_ERROR",
            2 => "INTERNAL_ERROR",
            3 => "FLOW_CONTROL_ERROR",
            4 => "SETTINGS_TIMEOUT",
            5 => "STREAM_CLOSED",
            6 => "FRAME_SIZE_ERROR",
            7 => "REFUSED_STREAM",
            8 => "CANCEL",
            9 => "COMPRESSION_ERROR",
            10 => "CONNECT_ERROR",
            11 => "ENHANCE_YOUR_CALM",
            12 => "INADEQUATE_SECURITY",
            13 => "HTTP_1_1_REQUIRED",
            _ => return None,
        })
    }
}

/// Whether a request that was not answered was worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was not: it never left, or the protocol says so (RFC 9113 §8.7).
    Unprocessed,
    /// It was not, by the server's own word: REFUSED_STREAM, or GOAWAY without an error (RFC 9113 §8.7).
    Refused,
    /// It was not, and the server wants it by HTTP/1.1: HTTP_1_1_REQUIRED (RFC 9113 §7).
    Http1Required,
    /// Nobody knows.
    Unknown,
}

impl Unanswered {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unprocessed => "unprocessed",
            Self::Refused => "refused",
            Self::Http1Required => "http1-required",
            Self::Unknown => "unknown",
        }
    }
}

/// HTTP versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.0, by the response.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
    /// HTTP/3.
    Http3,
}

impl HttpVersion {
    /// The name people write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
        }
    }

    /// Whether its heads are lines of text.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Http10 | Self::Http11)
    }
}

/// A request as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentRequest {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields in the order sent (HTTP/2: with pseudo-headers first).
    pub headers: Vec<Header>,
    /// Bytes of the body that were sent.
    pub body_bytes: u64,
}

/// What a method promises (RFC 9110 §9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodPromises {
    /// It asks for no change (§9.2.1).
    pub safe: bool,
    /// Twice is like once (§9.2.2).
    pub idempotent: bool,
    /// A response to it may be kept (§9.2.3): that to a POST only where it says for how long.
    pub cacheable: bool,
}

/// What a method promises; `None` for one that RFC 9110 and RFC 5789 do not define.
#[must_use]
pub fn method_promises(method: &str) -> Option<MethodPromises> {
    let (safe, idempotent, cacheable) = match method {
        "GET" | "HEAD" => (true, true, true),
        "OPTIONS" | "TRACE" => (true, true, false),
        "PUT" | "DELETE" => (false, true, false),
        "POST" | "PATCH" => (false, false, true),
        "CONNECT" => (false, false, false),
        _ => return None,
    };
    Some(MethodPromises { safe, idempotent, cacheable })
}

/// A header field. The value is bytes: not every server sends text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Name as on the wire; empty for a line that is no field, which no field's name is.
    pub name: String,
    /// Value as on the wire, or the whole of that line.
    pub value: Vec<u8>,
}

impl Header {
    /// A line among the fields that cannot be read as one.
    #[must_use]
    pub const fn unreadable(line: Vec<u8>) -> Self {
        Self { name: String::new(), value: line }
    }

    /// Whether it is a field.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        !self.name.is_empty()
    }

    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }

    /// The value as it is to be read: a carriage return alone stands for a blank (RFC 9112 §2.2).
    #[must_use]
    pub fn meant(&self) -> std::borrow::Cow<'_, str> {
        let text = self.text();
        if self.has_bare_return() { text.replace('\r', " ").into() } else { text }
    }

    /// Whether a carriage return stands in the value.
    #[must_use]
    pub fn has_bare_return(&self) -> bool {
        self.value.contains(&b'\r')
    }
}

/// The first header field of that name, as it is to be read.
#[must_use]
pub fn header<'a>(headers: &'a [Header], name: &str) -> Option<std::borrow::Cow<'a, str>> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(Header::meant)
}

/// The place of the first header field of that name.
#[must_use]
pub fn position(headers: &[Header], name: &str) -> Option<usize> {
    headers.iter().position(|header| header.name.eq_ignore_ascii_case(name))
}

/// An interim response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Informational {
    /// 100 to 199.
    pub status: u16,
    /// Its first byte.
    pub at: At,
    /// Its fields.
    pub headers: Vec<Header>,
}

/// The body: counted, not kept but for its beginning, until that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Bytes on the wire, chunk framing included (HTTP/2 and 3: DATA frames with their headers).
    pub wire_bytes: u64,
    /// Bytes of the body as encoded by the server.
    pub encoded_bytes: u64,
    /// Bytes after undoing `content-encoding`; `None` when it was not undone.
    pub decoded_bytes: Option<u64>,
    /// Bytes behind the end of the encoded data, which are left out.
    pub surplus_bytes: u64,
    /// Bytes that came along behind the end of the response, by HTTP/1, and belong to nothing.
    pub beyond_bytes: u64,
    /// Value of `content-encoding`.
    pub encoding: Option<String>,
    /// How its end is found.
    pub framing: BodyFraming,
    /// Whether the end was seen.
    pub complete: bool,
    /// Why decoding failed or stopped.
    pub decode_error: Option<String>,
    /// The file it was written to.
    pub saved_to: Option<PathBuf>,
    /// What it says of TLS, where the status is 400.
    pub tls_complaint: Option<TlsComplaint>,
    /// When its bytes on the wire came.
    pub arrivals: Arrivals,
    /// Its beginning, where that may say why: for whoever reads it after the run, and for nobody else.
    pub start: Vec<u8>,
    /// What its beginning says.
    pub said: BodySaid,
    /// The events in it, where it is a stream of them.
    pub events: Option<EventStream>,
    /// The messages in it, where it is one of gRPC.
    pub messages: Option<GrpcMessages>,
}

impl Body {
    /// Its bytes on the wire, as they are counted now, were there at `at`.
    pub fn note(&mut self, at: At) {
        self.arrivals.note(at, self.wire_bytes);
    }

    /// How many decoded bytes each encoded one stands for, to the hundredth; `None` where nothing was undone.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // two digits of a ratio are told
    pub fn ratio(&self) -> Option<f64> {
        let decoded = self.decoded_bytes.filter(|_| self.encoded_bytes > 0)?;
        Some((decoded as f64 / self.encoded_bytes as f64 * 100.0).round() / 100.0)
    }
}

/// What a server says of TLS in the body of a 400 or 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsComplaint {
    /// The request came in the clear, and the port speaks TLS.
    PlainRequest,
    /// There was no client certificate.
    NoCertificate,
    /// It wants to ask for one behind the handshake (RFC 8446 §4.2.6), which was not offered.
    PostHandshake,
}

impl TlsComplaint {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlainRequest => "plain-request",
            Self::NoCertificate => "no-certificate",
            Self::PostHandshake => "post-handshake",
        }
    }
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyFraming {
    /// There is none.
    #[default]
    None,
    /// By its length.
    ContentLength,
    /// By the last chunk.
    Chunked,
    /// By the end of the connection.
    Close,
    /// By the frames of HTTP/2.
    Http2,
    /// By the end of the QUIC stream.
    Http3,
}

impl BodyFraming {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ContentLength => "content-length",
            Self::Chunked => "chunked",
            Self::Close => "close",
            Self::Http2 => "h2",
            Self::Http3 => "h3",
        }
    }
}

/// What is different in the URL that a redirect leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectChange {
    /// The scheme.
    Scheme,
    /// The host, by more than `www.`.
    Host,
    /// `www.` before the host comes or goes.
    Www,
    /// The port.
    Port,
    /// The path, by more than its last slash.
    Path,
    /// The last slash of the path.
    Slash,
    /// The query.
    Query,
    /// Nothing at all.
    Same,
}

impl RedirectChange {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Www => "www",
            Self::Port => "port",
            Self::Path => "path",
            Self::Slash => "slash",
            Self::Query => "query",
            Self::Same => "same",
        }
    }
}

/// Where a response sends us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `Location` as sent.
    pub location: String,
    /// The absolute URL; `None` when it cannot be followed.
    pub target: Option<String>,
    /// What changes.
    pub changes: Vec<RedirectChange>,
    /// Whether it was followed.
    pub followed: bool,
    /// The method of the next request (RFC 9110 §15.4: 303, and POST on 301 and 302, turn to GET).
    pub next_method: Option<String>,
}
