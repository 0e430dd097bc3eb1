//! A long text came as it is, although a compressed one would have been taken.

use super::coding::is_uncompressed_text;
use super::found::{Finding, Severity};
use super::kept::document;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};
use crate::units;

pub(super) const RULE: Rule = Rule {
    id: "http-no-compression",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a 200 to a GET that takes gzip, br or zstd has a text of more than 14,600 bytes and no Content-Encoding",
    standard: "RFC 9110 section 8.4",
    check: Check::Trace(check),
};

/// What a server may send before the first acknowledgement: ten segments of an Ethernet's 1460 bytes (RFC 6928 §2).
/// Below that a shorter body comes no sooner.
const FIRST_WINDOW: u64 = 10 * 1460;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = document(trace) else { return Vec::new() };
    let bytes = http.body.encoded_bytes;
    if bytes <= FIRST_WINDOW || !is_uncompressed_text(http) {
        return Vec::new();
    }
    let title =
        format!("{} of text came uncompressed, and compressed ones were asked for", units::bytes(bytes));
    let evidence =
        vec![Place::Request(hop.id, InRequest::WireBytes), Place::Request(hop.id, InRequest::Status)];
    vec![rule.finding(
        title,
        evidence,
        "compress texts (nginx: gzip on and gzip_types; br or zstd are smaller still), but for responses that hold a \
         secret beside what the visitor sent (BREACH)",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Header;

    fn asking(accepted: Option<&str>) -> Trace {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        http.request.headers.retain(|field| !field.name.eq_ignore_ascii_case("accept-encoding"));
        if let Some(accepted) = accepted {
            http.request
                .headers
                .push(Header { name: "Accept-Encoding".to_owned(), value: accepted.as_bytes().to_vec() });
        }
        (http.body.encoded_bytes, http.body.encoding) = (20_000, None);
        sample::unset(&mut trace, "content-encoding");
        sample::field(&mut trace, "content-type", "text/html; charset=utf-8");
        trace
    }

    #[test]
    fn fires_on_a_long_text_for_one_who_takes_codings_and_not_on_what_is_short_coded_or_no_text() {
        let long = asking(Some("gzip, br;q=0.5"));
        let found = sample::of(&RULE, &long);
        assert!(
            found[0].title.contains("of text came uncompressed") && found[0].saving.is_none(),
            "{found:?}"
        );
        for accepted in [None, Some("identity"), Some("gzip;q=0, br; q=0.000"), Some("")] {
            assert!(sample::of(&RULE, &asking(accepted)).is_empty(), "{accepted:?}");
        }
        let near = |bend: &dyn Fn(&mut Trace)| {
            let mut trace = long.clone();
            bend(&mut trace);
            sample::of(&RULE, &trace).is_empty()
        };
        assert!(near(&|trace| sample::http(trace).body.encoded_bytes = FIRST_WINDOW));
        assert!(!near(&|trace| sample::http(trace).body.encoded_bytes = FIRST_WINDOW + 1));
        assert!(near(&|trace| sample::field(trace, "content-encoding", "gzip")));
        assert!(!near(&|trace| sample::field(trace, "content-encoding", "identity")));
        assert!(near(&|trace| sample::field(trace, "transfer-encoding", "gzip, chunked")));
        assert!(near(&|trace| sample::field(trace, "cache-control", "no-transform")));
        assert!(near(&|trace| sample::field(trace, "content-type", "text/event-stream")));
        assert!(near(&|trace| sample::field(trace, "content-type", "image/png")));
        assert!(!near(&|trace| sample::field(trace, "content-type", "application/problem+json")));
        assert!(near(&|trace| sample::http(trace).status = Some(500)));
    }
}
