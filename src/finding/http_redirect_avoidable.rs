//! A redirect was followed that a better link would have spared.

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_list;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::flow;
use crate::trace::{At, Dns, FailureCode, Hop, Redirect, RedirectChange, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "http-redirect-avoidable",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a redirect of a GET or HEAD was followed to a response, but for one to a login",
    standard: "RFC 9110 section 15.4",
    check: Check::Trace(check),
};

/// A hop with the redirect that it followed.
type Followed<'a> = (Hop<'a>, &'a Redirect);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    // Where it led to nothing, no link would be better.
    if trace.failure().is_some_and(|failure| failure.code != FailureCode::TooManyRedirects) {
        return Vec::new();
    }
    let mut groups: Vec<(&[RedirectChange], Vec<Followed<'_>>)> = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran() else { continue };
        let Some(redirect) = http.redirect.as_ref().filter(|redirect| redirect.followed) else { continue };
        // What follows a form that was sent (303), or leads to where one logs in, no link spares.
        if !matches!(http.request.method.as_str(), "GET" | "HEAD") || flow(http).is_some() {
            continue;
        }
        match groups.iter_mut().find(|(changes, _)| *changes == redirect.changes) {
            Some((_, hops)) => hops.push((hop, redirect)),
            None => groups.push((&redirect.changes, vec![(hop, redirect)])),
        }
    }
    groups.into_iter().map(|(changes, hops)| of_group(rule, trace, changes, &hops)).collect()
}

/// Redirects that change the same are told as one.
fn of_group(rule: &Rule, trace: &Trace, changes: &[RedirectChange], hops: &[Followed<'_>]) -> Finding {
    let took = hops.iter().map(|(hop, _)| hop.end.since(hop.start)).sum();
    let words: Vec<&str> = changes.iter().map(|change| change.as_str()).collect();
    let words = words.join(", ");
    let title = match hops {
        [(hop, redirect)] => {
            let target = redirect.target.as_deref().unwrap_or(&redirect.location);
            format!("hop {}: the redirect to {target} ({words}) cost {}", hop.id.0 + 1, duration(took))
        }
        _ => {
            let hops: Vec<usize> = hops.iter().map(|(hop, _)| hop.id.0 + 1).collect();
            let cost = duration(took);
            format!("{} redirects ({words}; {}) cost {cost}", hops.len(), hop_list(&hops))
        }
    };
    let evidence = hops.iter().flat_map(|(hop, _)| {
        [Place::Request(hop.id, InRequest::RedirectTarget), Place::Request(hop.id, InRequest::Total)]
    });
    let leads_down = |(_, redirect): &Followed<'_>| {
        redirect.target.as_ref().is_some_and(|target| target.starts_with("http:"))
    };
    let advice = if changes.contains(&RedirectChange::Scheme) && hops.iter().any(leads_down) {
        "answer by https itself, without a redirect to http"
    } else if changes.contains(&RedirectChange::Scheme) {
        "link to the https address directly; HSTS preloading avoids the redirect for good"
    } else if changes == [RedirectChange::Same] {
        "send the page with the cookie, or whatever else it waits for, instead of asking for the same once more"
    } else {
        "link to the final address directly"
    };
    let mut finding = rule.finding(title, evidence.collect(), advice);
    let spared: Vec<(At, At)> = hops.iter().map(|(hop, _)| (spared_from(trace, hop), hop.end)).collect();
    let certain = spared.iter().map(|(from, to)| to.since(*from)).sum();
    finding.saving = Saving::measured_at(&spared, "for visitors who come by this address", Load::This)
        .map(|saving| saving.up_to(took.saturating_sub(certain)));
    finding
}

/// From when on a hop would be spared without its redirect: what a later hop lives on has to be done anyway.
pub(super) fn spared_from(trace: &Trace, hop: &Hop<'_>) -> At {
    let later = || trace.hops().skip(hop.id.0 + 1);
    if later().any(|other| other.reused == Some(hop.id)) {
        return hop.http.ran().map_or(hop.end, |http| http.start);
    }
    // Zones that the first walk has found are not walked to again.
    let lives_on_it = |dns: &Dns| dns.cuts.iter().any(|cut| cut.cached);
    let asked = hop.dns.ran().filter(|_| later().filter_map(|it| it.dns.ran()).any(lives_on_it));
    asked.map_or(hop.start, |dns| dns.end.clamp(hop.start, hop.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Redirect;

    #[test]
    fn fires_on_a_followed_redirect_with_the_whole_hop_as_its_cost() {
        let mut trace = sample::sound();
        let redirect = |followed| Redirect {
            location: "/b".into(),
            target: Some("https://www.example.test/b".into()),
            changes: vec![RedirectChange::Path],
            followed,
            next_method: None,
        };
        sample::http(&mut trace).redirect = Some(redirect(false));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).redirect = Some(redirect(true));
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 67);
        assert!(findings[0].title.starts_with("hop 1: the redirect to "), "{}", findings[0].title);
    }

    #[test]
    fn what_no_link_spares_is_not_held_against_anybody() {
        let mut trace = sample::sound();
        let redirect = |target: &str, change| Redirect {
            location: target.into(),
            target: Some(target.into()),
            changes: vec![change],
            followed: true,
            next_method: None,
        };
        sample::http(&mut trace).redirect =
            Some(redirect("http://www.example.test/", RedirectChange::Scheme));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.advice.contains("without a redirect to http"), "{}", finding.advice);
        sample::http(&mut trace).redirect =
            Some(redirect("https://www.example.test/sent", RedirectChange::Path));
        sample::http(&mut trace).request.method = "POST".to_owned();
        assert!(sample::of(&RULE, &trace).is_empty(), "the answer to a form");
        let login =
            "https://login.example.test/authorize?response_type=code&client_id=a&redirect_uri=b&state=c";
        let http = sample::http(&mut trace);
        http.request.method = "GET".to_owned();
        (http.status, http.redirect) = (Some(302), Some(redirect(login, RedirectChange::Host)));
        assert!(sample::of(&RULE, &trace).is_empty(), "a login");
    }

    #[test]
    fn redirects_that_change_the_same_are_one_finding() {
        let mut trace = sample::redirects();
        let whole: std::time::Duration = trace.hops().take(2).map(|hop| hop.end.since(hop.start)).sum();
        assert_eq!(sample::of(&RULE, &trace).len(), 2, "they change different things");
        for request in trace.requests.iter_mut().take(2) {
            let redirect = request.http.ran_mut().unwrap().redirect.as_mut().unwrap();
            redirect.changes = vec![RedirectChange::Path];
        }
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.starts_with("2 redirects (path; hops 1 and 2) cost "),
            "{}",
            findings[0].title
        );
        assert_eq!((findings[0].evidence.len(), findings[0].saving.as_ref().unwrap().amount), (4, whole));
    }
}
