//! A page of many bytes.

use super::found::{Finding, Severity};
use super::place::{InRequest, InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Hop, ResourceId, StageName, Trace};
use crate::units::{bytes, count};

pub(super) const RULE: Rule = Rule {
    id: "page-overweight",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: the bodies of all that was asked for come to more than 2,667 KiB on the wire",
    standard: "RFC 9110 section 6.4",
    check: Check::Trace(check),
};

/// Where Lighthouse begins to take points off.
const HEAVY: u64 = 2_667 * 1024;
/// Names in a title.
const MOST_NAMES: usize = 3;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(page) = &trace.page else { return Vec::new() };
    let weight = |hop: &Hop<'_>| hop.http.ran().map_or(0, |http| http.body.wire_bytes);
    let mut all: Vec<(ResourceId, Hop<'_>)> =
        page.requested().filter_map(|(id, _, request)| Some((id, trace.page_hop(request)?))).collect();
    let document: u64 = trace.hops().map(|hop| weight(&hop)).sum();
    let sum = document + all.iter().map(|(_, hop)| weight(hop)).sum::<u64>();
    if sum <= HEAVY {
        return Vec::new();
    }
    all.sort_by_key(|(_, hop)| std::cmp::Reverse(weight(hop)));
    let heaviest = all.iter().take(MOST_NAMES).filter(|(_, hop)| weight(hop) > 0);
    let named: Vec<String> =
        heaviest.clone().map(|(_, hop)| format!("`{}` ({})", hop.url.path, bytes(weight(hop)))).collect();
    let heaviest_are = match named.len() {
        0 => String::new(),
        _ => format!("; the heaviest are {}", named.join(", ")),
    };
    let responses = count(trace.requests.len() + all.len(), "response");
    let title = format!("the page weighs {} in {responses}{heaviest_are}", bytes(sum));
    let document = trace.hops().next_back().map(|hop| Place::Request(hop.id, InRequest::WireBytes));
    let heaviest = heaviest.map(|(id, _)| Place::Resource(*id, InResource::WireBytes));
    let mut finding = rule.finding(
        title,
        document.into_iter().chain(heaviest).collect(),
        "send images in the size that they are shown in and in newer formats (AVIF, WebP), scripts without what the page \
         does not use, and what is out of sight only when it is needed (loading=lazy)",
    );
    "what that costs depends on each visitor's line: on one of 10 Mbit/s, 2.2 s for 2,667 KiB alone"
        .clone_into(&mut finding.detail);
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn weighing(bytes: u64) -> Vec<Finding> {
        let mut trace = sample::page_of(&[sample::image("/large.png", 1000)]);
        let own: u64 =
            trace.hops().chain(trace.page_hops()).map(|hop| hop.http.ran().unwrap().body.wire_bytes).sum();
        let http = sample::resource(&mut trace, 1).http.ran_mut().unwrap();
        http.body.wire_bytes += bytes - own;
        sample::of(&RULE, &trace)
    }

    #[test]
    fn a_document_may_be_all_of_it() {
        let mut trace = sample::page_of(&[]);
        trace.page.as_mut().unwrap().resources.clear();
        sample::http(&mut trace).body.wire_bytes = HEAVY + 1;
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.evidence.len(), 1, "{finding:?}");
    }

    #[test]
    fn fires_beyond_its_limit_alone() {
        assert!(weighing(HEAVY).is_empty());
        let finding = weighing(HEAVY + 1).remove(0);
        assert!(
            finding.title.starts_with(
                "the page weighs 2.7 MB in 3 responses; the heaviest are `/large.png` (2.7 MB), "
            ),
            "{}",
            finding.title
        );
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "no page");
    }
}
