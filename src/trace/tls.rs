//! The model of stage 4: the handshake by flights, the certificates and what checking them gave.

use std::time::{Duration, SystemTime};

use super::at::At;
use super::failure::FailureCode;

/// A TLS handshake, flight by flight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The connection was there and making the ClientHello began; the first flight has the moment
    /// it was handed to the kernel.
    pub start: At,
    /// The handshake was complete (our Finished handed to the kernel), or failed.
    pub end: At,
    /// The name sent as SNI; `None` for an IP literal.
    pub sni: Option<String>,
    /// The name the certificate was checked against.
    pub verified_name: String,
    /// What was offered, read back from our own ClientHello.
    pub offer: Option<Offer>,
    /// The flights, in order.
    pub flights: Vec<Flight>,
    /// Times we had to wait for the server: 1 for TLS 1.3, 2 with HelloRetryRequest or TLS 1.2.
    pub round_trips: u32,
    /// The version chosen.
    pub version: Option<TlsVersion>,
    /// Cipher suite by its IANA name.
    pub cipher_suite: Option<String>,
    /// Key exchange group by its IANA name.
    pub group: Option<String>,
    /// Signature scheme of the server's proof, by its IANA name.
    pub signature_scheme: Option<String>,
    /// ALPN protocol chosen by the server.
    pub alpn: Option<String>,
    /// Whether the server asked for another key share (HelloRetryRequest).
    pub hello_retry: bool,
    /// Whether the server asked for a client certificate.
    pub client_certificate_requested: bool,
    /// The chain as sent, leaf first.
    pub chain: Vec<Certificate>,
    /// What checking it gave; `None` when no certificate came.
    pub verification: Option<Verification>,
    /// The alert that ended the handshake: ours or the server's.
    pub alert: Option<Alert>,
    /// Bytes of the stapled OCSP response, 0 without one.
    pub ocsp_bytes: usize,
    /// Bytes read from the socket during the handshake.
    pub bytes_received: u64,
    /// Bytes written to the socket during the handshake.
    pub bytes_sent: u64,
    /// CPU time of the key exchange on our side.
    pub key_exchange_cpu: Duration,
    /// What a second, old-fashioned ClientHello found after this one was turned down.
    pub legacy_probe: Option<LegacyProbe>,
}

/// A version that can be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// The name used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    /// The name people write.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

/// What a ClientHello offers. Names are IANA's; unknown numbers are `0x1234`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Versions.
    pub versions: Vec<String>,
    /// Cipher suites.
    pub cipher_suites: Vec<String>,
    /// Key exchange groups.
    pub groups: Vec<String>,
    /// Groups with a key share sent along, and its size in bytes.
    pub key_shares: Vec<(String, usize)>,
    /// Signature schemes.
    pub signature_schemes: Vec<String>,
    /// ALPN protocols.
    pub alpn: Vec<String>,
    /// Size of the ClientHello record.
    pub bytes: usize,
}

/// One burst of handshake messages in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Who sent it.
    pub direction: Direction,
    /// First byte (received) or handed to the kernel (sent).
    pub start: At,
    /// Last byte of it.
    pub end: At,
    /// Message names as they can be seen: plaintext names, or what the key schedule shows.
    pub messages: Vec<HandshakeMessage>,
    /// Bytes, record headers included.
    pub bytes: usize,
    /// CPU time spent on it: key exchange, verification, key schedule.
    pub cpu: Duration,
}

macro_rules! handshake_messages {
    ($($variant:ident => $name:literal,)+) => {
        /// What a record of a handshake carries: the messages of RFC 8446 §4 and RFC 5246 §7.4, and the two
        /// that are no handshake messages and stand between them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HandshakeMessage { $(#[doc = $name] $variant,)+ }
        impl HandshakeMessage {
            /// The name by the RFC.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name,)+ } }
        }
    };
}

handshake_messages! {
    HelloRequest => "HelloRequest",
    ClientHello => "ClientHello",
    ServerHello => "ServerHello",
    HelloRetryRequest => "HelloRetryRequest",
    NewSessionTicket => "NewSessionTicket",
    EncryptedExtensions => "EncryptedExtensions",
    Certificate => "Certificate",
    ServerKeyExchange => "ServerKeyExchange",
    CertificateRequest => "CertificateRequest",
    ServerHelloDone => "ServerHelloDone",
    CertificateVerify => "CertificateVerify",
    ClientKeyExchange => "ClientKeyExchange",
    Finished => "Finished",
    CertificateStatus => "CertificateStatus",
    KeyUpdate => "KeyUpdate",
    CompressedCertificate => "CompressedCertificate",
    ChangeCipherSpec => "ChangeCipherSpec",
    Alert => "Alert",
    Unknown => "unknown message",
}

