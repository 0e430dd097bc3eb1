//! Static files that come whole on each visit: neither a lifetime nor a validator lets a browser keep them.

use super::found::{Finding, Severity};
use super::place::InAgain;
use super::revisited::{Again, again, bytes, finding};
use super::rule::{Check, Rule};
use crate::trace::{ResourceKind, ReuseReason, StageName, Trace, directive};
use crate::units::{self, count};

pub(super) const RULE: Rule = Rule {
    id: "page-no-validator",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page --again: styles, scripts, images or fonts of the own site, 14,600 bytes or more, came whole once more and the same, since they have neither a lifetime nor a validator",
    standard: "RFC 9111 section 4.3.1",
    check: Check::Trace(check),
};

/// Less than this comes in one round trip: ten segments (RFC 6928 section 2).
const LEAST: u64 = 10 * 1460;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let all = again(trace, |it| is_static(trace, it) && is_given_up(it));
    let sum = bytes(&all);
    if sum < LEAST {
        return Vec::new();
    }
    let title = format!("{} of the page cannot be kept by browsers", count(all.len(), "static file"));
    let advice = "send an ETag or Last-Modified, and Cache-Control: max-age, long where the name changes with the file";
    let detail = format!("{} came once more, the same to the byte", units::bytes(sum));
    finding(rule, (&all, InAgain::WireBytes), &title, advice, detail)
}

fn is_static(trace: &Trace, it: &Again<'_>) -> bool {
    use ResourceKind::{Font, Image, Script, Stylesheet};
    let mut requested = trace.page.iter().flat_map(|page| page.requested());
    let own = requested.find(|(_, _, request)| *request == it.row.of);
    own.is_some_and(|(_, resource, _)| matches!(resource.kind, Stylesheet | Script | Image | Font))
}

/// Nothing was there to ask by, and no max-age, which is page-short-cache's matter.
fn is_given_up(it: &Again<'_>) -> bool {
    let http = it.first.http.ran();
    let has_age = http.is_some_and(|http| directive(&http.headers, "cache-control", "max-age").is_some());
    it.row.why == ReuseReason::NoValidator
        && !has_age
        && it.asked.status == Some(200)
        && it.asked.same_body == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_nothing_lets_be_kept() {
        let of = |bend: &dyn Fn(&mut Trace)| {
            let mut trace = sample::visited_twice();
            let first = sample::resource(&mut trace, 0).http.ran_mut().unwrap();
            first.headers.retain(|field| !field.name.eq_ignore_ascii_case("cache-control"));
            trace.page.as_mut().unwrap().again.as_mut().unwrap().requests[1].why = ReuseReason::NoValidator;
            let asked = sample::reasked(&mut trace);
            (asked.status, asked.same_body, asked.by_etag) = (Some(200), Some(true), false);
            asked.wire_bytes = 20_000;
            bend(&mut trace);
            sample::of(&RULE, &trace)
        };
        assert_eq!(
            of(&|_| {}).remove(0).title,
            "1 static file of the page cannot be kept by browsers: `style.css`"
        );
        assert!(of(&|trace| sample::reasked(trace).wire_bytes = LEAST - 1).is_empty());
        assert!(of(&|trace| sample::reasked(trace).same_body = Some(false)).is_empty());
        let aged = |trace: &mut Trace| {
            let http = sample::resource(trace, 0).http.ran_mut().unwrap();
            sample::set(&mut http.headers, "cache-control", "max-age=0");
        };
        assert!(of(&aged).is_empty(), "page-short-cache tells of it");
        let frame = |trace: &mut Trace| {
            trace.page.as_mut().unwrap().resources[0].kind = ResourceKind::Frame;
        };
        assert!(of(&frame).is_empty(), "a document changes");
    }
}
