//! From the way a handshake ended to a failure for people: code, one sentence, what to try next.
//!
//! Wording only; nothing here touches a connection. Certificate faults have a file of their own.

use std::io::ErrorKind;
use std::time::Duration;

use rustls::{Error, InvalidMessage, PeerIncompatible};

use super::certificate::escape;
use super::certificate_faults::{self, Source};
use super::checkable::Proof;
use super::handshake::End;
use super::names;
use super::probe::{Difference, Found};
use super::record::{Names, ServerChoice};
use super::verify::{MAX_CERTIFICATES, Seen};
use crate::alert;
use crate::fault::Fault;
use crate::stop::Stopped;
use crate::trace::{Direction, FailureCode, Flight, HandshakeMessage, StageName, Tls, TlsVersion};
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
    pub(super) probed: &'a Found,
    /// The server's address.
    pub(super) peer: &'a str,
    pub(super) awaited: &'a str,
    pub(super) limit: Duration,
    pub(super) max_time: Duration,
    pub(super) max_version: TlsVersion,
    pub(super) source: Source,
    /// Whether the peer's TCP had acknowledged all that was sent; `None` where that is not known.
    pub(super) acknowledged: Option<bool>,
}

fn fault(code: FailureCode, message: impl Into<String>) -> Fault {
    Fault::new(StageName::Tls, code, message)
}

/// Whether other ClientHellos could tell more: the server turned the offer down, could not read it, or
/// went away or kept silent without a word.
pub(super) fn wants_probe(end: &End, received: &Names, bytes_received: u64) -> bool {
    match end {
        End::Tls(Error::AlertReceived(description)) => {
            let refusals = [
                alert::UNEXPECTED_MESSAGE,
                alert::RECORD_OVERFLOW,
                alert::HANDSHAKE_FAILURE,
                alert::ILLEGAL_PARAMETER,
                alert::DECODE_ERROR,
                alert::PROTOCOL_VERSION,
                alert::INSUFFICIENT_SECURITY,
                alert::UNSUPPORTED_EXTENSION,
            ];
            received.server_hello.is_none() && refusals.contains(&u8::from(*description))
        }
        End::Closed | End::Io(_) | End::Stopped(Stopped::Limit) => bytes_received == 0,
        _ => false,
    }
}

