//! Something that the page asks for is not there.

use super::found::{Finding, Severity};
use super::paged::{is_anothers, is_of_this_side};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Blocking, Hop, Resource, ResourceId, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "page-broken-resource",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a resource that was asked for has status 4xx or 5xx, or no response (error: where rendering waits for it)",
    standard: "RFC 9110 section 15.5",
    check: Check::Trace(check),
};

/// Names in a title.
const MOST_NAMES: usize = 3;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(page) = &trace.page else { return Vec::new() };
    let broken: Vec<(ResourceId, &Resource, Hop<'_>)> = page
        .requested()
        .filter_map(|(id, resource, request)| Some((id, resource, trace.page_hop(request)?)))
        .filter(|(_, resource, hop)| {
            is_broken(hop) && !is_repeated(trace, hop) && !is_anothers(trace, resource)
        })
        .collect();
    let Some((_, first, _)) = broken.first() else { return Vec::new() };
    let names: Vec<String> =
        broken.iter().take(MOST_NAMES).map(|(_, resource, hop)| words(resource, hop)).collect();
    let more = if broken.len() > MOST_NAMES { ", ..." } else { "" };
    let title = match broken.len() {
        1 => format!("a resource of the page is broken: {}", names[0]),
        number => format!("{number} resources of the page are broken: {}{more}", names.join(", ")),
    };
    let evidence = broken.iter().take(MOST_NAMES).map(|(id, _, hop)| {
        let field = if hop.failure.is_some() { InResource::Failure } else { InResource::Status };
        Place::Resource(*id, field)
    });
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "correct the URL where it is named, or take the reference away",
    );
    let blocking = broken.iter().filter(|(_, resource, _)| resource.blocking == Blocking::Render).count();
    if blocking > 0 {
        finding.severity = Severity::Error;
        finding.detail = match broken.len() {
            1 => "rendering had to wait for it".to_owned(),
            _ => format!("rendering had to wait for {blocking} of them"),
        };
    } else {
        finding.detail = format!("its kind, or that of the first: {}", first.kind.as_str());
    }
    vec![finding]
}

/// What the run's own end cut off is not broken; nor is what a proxy of this side keeps from it, which the page's visitors
/// need not come by.
fn is_broken(hop: &Hop<'_>) -> bool {
    match hop.failure {
        Some(failure) => !is_of_this_side(failure.code),
        None => hop.http.ran().and_then(|http| http.status).is_some_and(|status| status >= 400),
    }
}

/// Whether it was asked for once more, because a kept connection had ended under it.
fn is_repeated(trace: &Trace, hop: &Hop<'_>) -> bool {
    use crate::trace::{Asker, InitiatorKind};
    let Some(page) = &trace.page else { return false };
    let own = page.requested().find(|(.., request)| *request == hop.id).map(|(id, ..)| id);
    let again = |resource: &Resource| {
        resource.initiator.kind == InitiatorKind::Retry
            && Some(resource.initiator.of) == own.map(Asker::Resource)
    };
    page.resources.iter().any(again)
}

fn words(resource: &Resource, hop: &Hop<'_>) -> String {
    let why = match (hop.failure, hop.http.ran().and_then(|http| http.status)) {
        (Some(failure), _) => failure.code.as_str().to_owned(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "no response".to_owned(),
    };
    format!("`{}` ({why})", resource.url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Failure, FailureCode};

    #[test]
    fn fires_on_statuses_and_failures_and_not_on_the_end_of_the_run() {
        let sound = sample::paged();
        assert!(sample::of(&RULE, &sound).is_empty());
        let mut gone = sound.clone();
        sample::resource(&mut gone, 1).http.ran_mut().unwrap().status = Some(404);
        let finding = sample::of(&RULE, &gone).remove(0);
        assert!(finding.title.contains("/hero.png` (404)"), "{}", finding.title);
        assert_eq!(finding.severity, Severity::Warning);
        sample::resource(&mut gone, 0).http.ran_mut().unwrap().status = Some(500);
        let finding = sample::of(&RULE, &gone).remove(0);
        assert!(finding.title.starts_with("2 resources"), "{}", finding.title);
        assert_eq!(finding.severity, Severity::Error, "its stylesheet blocks");
        let mut near = sound.clone();
        sample::resource(&mut near, 1).http.ran_mut().unwrap().status = Some(399);
        assert!(sample::of(&RULE, &near).is_empty());
        for (code, fires) in [
            (FailureCode::ConnectionRefused, true),
            (FailureCode::MaxTime, false),
            (FailureCode::ProxyRefused, false),
            (FailureCode::ProxyTargetFailed, true),
        ] {
            let mut failed = sound.clone();
            sample::resource(&mut failed, 1).failure = Some(Failure {
                stage: StageName::Tcp,
                code,
                message: "refused".to_owned(),
                hint: None,
                running: std::time::Duration::ZERO,
            });
            assert_eq!(!sample::of(&RULE, &failed).is_empty(), fires, "{code:?}");
        }
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "no page");
    }
}
