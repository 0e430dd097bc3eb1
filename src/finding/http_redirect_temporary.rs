//! A redirect to the page's one true address has a status that nobody remembers.

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_list;
use super::http_redirect_avoidable::spared_from;
use super::kept::lifetime;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::hsts::{Policy, policy};
use crate::trace::{Hop, Http, Redirect, RedirectChange, Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-redirect-temporary",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a redirect of a GET that only goes to https, adds or drops www, or the last slash, has status 302, 303 or 307 and no Cache-Control that keeps it",
    standard: "RFC 9110 section 15.4.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let found: Vec<(Hop<'_>, &Http, &Redirect)> = trace.hops().filter_map(temporary).collect();
    let Some((first, http, redirect)) = found.first() else { return Vec::new() };
    let status = http.status.unwrap_or_default();
    let numbers: Vec<usize> = found.iter().map(|(hop, ..)| hop.id.0 + 1).collect();
    let title = match found.as_slice() {
        [_] if trace.requests.len() == 1 => {
            format!("the redirect ({}) is temporary: {status}", words(redirect))
        }
        [_] => format!("hop {}: the redirect ({}) is temporary: {status}", first.id.0 + 1, words(redirect)),
        all => format!("{} redirects to the true address are temporary ({})", all.len(), hop_list(&numbers)),
    };
    let evidence = found.iter().flat_map(|(hop, ..)| {
        [Place::Request(hop.id, InRequest::Status), Place::Request(hop.id, InRequest::RedirectTarget)]
    });
    let advice =
        "if it is meant for good, answer 301 (or 308, which keeps the method), which browsers remember";
    let mut finding = rule.finding(title, evidence.collect(), advice);
    "temporary redirects are asked for again on each visit, and search engines keep the old address"
        .clone_into(&mut finding.detail);
    let spared: Vec<_> = found
        .iter()
        .filter(|(hop, _, redirect)| redirect.followed && !is_known(trace, hop))
        .map(|(hop, ..)| (spared_from(trace, hop), hop.end))
        .collect();
    let applies = "for visitors who come back by the same address";
    finding.saving = Saving::derived_at(&spared, applies, Load::Repeat);
    vec![finding]
}

/// The hop, if it is one.
fn temporary(hop: Hop<'_>) -> Option<(Hop<'_>, &Http, &Redirect)> {
    use RedirectChange::{Port, Scheme as OtherScheme, Slash, Www};
    let http = hop.http.ran()?;
    let redirect = http.redirect.as_ref()?;
    let down = hop.url.scheme == Scheme::Https && redirect.changes.contains(&OtherScheme);
    // One without changes leads nowhere that could be followed.
    let canonical = !redirect.changes.is_empty()
        && redirect.changes.iter().all(|change| matches!(change, OtherScheme | Port | Slash | Www))
        && redirect.changes != [Port];
    let asked = matches!(http.request.method.as_str(), "GET" | "HEAD");
    let remembered = lifetime(http).is_some_and(|seconds| seconds > 0);
    let status = matches!(http.status, Some(302 | 303 | 307));
    (status && canonical && asked && !down && !remembered).then_some((hop, http, redirect))
}

/// Whether who comes back does not even ask by http, as the https site has HSTS.
fn is_known(trace: &Trace, hop: &Hop<'_>) -> bool {
    let Some(next) = trace.hops().nth(hop.id.0 + 1) else { return false };
    let same = next.url.host_ascii == hop.url.host_ascii && next.url.scheme == Scheme::Https;
    let policy = next.http.ran().map(policy);
    hop.url.scheme == Scheme::Http && same && matches!(policy, Some(Policy::Kept { seconds: 1.., .. }))
}

fn words(redirect: &Redirect) -> String {
    let words: Vec<&str> = redirect.changes.iter().map(|change| change.as_str()).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn of_status(trace: &Trace, status: u16) -> Trace {
        let mut trace = trace.clone();
        sample::http(&mut trace).status = Some(status);
        trace
    }

    #[test]
    fn fires_on_a_temporary_way_to_https_and_spares_who_knows_hsts() {
        let mut trace = sample::redirects();
        trace.requests.truncate(2);
        assert!(sample::of(&RULE, &trace).is_empty(), "301 and 308");
        let temporary = of_status(&trace, 302);
        let finding = sample::of(&RULE, &temporary).remove(0);
        assert!(finding.title.starts_with("hop 1: the redirect (scheme) is temporary: 302"));
        assert_eq!(finding.saving, None, "the https site has HSTS");
        let mut forgetful = temporary.clone();
        let second = forgetful.requests[1].http.ran_mut().unwrap();
        second.headers.retain(|field| field.name != "strict-transport-security");
        let hop = forgetful.hops().next().unwrap();
        let whole = hop.end.since(spared_from(&forgetful, &hop));
        assert_eq!(sample::of(&RULE, &forgetful)[0].saving.as_ref().unwrap().amount, whole);
    }

    #[test]
    fn other_ways_and_kept_ones_are_none() {
        let mut trace = of_status(&sample::redirects(), 307);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let near = |bend: &dyn Fn(&mut Http)| {
            let mut trace = trace.clone();
            bend(sample::http(&mut trace));
            sample::of(&RULE, &trace).is_empty()
        };
        let changes = |http: &mut Http, changes: &[RedirectChange]| {
            http.redirect.as_mut().unwrap().changes = changes.to_vec();
        };
        assert!(near(&|http| changes(http, &[RedirectChange::Path])), "a login, a language");
        assert!(near(&|http| changes(http, &[RedirectChange::Scheme, RedirectChange::Host])));
        assert!(near(&|http| changes(http, &[RedirectChange::Same])), "a cookie wall");
        assert!(near(&|http| changes(http, &[])), "it leads nowhere that could be followed");
        assert!(near(&|http| http.request.method = "POST".into()));
        let kept = |http: &mut Http| {
            http.headers
                .push(crate::trace::Header { name: "cache-control".into(), value: b"max-age=600".to_vec() });
        };
        assert!(near(&kept));
        trace.requests[0].url.scheme = Scheme::Https;
        assert!(sample::of(&RULE, &trace).is_empty(), "a downgrade is worse than that");
    }
}
