//! A stylesheet that only another one names, by @import.

use super::found::{Finding, Severity};
use super::paged::{Asked, LEAST, MOST_NAMES, asked, names, saving, sooner};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{Asker, Blocking, InitiatorKind, ResourceKind, StageName, Trace};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "page-css-import",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: something could be painted 50 ms sooner if the head named the stylesheets that others import (modelled)",
    standard: "W3C CSS Cascade section 2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(simulation) = Simulation::of(trace) else { return Vec::new() };
    let imports: Vec<Asked<'_>> = asked(trace).into_iter().filter(is_import).collect();
    let mends: Vec<Mend> = imports.iter().map(|one| Mend::Preload(one.request())).collect();
    if imports.is_empty() || sooner(&simulation, &mends) < LEAST {
        return Vec::new();
    }
    let sheets = count(imports.len(), "stylesheet");
    let title = format!("{sheets} found only in others, by @import: {}", names(&imports));
    let evidence = imports.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::Discovered));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "name them by <link rel=stylesheet> in the head, or put their rules into the sheet that imports them",
    );
    "rendering waits for both, and the second is not known before the first is there"
        .clone_into(&mut finding.detail);
    finding.saving = saving(&simulation, mends);
    vec![finding]
}

fn is_import(one: &Asked<'_>) -> bool {
    let resource = one.resource;
    resource.kind == ResourceKind::Stylesheet
        && resource.blocking == Blocking::Render
        && resource.initiator.kind == InitiatorKind::Css
        // One in a style element is found with the document.
        && resource.initiator.of != Asker::Document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::ResourceId;

    fn import(of: Asker, start: u64) -> sample::Asked<'static> {
        sample::Asked { of, by: InitiatorKind::Css, start, ..sample::style("/base.css", 100_000) }
    }

    #[test]
    fn fires_on_an_import_that_comes_last_and_not_on_one_that_is_there_in_time() {
        assert!(sample::of(&RULE, &sample::page_of(&[sample::style("/two.css", 100_000)])).is_empty());
        let slow = sample::style("/slow.css", 100_000);
        let late = import(Asker::Resource(ResourceId(1)), 101_000);
        let trace = sample::page_of(&[slow, late]);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.title, "1 stylesheet found only in others, by @import: `base.css`");
        let amount = finding.saving.unwrap().amount.as_millis();
        assert!((95..=105).contains(&amount), "{amount}");
        let not_awaited = sample::Asked { blocking: Blocking::None, ..late };
        assert!(sample::of(&RULE, &sample::page_of(&[slow, not_awaited])).is_empty());
        let last = sample::script("/last.js", 400_000);
        assert!(
            sample::of(&RULE, &sample::page_of(&[slow, late, last])).is_empty(),
            "something else is later"
        );
    }
}
