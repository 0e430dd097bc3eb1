//! The Date of a response is far from this machine's clock.

use std::time::Duration;

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::sent_date;
use crate::trace::{Hop, StageName, Trace, header, members, position};

pub(super) const RULE: Rule = Rule {
    id: "http-clock-skew",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "the Date of a response is more than 5 minutes ahead of this machine's clock, or behind it where no cache can have kept the response",
    standard: "RFC 9110 section 6.6.1",
    check: Check::Trace(check),
};

/// What tokens and tickets mostly allow for (RFC 4120 section 1.6).
const ALLOWED: Duration = Duration::from_secs(5 * 60);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().find_map(|hop| of_hop(rule, trace, &hop)).into_iter().collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let http = hop.http.ran()?;
    let (told, place) = (sent_date(&http.headers)?, position(&http.headers, "date")?);
    let here = trace.started_at + Duration::from_micros(http.first_byte?.0);
    let (apart, way) = match told.duration_since(here) {
        Ok(ahead) => (ahead, "ahead of"),
        // A copy has the date at which it was made (RFC 9111 section 5.1).
        Err(behind) if is_fresh(&http.headers) => (behind.duration(), "behind"),
        Err(_) => return None,
    };
    (apart > ALLOWED).then(|| {
        let title = format!(
            "the clock of {} is {} {way} this machine's: one of them is wrong",
            hop.url.host_ascii,
            spoken(apart)
        );
        let place = Place::Request(hop.id, InRequest::Header(place));
        let mut finding =
            rule.finding(title, vec![place], "compare both with a clock that is known to be right (NTP)");
        "tokens, signatures, cookies with Expires and Retry-After dates go wrong by as much"
            .clone_into(&mut finding.detail);
        finding
    })
}

/// `12 min`, `3 h`, `40 days`.
fn spoken(apart: Duration) -> String {
    match apart.as_secs() / 60 {
        minutes @ ..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}

/// Whether no cache can have kept a response.
fn is_fresh(headers: &[crate::trace::Header]) -> bool {
    let kept_by_none = ["no-store", "private"];
    let forbids = members(headers, "cache-control")
        .iter()
        .any(|word| kept_by_none.iter().any(|own| word.eq_ignore_ascii_case(own)));
    forbids && header(headers, "age").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn found(date: i64, cache: &str, age: Option<&str>) -> Vec<Finding> {
        let mut trace = sample::sound();
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        let at = std::time::UNIX_EPOCH + Duration::from_secs(784_111_777);
        sample::field(&mut trace, "date", "Sun, 06 Nov 1994 08:49:37 GMT");
        sample::field(&mut trace, "cache-control", cache);
        sample::unset(&mut trace, "age");
        if let Some(age) = age {
            sample::field(&mut trace, "age", age);
        }
        sample::http(&mut trace).first_byte = Some(crate::trace::At(0));
        let away = Duration::from_secs(date.unsigned_abs());
        trace.started_at = if date < 0 { at + away } else { at - away };
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_where_one_of_two_clocks_is_wrong() {
        for (date, cache, age, fires) in [
            (299, "max-age=60", None, false),
            (301, "max-age=60", None, true),
            (-299, "no-store", None, false),
            (-301, "no-store", None, true),
            (-301, "private, max-age=60", None, true),
            (-301, "private", Some("1"), false),
            (-86_400, "max-age=60", None, false),
        ] {
            assert_eq!(found(date, cache, age).len(), usize::from(fires), "{date} {cache} {age:?}");
        }
        assert!(found(7_200, "no-store", None)[0].title.contains(" ahead of this machine's"));
        assert!(found(-7_200, "no-store", None)[0].title.contains(" behind this machine's"));
    }
}
