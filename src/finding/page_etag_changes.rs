//! Files whose ETag changes although they do not.

use super::found::{Finding, Severity};
use super::place::InAgain;
use super::revisited::{again, bytes, finding};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};
use crate::units::{self, count};

pub(super) const RULE: Rule = Rule {
    id: "page-etag-changes",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page --again: something of the own site was asked about by its ETag and came whole, the same to the byte, with another ETag",
    standard: "RFC 9110 section 8.8.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let all =
        again(trace, |it| it.asked.is_in_vain() && it.asked.by_etag && it.asked.same_etag == Some(false));
    let title = format!("{} of the page had another ETag for the same bytes", count(all.len(), "file"));
    let advice = "make ETags of what is in a file: behind several servers none of a server's own (inode, time) may go in";
    let detail = format!("{} came once more in place of a 304", units::bytes(bytes(&all)));
    finding(rule, (&all, InAgain::SameEtag), &title, advice, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Reasked;

    #[test]
    fn fires_on_another_tag_for_the_same_bytes_alone() {
        let near = |bend: &dyn Fn(&mut Reasked)| {
            let mut trace = sample::visited_twice();
            bend(sample::reasked(&mut trace));
            sample::of(&RULE, &trace)
        };
        let fires = |asked: &mut Reasked| {
            (asked.status, asked.same_body, asked.same_etag) = (Some(200), Some(true), Some(false));
        };
        assert!(near(&|_| {}).is_empty(), "a 304");
        let finding = near(&fires).remove(0);
        assert_eq!(finding.title, "1 file of the page had another ETag for the same bytes: `style.css`");
        for bend in [
            |asked: &mut Reasked| asked.same_body = Some(false),
            |asked: &mut Reasked| asked.same_etag = Some(true),
            |asked: &mut Reasked| asked.same_etag = None,
            |asked: &mut Reasked| asked.by_etag = false,
            |asked: &mut Reasked| asked.status = Some(500),
        ] {
            let both = |asked: &mut Reasked| {
                fires(asked);
                bend(asked);
            };
            assert!(near(&both).is_empty());
        }
    }
}
