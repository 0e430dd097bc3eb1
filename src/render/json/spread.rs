//! Views of how phases spread over many runs.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::runs::{Percentile, Spread, Summary};
use crate::timeline::Phase;

/// How each phase spread over the runs that came to their end, in microseconds; null where a phase happened in none.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SpreadsView {
    /// See `phases` of a trace.
    queue: Option<SpreadView>,
    /// See `phases` of a trace.
    dns: Option<SpreadView>,
    /// See `phases` of a trace.
    connect: Option<SpreadView>,
    /// See `phases` of a trace.
    proxy: Option<SpreadView>,
    /// See `phases` of a trace.
    tls: Option<SpreadView>,
    /// See `phases` of a trace.
    quic: Option<SpreadView>,
    /// See `phases` of a trace.
    send: Option<SpreadView>,
    /// See `phases` of a trace.
    wait: Option<SpreadView>,
    /// See `phases` of a trace.
    receive: Option<SpreadView>,
    /// What belongs to no phase.
    unaccounted: Option<SpreadView>,
    /// From t0 to the end of the last hop.
    total: Option<SpreadView>,
}

/// How one of them spread. Percentiles are by nearest rank: each is the time of a run.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[allow(clippy::struct_field_names)] // the unit belongs into a name that leaves the program
pub(super) struct SpreadView {
    /// In how many runs it happened.
    n: usize,
    /// The least.
    min_us: u64,
    /// Half of the runs took no longer.
    p50_us: u64,
    /// 90 % of the runs took no longer; null where n is below 10: it would be the longest.
    p90_us: Option<u64>,
    /// 95 %; null where n is below 20.
    p95_us: Option<u64>,
    /// 99 %; null where n is below 100.
    p99_us: Option<u64>,
    /// The longest.
    max_us: u64,
    /// The arithmetic mean.
    mean_us: u64,
    /// The sample standard deviation; null of one run.
    stddev_us: Option<u64>,
    /// Why members are null: one for each that is.
    null_reasons: ReasonsView,
}

/// Why a number is null: one member for each that is.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ReasonsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    p90_us: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_us: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stddev_us: Option<String>,
}

impl SpreadsView {
    pub(super) fn new(summary: Summary) -> Self {
        let Summary { phases, unaccounted, total, .. } = summary;
        let of = |phase: Phase| phases[phase].as_ref().map(SpreadView::new);
        Self {
            queue: of(Phase::Queue),
            dns: of(Phase::Dns),
            connect: of(Phase::Connect),
            proxy: of(Phase::Proxy),
            tls: of(Phase::Tls),
            quic: of(Phase::Quic),
            send: of(Phase::Send),
            wait: of(Phase::Wait),
            receive: of(Phase::Receive),
            unaccounted: unaccounted.as_ref().map(SpreadView::new),
            total: total.as_ref().map(SpreadView::new),
        }
    }
}

impl SpreadView {
    pub(super) fn new(spread: &Spread) -> Self {
        let why = |percentile: Percentile| {
            spread
                .percentile(percentile)
                .is_none()
                .then(|| format!("it takes {} runs, and there are {}", percentile.least(), spread.n()))
        };
        Self {
            n: spread.n(),
            min_us: spread.min(),
            p50_us: spread.median(),
            p90_us: spread.percentile(Percentile::P90),
            p95_us: spread.percentile(Percentile::P95),
            p99_us: spread.percentile(Percentile::P99),
            max_us: spread.max(),
            mean_us: spread.mean,
            stddev_us: spread.stddev,
            null_reasons: ReasonsView {
                p90_us: why(Percentile::P90),
                p95_us: why(Percentile::P95),
                p99_us: why(Percentile::P99),
                stddev_us: spread.stddev.is_none().then(|| "it takes 2 runs, and there is 1".to_owned()),
            },
        }
    }
}
