//! From the way a QUIC handshake ended to a failure for people: code, one sentence, what to try next.
//!
//! Wording only. What TLS has to say of it is worded there.

use std::time::Duration;

use quinn::ConnectionError;

use super::dial::{Dial, End};
use crate::fault::Fault;
use crate::os;
use crate::stop::{Stop, Stopped};
use crate::tcp;
use crate::tls::{Ending, Unread};
use crate::trace::{
    AttemptOutcome, Connect, Datagram, Direction, FailureCode, PacketKind, Quic, StageName, Tls,
};
use crate::units;

/// Alerts of TLS as codes of QUIC (RFC 9001 §4.8).
const CRYPTO_ERROR: std::ops::Range<u64> = 0x100..0x200;
/// What to try where only QUIC may be affected.
const BY_TCP: &str = "--http2 tells whether the server is there by TCP";

fn fault(code: FailureCode, message: String) -> Fault {
    Fault::new(StageName::Tcp, code, message)
}

/// Why no address has answered.
pub(super) fn unanswered(
    connect: &Connect,
    quic: &Quic,
    found: usize,
    stopped: Option<(Stopped, Duration)>,
) -> Fault {
    let Some(first) = connect.attempts.first() else {
        return fault(
            FailureCode::NoAddress,
            format!("none of the {found} addresses found is of the family asked for"),
        );
    };
    if let Some((why, max_time)) = stopped {
        let doing = match connect.attempts.iter().find(|attempt| attempt.answered.is_some()) {
            Some(attempt) => {
                let came = quic.datagrams.iter().filter(|datagram| datagram.direction == Direction::Received);
                let mut names: Vec<&str> = came.clone().flat_map(Datagram::names).collect();
                names.dedup();
                format!(
                    "waiting for the QUIC handshake with {} to go on: {} came ({})",
                    attempt.address,
                    units::count(came.count(), "datagram"),
                    names.join(", ")
                )
            }
            None => format!("waiting for a reply to QUIC from {}", first.address),
        };
        return Fault::stopped(StageName::Tcp, why, max_time, &doing);
    }
    let has = |wanted: &AttemptOutcome| connect.attempts.iter().any(|attempt| attempt.outcome == *wanted);
    let others = match connect.attempts.len() {
        1 => String::new(),
        more => format!(", and no better from {} more", units::count(more - 1, "address")),
    };
    if has(&AttemptOutcome::TimedOut) {
        let sent = quic.datagrams.iter().filter(|datagram| datagram.direction == Direction::Sent).count();
        let message = format!(
            "no reply by UDP from {} within {}: {} of QUIC went unanswered{others}",
            first.address,
            units::duration(first.end.since(first.start)),
            units::count(sent, "datagram")
        );
        return fault(FailureCode::QuicTimeout, message)
            .hint(format!("a firewall that drops UDP, or a server without HTTP/3; {BY_TCP}"));
    }
    if has(&AttemptOutcome::Refused) {
        let message = format!("UDP to {} was refused (ICMP: port unreachable){others}", first.address);
        return fault(FailureCode::QuicRefused, message)
            .hint(format!("nothing listens there by UDP: the server may have no HTTP/3; {BY_TCP}"));
    }
    match &first.outcome {
        AttemptOutcome::Unreachable(words) => fault(
            FailureCode::Unreachable,
            format!("no QUIC packet could be sent to {}: {words}{others}", first.address),
        )
        .hint(if words.contains(os::OWN_ROUTE) {
            tcp::OWN_ROUTE_HINT
        } else {
            "there is no route to that address, or a firewall forbids it: is this machine connected to a network?"
        }),
        AttemptOutcome::Failed(words) => fault(
            FailureCode::ConnectFailed,
            format!("no QUIC packet could be sent to {}: {words}{others}", first.address),
        ),
        _ => fault(FailureCode::ConnectFailed, format!("no QUIC connection to {}{others}", first.address)),
    }
}

