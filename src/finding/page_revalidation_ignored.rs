//! Files that come whole although their validator says that they need not.

use super::found::{Finding, Severity};
use super::place::InAgain;
use super::revisited::{again, bytes, finding};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};
use crate::units::{self, count};

pub(super) const RULE: Rule = Rule {
    id: "page-revalidation-ignored",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page --again: something of the own site was asked about by its validator, which has not changed, and came whole, the same to the byte, where a 304 was due",
    standard: "RFC 9110 section 13.2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    // An ETag that is another one is another finding's.
    let all = again(trace, |it| it.asked.is_in_vain() && it.asked.same_etag != Some(false));
    let title = format!("{} of the page came whole where a 304 was due", count(all.len(), "file"));
    let advice = "let the server heed If-None-Match and If-Modified-Since; some compare an ETag before they change it \
                  for a compressed body";
    let detail = format!("{} came once more", units::bytes(bytes(&all)));
    finding(rule, (&all, InAgain::Status), &title, advice, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Reasked;

    #[test]
    fn fires_on_the_same_bytes_under_the_same_validator_alone() {
        let of = |bend: &dyn Fn(&mut Reasked)| {
            let mut trace = sample::visited_twice();
            bend(sample::reasked(&mut trace));
            sample::of(&RULE, &trace)
        };
        assert!(of(&|_| {}).is_empty(), "a 304");
        for (etag, date) in [(Some(true), false), (None, true)] {
            let finding = of(&|asked| {
                (asked.status, asked.same_body, asked.same_etag) = (Some(200), Some(true), etag);
                (asked.by_etag, asked.by_date) = (!date, date);
            });
            assert_eq!(finding[0].title, "1 file of the page came whole where a 304 was due: `style.css`");
        }
        assert!(of(&|asked| (asked.status, asked.same_body) = (Some(200), Some(false))).is_empty());
        let other = |asked: &mut Reasked| {
            (asked.status, asked.same_body, asked.same_etag) = (Some(200), Some(true), Some(false));
        };
        assert!(of(&other).is_empty(), "page-etag-changes tells of it");
        let anew = |asked: &mut Reasked| {
            (asked.status, asked.same_body, asked.by_etag, asked.by_date) =
                (Some(200), Some(true), false, false);
        };
        assert!(of(&anew).is_empty(), "nothing was said that it could go by");
    }
}
