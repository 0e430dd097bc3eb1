//! A connection opened ahead that nothing of the page can go over: its requests are of the other credentials mode.

use super::found::{Finding, Severity};
use super::paged::is_anothers;
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{CrossOrigin, Hop, Resource, ResourceKind, StageName, Trace, Url};

pub(super) const RULE: Rule = Rule {
    id: "page-preconnect-unused",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a connection was opened ahead with another crossorigin than all that the page asks of that origin, so that browsers open a second one",
    standard: "WHATWG Fetch section 2.6",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(page) = &trace.page else { return Vec::new() };
    let asked: Vec<Hop<'_>> = page.requested().filter_map(|(.., id)| trace.page_hop(id)).collect();
    let opened = page.prepared().filter_map(|(id, resource, request)| {
        let hop = trace.page_hop(request)?;
        let is_open = hop.failure.is_none() && hop.request.connection.ran().is_some();
        (is_open && resource.kind == ResourceKind::Preconnect).then_some((id, resource, hop))
    });
    let unused = opened.filter(|(_, resource, hop)| {
        let own = hop.request.connection.ran();
        let mut same = asked.iter().filter(|other| is_same_origin(other.url, hop.url)).peekable();
        // Where nothing is asked of it a script may still do so.
        same.peek().is_some()
            && same.all(|other| other.request.connection.ran() != own)
            && !is_anothers(trace, resource)
    });
    unused
        .map(|(id, resource, hop)| {
            let title = format!(
                "the connection to {} that is opened ahead is of no use: {}",
                hop.url.host_ascii,
                why(resource)
            );
            let evidence = vec![Place::Resource(id, InResource::Url)];
            let advice = match resource.cross_origin {
                CrossOrigin::No | CrossOrigin::Credentials => {
                    "give the preconnect the attribute crossorigin, as fonts and modules have it"
                }
                CrossOrigin::Anonymous => "take the attribute crossorigin off the preconnect",
            };
            rule.finding(title, evidence, advice)
        })
        .collect()
}

const fn why(resource: &Resource) -> &'static str {
    match resource.cross_origin {
        CrossOrigin::No | CrossOrigin::Credentials => "all that is asked there goes without credentials",
        CrossOrigin::Anonymous => "all that is asked there goes with credentials",
    }
}

fn is_same_origin(one: &Url, other: &Url) -> bool {
    (one.scheme, &one.host_ascii, one.port) == (other.scheme, &other.host_ascii, other.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{ConnectionId, Fate, RequestId, Stage};

    /// A page that opens a connection to a CDN ahead, and a stylesheet of it on a connection of its own or on that one.
    fn page(shared: bool, host: &str) -> Trace {
        let far = sample::Asked { host, opening: Some(20_000), ..sample::style("/far.css", 10_000) };
        let ahead = sample::Asked { host: "cdn.example.net", path: "/", ..far };
        let mut trace = sample::page_of(&[ahead, far]);
        let own = sample::resource(&mut trace, 1).connection.ran().unwrap();
        if shared {
            let far = sample::resource(&mut trace, 2);
            (far.connection, far.lookup) = (Stage::Ran(ConnectionId(own.0)), Stage::Skipped("ahead"));
            trace.connections.pop();
        }
        let first = sample::resource(&mut trace, 1);
        (first.until, first.http) = (StageName::Tls, Stage::Skipped("ahead"));
        let first = trace.requests.len() + 1;
        let resource = &mut trace.page.as_mut().unwrap().resources[1];
        (resource.kind, resource.fate) = (ResourceKind::Preconnect, Fate::Prepared(RequestId(first)));
        trace
    }

    #[test]
    fn fires_where_all_requests_go_over_another_connection_alone() {
        let finding = sample::of(&RULE, &page(false, "cdn.example.net")).remove(0);
        assert_eq!(
            finding.title,
            "the connection to cdn.example.net that is opened ahead is of no use: all that is asked there goes without \
             credentials"
        );
        assert!(sample::of(&RULE, &page(true, "cdn.example.net")).is_empty(), "it is used");
        assert!(sample::of(&RULE, &page(false, "other.example.net")).is_empty(), "a script may use it");
    }
}
