//! Views of the verdict and of findings.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::micros::us;
use super::pointer::{Within, pointer};
use crate::finding::{Finding, Saving, Verdict};
use crate::timeline::Phase;

/// Where the time went, or why there is no response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct VerdictView<'a> {
    /// One sentence.
    summary: &'a str,
    /// The phase it speaks of: `dns`, `connect`, `tls`, `send`, `wait` or `receive`.
    stage: Option<&'static str>,
    /// That phase's share of the total.
    share_percent: Option<u8>,
    /// That phase's time over all hops.
    duration_us: Option<u64>,
}

impl<'a> VerdictView<'a> {
    pub(super) fn new(verdict: &'a Verdict) -> Self {
        Self {
            summary: &verdict.summary,
            stage: verdict.phase.map(Phase::as_str),
            share_percent: verdict.share_percent,
            duration_us: verdict.duration.map(us),
        }
    }
}

/// One thing that is wrong, slow or worth knowing.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct FindingView<'a> {
    /// Its rule, kebab-case, prefixed by its stage.
    id: &'static str,
    /// How much it matters.
    #[cfg_attr(test, schemars(extend("enum" = ["critical", "error", "warning", "notice", "info"])))]
    severity: &'static str,
    /// Where it was seen.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"])))]
    stage: &'static str,
    /// One line.
    title: &'a str,
    /// What was seen, with this run's numbers.
    detail: &'a str,
    /// Where in this document it can be seen.
    evidence: Vec<EvidenceView>,
    /// What to do about it.
    advice: &'a str,
    /// The time that the mend would save.
    saving: Option<SavingView<'a>>,
}

impl<'a> FindingView<'a> {
    /// Looks the evidence up in `document`. A place that it does not have is a fault of its rule:
    /// a debug build stops at it, a release build leaves it out.
    pub(super) fn new(finding: &'a Finding, within: Within<'_>, document: &Value) -> Self {
        let evidence = finding.evidence.iter().filter_map(|place| {
            let pointer = pointer(*place, within);
            let value = pointer.as_deref().and_then(|pointer| document.pointer(pointer));
            debug_assert!(value.is_some(), "{}: {place:?} points nowhere ({pointer:?})", finding.id);
            Some(EvidenceView { value: value?.clone(), pointer: pointer? })
        });
        Self {
            id: finding.id,
            severity: finding.severity.as_str(),
            stage: finding.stage.as_str(),
            title: &finding.title,
            detail: &finding.detail,
            evidence: evidence.collect(),
            advice: &finding.advice,
            saving: finding.saving.as_ref().map(Into::into),
        }
    }
}

/// A place in this document and the value that stands there.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct EvidenceView {
    /// A JSON pointer (RFC 6901).
    pointer: String,
    /// What it points at.
    value: Value,
}

/// The time that a mend would save.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SavingView<'a> {
    /// The likely amount.
    us: u64,
    /// The least.
    low_us: u64,
    /// The most.
    high_us: u64,
    /// How it was found.
    #[cfg_attr(test, schemars(extend("enum" = ["measured", "derived", "modelled"])))]
    basis: &'static str,
    /// When it holds.
    applies: &'a str,
}

impl<'a> From<&'a Saving> for SavingView<'a> {
    fn from(saving: &'a Saving) -> Self {
        Self {
            us: us(saving.amount),
            low_us: us(saving.low),
            high_us: us(saving.high),
            basis: saving.basis.as_str(),
            applies: &saving.applies,
        }
    }
}
