//! A cache in front of the server had no fresh copy.

use super::found::{Finding, Load, Saving, Severity};
use super::kept::{Did, barred, document, lifetime, said};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::Phase;
use crate::trace::{StageName, Trace, header};

pub(super) const RULE: Rule = Rule {
    id: "http-cdn-miss",
    severity: Severity::Info,
    stage: StageName::Http,
    fires: "a cache in front of the server says that it had no fresh copy (MISS, EXPIRED) of a page that it may keep",
    standard: "RFC 9211 section 2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = document(trace) else { return Vec::new() };
    let Some(said) = said(http).filter(|said| said.did == Did::Miss) else { return Vec::new() };
    let personal = header(&http.request.headers, "authorization").is_some();
    if personal || barred(http).is_some() || lifetime(http) == Some(0) {
        return Vec::new();
    }
    let title = format!(
        "the cache in front of {} had no fresh copy and asked behind itself ({})",
        hop.url.host_ascii, said.words
    );
    let evidence = vec![
        Place::Request(hop.id, InRequest::Header(said.index)),
        Place::Request(hop.id, InRequest::Phase(Phase::Wait)),
    ];
    let advice = "trace it again: if it misses each time, let caches keep it longer (s-maxage, stale-while-revalidate)";
    let mut finding = rule.finding(title, evidence, advice);
    "the first visitor of each place always meets a miss; only one that comes back is a fault"
        .clone_into(&mut finding.detail);
    // Behind a proxy the kernel knows the way to the proxy alone.
    let direct = hop.connection.filter(|connection| connection.proxy.is_none());
    let info = direct.and_then(|connection| connection.tcp.tcp_info);
    if let (Some(sent), Some(first), Some(info)) = (http.sent, http.first_byte, info) {
        let behind = (sent.after(info.min_rtt.unwrap_or(info.rtt)).min(first), first);
        finding.saving =
            Saving::derived_at(&[behind], "on visits that find a copy in that cache", Load::Repeat);
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_miss_of_what_may_be_kept() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::field(&mut trace, "cf-cache-status", "MISS");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.severity, Severity::Info, "a first visit is no fault");
        assert_eq!(finding.saving.unwrap().amount.as_micros(), 4_900, "the wait without a round trip");
        for (name, value) in [
            ("cf-cache-status", "HIT"),
            ("cache-control", "private, max-age=60"),
            ("cache-control", "max-age=0"),
        ] {
            let mut near = trace.clone();
            sample::field(&mut near, name, value);
            assert!(sample::of(&RULE, &near).is_empty(), "{name}: {value}");
        }
        sample::http(&mut trace).status = Some(404);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
