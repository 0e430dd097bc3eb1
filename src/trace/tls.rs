//! The model of stage 4: the handshake by flights, the certificates and what checking them gave.

use std::time::{Duration, SystemTime};

use super::at::{At, StampedBy};
use super::caa::Caa;
use super::failure::FailureCode;
use super::resumption::Resumption;
use super::scan::TlsScan;
use super::status::{SignedTimestamp, Staple};

/// A TLS handshake, flight by flight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The ClientHello was handed to the kernel. It was made before.
    pub start: At,
    /// The last of the server's handshake arrived (its Finished), by the kernel's stamp, or the handshake failed.
    /// What this program then does with it, our own Finished in TLS 1.3, comes after.
    pub end: At,
    /// This program read the last of it.
    pub noticed: Option<At>,
    /// Whose stamps the arrivals have; `None` where nothing arrived.
    pub stamped_by: Option<StampedBy>,
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
    /// What became of the client's certificate.
    pub client_certificate: ClientCertificate,
    /// The chain as sent, leaf first.
    pub chain: Vec<Certificate>,
    /// What checking it gave; `None` when no certificate came.
    pub verification: Option<Verification>,
    /// The alert that ended the handshake: ours or the server's.
    pub alert: Option<Alert>,
    /// Bytes of the stapled OCSP response, 0 without one.
    pub ocsp_bytes: usize,
    /// What the stapled OCSP response says; `None` without one.
    pub staple: Option<Staple>,
    /// Bytes read from the socket during the handshake.
    pub bytes_received: u64,
    /// Bytes written to the socket during the handshake.
    pub bytes_sent: u64,
    /// CPU time of the key exchange on our side.
    pub key_exchange_cpu: Duration,
    /// What a second, old-fashioned ClientHello found after this one was turned down.
    pub legacy_probe: Option<LegacyProbe>,
    /// What a second connection with a ticket of this one came to; `None` where `--resume` was not given.
    pub resumption: Option<Resumption>,
    /// What the server takes of TLS; `None` where `--tls-scan` was not given.
    pub scan: Option<Box<TlsScan>>,
    /// What the CAA records of the host's domain say of the issuer; `None` where they were not asked for.
    pub caa: Option<Caa>,
}

/// A HelloRetryRequest (RFC 8446 §4.1.4): why it came, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloRetry<'a> {
    /// Why.
    pub cause: RetryCause<'a>,
    /// From our ClientHello to its last byte: the round trip that a right guess spares.
    pub cost: Duration,
}

/// Why a server asks for a second ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryCause<'a> {
    /// It takes none of the key shares sent, and asked for one of this group.
    Group(&'a str),
    /// It had a share that it takes: it wants its cookie back, to know that the client is there.
    Cookie,
}

impl Tls {
    /// The HelloRetryRequest, if there was one and the handshake went on behind it.
    #[must_use]
    pub fn retry(&self) -> Option<HelloRetry<'_>> {
        let (group, offer) = (self.group.as_deref()?, self.offer.as_ref()?);
        let sent = self.flights.iter().find(|flight| flight.direction == Direction::Sent)?;
        let asked = self.flights.iter().find(|flight| flight.direction == Direction::Received)?;
        let had_share = offer.key_shares.iter().any(|(share, _)| share == group);
        let cause = if had_share { RetryCause::Cookie } else { RetryCause::Group(group) };
        self.hello_retry.then(|| HelloRetry { cause, cost: asked.end.since(sent.end) })
    }

    /// Whether the client's last flight went out: the answer to all that the server asked for.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        let is_last = |flight: &Flight| {
            flight.direction == Direction::Sent && flight.messages.contains(&HandshakeMessage::Finished)
        };
        self.flights.iter().any(is_last)
    }

    /// From the ClientHello to the last byte that the server sent of the handshake, its Finished: what
    /// a full handshake and a resumed one can be compared by.
    #[must_use]
    pub fn until_server_finished(&self) -> Option<Duration> {
        let first = self.flights.iter().find(|flight| flight.direction == Direction::Sent)?;
        let last = self.flights.iter().rfind(|flight| flight.direction == Direction::Received)?;
        Some(last.end.since(first.start))
    }
}

/// The client's side of authentication (RFC 8446 §4.3.2 and §4.4.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Whether the server asked for it (CertificateRequest).
    pub requested: bool,
    /// Whether it was sent.
    pub sent: bool,
    /// Whose certificate is at hand, sent or not; `None` where none was given.
    pub subject: Option<String>,
    /// The authorities whose certificates the server accepts, as it says. None may mean any.
    pub acceptable_cas: Vec<String>,
}

impl ClientCertificate {
    /// The first authorities that the server names, as the end of a sentence; `None` where it names none.
    #[must_use]
    pub fn accepted(&self) -> Option<String> {
        const NAMED: usize = 3;
        let (first, rest) = self.acceptable_cas.split_at(self.acceptable_cas.len().min(NAMED));
        let more = if rest.is_empty() { String::new() } else { format!("; {} more", rest.len()) };
        (!first.is_empty()).then(|| format!("it accepts those issued by {}{more}", first.join("; ")))
    }

    /// Whether the server asked and got none.
    #[must_use]
    pub const fn missed(&self) -> bool {
        self.requested && !self.sent
    }
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

impl Direction {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }
}

/// A certificate as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Subject as one line.
    pub subject: String,
    /// Issuer as one line.
    pub issuer: String,
    /// The organization (O) of the issuer.
    pub issuer_organization: Option<String>,
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
    /// The signed certificate timestamps in it (RFC 6962 §3.3).
    pub scts: Vec<SignedTimestamp>,
    /// Whether it demands that its servers staple OCSP responses (RFC 7633, "must-staple").
    pub must_staple: bool,
    /// Whether a root that is trusted here has its subject and its key. If another has issued it, it is a cross-sign for
    /// clients that lack that root.
    pub trusted_root: bool,
}

