//! What every renderer tells of several ways in turn: how they stand to the first, and which run stands for each.

use crate::diff::{Paired, beside_first};
use crate::plan::Varied;
use crate::report::{CompareReport, Compared};
use crate::runs::median_run;
use crate::trace::Trace;

/// What is set beside the first row, without what was varied itself.
pub(super) fn paired(report: &CompareReport) -> Vec<Paired> {
    let ways: Vec<Vec<&Trace>> = report.rows.iter().map(|row| row.runs.iter().collect()).collect();
    let own: &[&str] = match report.varied {
        Varied::Http => &["protocol"],
        Varied::Family | Varied::Address => &["address", "addresses in DNS"],
        Varied::Resolver | Varied::Url => &[],
        // A kept connection is not looked at again.
        Varied::Warm => {
            &["address", "addresses in DNS", "TLS version", "cipher suite", "key exchange", "certificate"]
        }
    };
    let mut paired = beside_first(&ways);
    // Of requests that were not saved nothing follows.
    for (one, told) in paired.iter_mut().zip(report.told.iter().flatten()) {
        one.changes.clone_from(told);
    }
    // Of several requests the name says which, in brackets behind it.
    let is_own = |what: &str| own.contains(&what.split(" (request").next().unwrap_or_default());
    paired.iter_mut().for_each(|one| one.changes.retain(|change| !is_own(&change.what)));
    paired
}

/// The run that stands for a row: the median one of those that came to their end.
pub(super) fn shown(row: &Compared) -> Option<(usize, &Trace)> {
    let runs: Vec<&Trace> = row.runs.iter().collect();
    let at = median_run(&runs)?;
    Some((at, row.runs.get(at)?))
}
