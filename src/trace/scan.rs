//! The model of `--tls-scan`: what a server takes of TLS, asked by hand-made ClientHellos when the trace had ended.
//!
//! What was not asked, or was asked in vain, is told apart from what the server turned down.

use std::net::SocketAddr;
use std::time::Duration;

/// What a server takes of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsScan {
    /// Whom the questions went to; `None` where none was asked.
    pub address: Option<SocketAddr>,
    /// Every version that was to be asked for, the newest first.
    pub versions: Vec<ScannedVersion>,
    /// The suites that are taken, version by version, each in the order in which the server chose them.
    pub suites: Vec<ScannedSuite>,
    /// The key exchange groups that are taken.
    pub groups: Vec<Scanned>,
    /// The signature schemes that the server signs its handshakes with.
    pub signature_schemes: Vec<Scanned>,
    /// The server's own certificates that were seen, one for each kind of key.
    pub certificates: Vec<ScannedCertificate>,
    /// What the lists may lack, and why.
    pub gaps: Vec<String>,
    /// Connections that were made, or tried.
    pub connections: u32,
    /// From the first to the end of the last.
    pub took: Duration,
    /// What ended it.
    pub end: ScanEnd,
}

impl TlsScan {
    /// A scan that is not made, for this reason.
    #[must_use]
    pub fn untried(why: &'static str) -> Self {
        Self { end: ScanEnd::NotTried(why), ..Self::default() }
    }

    /// Whether every question was put and answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.end == ScanEnd::Done && self.gaps.is_empty()
    }

    /// The suites of a version, in their order.
    pub fn suites_of(&self, version: ScanVersion) -> impl Iterator<Item = &ScannedSuite> {
        self.suites.iter().filter(move |suite| suite.version == version)
    }

    /// What the server said to a version.
    #[must_use]
    pub fn version(&self, version: ScanVersion) -> Option<&ScannedVersion> {
        self.versions.iter().find(|row| row.version == version)
    }

    /// Whether the server takes this version.
    #[must_use]
    pub fn takes(&self, version: ScanVersion) -> bool {
        self.version(version).is_some_and(|row| row.answer == ScanAnswer::Taken)
    }
}

/// What ended a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanEnd {
    /// Nothing was left to ask.
    #[default]
    Done,
    /// As many connections as a run may make.
    Connections(u32),
    /// As much time as a run may spend on it.
    Time(Duration),
    /// `--max-time`.
    MaxTime,
    /// Ctrl-C.
    Interrupted,
    /// The server gave no more answers.
    Unanswered,
    /// Nothing was asked, for this reason.
    NotTried(&'static str),
}

impl ScanEnd {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Connections(_) => "connections",
            Self::Time(_) => "time",
            Self::MaxTime => "max-time",
            Self::Interrupted => "interrupted",
            Self::Unanswered => "unanswered",
            Self::NotTried(_) => "not-tried",
        }
    }
}

/// The versions that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanVersion {
    /// RFC 6101.
    Ssl3,
    /// RFC 2246.
    Tls10,
    /// RFC 4346.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl ScanVersion {
    /// Every version, the newest first.
    pub const ALL: [Self; 5] = [Self::Tls13, Self::Tls12, Self::Tls11, Self::Tls10, Self::Ssl3];

    /// The name used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    /// The name people write.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL 3",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }
}

/// What a server said to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedVersion {
    /// The version.
    pub version: ScanVersion,
    /// Its answer.
    pub answer: ScanAnswer,
    /// What is to be said of the version.
    pub judged: Judged,
    /// Who decides which of several suites is used; `None` where that was not seen.
    pub order: Option<SuiteOrder>,
}

/// An answer to a question of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanAnswer {
    /// A ServerHello that takes it.
    Taken,
    /// An alert, by its name, or a ServerHello with something else.
    Refused(String),
    /// The end of the connection without a word, twice: mostly a refusal, and no proof of one.
    Closed,
    /// Nothing that can be read as an answer.
    Unclear,
    /// It was not asked.
    Unasked,
}

impl ScanAnswer {
    /// Whether the server said no.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused(_) => "refused",
            Self::Closed => "closed",
            Self::Unclear => "unclear",
            Self::Unasked => "unasked",
        }
    }
}

/// Who decides which of several suites is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuiteOrder {
    /// The server, by a list of its own.
    Server,
    /// The client: the first of its list that the server has.
    Client,
}

impl SuiteOrder {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// A suite that a server takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedSuite {
    /// In this version.
    pub version: ScanVersion,
    /// Its code point.
    pub code: u16,
    /// IANA's name.
    pub name: String,
    /// OpenSSL's name.
    pub openssl: Option<&'static str>,
    /// What is to be said of it.
    pub judged: Judged,
}

/// A group or a signature scheme that a server takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Its code point; `None` for a prime that has none.
    pub code: Option<u16>,
    /// IANA's name.
    pub name: String,
    /// The versions it was seen in.
    pub versions: Vec<ScanVersion>,
    /// What is to be said of it.
    pub judged: Judged,
}

/// A certificate of a server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedCertificate {
    /// The kind of its key.
    pub key_type: String,
    /// The size of its key in bits.
    pub key_bits: Option<u32>,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
}

/// What is to be said of something a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How good it is.
    pub grade: Grade,
    /// Why, in a few words.
    pub why: &'static str,
    /// By which standard.
    pub standard: &'static str,
}

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// What is recommended today.
    Good,
    /// Nothing against it, and something better is there.
    Fine,
    /// Standards advise against it.
    Weak,
    /// It protects nothing against those who try.
    Broken,
}

impl Grade {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fine => "fine",
            Self::Weak => "weak",
            Self::Broken => "broken",
        }
    }
}
