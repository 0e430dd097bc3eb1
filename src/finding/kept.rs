//! What a response says of keeping copies of it (RFC 9111), for the rules on caches. No rule itself.

use crate::trace::{Hop, Http, Trace, age, directive, header, members, position, seconds};

/// The document that a trace came for: the last response, where it is a whole 200 to a GET. What is said of an
/// error, of a redirect or of another method tells nothing of the page.
pub(super) fn document(trace: &Trace) -> Option<(Hop<'_>, &Http)> {
    let hop = trace.hops().next_back()?;
    let http = hop.http.ran()?;
    let whole = hop.failure.is_none() && http.body.complete;
    (whole && http.status == Some(200) && http.request.method == "GET").then_some((hop, http))
}

/// Whether it comes as long as the connection lasts (server-sent events, camera pictures): nobody keeps it.
pub(super) fn is_stream(http: &Http) -> bool {
    let kind = header(&http.headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/event-stream") || kind.starts_with("multipart/x-mixed-replace")
}

/// Whether a response says anything of keeping it. Pragma means nothing in a response (RFC 9111 §5.4), but
/// whoever sends it has thought of caches.
pub(super) fn has_policy(http: &Http) -> bool {
    ["cache-control", "expires", "pragma", "cdn-cache-control", "surrogate-control"]
        .iter()
        .any(|name| header(&http.headers, name).is_some())
}

/// The directive of Cache-Control that keeps shared caches from answering with it.
pub(super) fn barred(http: &Http) -> Option<&'static str> {
    ["no-store", "private", "no-cache"]
        .into_iter()
        .find(|name| directive(&http.headers, "cache-control", name).is_some())
}

/// For how many seconds shared caches may answer with it, by its Cache-Control (RFC 9111 §4.2.1).
pub(super) fn lifetime(http: &Http) -> Option<u64> {
    ["s-maxage", "max-age"].iter().find_map(|name| seconds(&directive(&http.headers, "cache-control", name)?))
}

/// What a cache in front of the server says that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// It had no fresh copy, and asked.
    Miss,
    /// It does not keep this.
    Bypass,
}

/// The field and the word by which a cache said what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) did: Did,
    /// The field, by its place.
    pub(super) index: usize,
    /// `cf-cache-status: MISS`.
    pub(super) words: String,
}

/// Fields in which caches say with one word what they did.
const FIELDS: &[&str] =
    &["cf-cache-status", "x-vercel-cache", "cdn-cache", "x-cache", "x-cache-status", "x-proxy-cache"];

/// What the caches in front say, where none of them had the answer: the standard's field first (RFC 9211).
pub(super) fn said(http: &Http) -> Option<Said> {
    // Whatever a cache says: with an age it was in one.
    let age = age(&http.headers);
    if age.is_some_and(|age| age > 0) {
        return None;
    }
    std::iter::once(&"cache-status").chain(FIELDS).find_map(|name| {
        let index = position(&http.headers, name)?;
        let all = members(&http.headers, name);
        let did = if *name == "cache-status" { by_standard(&all) } else { by_words(&all) }?;
        let value: String = all.join(", ").chars().take(60).collect();
        Some(Said { did, index, words: format!("{name}: {value}") })
    })
}

/// RFC 9211 §2: a member for each cache, that nearest to the server first.
fn by_standard(members: &[String]) -> Option<Did> {
    use crate::trace::parameter;
    if members.iter().any(|member| parameter(member, "hit").is_some()) {
        return None;
    }
    let reason = members.iter().rev().find_map(|member| parameter(member, "fwd"))?;
    match reason.as_str() {
        "bypass" | "method" => Some(Did::Bypass),
        "uri-miss" | "vary-miss" | "miss" | "stale" | "partial" => Some(Did::Miss),
        // `request`: the client asked for it.
        _ => None,
    }
}

fn by_words(members: &[String]) -> Option<Did> {
    // What follows the word names the cache: `MISS from compass-1`.
    let first = members.iter().filter_map(|member| member.split_whitespace().next());
    let all = first.collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| all.contains(word));
    // Of several caches one had it, or it was asked whether its copy is still good.
    if has(&["HIT", "STALE", "REVALIDATED", "UPDATING", "PRERENDER"]) {
        return None;
    }
    match () {
        () if has(&["BYPASS", "DYNAMIC", "PASS", "NOCACHE", "NOSTORE", "UNCACHEABLE", "NOTCACHEABLE"]) => {
            Some(Did::Bypass)
        }
        () if has(&["MISS", "EXPIRED"]) => Some(Did::Miss),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn caches_say_it_in_many_words() {
        for (name, value, did) in [
            ("cf-cache-status", "MISS", Some(Did::Miss)),
            ("CF-Cache-Status", "EXPIRED", Some(Did::Miss)),
            ("cf-cache-status", "DYNAMIC", Some(Did::Bypass)),
            ("cf-cache-status", "HIT", None),
            ("cf-cache-status", "REVALIDATED", None),
            ("x-cache", "MISS, HIT", None),
            ("x-cache", "Miss from cloudfront", Some(Did::Miss)),
            ("x-cache", "RefreshHit from cloudfront", None),
            ("x-cache", "TCP_MISS", Some(Did::Miss)),
            ("x-cache", "MISS from compass-1", Some(Did::Miss)),
            ("x-cache", "Error from cloudfront", None),
            ("x-cache", "CONFIG_NOCACHE", Some(Did::Bypass)),
            ("cache-status", "Origin; fwd=uri-miss, Edge; hit", None),
            ("cache-status", "Origin; hit; ttl=30, Edge; fwd=uri-miss", None),
            ("cache-status", "Edge; fwd=uri-miss; stored", Some(Did::Miss)),
            ("cache-status", "Edge; fwd=bypass", Some(Did::Bypass)),
            ("cache-status", "Edge; fwd=request", None),
            ("x-something", "MISS", None),
        ] {
            let mut trace = sample::sound();
            sample::field(&mut trace, name, value);
            assert_eq!(said(sample::http(&mut trace)).map(|said| said.did), did, "{name}: {value}");
            sample::field(&mut trace, "age", "12");
            assert_eq!(said(sample::http(&mut trace)), None, "with an age it came from a cache");
        }
    }
}
