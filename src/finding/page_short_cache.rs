//! Static files of a page that may be kept only briefly.

use super::found::{Finding, Severity};
use super::paged::{Asked, MOST_NAMES, asked, is_other_site, names};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Http, ResourceKind, StageName, Trace, directive, header, seconds};
use crate::units::{self, count};

pub(super) const RULE: Rule = Rule {
    id: "page-short-cache",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: styles, scripts, images or fonts of the own site, 14,600 bytes or more of which will be fetched anew, are fresh for less than 30 days",
    standard: "RFC 9111 section 4.2",
    check: Check::Trace(check),
};

/// Less than this comes in one round trip: ten segments (RFC 6928 section 2).
const LEAST: u64 = 10 * 1460;
/// Longer lifetimes are good enough.
const LONG: u64 = 30 * 86_400;
/// After how many hours each tenth of visitors comes back, by Lighthouse.
const RETURNS: [u64; 11] = [0, 0, 1, 3, 8, 12, 24, 48, 72, 168, 8760];

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(document) = trace.hops().next_back() else { return Vec::new() };
    let own = |one: &Asked<'_>| !is_other_site(&document.url.host_ascii, &one.hop.url.host_ascii);
    let all = asked(trace).into_iter().filter(own);
    let short: Vec<(Asked<'_>, u64)> = all.filter_map(|one| Some((one, fetched_anew(&one)?))).collect();
    let sum: u64 = short.iter().map(|(_, bytes)| bytes).sum();
    if sum < LEAST {
        return Vec::new();
    }
    let mut files: Vec<(Asked<'_>, u64)> = short;
    files.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let files: Vec<Asked<'_>> = files.into_iter().map(|(one, _)| one).collect();
    let title = format!(
        "{} of the page may be kept for less than 30 days: {}",
        count(files.len(), "static file"),
        names(&files)
    );
    let evidence = files.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::WireBytes));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "give them names that change with what they hold, and Cache-Control: max-age=31536000, immutable",
    );
    finding.detail = format!(
        "by how soon visitors usually come back, {} of them are fetched anew on a repeat visit",
        units::bytes(sum)
    );
    vec![finding]
}

/// How many bytes of it are fetched anew on the next visit, on an average; `None` where it says itself that it is not
/// to be kept, or is kept for long.
fn fetched_anew(one: &Asked<'_>) -> Option<u64> {
    use ResourceKind::{Font, Image, Script, Stylesheet};
    if !matches!(one.resource.kind, Stylesheet | Script | Image | Font) {
        return None;
    }
    let http = one.whole()?;
    let says = |name: &str| directive(&http.headers, "cache-control", name).is_some();
    let is_not_to_be_kept = ["no-store", "no-cache", "private", "must-revalidate"].into_iter().any(says)
        || header(&http.headers, "vary").is_some_and(|vary| vary.contains('*'));
    let fresh = lifetime(http)?;
    if is_not_to_be_kept || fresh >= LONG {
        return None;
    }
    Some(http.body.wire_bytes * (1000 - hits(fresh)) / 1000)
}

/// For how many seconds it says that it is fresh (RFC 9111 section 4.2.1); `None` where it leaves that to caches, or
/// where that cannot be read.
fn lifetime(http: &Http) -> Option<u64> {
    let kept = directive(&http.headers, "cache-control", "max-age");
    kept.and_then(|argument| seconds(&argument))
}

/// How many of a thousand visitors come back within so many seconds.
fn hits(fresh: u64) -> u64 {
    let place = RETURNS.windows(2).position(|pair| fresh < pair[1] * 3600).unwrap_or(RETURNS.len() - 1);
    let (Some(from), Some(to)) = (RETURNS.get(place), RETURNS.get(place + 1)) else { return 1000 };
    let share = fresh.saturating_sub(from * 3600) * 100 / ((to - from) * 3600).max(1);
    place as u64 * 100 + share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn bent(bend: impl Fn(&mut Http)) -> Vec<Finding> {
        let mut trace = sample::page_of(&[]);
        let http = sample::resource(&mut trace, 0).http.ran_mut().unwrap();
        sample::set(&mut http.headers, "cache-control", "max-age=60");
        http.body.wire_bytes = 100_000;
        bend(http);
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_large_static_files_that_are_soon_stale_alone() {
        let finding = bent(|_| {}).remove(0);
        assert_eq!(finding.title, "1 static file of the page may be kept for less than 30 days: `style.css`");
        assert!(bent(|http| http.body.wire_bytes = LEAST).is_empty());
        for value in
            ["max-age=2592000", "no-store", "max-age=60, must-revalidate", "private, max-age=60", "public"]
        {
            assert!(
                bent(|http| sample::set(&mut http.headers, "cache-control", value)).is_empty(),
                "{value}"
            );
        }
    }

    #[test]
    fn visitors_come_back_by_tenths() {
        assert_eq!([0, 3600, 86_400, 36 * 3600].map(hits), [100, 200, 600, 650]);
        assert!((900..=1000).contains(&hits(LONG)));
    }
}
