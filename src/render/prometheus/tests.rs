//! Every fixture as metrics: what holds of all, and one of them whole.

use std::collections::BTreeMap;

use super::*;
use crate::finding::Selection;
use crate::plan::{RepeatPlan, RunDetail, RunStart};
use crate::redact::{Secrets, redact};
use crate::render::testtrace;
use crate::report::{RepeatEnd, Repeated};
use crate::trace::{CertificateFault, CheckLimit};

fn report(trace: Trace) -> Redacted<TraceReport> {
    redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide)
}

fn text(trace: Trace, dialect: Dialect) -> String {
    let mut out = Vec::new();
    super::trace(&report(trace), dialect, Detail::Each, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Series and number of each line that is no comment.
fn samples(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap()).collect()
}

/// Microseconds of a number of seconds.
fn micros(number: &str) -> u64 {
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    whole.parse::<u64>().unwrap() * 1_000_000 + format!("{rest:0<6}").parse::<u64>().unwrap()
}

#[test]
fn every_trace_has_metrics_that_parse_are_unique_and_sum() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    for (name, trace) in testtrace::all() {
        let has_requests = !trace.requests.is_empty();
        for dialect in [Dialect::Prometheus, Dialect::OpenMetrics] {
            let text = text(trace.clone(), dialect);
            assert_eq!(text.ends_with("\n# EOF\n"), dialect == Dialect::OpenMetrics, "{name}");
            let samples = samples(&text);
            let mut series: Vec<&str> = samples.iter().map(|(series, _)| *series).collect();
            series.sort_unstable();
            let all = series.len();
            series.dedup();
            assert_eq!(series.len(), all, "{name}: a series comes twice\n{text}");
            for line in
                text.lines().filter(|line| line.starts_with("# HELP ") && dialect == Dialect::Prometheus)
            {
                let (family, help) = line[7..].split_once(' ').unwrap();
                let known = helps.entry(family.to_owned()).or_insert_with(|| help.to_owned());
                assert_eq!(known, help, "{name}: the help of {family} changes");
            }
            let sum = |metric: &str| {
                let of = samples.iter().filter(|(series, _)| series.starts_with(&format!("{metric}{{")));
                of.map(|(_, number)| micros(number)).sum::<u64>()
            };
            if has_requests {
                assert_eq!(sum("urltrace_phase_seconds"), sum("urltrace_duration_seconds"), "{name}\n{text}");
                assert_eq!(sum("urltrace_hop_phase_seconds"), sum("urltrace_duration_seconds"), "{name}");
            }
        }
    }
}

#[test]
fn the_success_fixture_is_told_whole() {
    insta::assert_snapshot!(text(testtrace::success(), Dialect::Prometheus));
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_of_all_the_same() {
    let mut trace = testtrace::success();
    let tls = trace.connections.last_mut().unwrap().tls.ran_mut().unwrap();
    let limit = CheckLimit::Version(1);
    let unchecked = CertificateFault::Unchecked { index: 0, limit };
    tls.verification.as_mut().unwrap().faults = vec![unchecked.clone()];
    let unknown = text(trace.clone(), Dialect::Prometheus);
    assert!(!unknown.contains("urltrace_tls_verified"), "nothing is known against it: {unknown}");
    let tls = trace.connections.last_mut().unwrap().tls.ran_mut().unwrap();
    tls.verification.as_mut().unwrap().faults = vec![unchecked, CertificateFault::SelfSigned];
    let text = text(trace, Dialect::Prometheus);
    let of = |metric: &str| {
        let found = samples(&text).into_iter().find(|(series, _)| series.starts_with(&format!("{metric}{{")));
        found.map(|(_, number)| number.to_owned())
    };
    assert_eq!(of("urltrace_tls_verified").as_deref(), Some("0"));
    assert!(of("urltrace_tls_leaf_not_after_timestamp_seconds").is_some(), "{text}");
}

#[test]
fn a_failure_has_its_stage_and_reason_and_a_success_has_none() {
    let success = text(testtrace::success(), Dialect::Prometheus);
    assert!(success.contains("urltrace_success{") && !success.contains("urltrace_failure_info"), "{success}");
    let (_, failed) = testtrace::all().into_iter().find(|(_, trace)| trace.failure().is_some()).unwrap();
    let failure = failed.failure().unwrap().clone();
    let text = text(failed, Dialect::OpenMetrics);
    let expected = format!("stage=\"{}\",reason=\"{}\"}} 1", failure.stage.as_str(), failure.code.as_str());
    assert!(text.contains(&expected) && text.contains("# TYPE urltrace_failure info"), "{text}");
}

#[test]
fn many_runs_have_quantiles_that_their_number_carries() {
    let run = || Repeated {
        report: TraceReport::of(testtrace::success(), &Selection::default(), |_, _| 0),
        late: None,
    };
    let runs: Vec<Repeated> = std::iter::repeat_with(run).take(10).collect();
    let plan = RepeatPlan {
        runs: 10,
        duration: None,
        interval: None,
        start: RunStart::Cold,
        detail: RunDetail::Whole,
    };
    let report = RepeatReport {
        input: "https://user:secret@www.example.test/?token=secret".to_owned(),
        plan,
        warm_up: None,
        runs,
        end: RepeatEnd::Done,
        budgets: Vec::new(),
        exit_code: 0,
        told: None,
    };
    let mut out = Vec::new();
    repeat(&redact(report, Secrets::Hide), Dialect::OpenMetrics, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("secret"), "{text}");
    let of = |quantile: &str| text.contains(&format!("phase=\"dns\",quantile=\"{quantile}\"}} 0.0284\n"));
    assert_eq!(["0.0", "0.5", "0.9", "1.0"].map(of), [true; 4], "{text}");
    assert_eq!(["0.95", "0.99"].map(of), [false; 2], "{text}");
    assert!(
        text.contains("urltrace_runs_phase_seconds_sum{url=") && text.contains("phase=\"dns\"} 0.284\n"),
        "{text}"
    );
    assert!(text.contains("outcome=\"ok\"} 10\n") && text.contains("urltrace_tls_leaf_not_after"), "{text}");
}
