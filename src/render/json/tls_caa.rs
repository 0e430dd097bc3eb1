//! View of what a domain's CAA records say of the issuer of its certificate.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use super::packet::PacketView;
use crate::render::words;
use crate::trace::{Caa, CaaOutcome, CaaQuestion, CaaVerdict, Record};

/// The CAA records that stand for a host (RFC 8659), and what they come to for its certificate. Authorities look at
/// them when they issue: nothing here speaks against the certificate.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct CaaView<'a> {
    /// Whether they name its issuer.
    #[cfg_attr(test, schemars(extend("enum" = ["no-records", "no-restriction", "named", "not-named", "unjudged"])))]
    verdict: &'static str,
    /// The same in words.
    detail: String,
    /// The name that the records stand at; null without any.
    domain: Option<&'a str>,
    /// The property that counts: `issuewild` where the certificate is for a wildcard.
    #[cfg_attr(test, schemars(extend("enum" = ["issue", "issuewild"])))]
    property: &'static str,
    /// The domain that stands for the issuer in such records; null where it is not known or not needed.
    identifier: Option<&'a str>,
    /// The records.
    records: Vec<CaaRecordView<'a>>,
    /// The names that were asked about, from the host upwards.
    questions: Vec<CaaQuestionView<'a>>,
    /// `not-named`: the organization that issued the certificate.
    organization: Option<&'a str>,
    /// `unjudged`: why it cannot be told.
    why: Option<&'a str>,
}

impl<'a> From<&'a Caa> for CaaView<'a> {
    fn from(caa: &'a Caa) -> Self {
        Self {
            verdict: caa.verdict.as_str(),
            detail: words::caa(caa),
            domain: caa.domain(),
            property: caa.property.as_str(),
            identifier: match &caa.verdict {
                CaaVerdict::Named(identifier) => Some(identifier),
                CaaVerdict::NotNamed { identifier, .. } => Some(identifier),
                CaaVerdict::NoRecords | CaaVerdict::NoRestriction | CaaVerdict::Unjudged(_) => None,
            },
            records: caa.records.iter().map(Into::into).collect(),
            questions: caa.questions.iter().map(Into::into).collect(),
            organization: match &caa.verdict {
                CaaVerdict::NotNamed { organization, .. } => Some(organization),
                _ => None,
            },
            why: match &caa.verdict {
                CaaVerdict::Unjudged(why) => Some(why),
                _ => None,
            },
        }
    }
}

/// A CAA record.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CaaRecordView<'a> {
    /// Owner.
    name: &'a str,
    /// Time to live, in seconds.
    ttl: u32,
    /// Data as `dig` prints it.
    data: &'a str,
}

impl<'a> From<&'a Record> for CaaRecordView<'a> {
    fn from(record: &'a Record) -> Self {
        let Record { name, rtype: _, ttl, data } = record;
        Self { name, ttl: *ttl, data }
    }
}

/// A question for the CAA records of a name.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CaaQuestionView<'a> {
    /// The name.
    name: &'a str,
    /// It was asked.
    start_us: u64,
    /// Until it was answered, or given up.
    duration_us: u64,
    /// What came of it.
    #[cfg_attr(test, schemars(extend("enum" = ["found", "absent", "failed"])))]
    outcome: &'static str,
    /// Why nobody could say.
    error: Option<&'a str>,
    /// Every packet that it took.
    packets: Vec<PacketView<'a>>,
}

impl<'a> From<&'a CaaQuestion> for CaaQuestionView<'a> {
    fn from(question: &'a CaaQuestion) -> Self {
        let CaaQuestion { name, start, end, outcome, packets } = question;
        Self {
            name,
            start_us: start.0,
            duration_us: us(end.since(*start)),
            outcome: outcome.as_str(),
            error: match outcome {
                CaaOutcome::Failed(why) => Some(why),
                CaaOutcome::Found | CaaOutcome::Absent => None,
            },
            packets: packets.iter().enumerate().map(|(id, packet)| PacketView::new(id, packet)).collect(),
        }
    }
}
