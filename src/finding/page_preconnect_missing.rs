//! A connection on the way to the first paint that could have been opened ahead.

use super::found::{Finding, Severity};
use super::paged::{LEAST, asked, opening, saving, sooner};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation, critical_chain};
use crate::trace::{Asker, ResourceKind, StageName, Trace};
use crate::units;

pub(super) const RULE: Rule = Rule {
    id: "page-preconnect-missing",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: rendering waits for a connection to another origin that the document does not name, and 50 ms would be saved by opening it ahead (modelled)",
    standard: "WHATWG HTML section 4.6.7",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let (Some(page), Some(simulation)) = (&trace.page, Simulation::of(trace)) else { return Vec::new() };
    let Some(document) = trace.hops().next_back() else { return Vec::new() };
    let hinted = |host: &str| {
        let of_host =
            |url: &str| url.split('/').nth(2).is_some_and(|name| name.split(':').next() == Some(host));
        page.resources.iter().any(|it| it.kind == ResourceKind::Preconnect && of_host(&it.url))
    };
    let chain: Vec<_> = critical_chain(trace).into_iter().filter_map(|link| link.resource).collect();
    let late = asked(trace).into_iter().filter(|one| {
        let host = &one.hop.url.host_ascii;
        chain.contains(&one.id)
            && one.resource.initiator.of != Asker::Document
            && *host != document.url.host_ascii
            && opening(&one.hop) > 0
            && !hinted(host)
            && sooner(&simulation, &[Mend::Connect(one.request())]) >= LEAST
    });
    late.map(|one| {
        let host = &one.hop.url.host_ascii;
        let title = format!("the connection to {host} is opened only when {} is found", one.name());
        let evidence = vec![
            Place::Resource(one.id, InResource::Discovered),
            Place::Resource(one.id, InResource::Total),
        ];
        let url = one.hop.url;
        let port = if url.port_is_default { String::new() } else { format!(":{}", url.port) };
        let advice = format!(
            "name it in the head: <link rel=preconnect href={}://{host}{port}>, with crossorigin for fonts; or serve the \
             file from the page's own host",
            url.scheme.as_str()
        );
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail = format!("opening it took {}, and rendering waited", units::micros(opening(&one.hop)));
        finding.saving = saving(&simulation, vec![Mend::Connect(one.request())]);
        finding
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{InitiatorKind, ResourceId};

    #[test]
    fn fires_on_a_connection_that_is_opened_late_and_waited_for() {
        let slow = sample::style("/slow.css", 100_000);
        let far = |opening, of| sample::Asked {
            opening,
            of,
            by: InitiatorKind::Css,
            start: 101_000,
            host: "cdn.example.net",
            ..sample::style("/far.css", 10_000)
        };
        let of = Asker::Resource(ResourceId(1));
        let trace = sample::page_of(&[slow, far(Some(80_000), of)]);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.title, "the connection to cdn.example.net is opened only when `far.css` is found");
        let amount = finding.saving.unwrap().amount.as_millis();
        assert!((75..=80).contains(&amount), "{amount}");
        assert!(sample::of(&RULE, &sample::page_of(&[slow, far(Some(30_000), of)])).is_empty());
        assert!(sample::of(&RULE, &sample::page_of(&[slow, far(None, of)])).is_empty());
        let named = sample::Asked { start: 0, ..far(Some(80_000), Asker::Document) };
        assert!(sample::of(&RULE, &sample::page_of(&[slow, named])).is_empty());
        let mut hinted = trace;
        let mut hint = hinted.page.as_ref().unwrap().resources[0].clone();
        (hint.kind, hint.url) = (ResourceKind::Preconnect, "https://cdn.example.net/".to_owned());
        hint.fate = crate::trace::Fate::Left(crate::trace::Left::Hint);
        hinted.page.as_mut().unwrap().resources.push(hint);
        assert!(sample::of(&RULE, &hinted).is_empty());
    }
}
