//! The view of a page's second visit.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{FailureCode, Reasked, Reuse, ReuseReason, Revisit, SecondVisit};

/// A second visit of the page, right behind the first, with what a browser would have kept of that; none of it is counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SecondVisitView {
    /// When it began; only the connections of the first visit are gone by then.
    start_us: u64,
    /// The end of its last request; its begin where nothing was asked for.
    end_us: u64,
    /// Connections that were opened for it.
    connections: usize,
    /// How many requests were made.
    asked: usize,
    /// Bytes that came for these: heads and bodies.
    bytes: u64,
    /// A row for each request of the first visit, in their order, but for those that had to be sent once more.
    requests: Vec<RevisitView>,
}

/// A request of the first visit, seen from the second.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RevisitView {
    /// Its number among the requests of the run: where it stands in `hops` and, behind those, in `page.hops`.
    request: usize,
    /// What a browser does with what it kept of it: it uses it (`fresh`), uses it and asks beside that
    /// (`stale-while-revalidate`), asks whether it is still good (`revalidate`) or fetches it anew (`refetch`).
    #[cfg_attr(test, schemars(extend("enum" = ["fresh", "stale-while-revalidate", "revalidate", "refetch"])))]
    copy: &'static str,
    /// Why: what its lifetime is reckoned by, or what keeps it from being used.
    #[cfg_attr(test, schemars(extend("enum" = [
        "max-age", "expires", "heuristic", "permanent", "hsts", "no-cache", "no-lifetime", "no-store", "vary",
        "no-validator", "no-response"
    ])))]
    why: &'static str,
    /// What was asked; null where nothing had to be, or where the visit ended before or nothing named it any more.
    asked: Option<ReaskedView>,
}

/// A request of the second visit.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ReaskedView {
    /// When it could be known of.
    start_us: u64,
    /// Its end: last body byte, or the failure.
    end_us: u64,
    /// Whether it named the ETag of the first visit (If-None-Match).
    by_etag: bool,
    /// Whether it named the Last-Modified of that (If-Modified-Since).
    by_date: bool,
    /// Its status; null without a response. 304: what was kept is still good.
    status: Option<u16>,
    /// Bytes of the response's head.
    head_bytes: u64,
    /// Bytes of its body on the wire.
    wire_bytes: u64,
    /// Whether the body is that of the first visit; null where none came, or one of them not whole.
    same_body: Option<bool>,
    /// Whether the ETag is that of the first visit; null where one of them has none.
    same_etag: Option<bool>,
    /// What ended it before its goal.
    failure: Option<&'static str>,
}

impl From<&SecondVisit> for SecondVisitView {
    fn from(visit: &SecondVisit) -> Self {
        Self {
            start_us: visit.start.0,
            end_us: visit.end.0,
            connections: visit.connections,
            asked: visit.asked().count(),
            bytes: visit.bytes(),
            requests: visit.requests.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Revisit> for RevisitView {
    fn from(row: &Revisit) -> Self {
        Self {
            request: row.of.0,
            copy: Reuse::as_str(row.reuse),
            why: ReuseReason::as_str(row.why),
            asked: row.asked.as_ref().map(Into::into),
        }
    }
}

impl From<&Reasked> for ReaskedView {
    fn from(asked: &Reasked) -> Self {
        Self {
            start_us: asked.start.0,
            end_us: asked.end.0,
            by_etag: asked.by_etag,
            by_date: asked.by_date,
            status: asked.status,
            head_bytes: asked.head_bytes,
            wire_bytes: asked.wire_bytes,
            same_body: asked.same_body,
            same_etag: asked.same_etag,
            failure: asked.failure.map(FailureCode::as_str),
        }
    }
}
