//! What went wrong in an exchange, worded with what was seen so far. Pure: works on the record.
//!
//! Turning a fault into a failure of the trace is left to [`fetch`](super::fetch()).

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::framing::{content_length, list};
use super::words::escape;
use crate::alert::{AlertReceived, BrokenTls, Demand, Ended, MISSING_CERTIFICATE, REFUSED_CERTIFICATE};
use crate::fault::{Fault, MORE_TIME, stop_code, stop_words};
use crate::stop::Stopped;
use crate::trace::{At, BodyFraming, FailureCode, Http, StageName};
use crate::units::{bytes as size, duration as time};

/// A fault of this stage.
pub(super) fn new(code: FailureCode, message: impl Into<String>) -> Fault {
    Fault::new(StageName::Http, code, message)
}

/// How far an exchange had come.
enum Progress {
    Sending,
    Waiting,
    Head,
    Body,
}

fn progress(record: &Http) -> Progress {
    match (record.sent, record.first_byte, record.head_end) {
        (_, Some(_), Some(_)) => Progress::Body,
        (_, Some(_), None) => Progress::Head,
        (Some(_), None, _) => Progress::Waiting,
        (None, None, _) => Progress::Sending,
    }
}

/// `1200 of 5000 bytes`, or `1200 bytes` when the whole is not known.
pub(super) fn body_so_far(record: &Http) -> String {
    let got = record.body.encoded_bytes;
    let known =
        matches!(record.body.framing, BodyFraming::ContentLength | BodyFraming::Http2 | BodyFraming::Http3);
    match content_length(&record.headers) {
        Ok(Some(whole)) if known => format!("{got} of {whole} bytes"),
        _ => size(got),
    }
}

fn interim(record: &Http) -> Option<String> {
    match record.informational.as_slice() {
        [] => None,
        [one] => Some(format!("an interim response ({})", one.status)),
        many => Some(format!("{} interim responses", many.len())),
    }
}

/// The place in the exchange, for the end of a sentence.
pub(super) fn place(record: &Http, now: At) -> String {
    match progress(record) {
        Progress::Sending => {
            format!("while the request was being sent ({} so far)", size(record.bytes_sent))
        }
        Progress::Waiting => {
            let waited = time(now.since(record.sent.unwrap_or(record.start)));
            let after = interim(record).map_or_else(String::new, |what| format!(" and {what}"));
            format!("before an answer, {waited} after the request was sent{after}")
        }
        Progress::Head => format!("inside the response head, after {}", size(record.head_bytes)),
        Progress::Body => format!("inside the body: {} came", body_so_far(record)),
    }
}

/// The peer closed in good order before the response was whole.
pub(super) fn closed(record: &Http, now: At) -> Fault {
    match progress(record) {
        Progress::Body => new(
            FailureCode::BodyIncomplete,
            format!("the server closed the connection {}", place(record, now)),
        ),
        Progress::Head => new(
            FailureCode::HeadIncomplete,
            format!("the server closed the connection {}", place(record, now)),
        ),
        Progress::Waiting | Progress::Sending if !record.informational.is_empty() => {
            let what = interim(record).unwrap_or_default();
            new(
                FailureCode::HeadIncomplete,
                format!("the server closed the connection after {what}, without a final one"),
            )
        }
        Progress::Waiting | Progress::Sending if record.bytes_received > 0 => new(
            FailureCode::HeadIncomplete,
            format!(
                "the server closed the connection {}; {} came and no response",
                place(record, now),
                size(record.bytes_received)
            ),
        ),
        Progress::Waiting | Progress::Sending => new(
            FailureCode::EmptyResponse,
            format!("the server closed the connection without sending a byte, {}", place(record, now)),
        )
        .hint("something drops this request: try the other scheme, another HTTP version or another -A"),
    }
}

