//! A server said nothing to `Expect: 100-continue`, and the body waited in vain.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading;
use crate::trace::{ExpectOutcome, HttpVersion, StageName, Trace};
use crate::units::{duration, limit};

pub(super) const RULE: Rule = Rule {
    id: "http-continue-missing",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a body was announced with Expect: 100-continue, and no 100 came although there was time for it",
    standard: "RFC 9110 section 10.1.1",
    check: Check::Trace(check),
};

/// Round trips that have to fit into the wait before anybody is blamed for silence.
const ROUND_TRIPS: u32 = 3;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran() else { continue };
        let Some(expect) = http.expect.filter(|expect| expect.outcome == ExpectOutcome::TimedOut) else {
            continue;
        };
        let rtt = reading::round_trip(&hop).unwrap_or_default();
        let had_time = expect.end.since(expect.asked) >= rtt * ROUND_TRIPS;
        let came_late = http.informational.iter().any(|interim| interim.status == 100);
        // HTTP/1.0 has no interim responses, and a proxy may have kept it back.
        let is_direct = hop.connection.is_some_and(|connection| connection.proxy.is_none());
        let answered = http.status.is_some_and(|status| status != 417) && http.version != HttpVersion::Http10;
        if !(had_time && is_direct && answered) || came_late {
            continue;
        }
        let waited = expect.end.since(expect.asked);
        let title = format!(
            "the body waited {} for a 100 that never came from {}",
            duration(waited),
            hop.url.host_ascii
        );
        let evidence = vec![Place::Request(hop.id, InRequest::Expect)];
        let advice =
            "have the server, or what stands before it, answer Expect: 100-continue at once; or send none";
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail = format!(
            "a server has to answer with 100 or with a final status (RFC 9110 section 10.1.1); curl, which \
             announces large bodies so, waits {} each time, and other clients as long as they are told",
            limit(crate::trace::USUAL_EXPECT_WAIT)
        );
        finding.saving = Saving::derived_at(
            &[(expect.asked.after(rtt), expect.end)],
            "requests that announce their body so",
            Load::This,
        );
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::finding::sample;
    use crate::trace::{Expect, Http, Informational};

    fn found(change: impl Fn(&mut Http)) -> Vec<Finding> {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        let asked = http.start;
        let end = asked.after(Duration::from_secs(1));
        let (limit, outcome) = (Duration::from_secs(1), ExpectOutcome::TimedOut);
        http.expect = Some(Expect { asked, end, limit, outcome });
        change(http);
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_silence_alone() {
        let findings = found(|_| {});
        assert!(findings[0].title.starts_with("the body waited 1.00 s for a 100"), "{}", findings[0].title);
        assert!(findings[0].saving.is_some());
        for outcome in [ExpectOutcome::Continue, ExpectOutcome::Final, ExpectOutcome::Unanswered] {
            let changed = |http: &mut Http| http.expect.iter_mut().for_each(|it| it.outcome = outcome);
            assert!(found(changed).is_empty(), "{outcome:?}");
        }
        assert!(found(|http| http.expect = None).is_empty());
    }

    #[test]
    fn nobody_is_blamed_who_had_no_time_or_no_such_thing() {
        let soon = |http: &mut Http| {
            http.expect.iter_mut().for_each(|it| it.end = it.asked.after(Duration::from_millis(1)));
        };
        assert!(found(soon).is_empty(), "less than the round trips");
        assert!(found(|http| http.version = HttpVersion::Http10).is_empty());
        assert!(found(|http| http.status = None).is_empty());
        assert!(found(|http| http.status = Some(417)).is_empty(), "it has said what it thinks of it");
        let late = |http: &mut Http| {
            let at = http.expect.unwrap().end.after(Duration::from_millis(1));
            http.informational.push(Informational { status: 100, at, headers: Vec::new() });
        };
        assert!(found(late).is_empty(), "it came");
    }
}
