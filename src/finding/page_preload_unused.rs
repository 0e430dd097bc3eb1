//! A preload that its use does not take, so that browsers fetch it twice.

use super::found::{Finding, Severity};
use super::listed::{MOST, names, those};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Ahead, CrossOrigin, Fate, Left, Resource, ResourceKind, StageName, Trace, Use};

pub(super) const RULE: Rule = Rule {
    id: "page-preload-unused",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a preload has another crossorigin than its use, or is of a font and has none: browsers fetch it twice",
    standard: "WHATWG HTML section 4.6.7",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(page) = &trace.page else { return Vec::new() };
    let unfit = those(trace, |one| is_preload(one) && is_unfit(one, &page.resources));
    let listed = names(&unfit, |one| format!("`{}`", one.url));
    let title = match unfit.len() {
        0 => return Vec::new(),
        1 => format!("a preload is of no use, for its crossorigin: {listed}"),
        number => format!("{number} preloads are of no use, for their crossorigin: {listed}"),
    };
    let evidence = unfit.iter().take(MOST).map(|(id, _)| Place::Resource(*id, InResource::Url));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "give the preload the crossorigin of its use; fonts are always fetched with crossorigin, the page's own, too",
    );
    "a preload answers a request of the same mode only: a browser that needs the file fetches it again"
        .clone_into(&mut finding.detail);
    vec![finding]
}

fn is_preload(one: &Resource) -> bool {
    one.ahead == Some(Ahead::Preload(Use::Unseen))
}

fn is_unfit(one: &Resource, all: &[Resource]) -> bool {
    let is_font = one.kind == ResourceKind::Font && one.cross_origin == CrossOrigin::No;
    let is_used_otherwise = |other: &Resource| {
        other.url == one.url
            && other.ahead.is_none()
            && other.cross_origin != one.cross_origin
            // How a stylesheet's image is fetched depends on what it is for: masks are fetched with CORS.
            && !matches!(other.fate, Fate::Left(Left::Potential | Left::NoModule))
    };
    is_font || all.iter().any(is_used_otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_mode_that_differs_from_the_use_alone() {
        let mut trace = sample::page_of(&[sample::image("/a.png", 1000), sample::image("/b.png", 1000)]);
        assert!(sample::of(&RULE, &trace).is_empty());
        let resources = &mut trace.page.as_mut().unwrap().resources;
        (resources[1].ahead, resources[1].kind) = (Some(Ahead::Preload(Use::Unseen)), ResourceKind::Script);
        assert!(sample::of(&RULE, &trace).is_empty(), "a script may use it");
        let mut font = trace.clone();
        font.page.as_mut().unwrap().resources[1].kind = ResourceKind::Font;
        let finding = sample::of(&RULE, &font).remove(0);
        assert!(
            finding.title.ends_with("crossorigin: `https://www.example.test/a.png`"),
            "{}",
            finding.title
        );
        font.page.as_mut().unwrap().resources[1].cross_origin = CrossOrigin::Anonymous;
        assert!(sample::of(&RULE, &font).is_empty(), "it fits");
        let resources = &mut trace.page.as_mut().unwrap().resources;
        (resources[2].url, resources[2].cross_origin) = (resources[1].url.clone(), CrossOrigin::Anonymous);
        assert!(!sample::of(&RULE, &trace).is_empty(), "used in another mode");
    }
}
