//! A body cannot be decoded by the coding that its response names.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Http, StageName, Trace, position};

pub(super) const RULE: Rule = Rule {
    id: "http-coding-broken",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the last response names a coding that is known (Content-Encoding), and its body, whole, cannot be decoded by it",
    standard: "RFC 9110 section 8.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let (Some(why), Some(index)) = (broken(http), position(&http.headers, "content-encoding")) else {
        return Vec::new();
    };
    let coding = http.body.encoding.as_deref().unwrap_or_default();
    let title = format!(
        "{}the body of {} is said to be {coding}, and cannot be decoded: {why}",
        hop_before(trace, &hop),
        hop.url.host_ascii
    );
    let advice = "send the body as Content-Encoding says, or leave that field away: often the application and the server \
                  before it both pack it, or one of them only says so";
    let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Header(index))], advice);
    "browsers show an error or a part in its place; who does not ask for codings may get it whole"
        .clone_into(&mut finding.detail);
    vec![finding]
}

/// Why the data is none of the coding: not that it is unknown here, or more than is decoded here.
fn broken(http: &Http) -> Option<&str> {
    let why = http.body.decode_error.as_deref().filter(|_| http.body.complete)?;
    (why.starts_with("not readable as ") || why.ends_with(" data ends too early")).then_some(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_is_no_data_of_its_coding_and_on_no_limit_of_ours() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::unset(&mut trace, "content-encoding");
        sample::field(&mut trace, "content-encoding", "gzip");
        for (why, fires) in [
            ("not readable as gzip: Invalid gzip header", true),
            ("the gzip data ends too early", true),
            ("unknown encoding \"utf-8\"", false),
            ("stopped: more than 1.07 GB decoded", false),
        ] {
            let body = &mut sample::http(&mut trace).body;
            (body.complete, body.decode_error) = (true, Some(why.to_owned()));
            body.encoding = Some("gzip".to_owned());
            assert_eq!(sample::of(&RULE, &trace).len(), usize::from(fires), "{why}");
        }
        let body = &mut sample::http(&mut trace).body;
        (body.complete, body.decode_error) = (false, Some("the gzip data ends too early".to_owned()));
        assert!(sample::of(&RULE, &trace).is_empty(), "the rest did not come");
    }
}
