//! Views of budgets.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::budget::Judged;

/// What a run, or many, was allowed to cost.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct BudgetView<'a> {
    /// What is limited, as on the command line: `total`, `dns`, `p95:total`, `bytes`, `redirects`, `cert-days`.
    what: String,
    /// The unit of `limit` and `actual`.
    #[cfg_attr(test, schemars(extend("enum" = ["us", "bytes", "count", "days"])))]
    unit: &'static str,
    /// The most that it may be; of `cert-days` the least.
    limit: u64,
    /// What it was. Of many runs, where no percentile is named, the median of times and the worst of the others; null
    /// where nothing was measured.
    actual: Option<u64>,
    /// Whether it held; null where that cannot be said, which counts as broken where the run did not fail.
    held: Option<bool>,
    /// Why `actual` is null.
    reason: Option<&'a str>,
}

impl<'a> From<&'a Judged> for BudgetView<'a> {
    fn from(judged: &'a Judged) -> Self {
        let Judged { budget, actual, held, reason } = judged;
        Self {
            what: budget.what(),
            unit: budget.measure.unit().as_str(),
            limit: budget.limit,
            actual: *actual,
            held: *held,
            reason: reason.as_deref(),
        }
    }
}
