//! TLS alerts (RFC 8446 §6 and its forerunners): their names, what they mean in plain words, and the
//! errors that a stream ends with when its peer sent one, or what TLS does not bear.
//!
//! On the ground, because an alert may come in a handshake or on the stream after it. Tables only:
//! whose fault an alert is in a given handshake is decided in `tls::failure`.

use std::io;

/// One row of the table.
struct Row {
    code: u8,
    name: &'static str,
    /// Ends the sentence "the server ended the handshake with the alert NAME: ...".
    meaning: &'static str,
    hint: Option<&'static str>,
}

/// The name of an alert by RFC 8446 §6; unknown ones as `alert 77`.
pub(crate) fn name(code: u8) -> String {
    row(code).map_or_else(|| format!("alert {code}"), |row| row.name.to_owned())
}

/// What an alert from a server says, to end a sentence.
pub(crate) fn meaning(code: u8) -> &'static str {
    row(code).map_or("its number is not in the registry", |row| row.meaning)
}

/// The same where the peer had asked for a client certificate, or not: without that no word on a certificate is one on
/// ours.
pub(crate) fn meaning_to(code: u8, asked: bool) -> &'static str {
    match code {
        _ if asked => meaning(code),
        NO_CERTIFICATE => "it misses a certificate (SSL 3), and had asked for none",
        CERTIFICATE_REQUIRED => "it wants a client certificate, and had asked for none",
        UNKNOWN_CA => "it does not know the issuer of a certificate, and had asked for none",
        code if is_refusal_of_certificate(code) => {
            "it does not accept a certificate, and had asked for none: the client's cannot be meant"
        }
        _ => meaning(code),
    }
}

/// Whether an alert says that a certificate is not accepted (RFC 8446 §6.2), whatever the reason.
fn is_refusal_of_certificate(code: u8) -> bool {
    matches!(code, 42..=46 | UNKNOWN_CA)
}

/// Whether it is about a message of ours: another offer may fare better.
pub(crate) fn is_about_our_messages(code: u8) -> bool {
    hint(code) == OUR_FAULT
}

/// What to try after an alert where the peer had asked for a client certificate, or not.
pub(crate) fn hint_to(code: u8, asked: bool) -> Option<&'static str> {
    match code {
        _ if asked => hint(code),
        ACCESS_DENIED => Some(RULES),
        code if is_refusal_of_certificate(code) => Some(SOMEBODY_ELSES),
        _ => hint(code),
    }
}

/// What to try after such an alert.
pub(crate) fn hint(code: u8) -> Option<&'static str> {
    row(code).and_then(|row| row.hint)
}

/// Whether an alert is a server's answer to a missing client certificate: by its name, or because the
/// server had asked for one. Java sends bad_certificate, others handshake_failure, access_denied,
/// certificate_unknown or internal_error.
pub(crate) fn wants_client_certificate(code: u8, asked: bool) -> bool {
    const REFUSALS: [u8; 9] = [40, 41, 42, 43, 46, 48, 49, 80, 116];
    code == CERTIFICATE_REQUIRED || asked && REFUSALS.contains(&code)
}

/// Whether an alert says that the peer's certificate, or its proof, is not accepted (RFC 8446 §6.2).
pub(crate) fn is_about_certificate(code: u8) -> bool {
    matches!(code, 42..=46 | 48 | 51)
}

/// Whether an alert may be a server's word on a client certificate that it got.
pub(crate) fn refuses_client_certificate(code: u8) -> bool {
    const REFUSALS: [u8; 12] = [40, 41, 42, 43, 44, 45, 46, 48, 49, 51, 80, 116];
    REFUSALS.contains(&code)
}

fn row(code: u8) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.code == code)
}

