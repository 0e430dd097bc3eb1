//! The server itself names what it waited for.

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_before;
use super::http_first_byte_slow::SLOW;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::{CacheResult, layers};
use crate::timeline::Phase;
use crate::trace::{Header, Hop, StageName, Trace, header, members, parameter, position};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "http-upstream-slow",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "the server says that one part (Server-Timing, Envoy, Kong) took half of the wait or more, and over 50 ms (warning: where the wait is over 600 ms)",
    standard: "W3C Server Timing section 3",
    check: Check::Trace(check),
};

/// What a part may take.
const FAIR: Duration = Duration::from_millis(50);
/// Less is not worth a word.
const LEAST: Duration = Duration::from_millis(5);
/// Parts of Server-Timing that are the whole.
const WHOLE: &[&str] = &["total", "edge", "cdn-downstream-fbl"];
/// Fields of gateways with the milliseconds of what is behind them.
const GATEWAYS: &[&str] = &["x-envoy-upstream-service-time", "x-kong-upstream-latency"];

/// A part that the server names.
struct Part {
    name: String,
    took: Duration,
    index: usize,
}

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let http = hop.http.ran()?;
    let (sent, first) = (http.sent?, http.first_byte?);
    let wait = first.since(sent);
    if wait < FAIR + LEAST {
        return None;
    }
    // What a copy tells of was waited for when it was made.
    if layers(&http.headers).iter().any(|layer| layer.cache.is_some_and(CacheResult::is_unasked)) {
        return None;
    }
    // What is said to have taken longer than it was waited for was not waited for.
    let parts = parts(&http.headers).into_iter().filter(|part| part.took <= wait);
    let part = parts.max_by_key(|part| part.took)?;
    if part.took * 2 < wait || part.took < FAIR + LEAST {
        return None;
    }
    let place = hop_before(trace, hop);
    let title = format!(
        "{place}{} says that {} took {} of the {} until the first byte",
        hop.url.host_ascii,
        part.name,
        duration(part.took),
        duration(wait)
    );
    let evidence = vec![
        Place::Request(hop.id, InRequest::Header(part.index)),
        Place::Request(hop.id, InRequest::Phase(Phase::Wait)),
    ];
    let mut finding = rule.finding(title, evidence, "look there first: the time is behind the web server");
    "by the server's own word; it cannot be checked from here".clone_into(&mut finding.detail);
    if wait >= SLOW {
        finding.severity = Severity::Warning;
    }
    let followed = http.redirect.as_ref().is_some_and(|redirect| redirect.followed);
    // Where in the wait it was is not told; that it was over by the first byte is sure.
    let spared = (sent.after(wait - (part.took - FAIR)), first);
    let applies = "on requests that wait for it, if it took 50 ms";
    finding.saving = if followed { None } else { Saving::modelled_at(&[spared], applies, Load::This) };
    Some(finding)
}

/// The parts with a time.
fn parts(headers: &[Header]) -> Vec<Part> {
    let mut parts = Vec::new();
    for member in members(headers, "server-timing") {
        let name: String = member.split(';').next().unwrap_or_default().trim().chars().take(40).collect();
        let took = parameter(&member, "dur").and_then(|text| milliseconds(&text));
        let whole = WHOLE.iter().any(|whole| name.eq_ignore_ascii_case(whole));
        if let (Some(took), Some(index), false) = (took, position(headers, "server-timing"), whole) {
            parts.push(Part { name: format!("`{name}`"), took, index });
        }
    }
    for name in GATEWAYS {
        let took = header(headers, name).and_then(|text| milliseconds(text.trim()));
        if let (Some(took), Some(index)) = (took, position(headers, name)) {
            parts.push(Part { name: format!("what is behind its gateway ({name})"), took, index });
        }
    }
    parts
}

fn milliseconds(text: &str) -> Option<Duration> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..1e9).contains(number))?;
    Duration::try_from_secs_f64(number / 1_000.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_on_the_largest_part_that_the_wait_bears_out() {
        let mut trace = sample::sound();
        let first = sample::http(&mut trace).sent.unwrap().after(Duration::from_millis(200));
        sample::http(&mut trace).first_byte = Some(first);
        for (name, value, says) in [
            (
                "server-timing",
                "db;dur=120, app;dur=30, total;dur=199",
                Some("`db` took 120 ms of the 200 ms"),
            ),
            ("server-timing", "db;dur=99.5", None),
            ("server-timing", "db;dur=900", None),
            ("server-timing", "total;dur=190", None),
            ("server-timing", "db;desc=\"dur=150\"", None),
            ("server-timing", "db;dur=NaN, x;dur=-5, y;dur=1e300", None),
            ("x-envoy-upstream-service-time", "150", Some("behind its gateway")),
            ("x-kong-proxy-latency", "150", None),
        ] {
            let mut trace = trace.clone();
            sample::field(&mut trace, name, value);
            let mut kept = trace.clone();
            sample::field(&mut kept, "age", "7");
            assert!(sample::of(&RULE, &kept).is_empty(), "the time of a copy: {value}");
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()), "{value}");
            assert!(findings.iter().all(|it| it.title.contains(says.unwrap())), "{findings:?}");
        }
    }

    #[test]
    fn a_fair_part_is_no_fault_and_a_slow_wait_is_one() {
        let mut trace = sample::sound();
        let sent = sample::http(&mut trace).sent.unwrap();
        sample::http(&mut trace).first_byte = Some(sent.after(Duration::from_millis(60)));
        sample::field(&mut trace, "server-timing", "db;dur=54");
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::field(&mut trace, "server-timing", "db;dur=58");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.severity, Severity::Notice);
        assert_eq!(finding.saving.unwrap().amount.as_millis(), 8);
        sample::http(&mut trace).first_byte = Some(At(sent.0 + 700_000));
        sample::field(&mut trace, "server-timing", "db;dur=650");
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Warning);
    }
}
