//! A preload that its use does not take, so that browsers fetch it twice.

use super::found::{Finding, Severity};
use super::paged::is_anothers;
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{
    Ahead, CrossOrigin, Fate, Left, Resource, ResourceId, ResourceKind, StageName, Trace, Use,
};

pub(super) const RULE: Rule = Rule {
    id: "page-preload-unused",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a preload has another crossorigin than its use, or is of a font and has none: browsers fetch it twice",
    standard: "WHATWG HTML section 4.6.7",
    check: Check::Trace(check),
};

/// Names in a title.
const MOST_NAMES: usize = 3;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(page) = &trace.page else { return Vec::new() };
    let all = || page.resources.iter().enumerate().map(|(id, resource)| (ResourceId(id), resource));
    let unfit: Vec<(ResourceId, &Resource)> = all()
        .filter(|(_, one)| is_preload(one) && is_unfit(one, &page.resources))
        .filter(|(_, one)| !is_anothers(trace, one))
        .collect();
    let names: Vec<String> = unfit.iter().take(MOST_NAMES).map(|(_, one)| format!("`{}`", one.url)).collect();
    let more = if unfit.len() > MOST_NAMES { ", ..." } else { "" };
    let title = match unfit.len() {
        0 => return Vec::new(),
        1 => format!("a preload is of no use, for its crossorigin: {}", names[0]),
        number => {
            format!("{number} preloads are of no use, for their crossorigin: {}{more}", names.join(", "))
        }
    };
    let evidence = unfit.iter().take(MOST_NAMES).map(|(id, _)| Place::Resource(*id, InResource::Url));
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
