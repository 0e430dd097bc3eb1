//! Every topic is worth reading: long enough, with standards, with ways on that exist and commands that run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::all;
use super::lookup::{Found, key, look_up};
use crate::cli::{Action, Environment, Source, settings};
use crate::lab::SCENARIOS;
use crate::packed::TOPICS;

/// Words a topic has at least.
const WORDS: usize = 40;

#[test]
fn every_topic_has_something_to_say() {
    let mut thin = Vec::new();
    for topic in all() {
        let words = topic.paragraphs.iter().flat_map(|text| text.split_whitespace()).count();
        if words < WORDS {
            thin.push(format!("{} has {words} words", topic.name));
        }
    }
    assert_eq!(thin, Vec::<String>::new());
}

#[test]
fn texts_are_plain_lines() {
    let mut before = "";
    for line in TOPICS.text().lines() {
        assert!(line.is_ascii(), "not ASCII: {line}");
        assert!(line == line.trim(), "blanks at an end: {line}");
        // A header behind the first paragraph would be read as text.
        let header = ["also:", "std:", "see:", "try:"].iter().any(|word| line.starts_with(word));
        assert!(!header || !before.is_empty(), "no header there: {line}");
        before = line;
    }
}

#[test]
fn no_name_means_two_things() {
    let mut owners: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    let mut twice = Vec::new();
    for (number, topic) in all().iter().enumerate() {
        for name in topic.names().map(key) {
            let before = owners.insert(name.clone(), (number, topic.name));
            if let Some((_, other)) = before.filter(|(before, _)| *before != number) {
                twice.push(format!("{name}: {other} and {}", topic.name));
            }
        }
    }
    assert_eq!(twice, Vec::<String>::new());
}

#[test]
fn related_topics_are_there() {
    let mut missing = Vec::new();
    let topics = all();
    let owners: BTreeMap<String, &str> =
        topics.iter().flat_map(|topic| topic.names().map(|name| (key(name), topic.name))).collect();
    for topic in &topics {
        for other in &topic.see {
            if owners.get(&key(other)).is_some_and(|owner| *owner != topic.name) {
                continue;
            }
            match look_up(other) {
                Found::Topics(found) if found.len() == 1 && found[0].name != topic.name => {}
                _ => missing.push(format!("{}: see {other}", topic.name)),
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn standards_have_the_form_of_a_citation() {
    let mut wrong = Vec::new();
    for topic in all() {
        for standard in &topic.standards {
            let rest = standard.strip_prefix("RFC ").and_then(|rest| {
                let (number, section) = rest
                    .split_once(" section ")
                    .or_else(|| rest.split_once(" appendix "))
                    .unwrap_or((rest, "1"));
                let numbered = section.split('.').all(|part| {
                    !part.is_empty() && (part.len() == 1 || part.bytes().all(|byte| byte.is_ascii_digit()))
                });
                (numbered && number.parse::<u16>().is_ok()).then_some(())
            });
            // Not everything is an RFC.
            let other = [
                "WHATWG ",
                "IANA ",
                "RFC ",
                "IEEE ",
                "W3C ",
                "FIPS ",
                "draft-",
                "ITU-T ",
                "POSIX",
                "CA/Browser Forum ",
                "gRPC ",
            ];
            let named = other.iter().any(|body| standard.starts_with(body)) && !standard.starts_with("RFC ");
            if rest.is_none() && !named {
                wrong.push(format!("{}: {standard}", topic.name));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A command of the texts, as a shell would split it: quotes hold blanks together.
fn words(command: &str) -> Vec<OsString> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for char in command.chars() {
        match char {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            char => words.last_mut().unwrap().push(char),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).map(OsString::from).collect()
}

#[test]
fn commands_are_those_of_this_program_and_lead_into_the_lab() {
    let hosts: BTreeSet<&str> = SCENARIOS.iter().map(|scenario| host(scenario.url)).collect();
    let mut wrong = Vec::new();
    for topic in all() {
        for command in &topic.tries {
            // What a shell does with the output is not ours.
            let own = command.split(" | ").next().unwrap_or_default();
            assert!(own.starts_with("urltrace"), "{}: {command}", topic.name);
            assert!(command.len() <= 75, "{}: {command} does not fit a line", topic.name);
            let known = match settings(words(own), &Environment::default()).map(|settings| {
                let lab = settings.lab;
                (settings.action, lab)
            }) {
                Ok((
                    Action::Trace { url, .. } | Action::Repeat { url, .. } | Action::Compare { url, .. },
                    true,
                )) => hosts.contains(host(&url)) || host(&url).starts_with("127.53."),
                Ok((Action::Many { sources, .. }, true)) => sources
                    .iter()
                    .all(|source| matches!(source, Source::Url(url) if hosts.contains(host(url)))),
                Ok((Action::Ask { input, .. }, true)) => hosts.iter().any(|host| is_of(host, &input)),
                Ok((
                    Action::ListLab
                    | Action::ServeLab
                    | Action::ListFindings
                    | Action::Explain(_)
                    | Action::Generate(_),
                    _,
                )) => true,
                // URLs that are wrong on purpose.
                Ok((Action::Trace { url, .. }, false)) => !url.contains("://") || url.contains(".test"),
                _ => false,
            };
            if !known {
                wrong.push(format!("{}: {command}", topic.name));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Whether a name is one of the lab: a host, or a zone above one, or an address.
fn is_of(host: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    // Some are wrong on purpose.
    name.is_empty()
        || name.contains("..")
        || host == name
        || host.ends_with(&format!(".{name}"))
        || name.starts_with("127.53.")
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    rest.split(':').next().unwrap_or_default()
}