/// Says what happened.
pub(super) fn explain(case: &Case<'_>) -> Fault {
    match case.end {
        End::Stopped(stopped) => stopped_early(case, *stopped),
        End::Closed | End::Io(_) if case.received.alert.is_some() => warned(case),
        End::NotTls if case.received_nothing_readable() => not_tls(case),
        End::NotTls => fault(
            FailureCode::TlsProtocol,
            format!("{} broke off TLS in the handshake: then came `{}`", case.peer, excerpt(case.unread)),
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
    /// The server's certificates were under way: in TLS 1.3 unseen, but after its ServerHello.
    fn was_in_certificates(&self) -> bool {
        let seen = |flight: &Flight| flight.messages.contains(&HandshakeMessage::Certificate);
        self.tls.version.is_some() || self.tls.flights.iter().any(seen)
    }

    fn received_nothing_readable(&self) -> bool {
        self.tls.bytes_received == self.unread.len() as u64
    }
}

fn stopped_early(case: &Case<'_>, stopped: Stopped) -> Fault {
    let awaited = case.awaited;
    if stopped != Stopped::Limit {
        let doing = format!("waiting for {awaited}{}", unacknowledged(case));
        return Fault::stopped(StageName::Tls, stopped, case.max_time, &doing);
    }
    let message = match case.received.alert {
        Some(code) if case.received.server_hello.is_none() => format!(
            "{} sent the alert {} ({}) in place of the ServerHello, and nothing more within {}",
            case.peer,
            alert::name(code),
            alert_meaning(case, code),
            limit(case.limit)
        ),
        _ => format!(
            "{} did not go on with the handshake within {}: still waiting for {awaited} after {} bytes{}",
            case.peer,
            limit(case.limit),
            case.tls.bytes_received,
            unacknowledged(case)
        ),
    };
    by_difference(case, FailureCode::TlsTimeout, message, || {
        Some(
            "the port is open, so something accepted the connection: an overloaded server, a service \
             that speaks first or no TLS, or a firewall that drops the ClientHello"
                .to_owned(),
        )
    })
}

/// That what was sent has not arrived, as far as TCP knows: then nobody is silent to it.
fn unacknowledged(case: &Case<'_>) -> &'static str {
    /// No acknowledgement is on its way for longer.
    const CERTAIN: Duration = Duration::from_secs(3);
    let sent = case.tls.flights.iter().rfind(|flight| flight.direction == Direction::Sent);
    let waited = case.tls.end.since(sent.map_or(case.tls.start, |flight| flight.end));
    match case.acknowledged {
        Some(false) if waited >= CERTAIN => {
            "; TCP has no acknowledgement of what was sent: the data or its acknowledgement was lost on the way, or something \
             drops it"
        }
        _ => "",
    }
}

/// An alert came that ends no handshake by itself (a warning), and then the end of the connection.
fn warned(case: &Case<'_>) -> Fault {
    let code = case.received.alert.unwrap_or_default();
    let how = if matches!(case.end, End::Closed) { "closed" } else { "broke" };
    let place =
        if case.received.server_hello.is_none() { "in place of the ServerHello" } else { "in the handshake" };
    let message = match code {
        alert::CLOSE_NOTIFY => format!("{} ended TLS in good order (close_notify) {place}", case.peer),
        code => format!(
            "{} sent the alert {} {place} and {how} the connection: {}",
            case.peer,
            alert::name(code),
            alert_meaning(case, code)
        ),
    };
    fault(FailureCode::TlsAlert, message).hint_if(alert_hint(case, code).as_deref())
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
    let message = format!("{} answered in {spoken}, not TLS: `{}`", case.peer, excerpt(case.unread));
    fault(FailureCode::NotTls, message).hint(hint)
}

/// The first bytes of what came, safe to print.
fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 48;
    // It stands in backticks, as what others said does.
    let shown = bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string().replace('`', "\\x60");
    if bytes.len() > SHOWN { format!("{shown}...") } else { shown }
}

fn closed(case: &Case<'_>) -> Fault {
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
    by_difference(case, FailureCode::TlsClosed, message, || {
        Some(match &case.tls.sni {
            _ if case.tls.client_certificate.sent => {
                "the server had asked for a client certificate and got one: it may not accept it".to_owned()
            }
            _ if case.tls.client_certificate.requested => {
                "the server had asked for a client certificate and got none: it may serve nobody without"
                    .to_owned()
            }
            Some(_) => {
                "the server's log may say why; a firewall that forbids this host name (SNI) looks the same"
                    .to_owned()
            }
            None => format!("the server's log may say why; {}", without_name(case)),
        })
    })
}

fn refused(case: &Case<'_>, error: &Error) -> Fault {
    match error {
        Error::AlertReceived(description) => alert_received(case, u8::from(*description)),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => old_server_hello(case),
        _ if case.seen.sent > MAX_CERTIFICATES => fault(
            FailureCode::CertificateUnchecked,
            format!("the server sent {} certificates; {MAX_CERTIFICATES} are read at most", case.seen.sent),
        ),
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) if case.was_in_certificates() => fault(
            FailureCode::CertificateUnchecked,
            "the server sent a message of more than 64 kB, which is not read here: a very long certificate \
             chain, mostly",
        )
        .hint("the server should send the certificates of its chain, and no others"),
        Error::InvalidCertificate(_) => certificate_refused(case),
        Error::NoCertificatesPresented => {
            fault(FailureCode::CertificateInvalid, "the server sent no certificate")
        }
        _ => fault(
            FailureCode::TlsProtocol,
            format!("{} broke the TLS protocol: {}", case.peer, protocol_words(error)),
        )
        .hint(match case.max_version {
            TlsVersion::Tls13 => "try `--tls-max 1.2`, and look for a middlebox between here and the server",
            TlsVersion::Tls12 => "look for a middlebox between here and the server",
        }),
    }
}

/// A breach of the protocol. rustls names its kinds as its source does: `MissingKeyShare`.
fn protocol_words(error: &Error) -> String {
    let (what, kind) = match error {
        Error::PeerMisbehaved(kind) => ("", format!("{kind:?}")),
        Error::PeerIncompatible(kind) => ("", format!("{kind:?}")),
        Error::InvalidMessage(kind) => ("a message that cannot be read: ", format!("{kind:?}")),
        error => return escape(&error.to_string()),
    };
    let mut words = what.to_owned();
    for character in kind.chars() {
        if character.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    escape(&words)
}

fn certificate_refused(case: &Case<'_>) -> Fault {
    let blamed = certificate_faults::explain(case.tls, case.seen, case.source);
    match case.seen.proof {
        Proof::Wrong => fault(FailureCode::BadSignature, blamed.message).hint("not even -k goes on here: the peer may be an impostor, or its key and certificate files do not match"),
        _ => blamed,
    }
}

fn alert_received(case: &Case<'_>, code: u8) -> Fault {
    if case.tls.client_certificate.sent && alert::refuses_client_certificate(code) {
        return fault(
            FailureCode::ClientCertificateRefused,
            format!(
                "the server asked for a client certificate, got one and ended the handshake (alert {}: {})",
                alert::name(code),
                alert::meaning(code)
            ),
        )
        .hint(alert::REFUSED_CERTIFICATE);
    }
    if alert::wants_client_certificate(code, case.tls.client_certificate.missed()) {
        let verb = if case.tls.client_certificate.requested { "asked for" } else { "wants" };
        return fault(
            FailureCode::ClientCertificateRequired,
            format!(
                "the server {verb} a client certificate and ended the handshake without one (alert {})",
                alert::name(code)
            ),
        )
        .hint(alert::MISSING_CERTIFICATE);
    }
    if code == alert::NO_APPLICATION_PROTOCOL {
        let offered = case.tls.offer.as_ref().map(|offer| offer.alpn.join(", ")).unwrap_or_default();
        let hint = match offered.as_str() {
            "h2" => "leave --http2 away",
            "http/1.1" => "leave --http1.1 away",
            "h3" => "the server's list of protocols (ALPN) needs h3",
            _ => "the server's list of protocols (ALPN) needs h2 or http/1.1",
        };
        return fault(
            FailureCode::VersionNotNegotiated,
            format!("the server speaks none of the protocols offered by ALPN ({offered})"),
        )
        .hint(hint);
    }
    let message = format!(
        "the server ended the handshake with the alert {}: {}",
        alert::name(code),
        alert_meaning(case, code)
    );
    by_difference(case, FailureCode::TlsAlert, message, || alert_hint(case, code))
}

/// What an alert says in this handshake.
fn alert_meaning(case: &Case<'_>, code: u8) -> &'static str {
    match (code, &case.tls.sni) {
        (alert::UNRECOGNIZED_NAME, None) => {
            "it wants the name of a site (SNI), and none was sent, as the URL has an address"
        }
        _ => alert::meaning_to(code, case.tls.client_certificate.requested),
    }
}

/// What to try after an alert in this handshake.
fn alert_hint(case: &Case<'_>, code: u8) -> Option<String> {
    const NAMELESS: [u8; 4] =
        [alert::HANDSHAKE_FAILURE, alert::ACCESS_DENIED, alert::INTERNAL_ERROR, alert::UNRECOGNIZED_NAME];
    let own = match (code, case.max_version) {
        (alert::PROTOCOL_VERSION, TlsVersion::Tls12) => {
            Some("the server may speak TLS 1.3 only: leave --tls-max away")
        }
        _ if case.tls.sni.is_none() && NAMELESS.contains(&code) => return Some(without_name(case)),
        // Whether another offer works is known after a probe.
        (_, max)
            if alert::is_about_our_messages(code)
                && (max == TlsVersion::Tls12 || case.probed.answers_tls12 == Some(false)) =>
        {
            Some(alert::LOG)
        }
        _ => alert::hint_to(code, case.tls.client_certificate.requested),
    };
    own.map(str::to_owned)
}

/// No name was sent; how to send one.
fn without_name(case: &Case<'_>) -> String {
    let how = match case.peer.parse::<std::net::SocketAddr>() {
        Ok(address) => format!(", with `--connect-to ::{address}`"),
        // The end of a tunnel.
        Err(_) => String::new(),
    };
    format!(
        "no name was sent (SNI), as the URL has an address, and many servers need one: trace the site by its \
         name{how}"
    )
}

const OTHER_KEYS: &str =
    "other programs may take it; a certificate with an ECDSA P-256 or an RSA key is taken by all";

/// A failure before the ServerHello, with what the probe says of its cause. `hint` is for when that says
/// nothing.
fn by_difference(
    case: &Case<'_>,
    code: FailureCode,
    message: String,
    hint: impl FnOnce() -> Option<String>,
) -> Fault {
    let offer = case.tls.offer.as_ref();
    let Some(difference) = offer.and_then(|offer| case.probed.difference(offer)) else {
        return fault(code, message).hint_if(hint().as_deref());
    };
    let bytes = offer.map(|offer| offer.bytes).unwrap_or_default();
    match difference {
        Difference::Version(choice) => old_version(choice, "would choose"),
        Difference::Suite(suite) => old_suite(&suite),
        Difference::Key(key) => fault(
            code,
            format!("{message}; its certificate has {key}, which cannot be checked here and is not offered"),
        )
        .hint(OTHER_KEYS),
        Difference::Scheme(scheme) if names::is_sha1(&scheme) => {
            fault(code, format!("{message}; it signs by {scheme}, which is no longer accepted"))
                .hint("the server needs signatures with SHA-256 or better turned on")
        }
        Difference::Scheme(scheme) => fault(
            code,
            format!("{message}; it signs by {scheme}, which cannot be checked here and is not offered"),
        )
        .hint(OTHER_KEYS),
        Difference::Group(group) => {
            fault(code, format!("{message}; it exchanges keys by {group}, which is not offered"))
                .hint("the server needs X25519 or P-256 turned on")
        }
        Difference::Size { small, helped } => by_size(case, fault(code, message), (small, bytes), helped),
        Difference::Tls13 => {
            // It read the offer of TLS 1.3, and found nothing in it.
            let understood = matches!(case.end, End::Tls(Error::AlertReceived(alert))
                if matches!(u8::from(*alert), alert::HANDSHAKE_FAILURE | alert::INSUFFICIENT_SECURITY));
            let why = match understood {
                true => {
                    "of what it takes in TLS 1.3 nothing was offered (suites, groups, and the signatures that its \
                     certificate's key makes there)"
                }
                false => "the server, or a box in front of it, cannot take an offer of TLS 1.3",
            };
            fault(code, format!("{message}; it answers the same offer without TLS 1.3: {why}"))
                .hint("try `--tls-max 1.2`")
        }
        Difference::Nothing => {
            fault(code, format!("{message}; it answers the same ClientHello when that is sent again")).hint(
                "it fails now and then, or one of several servers behind the address does: trace it again",
            )
        }
        Difference::Unclear(choice) => {
            let message = format!(
                "{message}; yet it takes an old-fashioned ClientHello, with {} and {}",
                names::spoken_version(&names::version(choice.version)),
                names::cipher_suite(choice.cipher_suite)
            );
            fault(code, message).hint_if(hint().as_deref())
        }
    }
}

/// A ClientHello of `small` bytes is answered, and one of `bytes` is not. Packets of full size that nobody acknowledges
/// are the way's matter (RFC 2923 section 2.1); what TCP took is that of whoever reads it.
fn by_size(case: &Case<'_>, fault: Fault, (small, bytes): (usize, usize), helped: bool) -> Fault {
    let unacknowledged = unacknowledged(case);
    let is_lost = !unacknowledged.is_empty();
    let said = fault.message.strip_suffix(unacknowledged).unwrap_or(&fault.message).to_owned();
    let (what, cure) = match is_lost {
        true => (
            format!(
                "and TCP has no acknowledgement of one of {bytes}: packets as large do not get through, or something drops them"
            ),
            "look for a link with a smaller MTU on the way (a tunnel, a VPN, PPPoE), and for a firewall that drops the \
             ICMP that says so",
        ),
        false => (
            format!("the server, or a box in front of it, cannot take a ClientHello of {bytes}"),
            "who reads a ClientHello must read it in two packets (see tldr.fail)",
        ),
    };
    let join = if is_lost { ", " } else { ": " };
    let message = format!("{said}; it answers the same offer in {small} bytes{join}{what}");
    let fault = Fault { message, ..fault };
    match helped {
        true => fault.hint(format!("{cure}; until then try `--tls-max 1.2`, whose hello is smaller")),
        false => fault.hint(cure),
    }
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
        .hint_if(matches!(case.max_version, TlsVersion::Tls12).then_some("leave --tls-max away")),
        None => fault(FailureCode::LegacyProtocol, "the server speaks no TLS version from 1.2 on")
            .hint_if(alert::hint(alert::PROTOCOL_VERSION)),
    }
}

fn old_suite(suite: &str) -> Fault {
    let why = if suite.starts_with("TLS_RSA_") {
        "its key exchange gives no forward secrecy"
    } else if suite.starts_with("TLS_DHE_") {
        "finite-field Diffie-Hellman with groups of the server's choice is not offered"
    } else {
        "it does not authenticate what it encrypts in one step (AEAD)"
    };
    fault(
        FailureCode::LegacyCipher,
        format!("the server speaks TLS 1.2 only with old cipher suites (would choose {suite}): {why}"),
    )
    .hint("the server needs an ECDHE suite with AES-GCM or ChaCha20-Poly1305 turned on")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{At, Offer};

    /// What is said of a handshake that was stopped after so many seconds, and of a ClientHello of full size behind it.
    fn told(seconds: u64, acknowledged: Option<bool>) -> [String; 2] {
        let (end, offer) = (At(seconds * 1_000_000), Some(Offer { bytes: 1_700, ..Offer::default() }));
        let tls = Tls { start: At(0), end, offer, ..Tls::default() };
        let case = Case {
            end: &End::Stopped(Stopped::Limit),
            tls: &tls,
            seen: &Seen::default(),
            received: &Names::default(),
            unread: &[],
            probed: &Found::default(),
            peer: "192.0.2.1:443",
            awaited: "the ServerHello",
            limit: Duration::from_secs(seconds),
            max_time: Duration::from_secs(30),
            max_version: TlsVersion::Tls13,
            source: Source::Embedded,
            acknowledged,
        };
        let plain = explain(&case);
        let by_size = by_size(&case, plain.clone(), (400, 1_700), true);
        assert!(by_size.hint.unwrap().contains("--tls-max 1.2"));
        [plain.message, by_size.message]
    }

    #[test]
    fn what_tcp_saw_no_acknowledgement_of_is_laid_on_no_server() {
        let [plain, by_size] = told(10, Some(false));
        assert!(plain.contains("TCP has no acknowledgement of what was sent"), "{plain}");
        assert!(by_size.contains("packets as large do not get through"), "{by_size}");
        assert!(!by_size.contains("cannot take a ClientHello"), "{by_size}");
        assert_eq!(by_size.matches("no acknowledgement").count(), 1, "{by_size}");
        // An acknowledgement may be on its way; all was acknowledged; nobody knows.
        for (seconds, acknowledged) in [(2, Some(false)), (10, Some(true)), (10, None)] {
            let [plain, by_size] = told(seconds, acknowledged);
            assert!(!plain.contains("acknowledgement") && !by_size.contains("acknowledgement"), "{plain}");
            assert!(by_size.contains("cannot take a ClientHello of 1700"), "{by_size}");
        }
    }
}
