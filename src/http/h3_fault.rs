//! Words for what ended an exchange in HTTP/3 (RFC 9114): the stream, the connection, or a rule that was broken.
//! Wording only.

use quinn::{ConnectionError, ReadError, WriteError};

use super::fault;
use super::h3_control::State;
use super::h3_course::Step;
use super::rules::Breach;
use super::scene::Scene;
use super::streams::Broken;
use super::words::escape;
use crate::alert::{self, AlertReceived, Demand};
use crate::fault::Fault;
use crate::quic::{Allowance, KEEP_ALIVE};
use crate::trace::{FailureCode, Http, StageName, Unanswered};
use crate::units::limit;

/// What to try where HTTP/3 alone may be affected.
pub(super) const BY_TCP: &str = "--http2 tells whether only HTTP/3 is affected";
/// §8.1: nothing was done for the request.
const REQUEST_REJECTED: u64 = 0x10b;
/// §8.1: the server wants HTTP/1.1.
const VERSION_FALLBACK: u64 = 0x110;
/// Alerts of TLS as codes of QUIC (RFC 9001 §4.8).
const CRYPTO_ERROR: std::ops::Range<u64> = 0x100..0x200;

/// What ended an exchange, or its connection.
pub(super) enum Over {
    /// The stream ended before the response.
    Ended,
    /// It ended inside a frame.
    Cut,
    /// The server ended the stream with this code.
    Reset(u64),
    /// The server said that it does nothing for it (GOAWAY).
    Refused,
    Connection(ConnectionError),
    /// What cannot be: a stream of ours that we have ended.
    Own,
}

impl Over {
    pub(super) fn of_read(broken: Broken) -> Self {
        match broken {
            Broken::Cut => Self::Cut,
            Broken::Read(ReadError::Reset(code)) => Self::Reset(code.into_inner()),
            Broken::Read(ReadError::ConnectionLost(error)) => Self::Connection(error),
            Broken::Read(_) => Self::Own,
        }
    }

    pub(super) fn of_write(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(code) => Self::Reset(code.into_inner()),
            WriteError::ConnectionLost(error) => Self::Connection(error),
            _ => Self::Own,
        }
    }
}

impl Over {
    /// What the server said of the request by that, if anything.
    pub(super) fn refusal(&self) -> Option<Unanswered> {
        let code = match self {
            Self::Refused => return Some(Unanswered::Refused),
            Self::Reset(code) => *code,
            Self::Connection(ConnectionError::ApplicationClosed(close)) => close.error_code.into_inner(),
            _ => return None,
        };
        match code {
            REQUEST_REJECTED => Some(Unanswered::Refused),
            VERSION_FALLBACK => Some(Unanswered::Http1Required),
            _ => None,
        }
    }
}

/// How far a request was when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) step: Step,
    /// Something of it has gone out: what the server began with stands no more.
    pub(super) has_sent: bool,
    /// The server's own stream has begun, or may have.
    pub(super) has_begun: bool,
    /// It ended as time was up.
    pub(super) has_waited: bool,
}

/// What of a connection may be why no answer came: what the server allowed on it, and what it never began with.
pub(super) fn excuse(progress: Progress, allowance: Allowance) -> Option<String> {
    let Progress { step, has_sent, has_begun, has_waited } = progress;
    let Allowance { data, stream_data, streams, own_streams, own_stream_data, .. } = allowance;
    let why = match step {
        Step::Opening if own_streams == 0 => {
            "it allows none of the streams that a client begins with (initial_max_streams_uni 0, RFC 9114 section 6.2)"
                .to_owned()
        }
        Step::Opening if own_stream_data == 0 => {
            "it allows no byte on the streams that a client begins with (initial_max_stream_data_uni 0)".to_owned()
        }
        Step::Opening | Step::Exchanging if data == 0 && !has_sent => {
            "it allows nothing to be sent (initial_max_data 0)".to_owned()
        }
        Step::Asking if !has_waited => return None,
        Step::Asking if streams == 0 => {
            "it allows no request at all (initial_max_streams_bidi 0)".to_owned()
        }
        Step::Asking => {
            format!("it allows no further request on the connection (initial_max_streams_bidi {streams})")
        }
        Step::Exchanging if stream_data == 0 && !has_sent => {
            "it allows no byte of a request (initial_max_stream_data_bidi_remote 0)".to_owned()
        }
        Step::Exchanging if !has_begun => {
            "not even the SETTINGS came with which a server of HTTP/3 begins".to_owned()
        }
        Step::Opening | Step::Exchanging => return None,
    };
    Some(why)
}

