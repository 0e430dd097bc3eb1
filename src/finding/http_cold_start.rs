//! The first request to a function platform was thought about for far longer than those that came after it.

use std::time::Duration;

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::{CacheResult, Confidence, Layer, Role, layers, round_trip};
use crate::timeline::{Later, Phase, later, later_of};
use crate::trace::{Hop, Http, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "http-cold-start",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --reuse or -n: a function platform (by its marks) thought about the first request 2.5 times as long as the median of 4 or more later ones, and 200 ms longer",
    standard: "RFC 9112 section 9.3",
    check: Check::Trace(check),
};

/// Later requests that a median is taken of at least.
const LEAST: usize = 4;
/// How much longer the first has to be.
const MORE: Duration = Duration::from_millis(200);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let further = hop.request.further.as_ref()?;
    are_alike(hop.http.ran()?, further.answered())?;
    let after = later(further)?;
    let waits = (0..further.exchanges.len()).map(|at| Place::Request(hop.id, InRequest::FurtherWait(at)));
    suspect(rule, trace, hop, after, waits.collect())
}

/// What the first of many runs shows beside the later ones, each over a connection of its own: its findings.
#[must_use]
pub fn cold_start(traces: &[&Trace]) -> Vec<Finding> {
    let Some((first, later)) = traces.split_first() else { return Vec::new() };
    let suspected = |hop: Hop<'_>| {
        let whole = later.iter().filter(|trace| trace.failure().is_none());
        let exchanges: Vec<&Http> =
            whole.filter_map(|trace| trace.hops().nth(hop.id.0)?.http.ran()).collect();
        are_alike(hop.http.ran()?, exchanges.iter().copied())?;
        suspect(&RULE, first, &hop, later_of(exchanges.into_iter())?, Vec::new())
    };
    first.hops().filter_map(suspected).collect()
}

/// What a first exchange shows beside those after it.
fn suspect(rule: &Rule, trace: &Trace, hop: &Hop<'_>, after: Later, waits: Vec<Place>) -> Option<Finding> {
    let http = hop.http.ran()?;
    let (index, mark) = mark(http)?;
    let (sent, first_byte) = (http.sent?, http.first_byte?);
    let trip = way(hop)?;
    // A body that was on its way for longer hides what was thought.
    http.body_lag().filter(|lag| *lag <= trip)?;
    // What was sent again was not thought about meanwhile.
    let lost = hop.connection.map(|connection| connection.tcp.waited_to_send_again()).unwrap_or_default();
    let first = first_byte.since(sent).saturating_sub(lost);
    let thought = |wait: Duration| wait.saturating_sub(trip);
    let Later { count, wait: median, least, most } = after;
    let (cold, warm) = (thought(first), thought(median));
    if count < LEAST || cold * 2 < warm * 5 || cold < warm + MORE || first <= most {
        return None;
    }
    let title = format!(
        "{}a cold start is suspected: {} thought about the first request for {}, and about those after it for {} \
         (median of {count})",
        hop_before(trace, hop),
        hop.url.host_ascii,
        duration(cold),
        duration(warm)
    );
    let mut evidence = vec![
        Place::Request(hop.id, InRequest::Phase(Phase::Wait)),
        Place::Request(hop.id, InRequest::Layer(index)),
    ];
    evidence.extend(waits);
    let advice = "keep an instance warm (provisioned concurrency, a minimum of instances), or make it start sooner: \
                  less code, fewer connections before the first answer";
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail = format!(
        "by {} ({}); a round trip of {} is taken off each wait, the later ones waited {} to {}; no platform tells a \
         client of its cold starts",
        mark.called().unwrap_or("a function platform"),
        mark.evidence.join(", "),
        duration(trip),
        duration(least),
        duration(most)
    );
    let spared = (sent.after(median), first_byte);
    finding.saving = Saving::modelled_at(
        &[spared],
        "on a first request, if it is thought about as long as the later ones",
        Load::Cold,
    );
    Some(finding)
}

/// The function platform that a response came from, borne out by more than one field.
fn mark(http: &Http) -> Option<(usize, Layer)> {
    let all = layers(&http.headers).into_iter().enumerate();
    all.filter(|(_, layer)| layer.confidence > Confidence::Low)
        .find(|(_, layer)| layer.role == Role::Function)
}

/// Says that all are answers of one kind, and none the copy of a cache: those are fast whatever made them.
fn are_alike<'a>(first: &Http, mut later: impl Iterator<Item = &'a Http>) -> Option<()> {
    let copied = |http: &Http| {
        layers(&http.headers).into_iter().any(|layer| layer.cache.is_some_and(CacheResult::is_from_store))
    };
    (!copied(first) && later.all(|http| http.status == first.status && !copied(http))).then_some(())
}

