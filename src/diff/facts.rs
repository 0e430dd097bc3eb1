//! What of two documents is no time, and is otherwise on the one than on the other.
//!
//! Of many runs the values are counted: what both sides have had is no change, however often.

use std::collections::{BTreeMap, BTreeSet};

use super::saved::{Asked, Certificate, Hop, Run};
use crate::runs::Change;

/// Fields that are another with every response.
const VOLATILE: [&str; 18] = [
    "age",
    "alt-svc",
    "cf-ray",
    "content-length",
    "date",
    "etag",
    "expires",
    "last-modified",
    "report-to",
    "nel",
    "server-timing",
    "set-cookie",
    "traceparent",
    "x-amz-cf-id",
    "x-amz-request-id",
    "x-request-id",
    "x-timer",
    "via",
];

/// How many requests a page came to.
const REQUESTS: &str = "requests of the page";
/// What came of one of them.
const RESOURCE: &str = "resource ";

type Facts = Vec<(String, BTreeMap<String, usize>)>;

/// What was otherwise, in the order in which a request comes to it.
pub(super) fn changes(a: &[Run], b: &[Run]) -> Vec<Change> {
    let (mut a, mut b) = (facts(a), facts(b));
    let mut order: Vec<String> = a.iter().map(|(what, _)| what.clone()).collect();
    order.extend(
        b.iter().map(|(what, _)| what.clone()).filter(|what| !a.iter().any(|(known, _)| known == what)),
    );
    // A side without any request (--brief) has nothing to be otherwise than.
    let has_hops = |facts: &Facts| {
        facts.iter().any(|(what, _)| what.starts_with("protocol") || what.starts_with("address"))
    };
    let both = has_hops(&a) && has_hops(&b);
    // Nor has a trace any resources.
    let has_page = |facts: &Facts| facts.iter().any(|(what, _)| what == REQUESTS);
    let pages = has_page(&a) && has_page(&b);
    let is_of_page = |what: &str| what == REQUESTS || what.starts_with(RESOURCE);
    let is_told = |what: &str| match what {
        "outcome" | "status" => true,
        what if is_of_page(what) => pages,
        _ => both,
    };
    order.retain(|what| is_told(what));
    let take = |facts: &mut Facts, what: &str| -> BTreeMap<String, usize> {
        let at = facts.iter().position(|(known, _)| known == what);
        at.map(|at| facts.swap_remove(at).1).unwrap_or_default()
    };
    let both = order.into_iter().map(|what| (take(&mut a, &what), take(&mut b, &what), what));
    both.filter(|(a, b, _)| !a.keys().eq(b.keys()))
        .map(|(a, b, what)| Change { what, a: by_count(a), b: by_count(b) })
        .collect()
}

fn by_count(values: BTreeMap<String, usize>) -> Vec<(String, usize)> {
    let mut values: Vec<(String, usize)> = values.into_iter().collect();
    values.sort_by_key(|(_, many)| std::cmp::Reverse(*many));
    values
}

/// What the runs of a side have, each value with how many have it.
fn facts(runs: &[Run]) -> Facts {
    let mut all: Facts = Vec::new();
    let mut put = |what: String, value: String| {
        let place = all.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
            all.push((what, BTreeMap::new()));
            all.len() - 1
        });
        *all[place].1.entry(value).or_default() += 1;
    };
    for run in runs {
        let failed = run.failure.as_ref().map(|failure| failure.code.clone());
        put("outcome".to_owned(), failed.unwrap_or_else(|| run.outcome.clone()));
        if let Some(status) = run.final_status {
            put("status".to_owned(), status.to_string());
        }
        if run.hops.len() > 1 {
            put("requests".to_owned(), run.hops.len().to_string());
        }
        for (index, hop) in run.hops.iter().enumerate() {
            let which = if run.hops.len() > 1 { format!(" (request {})", index + 1) } else { String::new() };
            of_hop(hop, run.hops.len() > 1, &mut |what: &str, value: String| {
                put(format!("{what}{which}"), value);
            });
        }
        if !run.requests.is_empty() {
            put(REQUESTS.to_owned(), run.requests.len().to_string());
        }
        for (url, came) in resources(&run.requests) {
            put(format!("{RESOURCE}{url}"), came.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    all
}

/// What came of each URL that a page asked for. Queries are another with every version, and often with every visit.
fn resources(requests: &[Asked]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    // The first is the typed URL, of which the rest tells.
    for one in requests.iter().skip(1) {
        let came = match (&one.failure, one.status) {
            (Some(failure), _) => failure.code.clone(),
            (None, status) => status.map_or_else(|| "no response".to_owned(), |status| status.to_string()),
        };
        all.entry(one.url.split('?').next().unwrap_or_default()).or_default().insert(came);
    }
    all
}

/// A certificate in a few words.
fn told(certificate: &Certificate) -> String {
    let Certificate { issuer, not_after, sha256 } = certificate;
    let print: String = sha256.iter().flat_map(|print| print.chars()).take(16).collect();
    let until = not_after.as_ref().map(|date| format!(" until {date}")).unwrap_or_default();
    format!("{print}{until} by {}", issuer.as_deref().unwrap_or_default())
}

fn of_hop(hop: &Hop, is_one_of_many: bool, put: &mut dyn FnMut(&str, String)) {
    if let Some(dns) = &hop.dns {
        let mut addresses = dns.addresses.clone();
        addresses.sort_unstable();
        if !addresses.is_empty() {
            put("addresses in DNS", addresses.join(", "));
        }
    }
    if let Some(address) = hop.connect.as_ref().and_then(|connect| connect.address.clone()) {
        put("address", address);
    }
    if let Some(tls) = &hop.tls {
        let words = [
            ("TLS version", &tls.version),
            ("cipher suite", &tls.cipher_suite),
            ("key exchange", &tls.group),
        ];
        for (what, value) in words {
            if let Some(value) = value {
                put(what, value.clone());
            }
        }
        if let Some(leaf) = tls.chain.first() {
            put("certificate", told(leaf));
        }
    }
    let Some(http) = &hop.http else { return };
    if let Some(version) = &http.version {
        put("protocol", version.clone());
    }
    if let Some(status) = http.status.filter(|_| is_one_of_many) {
        put("status", status.to_string());
    }
    if let Some(cache) = http.layers.iter().find_map(|layer| layer.cache.clone()) {
        put("cache", cache);
    }
    let mut fields: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for field in &http.headers {
        fields.entry(field.name.to_ascii_lowercase()).or_default().push(&field.value);
    }
    for (name, values) in fields {
        if !VOLATILE.contains(&name.as_str()) {
            put(&format!("header {name}"), values.join(", "));
        }
    }
}