/// The peer closed behind a head without an end, in which there is an empty line but for its end.
pub(super) fn doubled_returns(record: &Http, now: At) -> Fault {
    let fault = closed(record, now);
    let message = format!(
        "{}: its lines end in CR CR LF, so that no empty line ends it (RFC 9112 section 2.2)",
        fault.message
    );
    Fault { message, ..fault }.hint(
        "a program that writes CR LF itself must not write in text mode, which makes CR CR LF of it (on Windows); curl \
         takes it, browsers need not",
    )
}

/// The peer closed in good order behind the last chunk, where an empty line was still to come (RFC 9112 §7.1).
pub(super) fn closed_behind_last_chunk(record: &Http) -> Fault {
    let message = format!(
        "the server closed the connection before the empty line that ends a chunked body: the last chunk had come, so \
         that none of its {} is missing",
        size(record.body.encoded_bytes)
    );
    new(FailureCode::BodyIncomplete, message)
        .hint("the server has to send \"0\", a line end and an empty line behind the last byte; curl fails in the same way")
}

/// How a connection broke, kept to be told later.
#[derive(Clone, Debug)]
pub(super) enum Break {
    /// The peer sent a TLS alert.
    Alert(AlertReceived),
    /// The peer ended the connection, in this way, after TLS had been asked for something in vain.
    Unmet(Ended, ErrorKind),
    /// TLS does not bear what the peer has sent.
    Tls(BrokenTls),
    /// Anything else, in the words of whoever noticed.
    Other(ErrorKind, String),
}

impl Break {
    pub(super) fn of(error: &io::Error) -> Self {
        if let Some(broken) = BrokenTls::of(error) {
            return Self::Tls(broken.clone());
        }
        match (AlertReceived::of(error), Ended::of(error)) {
            (Some(alert), _) => Self::Alert(alert.clone()),
            (None, Some(ended)) => Self::Unmet(ended, error.kind()),
            (None, None) => Self::Other(error.kind(), error.to_string()),
        }
    }
}

/// The connection ended with an error.
pub(super) fn broken(how: &Break, record: &Http, now: At) -> Fault {
    let (kind, text) = match how {
        Break::Alert(alert) => return alerted(alert, record, now),
        Break::Tls(broken) => return broken_tls(broken, record, now),
        Break::Unmet(Ended { demand: Demand::Renegotiation }, _) => {
            let message = format!("the server ended the connection {}", place(record, now));
            return renegotiation(&message);
        }
        Break::Unmet(Ended { demand: Demand::OtherClientCertificate }, kind) => {
            let fault = broken(&Break::Other(*kind, String::new()), record, now);
            let message = format!("{}; it had asked for a client certificate and got one", fault.message);
            return Fault { message, ..fault }.hint("it may not accept this certificate: its log has to say");
        }
        Break::Unmet(_, kind) => {
            let fault = broken(&Break::Other(*kind, String::new()), record, now);
            let message = format!("{}; it had asked for a client certificate and got none", fault.message);
            return Fault { message, ..fault }
                .hint("it may serve nobody without a certificate: its operator has to say");
        }
        Break::Other(kind, text) => (*kind, text),
    };
    match kind {
        ErrorKind::UnexpectedEof => {
            let fault = closed(record, now);
            Fault { message: format!("{}; there was no TLS close_notify", fault.message), ..fault }
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            let message = format!("the connection was reset {}", place(record, now));
            new(FailureCode::ConnectionReset, message)
        }
        _ => {
            let message = format!("the connection broke {}: {text}", place(record, now));
            new(FailureCode::ConnectionReset, message)
        }
    }
}

/// What to do where a certificate is asked for behind the handshake.
const UNOFFERED: &str = "it asks for a client certificate behind the handshake, which nobody had offered (RFC 8446 section \
                         4.6.2): it has to ask in the handshake, or to speak TLS 1.2 there";

