//! The body came in drips.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::{Phase, slow_start};
use crate::trace::{StageName, Trace};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "http-body-slow",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "receiving took at least 100 ms and half of the hop, at less than 100 kB/s",
    standard: "RFC 9110 section 6.4",
    check: Check::Trace(check),
};

/// Below this a body is not slow.
const WORTH: Duration = Duration::from_millis(100);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran() else { continue };
        // Events come when there are some, and a WebSocket has no body.
        let is_live = http.body.events.is_some() || http.websocket.is_some();
        // A head that came in drips is no body, nor is what never came.
        let Some(head_end) = http.head_end.filter(|_| !is_live) else { continue };
        let took = http.end.since(head_end);
        let bytes = http.body.wire_bytes;
        if bytes == 0 {
            continue;
        }
        // bytes / took < 100 000 bytes / s, without division.
        let slow = u128::from(bytes) * 1_000_000 < took.as_micros() * 100_000;
        if took < WORTH || took * 2 < hop.end.since(hop.start) || !slow {
            continue;
        }
        // The way is long, and the server sent what it may.
        if slow_start(&hop).is_some() {
            continue;
        }
        let title = format!("the body came slowly: {bytes} bytes in {}", duration(took));
        let evidence = vec![
            Place::Request(hop.id, InRequest::Phase(Phase::Receive)),
            Place::Request(hop.id, InRequest::WireBytes),
        ];
        findings.push(rule.finding(
            title,
            evidence,
            "see whether the server writes the page piece by piece or limits its rate, or the way from it is narrow",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_on_drips_and_not_on_a_large_body() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).end = At(266_000);
        trace.requests[0].end = At(266_000);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        sample::http(&mut trace).body.wire_bytes = 1_000_000;
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_long_way_makes_no_server_slow() {
        let mut trace = sample::slow_start();
        let far = |at: At| At(66_000 + (at.0 - 66_000) * 80);
        let http = sample::http(&mut trace);
        for burst in &mut http.bursts {
            (burst.start, burst.end) = (far(burst.start), far(burst.end));
        }
        http.end = far(http.end);
        trace.requests[0].end = http.end;
        let info = sample::connect(&mut trace).tcp_info_after.as_mut().unwrap();
        info.min_rtt = Some(Duration::from_millis(800));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).bursts.clear();
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "as slow without rounds");
    }
}
