//! A page over TLS asks for scripts, styles or frames in the clear, which browsers block.

use super::found::{Finding, Severity};
use super::listed::{MOST, names, those};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Fate, Left, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "page-mixed-content",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "with --page: a page over TLS asks for something other than an image, audio or video by http, which browsers block",
    standard: "W3C Mixed Content section 4.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let blocked = those(trace, |resource| resource.fate == Fate::Left(Left::MixedContent));
    let listed = names(&blocked, |resource| format!("`{}`", resource.url));
    let title = match blocked.len() {
        0 => return Vec::new(),
        1 => format!("a page over TLS asks for something in the clear: {listed}"),
        number => format!("a page over TLS asks for {number} resources in the clear: {listed}"),
    };
    let evidence = blocked.iter().take(MOST).map(|(id, _)| Place::Resource(*id, InResource::Reason));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "name it by https, or where it has none, from a host that does: until then it is missing from the page",
    );
    "browsers block scripts, styles and frames of this kind, and so they were not asked for here"
        .clone_into(&mut finding.detail);
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_browsers_block_alone() {
        let mut trace = sample::paged();
        assert!(sample::of(&RULE, &trace).is_empty());
        let page = trace.page.as_mut().unwrap();
        page.resources[2].fate = Fate::Left(Left::Lazy);
        assert!(sample::of(&RULE, &trace).is_empty());
        let page = trace.page.as_mut().unwrap();
        (page.resources[2].fate, page.resources[2].url) =
            (Fate::Left(Left::MixedContent), "http://www.example.test/a.js".to_owned());
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.ends_with("`http://www.example.test/a.js`"), "{}", finding.title);
    }
}
