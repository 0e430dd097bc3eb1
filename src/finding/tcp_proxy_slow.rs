//! A proxy took its time before it passed anything on.

use super::found::{Finding, Severity};
use super::place::{InConnection, InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::Phase;
use crate::trace::{StageName, Trace};
use crate::units::{count, duration};
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-proxy-slow",
    severity: Severity::Notice,
    stage: StageName::Tcp,
    fires: "a proxy took at least 100 ms longer over its answers than the round trips to it explain, and that was at least 30 % of the hop",
    standard: "RFC 9110 section 9.3.6",
    check: Check::Trace(check),
};

/// Below this a proxy is not slow.
const WORTH: Duration = Duration::from_millis(100);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let (Some(proxy), Some(connect), Some(id)) =
            (hop.proxy, hop.connect.ran(), hop.request.connection.ran())
        else {
            continue;
        };
        let (Some(info), Some((start, end))) = (connect.tcp_info, proxy.tunnel()) else { continue };
        let trip = info.min_rtt.unwrap_or(info.rtt);
        let rounds = u32::try_from(proxy.rounds.len()).unwrap_or(u32::MAX);
        let took = end.since(start);
        let own = took.saturating_sub(trip.saturating_mul(rounds));
        if own < WORTH || own * 10 < hop.end.since(hop.start) * 3 {
            continue;
        }
        let title = format!(
            "the {} took {} to open the tunnel ({} of {})",
            proxy.words(),
            duration(took),
            count(proxy.rounds.len(), "round trip"),
            duration(trip)
        );
        let evidence = vec![
            Place::Request(hop.id, InRequest::Phase(Phase::Proxy)),
            Place::Connection(id, InConnection::RoundTrip),
        ];
        let advice =
            "compare with a run without it (--noproxy '*'), where that is allowed, and with another target";
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail =
            "its own work, its lookup of the name and its connection to the target are all in that time, \
                          and cannot be told apart here"
                .to_owned();
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_on_a_slow_proxy_and_not_on_a_far_one() {
        let mut trace = sample::sound();
        sample::put_behind_proxy(&mut trace);
        assert!(sample::of(&RULE, &trace).is_empty());
        let start = trace.connections[0].proxy.as_ref().unwrap().rounds[0].start;
        let proxy = trace.connections[0].proxy.as_mut().unwrap();
        (proxy.rounds[0].end, proxy.end) = (At(start.0 + 150_000), At(start.0 + 150_000));
        trace.requests[0].end = At(start.0 + 180_000);
        assert!(sample::of(&RULE, &trace)[0].title.contains("took 150 ms to open the tunnel"));
        let info = sample::connect(&mut trace).tcp_info.as_mut().unwrap();
        info.min_rtt = Some(Duration::from_millis(120));
        assert!(sample::of(&RULE, &trace).is_empty(), "that is the way");
    }
}