/// Says what happened.
pub(super) fn explain(
    over: &Over,
    (state, allowance): (&State, Allowance),
    scene: &Scene<'_>,
    record: &Http,
) -> Fault {
    let now = scene.clock.now();
    match over {
        Over::Ended if record.first_byte.is_none() => {
            let place = fault::place(record, now);
            protocol(format!("the server ended the stream without a response, {place}"))
        }
        Over::Ended | Over::Cut => {
            let code = if record.status.is_some() {
                FailureCode::BodyIncomplete
            } else {
                FailureCode::HeadIncomplete
            };
            fault::new(code, format!("the server ended the stream {}", fault::place(record, now)))
        }
        Over::Reset(code) => reset(*code, record),
        Over::Refused => protocol(
            "the server takes no more requests on the connection and did nothing for this one (GOAWAY)"
                .to_owned(),
        ),
        Over::Connection(error) => lost(error, (state, allowance), record, scene),
        Over::Own => protocol("the stream could not be read to its end".to_owned()),
    }
}

/// The server ended the stream (RFC 9000 §19.4).
fn reset(code: u64, record: &Http) -> Fault {
    let name = name(code);
    if record.head_end.is_some() {
        let came = fault::body_so_far(record);
        let message = format!("the server broke off the body with {name} (RESET_STREAM): {came} came");
        return fault::new(FailureCode::BodyIncomplete, message);
    }
    with_hint(code, format!("the server refused the request with {name} (RESET_STREAM){}", meaning(code)))
}

/// The connection ended.
fn lost(
    error: &ConnectionError,
    (state, allowance): (&State, Allowance),
    record: &Http,
    scene: &Scene<'_>,
) -> Fault {
    let place = fault::place(record, scene.clock.now());
    match error {
        ConnectionError::ApplicationClosed(close) => {
            let code = close.error_code.into_inner();
            let said = said(&close.reason);
            let message =
                format!("the server ended the connection with {}{said} {place}{}", name(code), meaning(code));
            with_hint(code, message)
        }
        ConnectionError::ConnectionClosed(close) => {
            let code = u64::from(close.error_code);
            match u8::try_from(code.wrapping_sub(CRYPTO_ERROR.start)) {
                Ok(code) => alerted(code, &place),
                Err(_) => {
                    let said = said(&close.reason);
                    let message =
                        format!("the server ended the QUIC connection {place}: {}{said}", close.error_code);
                    protocol(message)
                }
            }
        }
        ConnectionError::LocallyClosed => match &*state.breach.borrow() {
            Some((what, section)) => rule(what, section),
            None => protocol(format!("the connection had ended {place}")),
        },
        // With a longer limit, what kept the connection was not answered either.
        ConnectionError::TimedOut if allowance.idle.is_some_and(|idle| idle <= KEEP_ALIVE) => {
            let idle = limit(allowance.idle.unwrap_or_default());
            let message = format!(
                "no QUIC packet came for {idle}, and that ends the connection: the server set that limit itself \
                 (max_idle_timeout), {place}"
            );
            fault::new(FailureCode::ConnectionReset, message).hint(
                "a server that needs longer than its own idle timeout to answer has to raise that; where it is gone, \
                 --http2 tells whether TCP does better",
            )
        }
        ConnectionError::TimedOut => {
            let message = format!("the server went silent {place}: no QUIC packet came any more");
            fault::new(FailureCode::ConnectionReset, message)
                .hint("a firewall may have forgotten the flow: --http2 tells whether TCP does better")
        }
        ConnectionError::Reset => {
            let message = format!(
                "the server knows nothing of the QUIC connection any more (stateless reset), {place}"
            );
            fault::new(FailureCode::ConnectionReset, message)
        }
        error => {
            protocol(format!("the QUIC connection broke {place}: {}", escape(error.to_string().as_bytes())))
        }
    }
}