/// A round trip to the server itself.
fn way(hop: &Hop<'_>) -> Option<Duration> {
    let by_quic =
        hop.connection.and_then(|connection| connection.quic.as_ref()).and_then(|quic| quic.min_rtt);
    by_quic.or_else(|| round_trip(hop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    /// The first wait in milliseconds, and those after it, at AWS Lambda.
    fn trace(first: u64, after: &[u64]) -> Trace {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        let sent = http.sent.unwrap();
        (http.first_byte, http.end) = (Some(At(sent.0 + first * 1000)), At(sent.0 + first * 1000 + 500));
        trace.requests[0].end = At(sent.0 + first * 1000 + 500);
        sample::field(&mut trace, "x-amzn-trace-id", "Root=1-5e6b4a90-5e6b4a905e6b4a90;Lineage=1:a87bd80c:0");
        sample::field(&mut trace, "x-amzn-requestid", "8f5f-11e9");
        let after: Vec<u64> = after.iter().map(|wait| wait * 1000).collect();
        trace.requests[0].further = Some(sample::further(&after));
        trace
    }

    #[test]
    fn fires_on_a_first_request_that_is_slow_at_a_function_platform() {
        let cold = trace(900, &[30, 32, 31, 29]);
        let finding = sample::of(&RULE, &cold).remove(0);
        assert!(finding.title.contains("suspected") && finding.title.contains("median of 4"), "{finding:?}");
        assert!(finding.detail.contains("AWS Lambda") && finding.detail.contains("29.0 ms to 32.0 ms"));
        assert_eq!(finding.evidence.len(), 2 + 4);
        let saving = finding.saving.unwrap();
        assert!((860..=880).contains(&saving.amount.as_millis()), "{saving:?}");
    }

    #[test]
    fn the_first_of_many_runs_is_held_against_the_later_ones() {
        let all = |waits: &[u64]| waits.iter().map(|wait| trace(*wait, &[])).collect::<Vec<_>>();
        let found = |runs: &[Trace]| cold_start(&runs.iter().collect::<Vec<_>>());
        let [finding] = &found(&all(&[900, 30, 32, 31, 29]))[..] else { panic!() };
        assert!(finding.title.contains("median of 4") && finding.detail.contains("29.0 ms to 32.0 ms"));
        assert_eq!(finding.evidence.len(), 2);
        assert_eq!(found(&all(&[900, 30, 32, 31])), [], "three are too few");
        assert_eq!(found(&all(&[900, 30, 32, 950, 31])), [], "a later one was as slow");
        assert_eq!(found(&all(&[30, 900, 32, 31, 29])), [], "it was not the first");
        let mut other = all(&[900, 30, 32, 31, 29]);
        sample::http(&mut other[2]).status = Some(503);
        assert_eq!(found(&other), [], "another status");
        assert_eq!(found(&[]), []);
    }

    #[test]
    fn near_misses_accuse_nobody() {
        let few = trace(900, &[30, 32, 31]);
        let little = trace(200, &[30, 32, 31, 29]);
        let twice = trace(900, &[400, 410, 405, 420]);
        let as_slow_later = trace(900, &[30, 32, 31, 950, 30]);
        let mut no_mark = trace(900, &[30, 32, 31, 29]);
        sample::http(&mut no_mark).headers.retain(|field| field.name != "x-amzn-trace-id");
        let mut cached = trace(900, &[30, 32, 31, 29]);
        let later = &mut cached.requests[0].further.as_mut().unwrap().exchanges[1].http;
        later
            .headers
            .push(crate::trace::Header { name: "cache-status".into(), value: b"edge; hit".to_vec() });
        let mut other_status = trace(900, &[30, 32, 31, 29]);
        other_status.requests[0].further.as_mut().unwrap().exchanges[0].http.status = Some(503);
        let mut unknown_way = trace(900, &[30, 32, 31, 29]);
        unknown_way.connections[0].tcp.tcp_info = None;
        let mut without = trace(900, &[30, 32, 31, 29]);
        without.requests[0].further = None;
        for (what, trace) in [
            ("three are too few", few),
            ("little more", little),
            ("2.2 times", twice),
            ("a later one as slow", as_slow_later),
            ("no mark of a platform", no_mark),
            ("a copy of a cache", cached),
            ("another status", other_status),
            ("the way is not known", unknown_way),
            ("without --reuse", without),
        ] {
            assert_eq!(sample::of(&RULE, &trace), Vec::new(), "{what}");
        }
    }
}
