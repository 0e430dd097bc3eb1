//! Every term that a report can show has a topic.

use std::collections::BTreeSet;

use clap::CommandFactory;
use serde_json::Value;

use super::all;
use super::lookup::{Found, key, look_up};
use crate::cli::Cli;
use crate::explain::{dns_error, dnssec};
use crate::finding::{RULES, aliases, failure_aliases};
use crate::trace::{FailureCode, Rcode, RecordType};

#[track_caller]
fn assert_explained(terms: impl IntoIterator<Item = impl AsRef<str>>) {
    // Most are names of topics as they stand; the rest may be plurals or comparisons.
    let names: BTreeSet<String> =
        all().iter().flat_map(|topic| topic.names().map(key).collect::<Vec<_>>()).collect();
    let found = |term: &str| names.contains(&key(term)) || matches!(look_up(term), Found::Topics(_));
    let terms: Vec<String> = terms.into_iter().map(|term| term.as_ref().to_owned()).collect();
    assert!(!terms.is_empty());
    let missing: Vec<String> = terms.into_iter().filter(|term| !found(term)).collect();
    assert_eq!(missing, Vec::<String>::new(), "terms without a topic");
}

#[test]
fn phases_have_topics() {
    assert_explained([
        "queue_us",
        "dns_us",
        "connect_us",
        "tls_us",
        "send_us",
        "wait_us",
        "receive_us",
        "unaccounted_us",
    ]);
    assert_explained(["total_us", "setup_us", "dns phase", "connect phase", "tls phase", "not reached"]);
}

#[test]
fn record_types_and_response_codes_have_topics() {
    let types = (0..=u16::MAX).map(|number| RecordType(number).mnemonic());
    assert_explained(types.filter(|name| !name.starts_with("TYPE")));
    let codes = (0..=4095).map(|number| Rcode(number).mnemonic());
    assert_explained(codes.filter(|name| !name.starts_with("RCODE")));
    assert_explained(["TYPE", "RCODE"]);
}

#[test]
fn extended_errors_and_the_numbers_of_dnssec_have_topics() {
    assert_explained((0..=u16::MAX).map(dns_error::name).filter(|name| *name != "Unassigned"));
    // A few share their name with a status code or a suite's signature: those topics tell them apart.
    assert_explained((0..=u8::MAX).filter_map(dnssec::algorithm_name));
    assert_explained(["secure", "insecure", "bogus", "indeterminate", "ksk", "zsk", "nsec3-opt-out"]);
}

#[test]
fn words_of_the_terms_that_people_ask_for_have_topics() {
    assert_explained([
        "TTFB",
        "RTT",
        "MSS",
        "hedge",
        "critical path",
        "zone cut",
        "negative TTL",
        "anycast",
        "stub",
        "recursive resolver",
        "forwarder",
        "referral",
        "glue",
        "bailiwick",
        "lame delegation",
        "root hints",
        "priming",
        "0x20",
        "DO bit",
        "truncation",
        "NSID",
        "DNS cookies",
        "DoT",
        "DoH",
        "DoQ",
        "hosts file",
        "search list",
        "split horizon",
        "DNS64",
        "rebinding",
        "propagation",
        "Happy Eyeballs",
        "Nagle",
        "FIN",
        "SYN",
        "think time",
        "distance",
        "CDN",
        "redaction",
        "waterfall",
        "verdict",
        "saving",
        "basis",
        "span",
        "hop",
        "lab",
        "IDN",
        "punycode",
        "userinfo",
        "fragment",
        "HSTS",
        "default port",
        "scheme",
        "hrr",
        "403 vs 401",
        "301 vs 302 vs 307",
        "502 vs 503 vs 504",
    ]);
}

#[test]
fn findings_failures_and_options_have_topics() {
    assert_explained(RULES.iter().map(|rule| rule.id));
    assert_explained(aliases().iter().map(|(alias, _)| alias));
    assert_explained(failure_aliases().iter().map(|(alias, _)| alias));
    assert_explained(FailureCode::ALL.iter().map(|code| code.as_str()));
    let command = Cli::command();
    let options = command.get_subcommands().chain([&command]).flat_map(clap::Command::get_arguments);
    let names = options.filter_map(clap::Arg::get_long).map(|name| format!("--{name}"));
    assert_explained(names.collect::<BTreeSet<_>>());
}

#[test]
fn the_topic_of_a_rule_cites_its_standard() {
    for rule in RULES {
        let Found::Topics(topics) = look_up(rule.id) else { panic!("{} has no topic", rule.id) };
        let cites = topics.iter().any(|topic| topic.standards.contains(&rule.standard));
        assert!(cites, "{} rests on {}", rule.id, rule.standard);
    }
}

#[test]
fn status_codes_have_topics() {
    let registry = include_str!("../../../fixtures/http/http-status-codes.csv");
    let lines = registry.lines().skip(1).filter(|line| !line.contains(",Unassigned,"));
    assert_explained(lines.filter_map(|line| line.split(',').next()));
}

#[test]
fn fields_of_the_json_have_topics() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../fixtures/schema/urltrace-1.json")).unwrap();
    let mut names = BTreeSet::new();
    properties(&schema, &mut names);
    assert!(names.len() > 250, "{} names are not the schema", names.len());
    assert_explained(names);
}

fn properties(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let fields = map.get("properties").and_then(Value::as_object);
            names.extend(fields.into_iter().flat_map(|fields| fields.keys().cloned()));
            map.values().for_each(|value| properties(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| properties(value, names)),
        _ => {}
    }
}
