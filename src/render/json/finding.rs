//! Views of the verdict and of findings.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::micros::us;
use super::pointer::{Within, pointer};
use crate::finding::{Culprit, Finding, Saving, Verdict};
use crate::timeline::Phase;
use crate::trace::{StageName, Trace};

/// Where the time went, or why there is no response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct VerdictView<'a> {
    /// One sentence.
    summary: &'a str,
    /// The phase it speaks of: `dns`, `connect`, `tls`, `send`, `wait` or `receive`.
    #[cfg_attr(test, schemars(extend("enum" = ["queue", "dns", "connect", "proxy", "tls", "quic", "send", "wait", "receive", null])))]
    stage: Option<&'static str>,
    /// That phase's share of the total. With a page whose rendering waits longest for another request than the document's:
    /// that request's share of the time until anything can be painted.
    share_percent: Option<u8>,
    /// That phase's time over all hops; with such a page, how long rendering waited for that request.
    duration_us: Option<u64>,
    /// What would be won without what took most of the time.
    saving: Option<SavingView<'a>>,
    /// What it is owed to, for programs.
    culprit: CulpritView<'a>,
}

/// What a result is owed to: what failed or is wrong, else what took most of the time.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CulpritView<'a> {
    /// The stage that failed, or in which most of the time was spent; null where nothing was measured.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http", null])))]
    stage: Option<&'static str>,
    /// What kind of thing it is: a failure; an error that was answered with; a server's time; the way
    /// there; lost packets; waiting for a turn; attempts elsewhere; this machine's own work; nothing that
    /// stands out.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::causes())))]
    cause: &'static str,
    /// Id of the span that shows it.
    span: Option<usize>,
    /// A JSON pointer to where it is seen.
    pointer: Option<String>,
    /// Host of the URL that was under way.
    host: Option<&'a str>,
    /// Name of the name server, or address of whoever was talked to.
    server: Option<&'a str>,
}

impl<'a> CulpritView<'a> {
    fn new(culprit: &'a Culprit, trace: &Trace) -> Self {
        Self {
            stage: culprit.stage.map(StageName::as_str),
            cause: culprit.cause.as_str(),
            span: culprit.span,
            pointer: culprit.place.and_then(|place| pointer(place, Within::Trace(trace))),
            host: culprit.host.as_deref(),
            server: culprit.server.as_deref(),
        }
    }
}

impl<'a> VerdictView<'a> {
    pub(super) fn new(verdict: &'a Verdict, trace: &Trace) -> Self {
        Self {
            summary: &verdict.summary,
            stage: verdict.phase.map(Phase::as_str),
            share_percent: verdict.share_percent,
            duration_us: verdict.duration.map(us),
            saving: verdict.saving.as_ref().map(Into::into),
            culprit: CulpritView::new(&verdict.culprit, trace),
        }
    }
}

/// One thing that is wrong, slow or worth knowing.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct FindingView<'a> {
    /// Its rule, kebab-case, prefixed by its stage.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::finding_ids())))]
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
    evidence: Vec<EvidenceView<'a>>,
    /// What to do about it.
    advice: &'a str,
    /// What it is measured by: a standard and its section.
    standard: &'static str,
    /// The time that the fix would save.
    saving: Option<SavingView<'a>>,
}

impl<'a> FindingView<'a> {
    pub(super) fn new(finding: &'a Finding, evidence: Vec<EvidenceView<'a>>) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity.as_str(),
            stage: finding.stage.as_str(),
            title: &finding.title,
            detail: &finding.detail,
            evidence,
            advice: &finding.advice,
            standard: finding.standard,
            saving: finding.saving.as_ref().map(Into::into),
        }
    }
}

/// A place in this document and the value that stands there.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct EvidenceView<'a> {
    /// A JSON pointer (RFC 6901).
    pub(super) pointer: &'a str,
    /// What it points at.
    pub(super) value: Value,
}

/// The time that a fix would save.
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
    /// Which loads of the URL it is for: this one and its like, a later one by the same visitor, one that
    /// no cache helps with.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::loads())))]
    load: &'static str,
    /// What would come so much sooner: the document's end and all behind it, the moment before which nothing of the
    /// page can be painted, or the end of the page alone.
    #[cfg_attr(test, schemars(extend("enum" = ["document", "start-render", "page-end"])))]
    mark: &'static str,
}

impl<'a> From<&'a Saving> for SavingView<'a> {
    fn from(saving: &'a Saving) -> Self {
        Self {
            us: us(saving.amount),
            low_us: us(saving.low),
            high_us: us(saving.high),
            basis: saving.basis.as_str(),
            applies: &saving.applies,
            load: saving.load.as_str(),
            mark: saving.mark.as_str(),
        }
    }
}