/// TLS could not go on, after the handshake.
fn broken_tls(broken: &BrokenTls, record: &Http, now: At) -> Fault {
    let place = place(record, now);
    match broken {
        BrokenTls::Rule(words) => {
            let message = format!("broken TLS from the server {place}: {words}");
            let fault = Fault::new(StageName::Tls, FailureCode::TlsProtocol, message);
            fault.hint_if(words.contains("CertificateRequest").then_some(UNOFFERED))
        }
        BrokenTls::Flood { received } => {
            let message = format!(
                "the server floods the connection with TLS messages of its own, such as session tickets, {place}: {} \
                 had come since the handshake",
                size(*received)
            );
            Fault::new(StageName::Tls, FailureCode::TlsFlood, message)
                .hint("servers give two or so: its number of session tickets is a setting")
        }
    }
}

/// The server ended the connection with an alert, after the handshake.
fn alerted(alert: &AlertReceived, record: &Http, now: At) -> Fault {
    let AlertReceived { name, meaning, .. } = alert;
    if alert.wants_client_certificate() {
        let verb = if alert.demand == Demand::ClientCertificate { "asked for" } else { "wants" };
        let message = format!(
            "the server {verb} a client certificate and ended the connection without one (alert {name})"
        );
        return Fault::new(StageName::Tls, FailureCode::ClientCertificateRequired, message)
            .hint(MISSING_CERTIFICATE);
    }
    if alert.refuses_client_certificate() {
        let message = format!(
            "the server asked for a client certificate, got one and ended the connection (alert {name}: {meaning})"
        );
        return Fault::new(StageName::Tls, FailureCode::ClientCertificateRefused, message)
            .hint(REFUSED_CERTIFICATE);
    }
    let place = place(record, now);
    match alert.demand {
        // It speaks of the handshake that was refused, not of the one that was made.
        Demand::Renegotiation => {
            renegotiation(&format!("the server ended the connection by the TLS alert {name} {place}"))
        }
        Demand::Nothing | Demand::ClientCertificate | Demand::OtherClientCertificate => {
            let message =
                format!("the server ended the connection by a TLS alert {place}: {name}, {meaning}");
            Fault::new(StageName::Tls, FailureCode::TlsAlert, message).hint_if(alert.hint())
        }
    }
}

/// The server had asked for a second handshake on the connection before it ended it.
fn renegotiation(end: &str) -> Fault {
    let message =
        format!("{end}; it had asked for a second TLS handshake (renegotiation), which is not done");
    Fault::new(StageName::Tls, FailureCode::TlsAlert, message).hint(
        "servers ask so for what only a part of a site wants, mostly a client certificate (IIS; Apache's SSLVerifyClient \
         or SSLCipherSuite in a Location): the site must ask for it in the first handshake, or not at all",
    )
}

/// The trace was stopped while a body that is here was decoded: our own work.
pub(super) fn still_decoding(why: Stopped, record: &Http, now: At, max_time: Duration) -> Fault {
    let (took, end) = (time(now.since(record.start)), stop_words(why, max_time));
    new(stop_code(why), format!("the whole body came, and was still being decoded after {took} ({end})"))
}

