//! The traces of the renderers' tests, and findings for one of them.

use std::time::Duration;

use crate::exit::{self, Limits, OnBadStatus};
use crate::finding::{
    self, AttemptField, Basis, Finding, InConnection, InRequest, Load, Mark, Place, Saving, Selection,
    Severity,
};
use crate::plan::{RepeatPlan, RunDetail, RunStart, Varied};
use crate::redact::{Redacted, Secrets, redact};
use crate::report::{CompareReport, Compared, DnsReport, RepeatEnd, RepeatReport, Repeated, TraceReport};
use crate::trace::{At, ConnectionId, RequestId, StageName, Trace};

pub(crate) use crate::trace::sample::*;

/// A fixture as renderers get it. Findings are told of the first only.
pub(crate) fn report(trace: &Trace, secrets: Secrets) -> Redacted<TraceReport> {
    let findings = if trace == &success() { findings() } else { Vec::new() };
    let verdict = finding::verdict(trace, &findings);
    let exit_code = exit::of_trace(trace, &OnBadStatus::Accept, Limits::Kept);
    redact(
        TraceReport {
            trace: trace.clone(),
            findings,
            verdict,
            budgets: Vec::new(),
            expected: None,
            exit_code,
        },
        secrets,
    )
}

/// Many runs as renderers get them.
pub(crate) fn repeat(runs: Vec<Trace>) -> Redacted<RepeatReport> {
    let plan = RepeatPlan {
        runs: runs.len(),
        duration: None,
        interval: None,
        start: RunStart::Cold,
        detail: RunDetail::Whole,
    };
    let one =
        |trace| Repeated { report: TraceReport::of(trace, &Selection::default(), |_, _| 0), late: None };
    let report = RepeatReport {
        input: "https://www.example.test/?token=geheim".to_owned(),
        plan,
        warm_up: None,
        runs: runs.into_iter().map(one).collect(),
        end: RepeatEnd::Done,
        budgets: Vec::new(),
        exit_code: exit::OK,
        told: None,
    };
    redact(report, Secrets::Hide)
}

/// Two ways in rounds, whose runs waited so many milliseconds longer than usual.
pub(crate) fn compare(waits: [&[u64]; 2]) -> Redacted<CompareReport> {
    let row = |(label, waits): (&str, &[u64])| Compared {
        label: label.to_owned(),
        runs: waits.iter().map(|ms| waited(Duration::from_millis(*ms))).collect(),
    };
    let report = CompareReport {
        input: "https://www.example.test/?token=geheim".to_owned(),
        varied: Varied::Http,
        rounds: waits[0].len(),
        start: RunStart::Cold,
        detail: RunDetail::Whole,
        rows: ["HTTP/1.1", "HTTP/2"].into_iter().zip(waits).map(row).collect(),
        note: None,
        end: RepeatEnd::Done,
        exit_code: exit::OK,
        told: None,
    };
    redact(report, Secrets::Hide)
}

/// What `urltrace dns` would have to tell of a fixture's first name.
pub(crate) fn dns_report(trace: &Trace) -> Option<Redacted<DnsReport>> {
    let dns = trace.lookups.first()?;
    let failure = trace.failure().filter(|failure| failure.stage == StageName::Dns).cloned();
    let report = DnsReport {
        exit_code: if failure.is_some() { exit::DNS } else { exit::OK },
        input: "www.example.test".to_owned(),
        started_at: trace.started_at,
        setup: trace.setup,
        total: dns.end.since(At(0)),
        dns: dns.clone(),
        failure,
        findings: finding::check_dns(dns, trace.started_at),
    };
    Some(redact(report, Secrets::Hide))
}

/// Findings of several kinds, with pointers into [`success`].
pub(crate) fn findings() -> Vec<Finding> {
    vec![
        Finding {
            id: "tcp-address-failed",
            severity: Severity::Warning,
            stage: StageName::Tcp,
            standard: "RFC 8305 section 5",
            title: "IPv6 does not answer, and every visitor with IPv6 waits 250 ms for it".into(),
            detail: "2001:db8:53::1 had not answered when 127.53.1.1 was tried after 250 ms".into(),
            evidence: vec![
                Place::Connection(ConnectionId(0), InConnection::Attempt(0, AttemptField::Outcome)),
                Place::Connection(ConnectionId(0), InConnection::Duration),
                Place::Request(RequestId(0), InRequest::Phases),
            ],
            advice: "repair the route to 2001:db8:53::1, or take its AAAA record away".into(),
            saving: Some(Saving {
                amount: Duration::from_millis(250),
                low: Duration::from_millis(240),
                high: Duration::from_millis(250),
                basis: Basis::Derived,
                applies: "on every first visit over IPv6".into(),
                load: Load::This,
                stretches: Vec::new(),
                mark: Mark::Document,
                mends: Vec::new(),
            }),
        },
        Finding {
            id: "http-body-slow",
            severity: Severity::Info,
            stage: StageName::Http,
            standard: "RFC 9110 section 6.4",
            title: "103 Early Hints came 12.2 ms before the response".into(),
            detail: String::new(),
            evidence: vec![Place::Request(RequestId(0), InRequest::Informational(0))],
            advice: String::new(),
            saving: None,
        },
    ]
}
