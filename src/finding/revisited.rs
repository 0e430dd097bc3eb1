//! What the rules on a page's second visit share. No rule itself.

use super::found::Finding;
use super::paged::{MOST_NAMES, is_other_site};
use super::place::{InAgain, Place};
use super::rule::Rule;
use crate::trace::{Hop, Reasked, Revisit, Trace};

/// A request of the second visit, of a host of the document's own site.
#[derive(Clone, Copy)]
pub(super) struct Again<'t> {
    /// Its place in the second visit.
    pub(super) place: usize,
    pub(super) row: &'t Revisit,
    pub(super) asked: &'t Reasked,
    /// The request of the first.
    pub(super) first: Hop<'t>,
}

/// All that were made and meet a condition.
pub(super) fn again<'t>(trace: &'t Trace, is: impl Fn(&Again<'t>) -> bool) -> Vec<Again<'t>> {
    let visit = trace.page.as_ref().and_then(|page| page.again.as_ref());
    let (Some(visit), Some(document)) = (visit, trace.hops().next_back()) else { return Vec::new() };
    let all = visit.requests.iter().enumerate().filter_map(|(place, row)| {
        let asked = row.asked.as_ref()?;
        let first = trace.hops().nth(row.of.0).or_else(|| trace.page_hop(row.of))?;
        Some(Again { place, row, asked, first })
    });
    all.filter(|it| !is_other_site(&document.url.host_ascii, &it.first.url.host_ascii))
        .filter(|it| is(it))
        .collect()
}

/// Their names, and that there are more.
fn names(all: &[Again<'_>]) -> String {
    let name = |it: &Again<'_>| {
        let url = it.first.url;
        let file = url.path.rsplit('/').find(|part| !part.is_empty());
        format!("`{}`", file.unwrap_or(&url.host_ascii))
    };
    let named: Vec<String> = all.iter().take(MOST_NAMES).map(name).collect();
    format!("{}{}", named.join(", "), if all.len() > MOST_NAMES { ", ..." } else { "" })
}

/// The finding of a rule on these; none where there are none.
pub(super) fn finding(
    rule: &Rule,
    (all, at): (&[Again<'_>], InAgain),
    title: &str,
    advice: &'static str,
    detail: String,
) -> Vec<Finding> {
    if all.is_empty() {
        return Vec::new();
    }
    let evidence = all.iter().take(MOST_NAMES).map(|it| Place::Again(it.place, at));
    let mut finding = rule.finding(format!("{title}: {}", names(all)), evidence.collect(), advice);
    finding.detail = detail;
    vec![finding]
}

/// Bytes that came once more.
pub(super) fn bytes(all: &[Again<'_>]) -> u64 {
    all.iter().map(|it| it.asked.wire_bytes).sum()
}
