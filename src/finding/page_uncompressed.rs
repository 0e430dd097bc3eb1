//! Texts of a page that came as they are.

use super::coding::is_uncompressed_text;
use super::found::{Finding, Severity};
use super::paged::{Asked, MOST_NAMES, asked, names, saving};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{ResourceKind, StageName, Trace};
use crate::units::{self, count};

pub(super) const RULE: Rule = Rule {
    id: "page-uncompressed",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: texts of more than 1,400 bytes came uncompressed to one who takes gzip, br or zstd; the document aside (http-no-compression)",
    standard: "RFC 9110 section 8.4",
    check: Check::Trace(check),
};

/// What fits one segment comes no sooner for being shorter: what Lighthouse ignores, too.
const LEAST: u64 = 1400;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let texts: Vec<Asked<'_>> = asked(trace).into_iter().filter(is_long).collect();
    if texts.is_empty() {
        return Vec::new();
    }
    let bytes = |one: &Asked<'_>| one.whole().map_or(0, |http| http.body.encoded_bytes);
    let sum: u64 = texts.iter().map(bytes).sum();
    let title = format!(
        "{} of the page came uncompressed, {}: {}",
        count(texts.len(), "text"),
        units::bytes(sum),
        names(&texts)
    );
    let evidence = texts.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::WireBytes));
    let advice = "compress texts (nginx: gzip on and gzip_types; br or zstd are smaller still)";
    let mut finding = rule.finding(title, evidence.collect(), advice);
    let spared: u64 =
        texts.iter().map(|one| bytes(one) * u64::from(1000 - kept(one.resource.kind)) / 1000).sum();
    finding.detail = format!("texts like these usually shrink by {} or so", units::bytes(spared));
    let mends = texts.iter().map(|one| Mend::Compress(one.request(), kept(one.resource.kind))).collect();
    finding.saving = Simulation::of(trace).and_then(|simulation| saving(&simulation, mends));
    vec![finding]
}

fn is_long(one: &Asked<'_>) -> bool {
    one.whole().is_some_and(|http| http.body.encoded_bytes > LEAST && is_uncompressed_text(http))
}

/// How many thousandths are usually left: Lighthouse's estimates.
const fn kept(kind: ResourceKind) -> u32 {
    match kind {
        ResourceKind::Stylesheet => 200,
        ResourceKind::Script | ResourceKind::Frame => 330,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Http;

    fn bent(bend: impl Fn(&mut Http)) -> Vec<Finding> {
        let mut trace = sample::page_of(&[]);
        let http = sample::resource(&mut trace, 0).http.ran_mut().unwrap();
        http.headers.retain(|field| !field.name.eq_ignore_ascii_case("content-encoding"));
        http.request.headers.retain(|field| !field.name.eq_ignore_ascii_case("accept-encoding"));
        sample::set(&mut http.request.headers, "accept-encoding", "gzip, br");
        sample::set(&mut http.headers, "content-type", "text/css");
        (http.body.encoded_bytes, http.body.encoding) = (10_000, None);
        bend(http);
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_long_texts_alone() {
        let finding = bent(|_| {}).remove(0);
        assert!(finding.title.starts_with("1 text of the page came uncompressed, 10"), "{}", finding.title);
        assert!(finding.saving.is_none(), "it came at once");
        assert!(bent(|http| http.body.encoded_bytes = LEAST).is_empty());
        assert!(!bent(|http| http.body.encoded_bytes = LEAST + 1).is_empty());
        assert!(bent(|http| sample::set(&mut http.headers, "content-type", "image/png")).is_empty());
        assert!(bent(|http| sample::set(&mut http.headers, "content-encoding", "br")).is_empty());
        assert!(
            bent(|http| sample::set(&mut http.request.headers, "accept-encoding", "identity")).is_empty()
        );
        assert!(bent(|http| http.status = Some(404)).is_empty());
    }
}
