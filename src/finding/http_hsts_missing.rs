//! A host that answers by https does not tell browsers to come back by https only.

use super::found::{Finding, Load, Saving, Severity};
use super::http_redirect_avoidable::spared_from;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::hsts::{Contact, Policy, contacts, is_covered};
use crate::trace::{Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-hsts-missing",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "the first good response of a host over https has no Strict-Transport-Security that can be read",
    standard: "RFC 6797 section 7.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let contacts = contacts(trace);
    let lacks = |contact: &&Contact<'_>| {
        let host = &contact.hop.url.host_ascii;
        matches!(contact.policy, Policy::None | Policy::Unreadable) && !is_covered(host, &contacts)
    };
    let missing: Vec<&Contact<'_>> = contacts.iter().filter(lacks).collect();
    let Some(first) = missing.first() else { return Vec::new() };
    let mut names: Vec<&str> = missing.iter().map(|contact| contact.hop.url.host_ascii.as_str()).collect();
    let last = names.pop().unwrap_or_default();
    let (who, verb) = match names.as_slice() {
        [] => (last.to_owned(), "does"),
        before => (format!("{} and {last}", before.join(", ")), "do"),
    };
    let title = match (first.policy, missing.len()) {
        (Policy::Unreadable, 1) => {
            format!(
                "{who} sends a Strict-Transport-Security without one max-age that can be read: it is void"
            )
        }
        _ => format!("{who} {verb} not tell browsers to come by https only (no Strict-Transport-Security)"),
    };
    let evidence = missing.iter().flat_map(|contact| {
        [Place::Request(contact.hop.id, InRequest::Scheme), Place::Request(contact.hop.id, InRequest::Status)]
    });
    let advice =
        "send Strict-Transport-Security with a short max-age first, and a year once all works by https";
    let mut finding = rule.finding(title, evidence.collect(), advice);
    "a visitor who types the name goes by http first, where anybody on the way can answer in its place; the \
     list of hosts that browsers are shipped with (preload) is not looked at here"
        .clone_into(&mut finding.detail);
    // Who comes back by http is spared the redirect to https.
    let typed = trace.hops().next().filter(|hop| hop.url.scheme == Scheme::Http);
    let spared = typed.filter(|hop| missing.iter().any(|it| it.hop.url.host_ascii == hop.url.host_ascii));
    let spared: Vec<_> = spared.map(|hop| (spared_from(trace, &hop), hop.end)).into_iter().collect();
    let applies = "for visitors who come back by an http address";
    finding.saving = Saving::derived_at(&spared, applies, Load::Repeat);
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{CertificateFault, Host};

    #[test]
    fn fires_on_a_host_without_the_field_and_only_where_browsers_would_take_it() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::unset(&mut trace, "strict-transport-security");
        assert!(sample::of(&RULE, &trace)[0].title.starts_with("www.example.test does not tell"));
        sample::http(&mut trace).status = Some(404);
        assert!(sample::of(&RULE, &trace).is_empty(), "an error");
        sample::http(&mut trace).status = Some(200);
        let verification = sample::tls(&mut trace).verification.as_mut().unwrap();
        verification.faults = vec![CertificateFault::SelfSigned];
        assert!(sample::of(&RULE, &trace).is_empty(), "-k");
        sample::tls(&mut trace).verification.as_mut().unwrap().faults.clear();
        trace.requests[0].url.host = Host::Ipv4([192, 0, 2, 1].into());
        assert!(sample::of(&RULE, &trace).is_empty(), "an address");
        trace.requests[0].url = crate::url::parse("http://www.example.test/").unwrap();
        assert!(sample::of(&RULE, &trace).is_empty(), "in the clear");
        trace.requests[0].url = crate::url::parse("https://x.localhost/").unwrap();
        assert!(sample::of(&RULE, &trace).is_empty(), "this machine");
    }

    #[test]
    fn a_field_without_a_lifetime_is_void() {
        let mut trace = sample::sound();
        sample::field(&mut trace, "strict-transport-security", "includeSubDomains");
        assert!(sample::of(&RULE, &trace)[0].title.ends_with("it is void"));
    }

    #[test]
    fn a_parent_that_speaks_for_its_subdomains_is_enough_and_a_redirect_is_what_it_would_save() {
        let mut trace = sample::redirects();
        let of = |trace: &mut Trace, hop: usize, value: Option<&str>| {
            let headers = &mut trace.requests[hop].http.ran_mut().unwrap().headers;
            headers.retain(|field| field.name != "strict-transport-security");
            let field = |value: &str| crate::trace::Header {
                name: "strict-transport-security".into(),
                value: value.into(),
            };
            headers.extend(value.map(field));
        };
        assert!(sample::of(&RULE, &trace).is_empty());
        let mut late = trace.clone();
        late.requests[2].url = late.requests[1].url.clone();
        of(&mut late, 1, None);
        assert!(sample::of(&RULE, &late).is_empty(), "the page has what the redirect in front of it lacks");
        of(&mut trace, 2, None);
        of(&mut trace, 1, Some("max-age=600"));
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "www, which nobody speaks for");
        assert_eq!(sample::of(&RULE, &trace)[0].saving, None, "http was typed for another host");
        of(&mut trace, 1, Some("max-age=600; IncludeSubDomains"));
        assert!(sample::of(&RULE, &trace).is_empty());
        of(&mut trace, 1, None);
        let finding = &sample::of(&RULE, &trace)[0];
        assert!(finding.title.starts_with("shop.test and www.shop.test do not tell"), "{}", finding.title);
        let first = trace.hops().next().unwrap();
        assert!(finding.saving.as_ref().unwrap().amount <= first.end.since(first.start));
    }
}
