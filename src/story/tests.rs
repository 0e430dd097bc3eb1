//! Stories of every sample: whole, honest, of this run's own numbers.

use std::collections::BTreeSet;

use super::*;
use crate::timeline::phases;
use crate::trace::sample;
use crate::units;

fn text(story: &[Paragraph]) -> String {
    story.iter().map(|it| format!("{}\n{}\n", it.heading, it.text)).collect()
}

fn rfcs(story: &[Paragraph]) -> BTreeSet<&str> {
    let cited = story.iter().flat_map(|it| it.standards);
    cited.filter_map(|it| it.strip_prefix("RFC ")?.split(' ').next()).collect()
}

#[test]
fn every_paragraph_has_numbers_a_standard_and_a_command() {
    for (name, trace) in sample::all() {
        let story = story(&trace);
        assert!(!story.is_empty(), "{name}");
        for Paragraph { heading, text, standards, try_command } in &story {
            assert!(text.contains(|char: char| char.is_ascii_digit()), "{name}: {heading}: {text}");
            assert!(!standards.is_empty(), "{name}: {heading}");
            assert!(try_command.starts_with("urltrace "), "{name}: {try_command}");
            assert!(text.ends_with('.') || text.ends_with(')'), "{name}: {text}");
            assert!(!text.contains("  ") && !text.contains(".."), "{name}: {text}");
        }
    }
}

#[test]
fn a_plain_run_is_told_at_length() {
    let story = story(&sample::success());
    let words = text(&story).split_whitespace().count();
    assert!(words >= 700, "{words} words");
    assert!(rfcs(&story).len() >= 10, "{:?}", rfcs(&story));
    assert!(story.len() >= 12, "{} paragraphs", story.len());
}

#[test]
fn the_numbers_are_those_of_the_trace() {
    let trace = sample::success();
    let told = text(&story(&trace));
    let hop = trace.hops().next().unwrap();
    let dns = hop.dns.ran().unwrap();
    let wait = phases(&hop).spent[crate::timeline::Phase::Wait].unwrap();
    let tls = hop.tls.ran().unwrap();
    for number in [
        units::duration(trace.total),
        units::duration(dns.end.since(dns.start)),
        units::duration(tls.end.since(tls.start)),
        units::micros(wait),
    ] {
        assert!(told.contains(&number), "{number} is not in {told}");
    }
    assert!(told.contains(&format!("{} in all", units::count(4, "packet"))), "{told}");
}

#[test]
fn what_did_not_happen_is_told_as_such() {
    let all = sample::all();
    let told = |wanted: &str| text(&story(&all.iter().find(|(name, _)| *name == wanted).unwrap().1));
    assert!(told("literal").contains("an address already and no name to look up"));
    assert!(told("redirects").contains("There was no TLS handshake"));
    assert!(told("reused").contains("this request pays none of it"), "{}", told("reused"));
    let refused = told("refused");
    assert!(refused.contains("Not come to, and so nothing is known of it"), "{refused}");
    assert!(!refused.contains("The next visit"), "{refused}");
    assert!(told("bad-url").contains("0 packets were sent"));
}

#[test]
fn a_cache_that_was_not_asked_is_not_told_of() {
    let mut trace = sample::success();
    (trace.lookups[0].stub, trace.lookups[0].system) = (None, None);
    let told = text(&story(&trace));
    assert!(told.contains("resolver was not asked in this run"), "{told}");
    assert!(told.contains("The hosts file was not looked at in this run"), "{told}");
    assert!(!told.contains("and answered"), "{told}");
}

#[test]
fn terms_are_explained_once() {
    let told = text(&story(&sample::redirects()));
    for words in ["(TTL, time", "is called TTL", "a three-way", "Messages sent in one go"] {
        assert!(told.matches(words).count() <= 1, "{words} in {told}");
    }
}

#[test]
fn a_lookup_alone_has_a_story() {
    for (name, trace) in sample::all() {
        let Some(dns) = trace.lookups.first() else { continue };
        let story = lookup_story(dns, trace.failure());
        assert!(story.len() >= 2, "{name}");
    }
}

#[test]
fn a_run_that_was_to_end_early_tells_of_no_stage_behind() {
    let mut trace = sample::success();
    let request = &mut trace.requests[0];
    request.until = crate::trace::StageName::Dns;
    request.connection = crate::trace::Stage::Skipped("--until dns ends before it");
    request.http = crate::trace::Stage::Skipped("--until dns ends before it");
    let story = story(&trace);
    let headings: Vec<&str> = story.iter().map(|it| it.heading.as_str()).collect();
    assert_eq!(headings.last(), Some(&"Where it was to end"), "{headings:?}");
    let behind = ["handshake", "encryption", "The next visit", "connection"];
    assert!(!headings.iter().any(|it| behind.iter().any(|word| it.contains(word))), "{headings:?}");
    let told = text(&story);
    assert!(told.contains("Of HTTP 0 bytes were sent"), "{told}");
}
