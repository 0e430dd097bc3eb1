//! From the way a handshake ended to a failure for people: code, one sentence, what to try next.
//!
//! Wording only; nothing here touches a connection. Certificate faults have a file of their own.

use std::io::ErrorKind;
use std::time::Duration;

use rustls::{CertificateError, Error, PeerIncompatible};

use super::certificate::escape;
use super::handshake::End;
use super::record::{Names, ServerChoice};
use super::verify::{MAX_CERTIFICATES, Seen};
use super::{certificate_faults, faults, names};
use crate::alert;
use crate::fault::Fault;
use crate::stop::Stopped;
use crate::trace::{FailureCode, StageName, Tls, TlsVersion};
use crate::units::limit;

/// All that a failed handshake left behind.
pub(super) struct Case<'a> {
    pub(super) end: &'a End,
    pub(super) tls: &'a Tls,
    pub(super) seen: &'a Seen,
    pub(super) received: &'a Names,
    /// What came and was not understood.
    pub(super) unread: &'a [u8],
    /// What the legacy probe found, if it was sent.
    pub(super) probed: Option<ServerChoice>,
    /// The server's address.
    pub(super) peer: &'a str,
    pub(super) awaited: &'a str,
    pub(super) limit: Duration,
    pub(super) max_time: Duration,
    pub(super) max_version: TlsVersion,
}

fn fault(code: FailureCode, message: impl Into<String>) -> Fault {
    Fault::new(StageName::Tls, code, message)
}

/// Whether an old-fashioned ClientHello could tell more: the server turned the offer down, or went
/// away without a word.
pub(super) fn wants_probe(end: &End, received: &Names, bytes_received: u64) -> bool {
    match end {
        End::Tls(Error::AlertReceived(description)) => {
            let refusals = [alert::HANDSHAKE_FAILURE, alert::PROTOCOL_VERSION, alert::INSUFFICIENT_SECURITY];
            received.server_hello.is_none() && refusals.contains(&u8::from(*description))
        }
        End::Closed | End::Io(_) => bytes_received == 0,
        _ => false,
    }
}

/// Says what happened.
pub(super) fn explain(case: &Case<'_>) -> Fault {
    match case.end {
        End::Stopped(stopped) => stopped_early(case, *stopped),
        End::NotTls if case.received_nothing_readable() => not_tls(case),
        End::NotTls => fault(
            FailureCode::TlsProtocol,
            format!("{} broke off TLS in the handshake: then came \"{}\"", case.peer, excerpt(case.unread)),
        ),
        End::Closed | End::Io(_) => closed(case),
        End::RecordTooLong(length) => fault(
            FailureCode::TlsProtocol,
            format!("{} announced a TLS record of {length} bytes; the protocol allows 18437", case.peer),
        )
        .hint("what listens there may not speak TLS"),
        End::TooManyBytes => fault(
            FailureCode::TlsProtocol,
            format!(
                "{} sent {} bytes of handshake without coming to its end",
                case.peer, case.tls.bytes_received
            ),
        ),
        End::Tls(error) => refused(case, error),
    }
}

impl Case<'_> {
    fn received_nothing_readable(&self) -> bool {
        self.tls.bytes_received == self.unread.len() as u64
    }
}

fn stopped_early(case: &Case<'_>, stopped: Stopped) -> Fault {
    let awaited = case.awaited;
    if stopped != Stopped::Limit {
        return Fault::stopped(StageName::Tls, stopped, case.max_time, &format!("waiting for {awaited}"));
    }
    let message = format!(
        "{} did not go on with the handshake within {}: still waiting for {awaited} after {} bytes",
        case.peer,
        limit(case.limit),
        case.tls.bytes_received
    );
    fault(FailureCode::TlsTimeout, message).hint(
        "the port is open, so something accepted the connection: an overloaded server, a service \
         that speaks first or no TLS, or a firewall that drops the ClientHello",
    )
}

fn not_tls(case: &Case<'_>) -> Fault {
    let (spoken, hint) = match case.unread {
        [b'H', b'T', b'T', b'P', b'/', ..] => ("plain HTTP", "try the URL with http:// and this port"),
        [b'S', b'S', b'H', b'-', ..] => ("SSH", "check the port"),
        [b'2', b'2', b'0', b' ' | b'-', ..] => ("plain SMTP or FTP", "check the port"),
        [b'+', b'O', b'K', ..] => ("plain POP3", "check the port"),
        [b'*', b' ', b'O', b'K', ..] => ("plain IMAP", "check the port"),
        _ => ("something else", "check the port, and whether the service there speaks TLS"),
    };
    let message = format!("{} answered in {spoken}, not TLS: \"{}\"", case.peer, excerpt(case.unread));
    fault(FailureCode::NotTls, message).hint(hint)
}

/// The first bytes of what came, safe to print.
fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 48;
    let shown = bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string();
    if bytes.len() > SHOWN { format!("{shown}...") } else { shown }
}

