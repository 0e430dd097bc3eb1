//! Resources of a page that have something in common, as titles of findings name them.

use super::paged::is_anothers;
use crate::trace::{Resource, ResourceId, Trace};

/// Names in a title, and places in the evidence.
pub(super) const MOST: usize = 3;

/// The resources of which something holds, but for those inside frames of other sites.
pub(super) fn those(trace: &Trace, holds: impl Fn(&Resource) -> bool) -> Vec<(ResourceId, &Resource)> {
    let all = trace.page.iter().flat_map(|page| page.resources.iter().enumerate());
    all.filter(|(_, resource)| holds(resource) && !is_anothers(trace, resource))
        .map(|(id, resource)| (ResourceId(id), resource))
        .collect()
}

/// "`a`, `b`, `c`, ...", each in the words of the caller.
pub(super) fn names(all: &[(ResourceId, &Resource)], words: impl Fn(&Resource) -> String) -> String {
    let names: Vec<String> = all.iter().take(MOST).map(|(_, resource)| words(resource)).collect();
    let more = if all.len() > MOST { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}