/// The trace was stopped.
pub(super) fn stopped(why: Stopped, record: &Http, now: At, max_time: Duration) -> Fault {
    let start = record.start;
    let end = stop_words(why, max_time);
    if record.body.complete {
        let took = time(now.since(start));
        let message = format!("the file has not taken the whole body after {took} ({end}); all of it came");
        // The file is this machine's.
        let code = if why == Stopped::Interrupted { stop_code(why) } else { FailureCode::OutputFailed };
        return new(code, message).hint("its reader (as of a FIFO) must open it and keep reading");
    }
    if let Some(ping) = record.websocket.as_ref().and_then(|socket| socket.ping) {
        let message = format!(
            "the WebSocket was open, and for {} no pong answered the ping ({end})",
            time(now.since(ping))
        );
        return new(stop_code(why), message);
    }
    let message = match progress(record) {
        Progress::Sending => format!(
            "the request was still being sent after {} ({end}): {} so far",
            time(now.since(start)),
            size(record.bytes_sent)
        ),
        Progress::Waiting => {
            let sent = record.sent.unwrap_or(start);
            let after = interim(record).map_or_else(String::new, |what| format!(", only {what}"));
            format!(
                "the server took the request and sent nothing for {} ({end}){after}",
                time(now.since(sent))
            )
        }
        Progress::Head => format!(
            "the response head was still coming after {} ({end}): {} so far",
            time(now.since(start)),
            size(record.head_bytes)
        ),
        Progress::Body => format!(
            "the body was still coming after {} ({end}): {} so far{}",
            time(now.since(start)),
            match content_length(&record.headers) {
                Ok(Some(_)) => body_so_far(record),
                _ => size(record.body.encoded_bytes),
            },
            until_close(record).unwrap_or_default()
        ),
    };
    let fault = new(stop_code(why), message);
    match (why, progress(record)) {
        (Stopped::Interrupted | Stopped::Part(_), _) | (_, Progress::Sending) => fault,
        (_, Progress::Body) if until_close(record).is_some() => {
            fault.hint("the server has to close the connection, or to say where the body ends")
        }
        _ => fault.hint(MORE_TIME),
    }
}

/// Why the body goes on for as long as the connection (RFC 9112 §6.3), where it does.
fn until_close(record: &Http) -> Option<String> {
    if record.body.framing != BodyFraming::Close {
        return None;
    }
    let codings = list(&record.headers, "transfer-encoding").join(", ");
    let sized = record.headers.iter().any(|field| field.name.eq_ignore_ascii_case("content-length"));
    Some(match (codings.is_empty(), sized) {
        (true, _) => "; it ends with the connection, as no field says where else".to_owned(),
        (false, sized) => format!(
            "; it ends with the connection, as `Transfer-Encoding: {codings}` says{} (RFC 9112 section 6.3)",
            if sized { ", whatever Content-Length says" } else { "" }
        ),
    })
}

