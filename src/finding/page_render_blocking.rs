//! Scripts of the head that rendering waits for, and need not.

use super::found::{Finding, Severity};
use super::paged::{Asked, LEAST, MOST_NAMES, asked, names, saving, sooner, stalls};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{Blocking, InitiatorKind, Priority, ResourceKind, StageName, Trace};
use crate::units::{count, micros};

pub(super) const RULE: Rule = Rule {
    id: "page-render-blocking",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: something could be painted 50 ms sooner if the scripts of the head had defer or async (modelled)",
    standard: "WHATWG HTML section 4.12.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(simulation) = Simulation::of(trace) else { return Vec::new() };
    let scripts: Vec<Asked<'_>> = asked(trace)
        .into_iter()
        // What another site holds up is told by a rule of its own.
        .filter(|one| is_in_the_way(one) && stalls(trace, one).is_none())
        .collect();
    let mends: Vec<Mend> = scripts.iter().map(|one| Mend::Defer(one.request())).collect();
    let Some(last) = scripts.iter().map(|one| one.hop.end).max() else { return Vec::new() };
    if sooner(&simulation, &mends) < LEAST {
        return Vec::new();
    }
    let title =
        format!("rendering waits for {} of the head: {}", count(scripts.len(), "script"), names(&scripts));
    let evidence = scripts.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::Blocking));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "give them defer, or async where their order does not matter; what must run before the first paint is better \
         short and inline",
    );
    finding.detail = format!("the last was there after {}", micros(last.0));
    finding.saving = saving(&simulation, mends);
    vec![finding]
}

/// A script of markup without defer or async. One that asks to be waited for has a lower priority, or none of its own.
fn is_in_the_way(one: &Asked<'_>) -> bool {
    let resource = one.resource;
    resource.kind == ResourceKind::Script
        && resource.blocking == Blocking::Render
        && resource.initiator.kind == InitiatorKind::Parser
        && resource.priority > Priority::Low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::finding::{Basis, Mark};

    #[test]
    fn fires_on_a_script_that_holds_up_the_first_paint_alone() {
        let mut trace = sample::page_of(&[]);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::ask(&mut trace, sample::script("/app.js", 200_000));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.title, "rendering waits for 1 script of the head: `app.js`");
        let saving = finding.saving.unwrap();
        assert_eq!((saving.basis, saving.mark), (Basis::Modelled, Mark::StartRender));
        // The stylesheet is there after 20 ms, and is waited for all the same.
        assert!((170..=185).contains(&saving.amount.as_millis()), "{saving:?}");
        // No sooner than the stylesheet.
        let near = sample::page_of(&[sample::script("/app.js", 60_000)]);
        assert!(sample::of(&RULE, &near).is_empty());
        let async_script = sample::Asked { priority: Priority::Low, ..sample::script("/app.js", 200_000) };
        assert!(sample::of(&RULE, &sample::page_of(&[async_script])).is_empty(), "it asks to be waited for");
        let free = sample::Asked { blocking: Blocking::None, ..sample::script("/app.js", 200_000) };
        assert!(sample::of(&RULE, &sample::page_of(&[free])).is_empty());
    }
}
