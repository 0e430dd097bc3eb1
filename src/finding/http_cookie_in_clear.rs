//! A cookie of an https page goes over http as well.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::hsts::{Policy, contacts, is_covered};
use crate::reading::security;
use crate::trace::{Hop, Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-cookie-in-clear",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a response over https sets a cookie without Secure, and no Strict-Transport-Security keeps browsers of that host on https",
    standard: "RFC 6265 section 8.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let contacts = contacts(trace);
    let is_kept = |hop: &Hop<'_>| {
        let host = &hop.url.host_ascii;
        let mut own = contacts.iter().filter(|contact| contact.hop.url.host_ascii == *host);
        is_covered(host, &contacts) || own.any(|contact| matches!(contact.policy, Policy::Kept { .. }))
    };
    trace
        .hops()
        .filter(|hop| hop.url.scheme == Scheme::Https && !is_kept(hop))
        .filter_map(|hop| of_hop(rule, &hop))
        .collect()
}

fn of_hop(rule: &Rule, hop: &Hop<'_>) -> Option<Finding> {
    let said = security(&hop.http.ran()?.headers);
    let open: Vec<_> = said
        .cookies
        .iter()
        .filter(|cookie| !cookie.secure && !cookie.is_removal && cookie.refused.is_none())
        .collect();
    let names: Vec<&str> = open.iter().take(4).map(|cookie| cookie.name.as_str()).collect();
    let (many, verb) = if open.len() == 1 { ("cookie", "goes") } else { ("cookies", "go") };
    let more = open
        .len()
        .checked_sub(names.len())
        .filter(|more| *more > 0)
        .map_or_else(String::new, |more| format!(" and {more} more"));
    (!open.is_empty()).then(|| {
        let title = format!("the {many} {}{more} of {} {verb} over http, too: no Secure", names.join(", "), hop.url.host_ascii);
        let evidence = open.iter().take(4).map(|cookie| Place::Request(hop.id, InRequest::Header(cookie.field)));
        let mut finding = rule.finding(title, evidence.collect(), "set it with Secure; Strict-Transport-Security keeps browsers on https beside it");
        "anybody on the way reads it with the first http address of this host that is opened, an image in another's page among them"
            .clone_into(&mut finding.detail);
        finding
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_without_secure_where_nothing_keeps_browsers_on_https() {
        let mut trace = sample::sound();
        sample::field(&mut trace, "set-cookie", "id=s3cret; HttpOnly");
        assert_eq!(sample::of(&RULE, &trace), Vec::new(), "Strict-Transport-Security");
        sample::unset(&mut trace, "strict-transport-security");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.title, "the cookie id of www.example.test goes over http, too: no Secure");
        for fine in ["id=s3cret; Secure", "id=; Max-Age=0"] {
            sample::field(&mut trace, "set-cookie", fine);
            assert_eq!(sample::of(&RULE, &trace), Vec::new(), "{fine}");
        }
        sample::field(&mut trace, "set-cookie", "id=s3cret");
        trace.requests[0].url = crate::url::parse("http://www.example.test/").unwrap();
        assert_eq!(sample::of(&RULE, &trace), Vec::new(), "in the clear already");
    }
}