pub(crate) const CLOSE_NOTIFY: u8 = 0;
pub(crate) const UNEXPECTED_MESSAGE: u8 = 10;
const NO_CERTIFICATE: u8 = 41;
const UNKNOWN_CA: u8 = 48;
pub(crate) const RECORD_OVERFLOW: u8 = 22;
pub(crate) const ACCESS_DENIED: u8 = 49;
pub(crate) const INTERNAL_ERROR: u8 = 80;
pub(crate) const UNSUPPORTED_EXTENSION: u8 = 110;
pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
pub(crate) const ILLEGAL_PARAMETER: u8 = 47;
pub(crate) const DECODE_ERROR: u8 = 50;
pub(crate) const PROTOCOL_VERSION: u8 = 70;
pub(crate) const INSUFFICIENT_SECURITY: u8 = 71;
pub(crate) const CERTIFICATE_REQUIRED: u8 = 116;
pub(crate) const UNRECOGNIZED_NAME: u8 = 112;
pub(crate) const NO_APPLICATION_PROTOCOL: u8 = 120;

const OUR_FAULT: Option<&str> =
    Some("try `--tls-max 1.2`: if that works, the server or a box in front of it mishandles TLS 1.3");
pub(crate) const LOG: &str = "the server's own log says what went wrong";
const SERVER_LOG: Option<&str> = Some(LOG);
/// What to do where a client certificate is missing.
pub(crate) const MISSING_CERTIFICATE: &str =
    "this server knows its clients by certificate: --cert FILE and --key FILE give it one";
/// What to do where a client certificate is not accepted.
pub(crate) const REFUSED_CERTIFICATE: &str =
    "the server's log says why; its operator knows which certificates it accepts";
/// What to do where a certificate is not accepted, and none was asked for.
const SOMEBODY_ELSES: &str = "a box on the way that inspects TLS, or a server that passes TLS on, says so of the \
                              certificate of whoever is behind it: its log has to say whose is meant";
/// What to do where rules refuse a client that was not asked who it is.
const RULES: &str = "it was not asked who it is: rules on its address or on the host name (SNI) may be meant; the log of \
                     the server, or of a firewall before it, has to say";
