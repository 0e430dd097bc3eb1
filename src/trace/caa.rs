//! The model of a domain's CAA records (RFC 8659), and of what they say of the authority that issued a certificate.
//!
//! Authorities look at them before they issue, and nobody afterwards: nothing here speaks against a certificate.

use super::at::At;
use super::packet::Packet;
use super::record::Record;

/// The CAA records that stand for a host, and what they come to for its certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Caa {
    /// The names that were asked about, from the host upwards; the last is that of the records, if there are any.
    pub questions: Vec<CaaQuestion>,
    /// The records that count.
    pub records: Vec<Record>,
    /// Which of their properties counts for this certificate.
    pub property: CaaProperty,
    /// What they come to.
    pub verdict: CaaVerdict,
}

/// A question for the CAA records of a name.
#[derive(Clone, Debug, PartialEq)]
pub struct CaaQuestion {
    /// The name, with its final dot.
    pub name: String,
    /// It was asked.
    pub start: At,
    /// It was answered, or given up.
    pub end: At,
    /// What came of it.
    pub outcome: CaaOutcome,
    /// Every packet that it took.
    pub packets: Vec<Packet>,
}

/// What came of a question for CAA records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaaOutcome {
    /// There are some.
    Found,
    /// There are none.
    Absent,
    /// Nobody could say; in words.
    Failed(String),
}

impl CaaOutcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Failed(_) => "failed",
        }
    }
}

/// The properties that name authorities for TLS (RFC 8659 §4.2 and §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaaProperty {
    /// `issue`.
    Issue,
    /// `issuewild`: the certificate is for a wildcard.
    IssueWild,
}

impl CaaProperty {
    /// Its tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::IssueWild => "issuewild",
        }
    }
}

/// What CAA records come to for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaaVerdict {
    /// There are none: every authority may issue.
    NoRecords,
    /// None of them restricts who issues.
    NoRestriction,
    /// They name its authority, by this domain.
    Named(String),
    /// They name others, and not its authority.
    NotNamed {
        /// The organization that issued it.
        organization: String,
        /// The domain that stands for it in such records.
        identifier: &'static str,
    },
    /// It cannot be told here, and why.
    Unjudged(String),
}

impl CaaVerdict {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoRecords => "no-records",
            Self::NoRestriction => "no-restriction",
            Self::Named(_) => "named",
            Self::NotNamed { .. } => "not-named",
            Self::Unjudged(_) => "unjudged",
        }
    }
}

impl Caa {
    /// The name that the records stand at.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        let last = self.questions.last().filter(|last| last.outcome == CaaOutcome::Found)?;
        Some(&last.name)
    }
}
