//! Requests that wait for one of the few connections of HTTP/1.1.

use super::found::{Finding, Severity};
use super::paged::{Asked, LEAST, MOST_NAMES, asked, saving};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{Http, HttpVersion, StageName, Trace};
use crate::units::{count, duration};

pub(super) const RULE: Rule = Rule {
    id: "page-h1-queue",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: requests of a host that takes no HTTP/2 waited for one of six connections, and 50 ms would be saved by HTTP/2 (modelled)",
    standard: "RFC 9113 section 5",
    check: Check::Trace(check),
};

/// With fewer requests to a host there is no queue worth the name.
const FEWEST: usize = 7;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(simulation) = Simulation::of(trace) else { return Vec::new() };
    let mut hosts: Vec<(&str, Vec<Asked<'_>>)> = Vec::new();
    for one in asked(trace).into_iter().filter(|one| is_http1(one, trace)) {
        match hosts.iter_mut().find(|(host, _)| *host == one.hop.url.host_ascii) {
            Some((_, all)) => all.push(one),
            None => hosts.push((&one.hop.url.host_ascii, vec![one])),
        }
    }
    hosts.retain(|(_, all)| all.len() >= FEWEST);
    hosts.iter().filter_map(|(host, all)| judge(rule, host, all, &simulation)).collect()
}

fn judge(rule: &Rule, host: &str, all: &[Asked<'_>], simulation: &Simulation) -> Option<Finding> {
    let wait = |one: &Asked<'_>| one.hop.request.queued.map(|queued| queued.since(one.hop.start));
    let mut queued: Vec<(std::time::Duration, Asked<'_>)> =
        all.iter().filter_map(|one| Some((wait(one)?, *one))).filter(|(wait, _)| *wait >= LEAST).collect();
    queued.sort_by_key(|(wait, _)| std::cmp::Reverse(*wait));
    let (longest, first) = queued.first()?;
    let saving = saving(simulation, vec![Mend::Multiplex(first.request())])?;
    if saving.amount < LEAST {
        return None;
    }
    let title = format!(
        "{} to {host} waited for one of its connections, the longest {}",
        count(queued.len(), "request"),
        duration(*longest)
    );
    let evidence = queued.iter().take(MOST_NAMES).map(|(_, one)| Place::Resource(one.id, InResource::Queue));
    let advice = "enable HTTP/2 on the server, or on what stands before it (browsers speak it over TLS only)";
    let mut finding = rule.finding(title, evidence.collect(), advice);
    finding.detail = format!(
        "it speaks HTTP/1.1, one request at a time on each of six connections, to {}",
        count(all.len(), "request")
    );
    finding.saving = Some(saving);
    Some(finding)
}

/// Whether a server answered by HTTP/1.1 though it could have chosen otherwise: in the clear nobody does.
fn is_http1(one: &Asked<'_>, trace: &Trace) -> bool {
    let spoken = |http: &Http| http.status.is_some() && http.version == HttpVersion::Http11;
    let tls = one.hop.request.connection.ran().and_then(|id| trace.connections.get(id.0)?.tls.as_ref().ran());
    let offered = one.hop.url.scheme.is_clear()
        || tls
            .is_some_and(|tls| tls.offer.as_ref().is_some_and(|it| it.alpn.iter().any(|name| name == "h2")));
    one.hop.http.ran().is_some_and(spoken) && offered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Priority, StageName};

    /// Nine images, three of which wait for one of those before them.
    fn gallery(version: HttpVersion, alpn: &str, late: u64) -> Trace {
        // Four open connections, one has the document's, one that of the stylesheet.
        let images = (0..9).map(|place| {
            let queued =
                [None, None, None, None, Some(500), Some(21_900)].get(place).copied().unwrap_or(Some(late));
            let opening = (place < 4).then_some(1000);
            sample::Asked { queued, opening, priority: Priority::Medium, ..sample::image("/a.png", 100_000) }
        });
        let mut trace = sample::page_of(&images.collect::<Vec<_>>());
        for tls in trace.connections.iter_mut().filter_map(|it| it.tls.ran_mut()) {
            tls.offer = Some(crate::trace::Offer { alpn: vec![alpn.to_owned()], ..Default::default() });
        }
        let page = trace.page.as_mut().unwrap();
        for http in page.requests.iter_mut().chain(&mut trace.requests).filter_map(|one| one.http.ran_mut()) {
            http.version = version;
        }
        trace
    }

    #[test]
    fn fires_on_a_queue_of_http1_and_not_without_one_or_where_h2_was_not_offered() {
        let trace = gallery(HttpVersion::Http11, "h2", 102_000);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.starts_with("3 requests to www.example.test waited"), "{}", finding.title);
        assert!(finding.saving.unwrap().amount >= LEAST);
        assert_eq!(RULE.stage, StageName::Http);
        assert!(sample::of(&RULE, &gallery(HttpVersion::Http11, "http/1.1", 102_000)).is_empty());
        assert!(sample::of(&RULE, &gallery(HttpVersion::Http2, "h2", 0)).is_empty());
        assert!(
            sample::of(&RULE, &gallery(HttpVersion::Http11, "h2", 1000)).is_empty(),
            "no wait worth the name"
        );
    }
}