const CLIENT_CERTIFICATE: Option<&str> = Some("the server wants a client certificate it accepts");

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { code: 0, name: "close_notify", meaning: "it closed the connection in order, before the handshake was done",
        hint: SERVER_LOG },
    Row { code: 10, name: "unexpected_message", meaning: "it got a message it did not expect", hint: OUR_FAULT },
    Row { code: 20, name: "bad_record_mac", meaning: "a record could not be decrypted: something on the way changed it, or keys differ",
        hint: Some("look for a middlebox that rewrites TLS") },
    Row { code: 21, name: "decryption_failed", meaning: "a record could not be decrypted", hint: OUR_FAULT },
    Row { code: 22, name: "record_overflow", meaning: "a record was too long for it", hint: OUR_FAULT },
    Row { code: 30, name: "decompression_failure", meaning: "it could not decompress a record", hint: OUR_FAULT },
    Row { code: 40, name: "handshake_failure", meaning: "it found nothing it accepts in the offered versions, suites, groups and signatures",
        hint: Some("compare the offered lists (`-v`) with what the server allows; some servers also answer so to an unknown host name") },
    Row { code: 41, name: "no_certificate", meaning: "it wants a client certificate (SSL 3)", hint: CLIENT_CERTIFICATE },
    Row { code: 42, name: "bad_certificate", meaning: "it does not accept the client certificate", hint: CLIENT_CERTIFICATE },
    Row { code: 43, name: "unsupported_certificate", meaning: "it does not accept this kind of client certificate", hint: CLIENT_CERTIFICATE },
    Row { code: 44, name: "certificate_revoked", meaning: "it says the client certificate is revoked", hint: CLIENT_CERTIFICATE },
    Row { code: 45, name: "certificate_expired", meaning: "it says the client certificate has expired", hint: CLIENT_CERTIFICATE },
    Row { code: 46, name: "certificate_unknown", meaning: "it does not accept the client certificate", hint: CLIENT_CERTIFICATE },
    Row { code: 47, name: "illegal_parameter", meaning: "it calls a field of the handshake illegal", hint: OUR_FAULT },
    Row { code: 48, name: "unknown_ca", meaning: "it does not know the issuer of the client certificate", hint: CLIENT_CERTIFICATE },
    Row { code: 49, name: "access_denied", meaning: "it refuses this client", hint: CLIENT_CERTIFICATE },
    Row { code: 50, name: "decode_error", meaning: "it could not read a message of the handshake", hint: OUR_FAULT },
    Row { code: 51, name: "decrypt_error", meaning: "a cryptographic check of the handshake failed on its side", hint: OUR_FAULT },
    Row { code: 60, name: "export_restriction", meaning: "it was asked for something export rules forbade", hint: SERVER_LOG },
    Row { code: 70, name: "protocol_version", meaning: "it speaks none of the offered TLS versions",
        hint: Some("the server needs TLS 1.2 or newer turned on") },
    Row { code: 71, name: "insufficient_security", meaning: "it demands stronger suites than were offered",
        hint: Some("compare the offered lists (`-v`) with what the server allows") },
    Row { code: 80, name: "internal_error", meaning: "something broke inside the server, not in the handshake itself",
        hint: Some("the server's own log says what; a missing certificate for this host name is common") },
    Row { code: 86, name: "inappropriate_fallback", meaning: "it takes this for a downgrade attack", hint: SERVER_LOG },
    Row { code: 90, name: "user_canceled", meaning: "it gave the handshake up for no fault of the protocol", hint: SERVER_LOG },
    Row { code: 100, name: "no_renegotiation", meaning: "it does not renegotiate", hint: SERVER_LOG },
    Row { code: 109, name: "missing_extension", meaning: "it misses an extension it needs", hint: OUR_FAULT },
    Row { code: 110, name: "unsupported_extension", meaning: "it got an extension it must not get", hint: OUR_FAULT },
    Row { code: 112, name: "unrecognized_name", meaning: "it serves no site of the name sent in SNI",
        hint: Some("check the host name and that the address really serves it; the server must have a certificate for the name") },
    Row { code: 113, name: "bad_certificate_status_response", meaning: "it does not accept an OCSP response", hint: SERVER_LOG },
    Row { code: 115, name: "unknown_psk_identity", meaning: "it wants a pre-shared key it knows", hint: SERVER_LOG },
    Row { code: 116, name: "certificate_required", meaning: "it wants a client certificate and got none", hint: CLIENT_CERTIFICATE },
    Row { code: 120, name: "no_application_protocol", meaning: "it speaks none of the protocols offered by ALPN",
        hint: SERVER_LOG },
    Row { code: 121, name: "ech_required", meaning: "it wants Encrypted Client Hello", hint: SERVER_LOG },
];

/// What a server asked for and did not get, before it ended a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    #[default]
    Nothing,
    /// A client certificate, in the handshake.
    ClientCertificate,
    /// The same, and got one: it may not accept it.
    OtherClientCertificate,
    /// A second handshake, in TLS 1.2 (RFC 5246 §7.4.1.1): how IIS asks for a client certificate.
    Renegotiation,
}

/// The peer ended a stream with this alert. Found inside the [`io::Error`] of a read, such as
/// `certificate_required`, which TLS 1.3 servers send only after the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertReceived {
    /// Its number.
    pub code: u8,
    /// Its name by RFC 8446 §6.
    pub name: String,
    /// What it says, in plain words.
    pub meaning: &'static str,
    /// What the peer had asked for in vain.
    pub demand: Demand,
}

impl AlertReceived {
    pub(crate) fn new(code: u8, demand: Demand) -> Self {
        let asked = matches!(demand, Demand::ClientCertificate | Demand::OtherClientCertificate);
        Self { code, name: name(code), meaning: meaning_to(code, asked), demand }
    }