impl Certificate {
    /// Whole days from its begin to its end; a part of a day counts as one (CA/Browser Forum Baseline
    /// Requirements 6.3.2), and both ends belong to it.
    #[must_use]
    pub fn lifetime_days(&self) -> u64 {
        const DAY: u64 = 86_400;
        let life = self.not_after.duration_since(self.not_before).unwrap_or_default();
        (life.as_secs() + 1).div_ceil(DAY)
    }

    /// 99991231235959Z: there is no well-defined end (RFC 5280 §4.1.2.5).
    pub const NO_EXPIRY: Duration = Duration::from_secs(253_402_300_799);
    /// The same by RFC 3339.
    pub const NO_EXPIRY_TEXT: &'static str = "9999-12-31T23:59:59Z";

    /// Whether it says that it does not expire.
    #[must_use]
    pub fn never_expires(&self) -> bool {
        SystemTime::UNIX_EPOCH.checked_add(Self::NO_EXPIRY) == Some(self.not_after)
    }
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
    /// When the system's roots refuse: whether the embedded ones would trust the chain.
    pub embedded_would_trust: Option<bool>,
    /// Whose the roots are.
    pub roots_of: RootsOf,
}

/// Whose roots a certificate was checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootsOf {
    /// Of authorities that the public's browsers trust, and that keep the CA/Browser Forum's rules.
    Everybody,
    /// Others: of this machine, of a file.
    Somebody,
}

impl RootsOf {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Somebody => "somebody",
        }
    }
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
        /// Why the nearest name does not match although it looks alike.
        near_miss: Option<NearMiss>,
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
    /// Outside what can be checked here. Nothing is known against the certificate.
    Unchecked {
        /// Index in the chain of the certificate that it is about.
        index: usize,
        /// What cannot be checked.
        limit: CheckLimit,
    },
    /// Anything else, in words that follow "the certificate ...".
    Other(String),
}

/// What of a certificate lies outside what the TLS library checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckLimit {
    /// A version of X.509 other than 3.
    Version(u32),
    /// Its own key: the signatures made with it cannot be checked.
    Key(String),
    /// The key of its issuer, which was not sent.
    IssuerKey {
        /// That issuer.
        issuer: String,
        /// Its key.
        key: String,
    },
    /// The algorithm that it is signed with.
    Signature(String),
    /// A limit of the search for a way to a root, in words.
    Search(&'static str),
}

impl CheckLimit {
    /// Whether it is a key that is too short: an RSA key of fewer than 2048 bits, which nobody may certify since 2014.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        let (Self::Key(key) | Self::IssuerKey { key, .. }) = self else { return false };
        let bits =
            key.strip_prefix("an RSA key of ").and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
        bits.is_some_and(|bits| bits < 2_048)
    }

    /// It as a noun: what the certificate has.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Version(version) => format!("version {version} of X.509"),
            Self::Key(key) => key.clone(),
            Self::IssuerKey { issuer, key } => format!("an issuer ({issuer}) with {key}"),
            Self::Signature(algorithm) => format!("a signature by {algorithm}"),
            Self::Search(what) => (*what).to_owned(),
        }
    }

    /// What can be checked in its place; `None` where that is no choice of anybody's.
    #[must_use]
    pub const fn checked(&self) -> Option<&'static str> {
        match self {
            Self::Version(_) => Some("version 3"),
            Self::Key(_) | Self::IssuerKey { .. } => {
                Some("RSA of 2048 to 8192 bits, ECDSA P-256 and P-384, Ed25519")
            }
            Self::Signature(_) => {
                Some("RSA and ECDSA P-256 or P-384 with SHA-256 or SHA-384, RSA with SHA-512, Ed25519")
            }
            Self::Search(_) => None,
        }
    }
}

impl NearMiss {
    /// What the certificate does to the name.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::AddressAsName => "lists it as a name (dNSName), not as an address (iPAddress)",
            Self::FinalDot => "lists it with a final dot, which no name in a certificate has",
            Self::Blank => "lists it with a blank beside it",
        }
    }
}

/// Why a name looks like the wanted one and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// An address that is listed as a name (dNSName), not as an address (iPAddress).
    AddressAsName,
    /// A final dot, which names in certificates do not have.
    FinalDot,
    /// A blank before or behind it.
    Blank,
}

impl NearMiss {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressAsName => "address-as-name",
            Self::FinalDot => "final-dot",
            Self::Blank => "blank",
        }
    }
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
            Self::Unchecked { .. } => FailureCode::CertificateUnchecked,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyProbe {
    /// The newest version the server answered with; `None` when it refused all.
    pub version: Option<String>,
    /// The suite it chose.
    pub cipher_suite: Option<String>,
    /// The group of its key exchange, where that was seen.
    pub group: Option<String>,
    /// The scheme that it signed with, where that was seen.
    pub signature_scheme: Option<String>,
    /// Whether it answers the very ClientHello that it refused, when that is sent again; `None` when it was
    /// not asked.
    pub answers_again: Option<bool>,
    /// Whether it answers what we offer without TLS 1.3, as with `--tls-max 1.2`; `None` when it was
    /// not asked.
    pub answers_tls12: Option<bool>,
    /// Whether it answers TLS 1.3 in a ClientHello that fits one packet; `None` when it was not asked.
    pub answers_small: Option<bool>,
}
