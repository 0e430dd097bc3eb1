//! Whether a request is sent once more at once, by what was said of it or by how its connection ended. Decides, and
//! sends nothing; what waits before is a matter of [`retry`](super::retry).

use super::target::Origin;
use crate::http;
use crate::plan::{HttpPlan, Plan, VersionChoice};
use crate::trace::{Failure, FailureCode, Http, Request, RequestId, Trace, Unanswered};

/// Whether a request may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    May,
    /// It may have been processed, and must not be twice.
    MustNot,
    No,
}

/// Whether a request that failed is to be sent again: it went out on a kept connection, which the server
/// may end at any time, and got no byte of a response. That it was kept was our choice, so this hides no
/// fault of the server's (RFC 9112 §9.3.1). One that must not be done twice goes again only where nothing can
/// have been done for it (RFC 9110 §9.2.2, RFC 9113 §8.7). Where the server itself says that, or wants HTTP/1.1, it goes
/// again from a fresh connection, too, and once.
pub(super) fn again(trace: &Trace, id: RequestId, method: &str, version: VersionChoice) -> Again {
    let Some(hop) = trace.hops().nth(id.0) else { return Again::No };
    let is_kept = hop.reused.is_some() || hop.is_kept();
    let is_first = hop.retry_of.is_none() || hop.request.waited.is_some();
    let may_fall_back = version == VersionChoice::Auto && !hop.url.scheme.is_grpc();
    match hop.http.ran().and_then(|http| http.unanswered) {
        Some(Unanswered::Refused) if is_kept || is_first => Again::May,
        Some(Unanswered::Http1Required) if is_first && may_fall_back => Again::May,
        Some(Unanswered::Unprocessed) if is_kept => Again::May,
        Some(Unanswered::Unknown) if is_kept && http::is_idempotent(method) => Again::May,
        Some(Unanswered::Unknown) if is_kept => Again::MustNot,
        _ => Again::No,
    }
}

/// Whether the server of a request has said that it wants HTTP/1.1.
pub(super) fn wants_http1(trace: &Trace, id: RequestId) -> bool {
    let origin = Origin::of(&trace.requests[id.0].url);
    let said = |request: &&Request| {
        request.http.as_ref().ran().is_some_and(|http| http.unanswered == Some(Unanswered::Http1Required))
    };
    trace.requests.iter().filter(said).any(|request| Origin::of(&request.url) == origin)
}

/// Whether a request by HTTP/2 was refused on its stream, which says nothing of the connection (RFC 9113 section 8.7).
pub(super) fn is_refused_stream(http: &Http, failure: &Failure) -> bool {
    failure.code == FailureCode::Http2Protocol && http.goaway.is_none()
}

/// The same plan for HTTP/1.1 alone.
pub(super) fn by_http1(plan: &Plan) -> Plan {
    let http = HttpPlan { version: VersionChoice::Http11, ..plan.http.clone() };
    Plan { http, ..plan.clone() }
}

/// Whether a server takes no expectations: then the same goes again without (RFC 9110 §10.1.1).
pub(super) fn refuses_expectation(request: &Request) -> bool {
    let http = request.http.as_ref().ran();
    request.failure.is_none() && http.is_some_and(|http| http.status == Some(417) && http.expect.is_some())
}
