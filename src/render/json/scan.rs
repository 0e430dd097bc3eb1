//! The view of `--tls-scan`.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::render::scan_words;
use crate::trace::{
    Judged, ScanAnswer, ScanEnd, Scanned, ScannedCertificate, ScannedSuite, ScannedVersion, SuiteOrder,
    TlsScan,
};

/// What a server takes of TLS, asked afterwards. Not counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ScanView<'a> {
    /// Whom the questions went to; null where none was asked.
    address: Option<String>,
    /// Whether every question was put and answered.
    complete: bool,
    /// Why not all was asked; null when it was.
    ended: Option<String>,
    /// What the lists may lack, and why.
    gaps: &'a [String],
    /// Connections that were made, or tried.
    connections: u32,
    /// From the first to the end of the last.
    duration_us: u64,
    /// The versions that were to be asked for, the newest first.
    versions: Vec<VersionView<'a>>,
    /// The suites that are taken, by version, each in the order in which the server chose them.
    suites: Vec<SuiteView<'a>>,
    /// The key exchange groups that are taken.
    groups: Vec<NamedView<'a>>,
    /// The signature schemes that the server signs its handshakes with.
    signature_schemes: Vec<NamedView<'a>>,
    /// The server's own certificates that were seen (until TLS 1.2, where they can be read).
    certificates: Vec<ScannedKeyView<'a>>,
    /// What ended it, for programs.
    #[cfg_attr(test, schemars(extend("enum" = ["done", "connections", "time", "max-time", "interrupted", "unanswered", "not-tried"])))]
    end: &'static str,
    /// `connections`: as many as a run may make.
    most_connections: Option<u32>,
    /// `time`: as much as a run may spend on it.
    longest_us: Option<u64>,
}

/// What is to be said of something that is taken.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct JudgedView {
    /// How good it is.
    #[cfg_attr(test, schemars(extend("enum" = ["good", "fine", "weak", "broken"])))]
    verdict: &'static str,
    /// Why.
    why: &'static str,
    /// By which standard.
    standard: &'static str,
}

impl From<Judged> for JudgedView {
    fn from(judged: Judged) -> Self {
        Self { verdict: judged.grade.as_str(), why: judged.why, standard: judged.standard }
    }
}

/// What a server said to a version.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct VersionView<'a> {
    /// `TLSv1.3` to `SSLv3`.
    name: &'static str,
    /// Whether it is taken; null where the answer does not say.
    offered: Option<bool>,
    /// The answer.
    #[cfg_attr(test, schemars(extend("enum" = ["taken", "refused", "closed", "unclear", "unasked"])))]
    answer: &'static str,
    /// The alert's name, or what was chosen instead; null where it was not refused.
    refusal: Option<&'a str>,
    /// Who decides which suite is used; null where that was not seen.
    #[cfg_attr(test, schemars(extend("enum" = ["server", "client", null])))]
    order: Option<&'static str>,
    /// How good it is; null where it is not taken.
    #[cfg_attr(test, schemars(extend("enum" = ["good", "fine", "weak", "broken", null])))]
    verdict: Option<&'static str>,
    /// Why.
    why: Option<&'static str>,
    /// By which standard.
    standard: Option<&'static str>,
    /// What is to be said of the version, offered or not.
    judged: JudgedView,
}

impl<'a> From<&'a ScannedVersion> for VersionView<'a> {
    fn from(row: &'a ScannedVersion) -> Self {
        let (offered, refusal) = match &row.answer {
            ScanAnswer::Taken => (Some(true), None),
            ScanAnswer::Refused(words) => (Some(false), Some(words.as_str())),
            ScanAnswer::Closed | ScanAnswer::Unclear | ScanAnswer::Unasked => (None, None),
        };
        let judged = scan_words::grade(row).map(|_| row.judged);
        Self {
            name: row.version.as_str(),
            offered,
            answer: row.answer.as_str(),
            refusal,
            order: row.order.map(SuiteOrder::as_str),
            verdict: judged.map(|judged| judged.grade.as_str()),
            why: judged.map(|judged| judged.why),
            standard: judged.map(|judged| judged.standard),
            judged: row.judged.into(),
        }
    }
}

/// A suite that is taken.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SuiteView<'a> {
    /// In this version.
    version: &'static str,
    /// IANA's name.
    name: &'a str,
    /// OpenSSL's name.
    openssl_name: Option<&'static str>,
    /// Its code point.
    code: String,
    /// What is to be said of it.
    #[serde(flatten)]
    judged: JudgedView,
}

impl<'a> From<&'a ScannedSuite> for SuiteView<'a> {
    fn from(suite: &'a ScannedSuite) -> Self {
        Self {
            version: suite.version.as_str(),
            name: &suite.name,
            openssl_name: suite.openssl,
            code: code(suite.code),
            judged: suite.judged.into(),
        }
    }
}

/// A group or a signature scheme that is taken.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct NamedView<'a> {
    /// IANA's name, or the size of a prime of the server's own.
    name: &'a str,
    /// Its code point; null for such a prime.
    code: Option<String>,
    /// The versions it was seen in.
    versions: Vec<&'static str>,
    /// What is to be said of it.
    #[serde(flatten)]
    judged: JudgedView,
}

impl<'a> From<&'a Scanned> for NamedView<'a> {
    fn from(row: &'a Scanned) -> Self {
        Self {
            name: &row.name,
            code: row.code.map(code),
            versions: row.versions.iter().map(|version| version.as_str()).collect(),
            judged: row.judged.into(),
        }
    }
}

/// A certificate of the server's own, by its key.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ScannedKeyView<'a> {
    /// The kind of its key.
    key_type: &'a str,
    /// The size of its key.
    key_bits: Option<u32>,
    /// SHA-256 of the DER form, hexadecimal.
    sha256: &'a str,
}

impl<'a> From<&'a ScannedCertificate> for ScannedKeyView<'a> {
    fn from(certificate: &'a ScannedCertificate) -> Self {
        let ScannedCertificate { key_type, key_bits, sha256 } = certificate;
        Self { key_type, key_bits: *key_bits, sha256 }
    }
}

impl<'a> From<&'a TlsScan> for ScanView<'a> {
    fn from(scan: &'a TlsScan) -> Self {
        Self {
            address: scan.address.map(|address| address.to_string()),
            complete: scan.is_complete(),
            ended: scan_words::end(scan),
            gaps: &scan.gaps,
            connections: scan.connections,
            duration_us: us(scan.took),
            versions: scan.versions.iter().map(Into::into).collect(),
            suites: scan.suites.iter().map(Into::into).collect(),
            groups: scan.groups.iter().map(Into::into).collect(),
            signature_schemes: scan.signature_schemes.iter().map(Into::into).collect(),
            certificates: scan.certificates.iter().map(Into::into).collect(),
            end: scan.end.as_str(),
            most_connections: match scan.end {
                ScanEnd::Connections(most) => Some(most),
                _ => None,
            },
            longest_us: match scan.end {
                ScanEnd::Time(longest) => Some(us(longest)),
                _ => None,
            },
        }
    }
}

fn code(code: u16) -> String {
    format!("0x{code:04x}")
}
