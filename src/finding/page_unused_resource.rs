//! A browser fetches something of the page and does not use it: its integrity, its server's CORS or resource policy, its
//! type or who may frame it forbids it.

use super::found::{Finding, Severity};
use super::listed::{MOST, names, those};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Blocking, StageName, Trace, Unused};

pub(super) const RULE: Rule = Rule {
    id: "page-unused-resource",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a browser would not use what came: its integrity differs, CORS or Cross-Origin-Resource-Policy does not allow it to the page, its Content-Type is not that of a stylesheet or script, or the page may not frame it (error: where rendering waits for it)",
    standard: "W3C SRI section 3.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let unused = those(trace, |resource| resource.unused.is_some());
    if unused.is_empty() {
        return Vec::new();
    }
    let words = |why: Option<Unused>| why.map_or("", Unused::words);
    let listed = names(&unused, |resource| format!("`{}` ({})", resource.url, words(resource.unused)));
    let title = match unused.len() {
        1 => format!("browsers fetch a resource of the page and do not use it: {listed}"),
        number => format!("browsers fetch {number} resources of the page and do not use them: {listed}"),
    };
    let evidence = unused.iter().take(MOST).map(|(id, _)| Place::Resource(*id, InResource::Unused));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "let the reference and the response agree: the attributes integrity and crossorigin with the body, \
         Access-Control-Allow-Origin, Content-Type, X-Frame-Options or frame-ancestors, and the Cross-Origin policies",
    );
    if unused.iter().any(|(_, resource)| resource.blocking == Blocking::Render) {
        finding.severity = Severity::Error;
        "rendering waits for it all the same".clone_into(&mut finding.detail);
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Integrity;

    #[test]
    fn fires_on_what_is_not_used_and_not_on_what_holds() {
        let mut trace = sample::paged();
        assert!(sample::of(&RULE, &trace).is_empty());
        trace.page.as_mut().unwrap().resources[1].integrity = Some(Integrity::Holds);
        assert!(sample::of(&RULE, &trace).is_empty());
        for why in Unused::ALL {
            trace.page.as_mut().unwrap().resources[1].unused = Some(*why);
            let finding = sample::of(&RULE, &trace).remove(0);
            assert!(finding.title.contains(why.words()), "{}", finding.title);
            assert_eq!(finding.severity, Severity::Warning);
        }
        trace.page.as_mut().unwrap().resources[0].unused = Some(Unused::Integrity);
        assert_eq!(sample::of(&RULE, &trace).remove(0).severity, Severity::Error);
    }
}