    /// What to try, where it is a word on a certificate that nobody had asked for.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        let unasked = self.demand == Demand::Nothing && is_refusal_of_certificate(self.code);
        unasked.then_some(SOMEBODY_ELSES)
    }

    /// Whether it says that the client gave no certificate, or may say so after it was asked for one.
    pub(crate) fn wants_client_certificate(&self) -> bool {
        wants_client_certificate(self.code, self.demand == Demand::ClientCertificate)
    }

    /// Whether it may say that the client's certificate is not accepted.
    pub(crate) fn refuses_client_certificate(&self) -> bool {
        self.demand == Demand::OtherClientCertificate && refuses_client_certificate(self.code)
    }

    /// The alert in an error of a stream, if that is what ended it.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl std::fmt::Display for AlertReceived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server ended the connection with the alert {}: {}", self.name, self.meaning)
    }
}

impl std::error::Error for AlertReceived {}

/// The peer ended a stream without an alert, after it had asked for something in vain. Found inside the
/// [`io::Error`] of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it had asked for.
    pub demand: Demand,
}

impl Ended {
    /// What the peer had asked for in vain, if an error of a stream tells that.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.demand {
            Demand::Nothing => return f.write_str("the server ended the connection"),
            Demand::ClientCertificate => "a client certificate",
            Demand::OtherClientCertificate => "a client certificate and had got one",
            Demand::Renegotiation => "a second handshake",
        };
        write!(f, "the server ended the connection after it had asked for {what}")
    }
}

impl std::error::Error for Ended {}

/// TLS itself broke off a stream, by what the peer had sent. Found inside the [`io::Error`] of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenTls {
    /// It breaks a rule of the protocol, in the words of the TLS library.
    Rule(String),
    /// More messages of TLS's own (session tickets, mostly) than are taken at once. RFC 8446 sets no limit to their
    /// number.
    Flood {
        /// Bytes that had come on the connection since the handshake.
        received: u64,
    },
}

impl BrokenTls {
    /// What broke TLS, if an error of a stream tells that.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl std::fmt::Display for BrokenTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rule(words) => write!(f, "broken TLS from the server: {words}"),
            Self::Flood { received } => {
                write!(f, "a flood of TLS messages from the server: {received} bytes")
            }
        }
    }
}

impl std::error::Error for BrokenTls {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_a_name_and_a_meaning_once() {
        for (index, row) in ROWS.iter().enumerate() {
            assert!(ROWS[..index].iter().all(|other| other.code < row.code), "{} is out of order", row.name);
            assert_eq!(name(row.code), row.name);
            assert!(!meaning(row.code).is_empty());
            assert_eq!(hint(row.code), row.hint);
        }
        assert_eq!(name(HANDSHAKE_FAILURE), "handshake_failure");
        assert_eq!(name(CERTIFICATE_REQUIRED), "certificate_required");
        assert_eq!(name(77), "alert 77");
    }

    #[test]
    fn a_word_on_a_certificate_is_one_on_the_clients_where_that_was_asked_for() {
        for code in [41, 42, 43, 44, 45, 46, 48] {
            assert!(meaning_to(code, true).contains("client certificate"), "{code}");
            assert!(!meaning_to(code, false).contains("client certificate"), "{code}");
            assert_ne!(hint_to(code, false).filter(|_| code != 41), CLIENT_CERTIFICATE, "{code}");
        }
        assert_eq!(hint_to(ACCESS_DENIED, true), CLIENT_CERTIFICATE);
        assert_eq!(hint_to(ACCESS_DENIED, false), Some(RULES));
        for code in [CERTIFICATE_REQUIRED, HANDSHAKE_FAILURE, INTERNAL_ERROR] {
            assert_eq!(hint_to(code, false), hint(code));
        }
        assert!(meaning_to(CERTIFICATE_REQUIRED, false).ends_with("had asked for none"));
    }
}