/// Bytes that are no HTTP response, with a guess at what they are.
pub(super) fn not_http(bytes: &[u8]) -> Fault {
    let shown = escape(bytes);
    let message = if bytes.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/")) {
        format!("the status line of the response cannot be read: it begins with `{shown}`")
    } else {
        format!("what came back is not HTTP: it begins with `{shown}`")
    };
    let fault = new(FailureCode::NotHttp, message);
    let guess = match bytes {
        _ if bytes.starts_with(b"\xef\xbb\xbfHTTP/") => Some(
            "a byte order mark stands before the status line: a file of the program behind it was saved with one; browsers \
             may pass over it, curl does not",
        ),
        [0x15 | 0x16, 0x03, ..] => Some("the port speaks TLS: use https://"),
        // An empty SETTINGS frame, or one of a few settings, opens every HTTP/2 connection.
        [0, 0, _, 4, 0, 0, 0, 0, 0, ..] => Some("the server speaks HTTP/2 here: try --http2"),
        _ if bytes.starts_with(b"HTTP/1") => Some(
            "a status line is a version, a blank, three digits from 100 on, and a blank (RFC 9112 section 4)",
        ),
        _ if bytes.starts_with(b"HTTP/2") => Some(
            "the status line names a version that is no text on the wire; curl and browsers may take it for HTTP/1.1",
        ),
        _ if bytes.starts_with(b"HTTP/") => {
            Some("the status line names a version that is not sent as text: HTTP/1.0 and HTTP/1.1 are")
        }
        [b'<' | b'{', ..] => {
            Some("this is a body without a response head: a program that writes none, or HTTP/0.9")
        }
        _ if bytes.starts_with(b"ICY ") => {
            Some("this is a SHOUTcast server: its answers are HTTP but for \"ICY\"")
        }
        _ if bytes.starts_with(b"SSH-") => Some("an SSH server answers on this port"),
        _ if bytes.starts_with(b"220") => Some("this looks like a mail or FTP server"),
        _ if bytes.starts_with(b"+OK") || bytes.starts_with(b"* OK") => Some("this looks like a mail server"),
        _ if bytes.starts_with(b"RTSP/") => Some("this is a media server that speaks RTSP"),
        _ if bytes.starts_with(b"-ERR") => Some("this looks like a Redis or POP3 server"),
        _ => None,
    };
    match guess {
        Some(guess) => fault.hint(guess),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Header, Informational};

    fn record() -> Http {
        Http { start: At(1_000), ..crate::http::scene::blank(crate::trace::HttpVersion::Http11, At(1_000)) }
    }

    fn in_body() -> Http {
        let mut record = record();
        record.sent = Some(At(1_200));
        record.first_byte = Some(At(2_000));
        record.head_end = Some(At(2_000));
        record.headers = vec![Header { name: "content-length".to_owned(), value: b"5000".to_vec() }];
        record.body.framing = BodyFraming::ContentLength;
        record.body.encoded_bytes = 1_200;
        record
    }

    #[test]
    fn a_stop_says_what_was_going_on() {
        let words =
            |record: &Http| stopped(Stopped::MaxTime, record, At(5_001_200), Duration::from_secs(5)).message;
        let mut waiting = record();
        assert_eq!(
            words(&waiting),
            "the request was still being sent after 5.00 s (--max-time 5 s): 0 B so far"
        );
        waiting.sent = Some(At(1_200));
        assert_eq!(
            words(&waiting),
            "the server took the request and sent nothing for 5.00 s (--max-time 5 s)"
        );
        waiting.informational.push(Informational { status: 103, at: At(1_300), headers: Vec::new() });
        assert!(words(&waiting).ends_with(", only an interim response (103)"));
        assert_eq!(
            words(&in_body()),
            "the body was still coming after 5.00 s (--max-time 5 s): 1200 of 5000 bytes so far"
        );
        let interrupted = stopped(Stopped::Interrupted, &in_body(), At(2_000), Duration::from_secs(5));
        assert_eq!((interrupted.code, interrupted.hint), (FailureCode::Interrupted, None));
    }

    #[test]
    fn a_file_that_takes_nothing_is_not_the_servers_fault() {
        let mut record = in_body();
        record.body.complete = true;
        let stop = |why| stopped(why, &record, At(5_001_200), Duration::from_secs(5));
        assert_eq!(stop(Stopped::MaxTime).code, FailureCode::OutputFailed);
        assert_eq!(stop(Stopped::Interrupted).code, FailureCode::Interrupted);
        assert!(stop(Stopped::MaxTime).message.ends_with("all of it came"));
    }

    #[test]
    fn a_body_that_is_decoded_for_long_is_nobodys_file() {
        let late = still_decoding(Stopped::MaxTime, &in_body(), At(5_001_200), Duration::from_secs(5));
        assert_eq!((late.code, late.hint), (FailureCode::MaxTime, None));
        assert!(late.message.starts_with("the whole body came, and was still being decoded after 5.00 s"));
    }

    #[test]
    fn a_body_without_an_end_names_the_field_that_makes_it_so() {
        let field = |name: &str, value: &str| Header { name: name.to_owned(), value: value.into() };
        let mut record = in_body();
        record.body.framing = BodyFraming::Close;
        record.headers = vec![field("Transfer-Encoding", "identity"), field("Content-Length", "5")];
        let stop = |record: &Http| stopped(Stopped::MaxTime, record, At(5_001_200), Duration::from_secs(5));
        let named = stop(&record);
        assert!(named.message.contains("as `Transfer-Encoding: identity` says, whatever Content-Length"));
        assert!(named.hint.unwrap().starts_with("the server has to close"));
        record.headers.clear();
        assert!(stop(&record).message.ends_with("as no field says where else"));
    }

    #[test]
    fn an_end_of_the_connection_is_named_by_its_place() {
        let mut waiting = record();
        waiting.sent = Some(At(1_200));
        assert_eq!(closed(&waiting, At(2_000)).code, FailureCode::EmptyResponse);
        assert_eq!(
            closed(&in_body(), At(2_000)).message,
            "the server closed the connection inside the body: 1200 of 5000 bytes came"
        );
        let reset = broken(&Break::of(&ErrorKind::ConnectionReset.into()), &waiting, At(4_200));
        assert_eq!(
            reset.message,
            "the connection was reset before an answer, 3.00 ms after the request was sent"
        );
        let cut = broken(&Break::of(&ErrorKind::UnexpectedEof.into()), &in_body(), At(4_200));
        assert_eq!(cut.code, FailureCode::BodyIncomplete);
    }

    #[test]
    fn tls_alerts_belong_to_tls() {
        let fault = |code| {
            let error = io::Error::new(ErrorKind::InvalidData, AlertReceived::new(code, Demand::Nothing));
            broken(&Break::of(&error), &record(), At(2_000))
        };
        let wanted = fault(116);
        assert_eq!((wanted.stage, wanted.code), (StageName::Tls, FailureCode::ClientCertificateRequired));
        assert!(wanted.message.ends_with("(alert certificate_required)"), "{}", wanted.message);
        let other = fault(48);
        assert_eq!((other.stage, other.code), (StageName::Tls, FailureCode::TlsAlert));
        assert!(other.message.ends_with("and had asked for none"), "{}", other.message);
        assert!(other.hint.unwrap().contains("whose is meant"));
        for code in [40, 42, 49, 80, 116] {
            let demand = Demand::ClientCertificate;
            let error = io::Error::new(ErrorKind::InvalidData, AlertReceived::new(code, demand));
            let fault = broken(&Break::of(&error), &record(), At(2_000));
            assert_eq!(fault.code, FailureCode::ClientCertificateRequired, "{code}");
            assert!(
                fault.message.starts_with("the server asked for a client certificate"),
                "{}",
                fault.message
            );
        }
        let asked = io::Error::new(ErrorKind::ConnectionReset, Ended { demand: Demand::ClientCertificate });
        let fault = broken(&Break::of(&asked), &record(), At(2_000));
        assert_eq!((fault.stage, fault.code), (StageName::Http, FailureCode::ConnectionReset));
        assert!(fault.message.ends_with("it had asked for a client certificate and got none"));
        let demand = Demand::Renegotiation;
        let alert = io::Error::new(ErrorKind::InvalidData, AlertReceived::new(40, demand));
        let reset = io::Error::new(ErrorKind::ConnectionReset, Ended { demand });
        for error in [alert, reset] {
            let fault = broken(&Break::of(&error), &record(), At(2_000));
            assert_eq!((fault.stage, fault.code), (StageName::Tls, FailureCode::TlsAlert));
            assert!(fault.message.contains("second TLS handshake (renegotiation)"), "{}", fault.message);
            assert!(!fault.message.contains("found nothing it accepts"), "{}", fault.message);
            assert!(fault.hint.unwrap().contains("Apache"));
        }
    }

    #[test]
    fn strangers_are_recognised() {
        let tls = not_http(b"\x15\x03\x01\x00\x02\x02\x46");
        assert_eq!(tls.hint.as_deref(), Some("the port speaks TLS: use https://"));
        assert!(tls.message.ends_with("it begins with `\\x15\\x03\\x01\\x00\\x02\\x02F`"));
        assert!(not_http(b"SSH-2.0-x\r\n").hint.unwrap().contains("SSH"));
        assert!(not_http(b"ICY 200 OK\r\n").hint.unwrap().contains("SHOUTcast"));
        assert_eq!(not_http(b"hello").hint, None);
        let odd = not_http(b"HTTP/1.1 2000 OK\r\n");
        assert!(odd.message.starts_with("the status line of the response cannot be read"), "{}", odd.message);
        assert!(odd.hint.unwrap().contains("three digits"));
        assert!(not_http(b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n").hint.unwrap().contains("byte order mark"));
    }
}