impl Flight {
    /// The names of its messages.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.messages.iter().map(|message| message.as_str()).collect()
    }
}

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// We did.
    Sent,
    /// The peer did.
    Received,
}

/// A certificate as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Subject as one line.
    pub subject: String,
    /// Issuer as one line.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// DNS names and addresses it is for.
    pub names: Vec<String>,
    /// Start of validity.
    pub not_before: SystemTime,
    /// End of validity.
    pub not_after: SystemTime,
    /// Whole days left when it was seen; negative when over.
    pub days_left: i64,
    /// Key type: `RSA`, `ECDSA P-256`, `Ed25519`, ...
    pub key_type: String,
    /// Key size in bits.
    pub key_bits: Option<u32>,
    /// Signature algorithm of the issuer.
    pub signature_algorithm: String,
    /// SHA-256 of the DER form, hexadecimal.
    pub sha256: String,
    /// SHA-256 of the public key (SPKI), hexadecimal: what pins use.
    pub spki_sha256: String,
    /// Whether it says it is a CA.
    pub is_ca: bool,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    /// Where its issuer's certificate can be fetched (AIA caIssuers).
    pub issuer_urls: Vec<String>,
    /// Signed certificate timestamps in it.
    pub sct_count: usize,
}

/// What checking the chain gave. All faults at once, not the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The trusted roots: `embedded (webpki-roots, 120)`, `system (145)`, a file's name.
    pub roots: String,
    /// Empty when the certificate is good.
    pub faults: Vec<CertificateFault>,
    /// True when faults were put aside by `-k`.
    pub overridden: bool,
    /// When it began.
    pub start: At,
    /// CPU time of the chain check and the signature check.
    pub cpu: Duration,
    /// When the embedded roots refuse: whether the system's roots would trust the chain.
    pub system_would_trust: Option<bool>,
}

/// One thing wrong with a certificate or its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// Validity is over.
    Expired {
        /// Index in the chain.
        index: usize,
        /// When it ended.
        not_after: SystemTime,
    },
    /// Validity has not begun.
    NotYetValid {
        /// Index in the chain.
        index: usize,
        /// When it begins.
        not_before: SystemTime,
    },
    /// For other names.
    WrongHost {
        /// The name wanted.
        wanted: String,
        /// The nearest of the names it is for.
        nearest: Option<String>,
    },
    /// Signed by itself and not trusted.
    SelfSigned,
    /// The issuer's certificate was not sent.
    MissingIntermediate {
        /// Who issued the last certificate sent.
        issuer: String,
        /// Where it can be fetched.
        url: Option<String>,
    },
    /// The chain ends at an issuer that is not trusted.
    UnknownIssuer {
        /// That issuer.
        issuer: String,
    },
    /// Anything else, in the library's words.
    Other(String),
}

impl CertificateFault {
    /// The code of a failure by this fault.
    #[must_use]
    pub const fn code(&self) -> FailureCode {
        match self {
            Self::Expired { .. } => FailureCode::CertificateExpired,
            Self::NotYetValid { .. } => FailureCode::CertificateNotYetValid,
            Self::SelfSigned => FailureCode::CertificateSelfSigned,
            Self::MissingIntermediate { .. } => FailureCode::CertificateChainIncomplete,
            Self::UnknownIssuer { .. } => FailureCode::CertificateUnknownIssuer,
            Self::WrongHost { .. } => FailureCode::CertificateWrongHost,
            Self::Other(_) => FailureCode::CertificateInvalid,
        }
    }
}

/// A TLS alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub direction: Direction,
    /// Its name by RFC 8446 §6, such as `handshake_failure`.
    pub description: String,
}

/// What an old-fashioned ClientHello found, on a connection of its own, after the real one failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyProbe {
    /// The newest version the server answered with; `None` when it refused all.
    pub version: Option<String>,
    /// The suite it chose.
    pub cipher_suite: Option<String>,
}