/// An alert of TLS behind the handshake.
fn alerted(code: u8, place: &str) -> Fault {
    let name = alert::name(code);
    if code == alert::CERTIFICATE_REQUIRED {
        let message = format!(
            "the server wants a client certificate and ended the connection without one (alert {name})"
        );
        return Fault::new(StageName::Tls, FailureCode::ClientCertificateRequired, message)
            .hint(alert::MISSING_CERTIFICATE);
    }
    // By QUIC nobody asks for a certificate behind the handshake (RFC 9001 §4.4).
    let alert = AlertReceived::new(code, Demand::Nothing);
    let message =
        format!("the server ended the connection by a TLS alert {place}: {name}, {}", alert.meaning);
    let fault = Fault::new(StageName::Tls, FailureCode::TlsAlert, message);
    match alert.hint() {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

/// What is known of a request when the connection failed it.
pub(super) fn unanswered(fault: &Fault, record: &Http) -> Option<Unanswered> {
    let ended = matches!(fault.code, FailureCode::ConnectionReset | FailureCode::Http3Protocol);
    if !ended || record.bytes_received > 0 {
        return None;
    }
    Some(if record.bytes_sent == 0 { Unanswered::Unprocessed } else { Unanswered::Unknown })
}

/// A rule that the server broke.
pub(super) fn rule(what: &str, section: &str) -> Fault {
    let rfc = if section.starts_with("RFC") { "" } else { "RFC 9114 section " };
    protocol(format!("the server broke a rule of HTTP/3: {what} ({rfc}{section})"))
}

/// One that HTTP/2 has, too.
pub(super) fn breach(breach: &Breach) -> Fault {
    let what = breach.of_field();
    // Of the fields that begin with a colon the next section speaks.
    let section = if what.contains("`:") { "4.3" } else { "4.2" };
    rule(&what, section)
}

fn protocol(message: String) -> Fault {
    fault::new(FailureCode::Http3Protocol, message).hint(BY_TCP)
}

fn with_hint(code: u64, message: String) -> Fault {
    let fault = protocol(message);
    if code == VERSION_FALLBACK { fault.hint("the server wants HTTP/1.1: use --http1.1") } else { fault }
}

fn said(reason: &[u8]) -> String {
    if reason.is_empty() { String::new() } else { format!(", saying `{}`,", escape(reason)) }
}

/// The name of a code (§8.1, RFC 9204 §6).
fn name(code: u64) -> String {
    let name = match code {
        0x100 => "H3_NO_ERROR",
        0x101 => "H3_GENERAL_PROTOCOL_ERROR",
        0x102 => "H3_INTERNAL_ERROR",
        0x103 => "H3_STREAM_CREATION_ERROR",
        0x104 => "H3_CLOSED_CRITICAL_STREAM",
        0x105 => "H3_FRAME_UNEXPECTED",
        0x106 => "H3_FRAME_ERROR",
        0x107 => "H3_EXCESSIVE_LOAD",
        0x108 => "H3_ID_ERROR",
        0x109 => "H3_SETTINGS_ERROR",
        0x10a => "H3_MISSING_SETTINGS",
        REQUEST_REJECTED => "H3_REQUEST_REJECTED",
        0x10c => "H3_REQUEST_CANCELLED",
        0x10d => "H3_REQUEST_INCOMPLETE",
        0x10e => "H3_MESSAGE_ERROR",
        0x10f => "H3_CONNECT_ERROR",
        VERSION_FALLBACK => "H3_VERSION_FALLBACK",
        0x200 => "QPACK_DECOMPRESSION_FAILED",
        0x201 => "QPACK_ENCODER_STREAM_ERROR",
        0x202 => "QPACK_DECODER_STREAM_ERROR",
        _ => return format!("the code 0x{code:x}"),
    };
    name.to_owned()
}

/// What a code says, to stand at the end of a sentence.
const fn meaning(code: u64) -> &'static str {
    match code {
        0x101 | 0x103 | 0x105 | 0x106 | 0x108 | 0x109 | 0x10a | 0x10e => {
            ": it says that we broke the protocol"
        }
        0x102 => ": something failed inside it",
        0x107 => ": it finds that too much is asked of it",
        REQUEST_REJECTED => ": it did nothing for it",
        0x10c => ": it does not want the stream any more",
        VERSION_FALLBACK => ": it wants HTTP/1.1 for this",
        0x200..=0x202 => ": it could not unpack our header fields",
        _ => "",
    }
}
