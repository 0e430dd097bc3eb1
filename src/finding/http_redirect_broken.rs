//! A redirect that does not say where to, or says it twice.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::explain::status::explain;
use crate::trace::{Hop, Http, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-redirect-broken",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a redirect (301, 302, 303, 307 or 308) has no Location, or several that differ (error)",
    standard: "RFC 9110 section 10.2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop, hop.http.ran()?)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>, http: &Http) -> Option<Finding> {
    let status @ (301 | 302 | 303 | 307 | 308) = http.status? else { return None };
    // The answer to HEAD may leave fields out (RFC 9110 section 9.3.2), and a preflight is redirected nowhere.
    if http.request.method == "HEAD" || hop.request.is_preflight() {
        return None;
    }
    let is_location = |name: &str| name.eq_ignore_ascii_case("location");
    let all: Vec<(usize, &[u8])> = http
        .headers
        .iter()
        .enumerate()
        .filter(|(_, field)| is_location(&field.name))
        .map(|(index, field)| (index, field.value.trim_ascii()))
        .collect();
    let place = hop_before(trace, hop);
    let name = explain(status).name;
    let mut evidence = vec![Place::Request(hop.id, InRequest::Status)];
    evidence.extend(all.iter().map(|(index, _)| Place::Request(hop.id, InRequest::Header(*index))));
    let differ = all.windows(2).any(|pair| pair[0].1 != pair[1].1);
    if differ {
        let title = format!("{place}{status} {name} has {} Location fields that differ", all.len());
        let advice = "send one Location; look for a program and a server in front of it that both redirect";
        let mut finding = rule.finding(title, evidence, advice);
        finding.severity = Severity::Error;
        finding.detail =
            "Chromium refuses such a response, others take the first, as is done here".to_owned();
        return Some(finding);
    }
    if all.iter().any(|(_, value)| !value.is_empty()) {
        return None;
    }
    let what = if all.is_empty() { "no Location" } else { "an empty Location" };
    let title = format!("{place}{status} {name} has {what}: it leads nowhere");
    let advice = "send a Location, or another status where nobody is to go elsewhere";
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail = "browsers and other clients show what came with it, and go no further".to_owned();
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Header;

    #[test]
    fn fires_where_a_redirect_leads_nowhere_or_to_two_places() {
        let of = |status, locations: &[&str]| {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(status);
            for location in locations {
                let value = location.as_bytes().to_vec();
                sample::http(&mut trace).headers.push(Header { name: "Location".to_owned(), value });
            }
            sample::of(&RULE, &trace)
        };
        for (status, locations, wanted) in [
            (302, &[][..], Some("302 Found has no Location: it leads nowhere")),
            (308, &[" "], Some("has an empty Location")),
            (301, &["/a", "/b"], Some("has 2 Location fields that differ")),
            (301, &["/a", "/a"], None),
            (302, &["/a"], None),
            (304, &[], None),
            (300, &[], None),
            (200, &[], None),
        ] {
            let found = of(status, locations);
            assert_eq!(found.len(), usize::from(wanted.is_some()), "{status} {locations:?}");
            let title = found.first().map(|finding| finding.title.as_str()).unwrap_or_default();
            assert!(title.contains(wanted.unwrap_or_default()), "{title}");
        }
        assert_eq!(of(301, &["/a", "/b"])[0].evidence.len(), 3);
        assert_eq!(of(301, &["/a", "/b"])[0].severity, Severity::Error);
    }
}
