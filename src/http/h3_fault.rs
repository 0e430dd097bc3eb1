//! Words for what ended an exchange in HTTP/3 (RFC 9114): the stream, the connection, or a rule that was broken.
//! Wording only.

use quinn::{ConnectionError, ReadError, WriteError};

use super::fault;
use super::rules::Breach;
use super::scene::Scene;
use super::streams::{Broken, State};
use super::words::escape;
use crate::alert;
use crate::fault::Fault;
use crate::trace::{FailureCode, Http, StageName, Unanswered};

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

/// Says what happened.
pub(super) fn explain(over: &Over, state: &State, scene: &Scene<'_>, record: &Http) -> Fault {
    let now = scene.clock.now();
    match over {
        Over::Ended if record.headers.is_empty() && record.status.is_none() => {
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
        Over::Connection(error) => lost(error, state, record, scene),
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
fn lost(error: &ConnectionError, state: &State, record: &Http, scene: &Scene<'_>) -> Fault {
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
    let meaning = alert::meaning(code);
    let message = format!("the server ended the connection by a TLS alert {place}: {name}, {meaning}");
    Fault::new(StageName::Tls, FailureCode::TlsAlert, message)
}

/// What is known of a request when the connection failed it.
pub(super) fn unanswered(fault: &Fault, record: &Http) -> Option<Unanswered> {
    let ended = matches!(fault.code, FailureCode::ConnectionReset | FailureCode::Http3Protocol);
    if !ended || record.bytes_received > 0 {
        return None;
    }
    let unprocessed = record.bytes_sent == 0 || fault.message.contains(name(REQUEST_REJECTED).as_str());
    Some(if unprocessed { Unanswered::Unprocessed } else { Unanswered::Unknown })
}

/// A rule that the server broke.
pub(super) fn rule(what: &str, section: &str) -> Fault {
    protocol(format!("the server broke a rule of HTTP/3: {what} (RFC 9114 section {section})"))
}

/// One that HTTP/2 has, too.
pub(super) fn breach(breach: &Breach) -> Fault {
    rule(&breach.of_field(), "4.2")
}

fn protocol(message: String) -> Fault {
    fault::new(FailureCode::Http3Protocol, message).hint("--http2 tells whether only HTTP/3 is affected")
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
