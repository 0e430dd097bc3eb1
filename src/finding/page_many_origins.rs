//! A page whose files are spread over many origins, each of which had to be connected to.

use super::found::{Finding, Severity};
use super::paged::{Asked, LEAST, MOST_NAMES, asked, opening, saving};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{Hop, StageName, Trace};
use crate::units::micros;

pub(super) const RULE: Rule = Rule {
    id: "page-many-origins",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: connections to more than six origins were opened, and 50 ms would be saved if the document's own had all the files (modelled)",
    standard: "RFC 9110 section 4.3.1",
    check: Check::Trace(check),
};

/// From more origins on they are many.
const MOST: usize = 6;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(document) = trace.hops().next_back() else { return Vec::new() };
    // The first request to each, by scheme, host and port (RFC 6454).
    let mut first: Vec<Asked<'_>> = Vec::new();
    for one in asked(trace).into_iter().filter(|one| opening(&one.hop) > 0 && !is_same(&one.hop, &document)) {
        if !first.iter().any(|other| is_same(&other.hop, &one.hop)) {
            first.push(one);
        }
    }
    if first.len() < MOST {
        return Vec::new();
    }
    let moved = asked(trace).into_iter().filter(|one| one.whole().is_some() && !is_same(&one.hop, &document));
    let mends: Vec<Mend> = moved.map(|one| Mend::Own(one.request())).collect();
    let saving = Simulation::of(trace).and_then(|simulation| saving(&simulation, mends));
    let Some(saving) = saving.filter(|saving| saving.amount >= LEAST) else { return Vec::new() };
    first.sort_by_key(|one| std::cmp::Reverse(opening(&one.hop)));
    let slowest = first.iter().take(MOST_NAMES);
    let hosts: Vec<&str> = slowest.clone().map(|one| one.hop.url.host_ascii.as_str()).collect();
    let title = format!(
        "the page opens connections to {} origins; the slowest are {}",
        first.len() + 1,
        hosts.join(", ")
    );
    let evidence = slowest.map(|one| Place::Resource(one.id, InResource::Total));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "serve what is yours from the page's own host, and do without what nobody needs",
    );
    let sum: u64 = first.iter().map(|one| opening(&one.hop)).sum();
    finding.detail = format!(
        "their lookups, connections and handshakes took {} in all, some of them side by side",
        micros(sum)
    );
    finding.saving = Some(saving);
    vec![finding]
}

fn is_same(one: &Hop<'_>, other: &Hop<'_>) -> bool {
    let (one, other) = (one.url, other.url);
    (one.scheme, &one.host_ascii, one.port) == (other.scheme, &other.host_ascii, other.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    const HOSTS: [&str; 6] =
        ["a.example", "b.example", "c.example", "d.example", "e.example", "slow.example"];

    fn page(hosts: &[&'static str], opening: u64) -> Trace {
        let asked: Vec<_> = hosts
            .iter()
            .map(|host| {
                let opening = if *host == "slow.example" { opening } else { 20_000 };
                sample::Asked { host, opening: Some(opening), ..sample::style("/a.css", 10_000) }
            })
            .collect();
        sample::page_of(&asked)
    }

    #[test]
    fn fires_on_many_origins_whose_connections_are_waited_for_alone() {
        let finding = sample::of(&RULE, &page(&HOSTS, 120_000)).remove(0);
        assert!(
            finding
                .title
                .starts_with("the page opens connections to 7 origins; the slowest are slow.example, "),
            "{}",
            finding.title
        );
        let amount = finding.saving.unwrap().amount.as_millis();
        assert!((90..=125).contains(&amount), "{amount}");
        assert!(finding.detail.contains("220 ms"), "{}", finding.detail);
        assert!(sample::of(&RULE, &page(&HOSTS[1..], 120_000)).is_empty(), "six with its own");
        assert!(sample::of(&RULE, &page(&HOSTS, 20_000)).is_empty(), "nothing to save");
    }
}