fn closed(case: &Case<'_>) -> Fault {
    if let Some(legacy) = legacy(case) {
        return legacy;
    }
    let how = match case.end {
        End::Io(error) if error.kind() == ErrorKind::ConnectionReset => "reset",
        // A tunnel says so when it ends in the middle.
        End::Io(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => {
            "closed"
        }
        End::Io(error) => {
            return fault(
                FailureCode::TlsClosed,
                format!("the connection to {} failed while waiting for {}: {error}", case.peer, case.awaited),
            );
        }
        _ => "closed",
    };
    let message = match case.tls.bytes_received {
        0 => format!("{} {how} the connection right after the ClientHello, without a word", case.peer),
        count => format!(
            "{} {how} the connection inside the handshake, after {count} bytes, before {}",
            case.peer, case.awaited
        ),
    };
    fault(FailureCode::TlsClosed, message)
        .hint("the server's log may say why; a firewall that forbids this host name (SNI) looks the same")
}

fn refused(case: &Case<'_>, error: &Error) -> Fault {
    match error {
        Error::AlertReceived(description) => alert_received(case, u8::from(*description)),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => old_server_hello(case),
        _ if case.seen.sent > MAX_CERTIFICATES => fault(
            FailureCode::TlsProtocol,
            format!("the server sent {} certificates; {MAX_CERTIFICATES} are read at most", case.seen.sent),
        ),
        Error::InvalidCertificate(error) => certificate_refused(case, error),
        Error::NoCertificatesPresented => {
            fault(FailureCode::CertificateInvalid, "the server sent no certificate")
        }
        _ => fault(
            FailureCode::TlsProtocol,
            format!("{} broke the TLS protocol: {}", case.peer, escape(&error.to_string())),
        )
        .hint("try `--tls-max 1.2`, and look for a middlebox between here and the server"),
    }
}

fn certificate_refused(case: &Case<'_>, error: &CertificateError) -> Fault {
    let blamed = certificate_faults::explain(case.tls, case.seen.now);
    let short_key = case.tls.chain.first().is_some_and(faults::has_short_rsa_key);
    match error {
        CertificateError::BadSignature if case.seen.signature_error.is_some() && !short_key => fault(FailureCode::BadSignature, blamed.message).hint("not even -k goes on here: the peer may be an impostor, or its key and certificate files do not match"),
        _ => blamed,
    }
}

fn alert_received(case: &Case<'_>, code: u8) -> Fault {
    let wants_certificate =
        [alert::CERTIFICATE_REQUIRED, alert::HANDSHAKE_FAILURE, alert::BAD_CERTIFICATE, alert::ACCESS_DENIED];
    if code == alert::CERTIFICATE_REQUIRED
        || case.tls.client_certificate_requested && wants_certificate.contains(&code)
    {
        return fault(
            FailureCode::ClientCertificateRequired,
            format!(
                "the server asked for a client certificate and ended the handshake without one (alert {})",
                alert::name(code)
            ),
        )
        .hint("urltrace has no client certificate to give yet");
    }
    if code == alert::NO_APPLICATION_PROTOCOL {
        let offered = case.tls.offer.as_ref().map(|offer| offer.alpn.join(", ")).unwrap_or_default();
        return fault(
            FailureCode::VersionNotNegotiated,
            format!("the server speaks none of the protocols offered by ALPN ({offered})"),
        )
        .hint_if(alert::hint(code));
    }
    if let Some(legacy) = legacy(case) {
        return legacy;
    }
    let mut message = format!(
        "the server ended the handshake with the alert {}: {}",
        alert::name(code),
        alert::meaning(code)
    );
    if let Some(choice) = case.probed {
        message.push_str(&format!(
            "; yet it takes a smaller ClientHello, with {} and {}",
            names::spoken_version(&names::version(choice.version)),
            names::cipher_suite(choice.cipher_suite)
        ));
    }
    let hint = match (code, case.max_version) {
        (alert::PROTOCOL_VERSION, TlsVersion::Tls12) => {
            Some("the server may speak TLS 1.3 only: drop --tls-max")
        }
        _ if case.probed.is_some() => Some(
            "the server, or a box in front of it, may not cope with large or modern hellos: try `--tls-max 1.2`",
        ),
        _ => alert::hint(code),
    };
    fault(FailureCode::TlsAlert, message).hint_if(hint)
}

/// The server answered our own ClientHello with a version nobody speaks any more.
fn old_server_hello(case: &Case<'_>) -> Fault {
    match case.received.server_hello {
        Some(choice) if choice.version < 0x0303 => old_version(choice, "chose"),
        Some(choice) => fault(
            FailureCode::TlsProtocol,
            format!(
                "the server chose {}, which was not offered",
                names::spoken_version(&names::version(choice.version))
            ),
        )
        .hint_if(matches!(case.max_version, TlsVersion::Tls12).then_some("drop --tls-max")),
        None => fault(FailureCode::LegacyProtocol, "the server speaks no TLS version from 1.2 on")
            .hint_if(alert::hint(alert::PROTOCOL_VERSION)),
    }
}

/// What the probe found, if that explains the refusal.
fn legacy(case: &Case<'_>) -> Option<Fault> {
    let choice = case.probed?;
    if choice.version < 0x0303 {
        return Some(old_version(choice, "would choose"));
    }
    let suite = names::cipher_suite(choice.cipher_suite);
    let offered = &case.tls.offer.as_ref()?.cipher_suites;
    if offered.contains(&suite) {
        return None;
    }
    let why = if suite.starts_with("TLS_RSA_") {
        "its key exchange gives no forward secrecy"
    } else if suite.starts_with("TLS_DHE_") {
        "finite-field Diffie-Hellman with groups of the server's choice is not offered"
    } else {
        "it does not authenticate what it encrypts in one step (AEAD)"
    };
    Some(
        fault(
            FailureCode::LegacyCipher,
            format!("the server speaks TLS 1.2 only with old cipher suites (would choose {suite}): {why}"),
        )
        .hint("the server needs an ECDHE suite with AES-GCM or ChaCha20-Poly1305 turned on"),
    )
}

fn old_version(choice: ServerChoice, verb: &str) -> Fault {
    fault(
        FailureCode::LegacyProtocol,
        format!(
            "the server speaks only {} ({verb} {}); urltrace and browsers need TLS 1.2",
            names::spoken_version(&names::version(choice.version)),
            names::cipher_suite(choice.cipher_suite)
        ),
    )
    .hint_if(alert::hint(alert::PROTOCOL_VERSION))
}
