//! Resources that the page asks for where they no longer are.

use super::found::{Finding, Severity};
use super::paged::{Asked, MOST_NAMES, asked, names, saving};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "page-resource-redirect",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: a resource was redirected for good (301, 308)",
    standard: "RFC 9110 section 15.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let moved: Vec<Asked<'_>> = asked(trace).into_iter().filter(is_moved).collect();
    let title = match moved.len() {
        0 => return Vec::new(),
        1 => format!("a resource of the page has moved for good: {}", names(&moved)),
        number => format!("{number} resources of the page have moved for good: {}", names(&moved)),
    };
    let evidence = moved.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::Status));
    let advice = if moved.len() == 1 { "name it where it is now" } else { "name them where they are now" };
    let mut finding = rule.finding(title, evidence.collect(), advice);
    let mends: Vec<Mend> = moved.iter().map(|one| Mend::Direct(one.request())).collect();
    finding.saving = Simulation::of(trace).and_then(|simulation| saving(&simulation, mends));
    vec![finding]
}

fn is_moved(one: &Asked<'_>) -> bool {
    let redirect = one.hop.http.ran().filter(|http| matches!(http.status, Some(301 | 308)));
    redirect.is_some_and(|http| http.redirect.as_ref().is_some_and(|redirect| redirect.followed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Redirect, sample::redirect_to};

    #[test]
    fn fires_on_what_has_moved_for_good_alone() {
        let mut trace = sample::page_of(&[sample::image("/old.png", 10_000)]);
        assert!(sample::of(&RULE, &trace).is_empty());
        let redirect: Redirect = redirect_to("https://www.example.test/new.png");
        for (status, fires) in [(301, true), (308, true), (302, false), (307, false)] {
            let http = sample::resource(&mut trace, 1).http.ran_mut().unwrap();
            (http.status, http.redirect) = (Some(status), Some(redirect.clone()));
            let found = sample::of(&RULE, &trace);
            assert_eq!(!found.is_empty(), fires, "{status}");
            assert!(
                found.iter().all(|it| it.title == "a resource of the page has moved for good: `old.png`")
            );
        }
        let http = sample::resource(&mut trace, 1).http.ran_mut().unwrap();
        http.status = Some(301);
        http.redirect.as_mut().unwrap().followed = false;
        assert!(sample::of(&RULE, &trace).is_empty(), "nobody went there");
    }
}
