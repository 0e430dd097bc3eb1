//! Many runs of one URL as metrics: summaries with quantiles. Certificate, status and version are those of the run
//! nearest the median.

use super::exposition::{Family, Kind, Label, Value};
use super::single::{build, started};
use super::{connection, response};
use crate::report::RepeatReport;
use crate::runs::{Percentile, Spread, Summary, median_run};
use crate::trace::Trace;

/// Families of a single run that hold for many, too.
const OF_ONE: [&str; 8] = [
    "urltrace_tls_verified",
    "urltrace_tls_info",
    "urltrace_tls_leaf_not_after_timestamp_seconds",
    "urltrace_tls_leaf_not_before_timestamp_seconds",
    "urltrace_tls_chain_earliest_not_after_timestamp_seconds",
    "urltrace_tls_leaf_info",
    "urltrace_http_status_code",
    "urltrace_http_info",
];

/// The metrics of many runs.
pub(super) fn families(report: &RepeatReport) -> Vec<Family> {
    let traces = report.traces();
    let summary = Summary::of(&traces);
    let mut all = vec![runs(&summary), failures(&summary)];
    all.extend(spreads(&summary));
    if let Some(trace) = median_run(&traces).and_then(|at| traces.get(at)) {
        all.extend(of_one(trace));
    }
    all.extend(traces.first().map(|trace| started(trace.started_at)));
    all.push(build());
    all
}

fn runs(summary: &Summary) -> Family {
    let mut family = Family::new("urltrace_runs", Kind::Gauge, "Runs of the last repeat, by how they ended.");
    for (outcome, count) in [("ok", summary.ok), ("failed", summary.failed())] {
        family.add(vec![("outcome", outcome.to_owned())], Value::count(count));
    }
    family
}

fn failures(summary: &Summary) -> Family {
    let help = "Runs of the last repeat that failed, by where and why.";
    let mut family = Family::new("urltrace_runs_failed", Kind::Gauge, help);
    for failures in &summary.failures {
        let labels = vec![
            ("stage", failures.stage.as_str().to_owned()),
            ("reason", failures.code.as_str().to_owned()),
        ];
        family.add(labels, Value::count(failures.count));
    }
    family
}

/// Quantiles by nearest rank; none that so few runs cannot carry. 0 and 1 are the extremes.
fn spreads(summary: &Summary) -> [Family; 2] {
    let mut duration = Family::new(
        "urltrace_runs_duration_seconds",
        Kind::Summary,
        "From the start to the last byte, over the runs of the last repeat that came to their end.",
    );
    let mut phases = Family::new(
        "urltrace_runs_phase_seconds",
        Kind::Summary,
        "What a phase took, over the runs of the last repeat that came to their end and had it.",
    );
    if let Some(spread) = &summary.total {
        quantiles(&mut duration, &[], spread);
    }
    let unaccounted = [("unaccounted", summary.unaccounted.as_ref())];
    let named = summary.phases.iter().map(|(phase, spread)| (phase.as_str(), spread.as_ref()));
    for (phase, spread) in named.chain(unaccounted) {
        if let Some(spread) = spread {
            quantiles(&mut phases, &[("phase", phase.to_owned())], spread);
        }
    }
    [duration, phases]
}

fn quantiles(family: &mut Family, labels: &[Label], spread: &Spread) {
    let rank = |percentile: Percentile| match percentile {
        Percentile::P50 => "0.5",
        Percentile::P90 => "0.9",
        Percentile::P95 => "0.95",
        Percentile::P99 => "0.99",
    };
    let between = Percentile::ALL.map(|percentile| (rank(percentile), spread.percentile(percentile)));
    let (min, max) = (("0.0", Some(spread.min())), ("1.0", Some(spread.max())));
    for (quantile, us) in [min].into_iter().chain(between).chain([max]) {
        if let Some(us) = us {
            let own = labels.iter().cloned().chain([("quantile", quantile.to_owned())]);
            family.add(own.collect(), Value::Micros(us));
        }
    }
    family.add_sum(labels, Value::Micros(spread.sum()), spread.n());
}

fn of_one(trace: &Trace) -> Vec<Family> {
    let mut all = connection::families(trace);
    all.extend(response::families(trace));
    all.retain(|family| OF_ONE.contains(&family.name()));
    all
}
