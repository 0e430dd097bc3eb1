//! The last response as metrics: status, version, sizes, and what it says of whom it came by.

use super::exposition::{Family, Kind, Value};
use super::single::{info, single};
use crate::reading;
use crate::trace::{Http, Trace};

/// What is told of responses.
pub(super) fn families(trace: &Trace) -> Vec<Family> {
    let last = trace.hops().next_back();
    let http = last.as_ref().and_then(|hop| hop.http.ran());
    let received: u64 = trace.hops().filter_map(|hop| hop.http.ran()).map(|http| http.bytes_received).sum();
    let upstream = last.as_ref().and_then(reading::wait).and_then(|wait| wait.upstream);
    let mut told = Family::new(
        "urltrace_upstream_seconds",
        Kind::Gauge,
        "How long the origin took, by the word of the response; `source` is the field that says it.",
    );
    if let Some((took, source)) = upstream {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        told.add(vec![("source", source.to_owned())], Value::Micros(us));
    }
    vec![
        single(
            "urltrace_redirects",
            "Redirects that were followed.",
            (!trace.requests.is_empty()).then(|| Value::count(trace.redirects())),
        ),
        single(
            "urltrace_http_status_code",
            "The status of the last response.",
            http.and_then(|http| http.status).map(|status| Value::Whole(status.into())),
        ),
        info(
            "urltrace_http_info",
            "The version of HTTP of the last response.",
            http.filter(|http| http.status.is_some())
                .map(|http| vec![("version", http.version.as_str().to_owned())]),
        ),
        single(
            "urltrace_http_ttfb_seconds",
            "From the start to the first byte of the last response, redirects included.",
            http.and_then(|http| http.first_byte).map(|at| Value::Micros(at.0)),
        ),
        single(
            "urltrace_http_received_bytes",
            "Bytes of all responses, as they came.",
            http.map(|_| Value::count(received)),
        ),
        told,
        caches(http),
    ]
}

/// What caches on the way say.
fn caches(http: Option<&Http>) -> Family {
    let help = "What a cache on the way says to have done, by its response fields.";
    let mut family = Family::new("urltrace_cache_status_info", Kind::Info, help);
    for layer in http.map(|http| reading::layers(&http.headers)).unwrap_or_default() {
        let Some(cache) = layer.cache else { continue };
        let name = layer.called().unwrap_or(layer.role.as_str()).to_owned();
        family.add(vec![("layer", name), ("status", cache.as_str().to_owned())], Value::Whole(1));
    }
    family
}