/// Why a server that answered gave no connection.
pub(super) fn explain(
    end: &End,
    dial: &Dial,
    quic: &Quic,
    tls: &mut Tls,
    unread: Unread,
    stop: &Stop,
) -> Fault {
    let peer = dial.address;
    let in_tls = |ending, tls: &mut Tls| dial.overheard.messages().explain(ending, tls, unread, peer, stop);
    let error = match end {
        End::Stalled(limit) => return stalled(*limit, dial, quic, |tls_ending| in_tls(tls_ending, tls)),
        End::Broken(error) => error,
        End::Connected(_) | End::Unanswered(_) => {
            return fault(FailureCode::QuicProtocol, "no failure".to_owned());
        }
    };
    match error {
        ConnectionError::VersionMismatch => {
            let offered = quic.offered_versions.as_deref().unwrap_or_default();
            let names: Vec<String> = offered.iter().map(|version| Quic::version_name(*version)).collect();
            let message = match &names[..] {
                [] => format!("{peer} speaks no version of QUIC that is spoken here"),
                _ => format!("{peer} does not speak version 1 of QUIC; it offers {}", names.join(", ")),
            };
            fault(FailureCode::QuicVersion, message)
                .hint("the server has to offer QUIC version 1 (RFC 9000), as every browser speaks it")
        }
        ConnectionError::TransportError(error) => {
            let code = u64::from(error.code);
            match u8::try_from(code.wrapping_sub(CRYPTO_ERROR.start)) {
                Ok(alert) => in_tls(Ending::AlertSent(alert, error.reason.clone()), tls),
                Err(_) => fault(
                    FailureCode::QuicProtocol,
                    format!("{peer} broke the rules of QUIC: {}", escape(&error.to_string())),
                )
                .hint(BY_TCP),
            }
        }
        ConnectionError::ConnectionClosed(close) => {
            let code = u64::from(close.error_code);
            if let Ok(alert) = u8::try_from(code.wrapping_sub(CRYPTO_ERROR.start)) {
                return in_tls(Ending::AlertReceived(alert), tls);
            }
            let said = said(&close.reason);
            let message =
                format!("{peer} ended the QUIC handshake: {} (code 0x{code:x}){said}", close.error_code);
            fault(FailureCode::QuicClosed, message).hint(format!("the server's log may say why; {BY_TCP}"))
        }
        ConnectionError::ApplicationClosed(close) => {
            let said = said(&close.reason);
            let message = format!("{peer} ended the QUIC handshake with the code {}{said}", close.error_code);
            fault(FailureCode::QuicClosed, message).hint(format!("the server's log may say why; {BY_TCP}"))
        }
        ConnectionError::Reset => fault(
            FailureCode::QuicClosed,
            format!("{peer} knows nothing of the connection any more (stateless reset)"),
        )
        .hint(BY_TCP),
        ConnectionError::TimedOut => stalled(HANDSHAKE_IDLE, dial, quic, |ending| in_tls(ending, tls)),
        ConnectionError::LocallyClosed | ConnectionError::CidsExhausted => {
            fault(FailureCode::QuicProtocol, format!("the QUIC connection to {peer} ended: {error}"))
        }
    }
}

/// The library's own limit for a peer that is silent.
const HANDSHAKE_IDLE: Duration = Duration::from_secs(30);

/// The server spoke, and no more came that helps.
fn stalled(limit: Duration, dial: &Dial, quic: &Quic, in_tls: impl FnOnce(Ending) -> Fault) -> Fault {
    let peer = dial.address;
    let received = quic.datagrams.iter().filter(|datagram| datagram.direction == Direction::Received);
    let packets: Vec<PacketKind> = received.flat_map(|datagram| datagram.packets.iter().copied()).collect();
    let only = |kind| !packets.is_empty() && packets.iter().all(|packet| *packet == kind);
    let limit_words = units::limit(limit);
    if quic.retry && only(PacketKind::Retry) {
        let message = format!(
            "{peer} answered {} with a Retry, and did not go on within {limit_words} when its token came back",
            units::count(packets.len(), "Initial packet")
        );
        return fault(FailureCode::QuicTimeout, message)
            .hint("a server may ask once (RFC 9000 section 8.1.2): does a load balancer lose the token?");
    }
    let heard = !dial.overheard.messages().is_silent();
    if heard {
        return in_tls(Ending::Silence(limit));
    }
    let message = format!(
        "what {peer} sent by UDP is no reply to QUIC that can be read: {} within {limit_words}",
        units::count(packets.len(), "packet")
    );
    fault(FailureCode::QuicTimeout, message)
        .hint(format!("another service may listen on that port; {BY_TCP}"))
}

/// What a peer says of its reason.
fn said(reason: &[u8]) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(", saying `{}`", escape(&String::from_utf8_lossy(reason)))
    }
}

/// Bytes of others, safe to print, and not many.
fn escape(text: &str) -> String {
    const SHOWN: usize = 200;
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    shown.replace('`', "\\u{60}")
}
