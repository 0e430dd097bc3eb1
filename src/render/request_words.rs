//! Requests in words: why one was made, what its method promises, and what was done about its response. The same for
//! text and HTML.
//!
//! Nothing is escaped here: the renderers do that with everything they print.

use super::{cookie_words, retry_words, upload_words, words};
use crate::trace::{GoAway, Hop, Http, Unanswered};

/// Why a hop happened: what the redirect before it changed; empty for the first.
pub(super) fn reason(hops: &[Hop<'_>], index: usize) -> String {
    if let Some(waited) = hops[index].request.waited {
        return retry_words::wait(waited, hops[index].start);
    }
    if let Some(before) = hops[index].retry_of {
        let http = hops[before.0].http.ran();
        return match http.map(|http| (http.status, http.unanswered)) {
            Some((Some(417), _)) => "again without Expect, after 417",
            Some((_, Some(Unanswered::Http1Required))) => "again by HTTP/1.1, as the server asked",
            Some((_, Some(Unanswered::Refused))) => "sent again: the server had refused it unprocessed",
            _ => "sent again",
        }
        .to_owned();
    }
    if hops[index].request.is_preflight() {
        return "CORS preflight".to_owned();
    }
    let before = index.checked_sub(1).and_then(|before| hops[before].http.ran()?.redirect.as_ref());
    before.map_or_else(String::new, |redirect| {
        words::redirect_changes(&redirect.changes, Some(hops[index].url.scheme.as_str()))
    })
}

/// What was done beside the exchange: how a body went out, cookies that were kept, a further attempt that was not made.
pub(super) fn done(hop: &Hop<'_>) -> Vec<(&'static str, String)> {
    let http = hop.http.ran();
    let mut facts = Vec::new();
    let cookies = http.and_then(|http| http.cookies.as_deref()).and_then(cookie_words::cookies);
    facts.extend(cookies.map(|words| ("cookies", words)));
    let expect = http.and_then(|http| Some(upload_words::expect(http.expect?, http.status)));
    facts.extend(expect.map(|words| ("expect", words)));
    facts.extend(http.and_then(upload_words::body).map(|words| ("body sent", words)));
    facts.extend(
        hop.request
            .not_retried
            .map(|why| ("retry", retry_words::not_retried(why, http.map(|http| &*http.request.method)))),
    );
    facts
}

/// `GOAWAY ENHANCE_YOUR_CALM, last stream 7`, and what was said beside it, in bytes.
pub(super) fn goaway(http: &Http) -> Option<(String, &[u8])> {
    let goaway = http.goaway.as_ref()?;
    let code = GoAway::code_name(goaway.code).map_or_else(|| goaway.code.to_string(), str::to_owned);
    Some((format!("GOAWAY {code}, last stream {}", goaway.last_stream), &goaway.debug))
}
