//! The view of further requests on one connection.

use std::time::SystemTime;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::FailureView;
use super::http::HttpView;
use super::phases::PhasesView;
use crate::reading;
use crate::timeline;
use crate::trace::{FurtherExchange, Hop};

/// One further request on the connection of the hop, made when the trace had ended. Not counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct FurtherView<'a> {
    /// Status of the response; null where none came.
    status: Option<u16>,
    /// When its first byte was handed to the kernel.
    start_us: u64,
    /// The last byte of its response, or the failure.
    end_us: u64,
    /// Where its time went: `send`, `wait` and `receive` alone, as the connection was open.
    phases: PhasesView,
    /// Bytes of the body on the wire.
    wire_bytes: u64,
    /// What the cache next to the client did, where the response says so.
    #[cfg_attr(test, schemars(extend("enum" = ["hit", "miss", "stale", "revalidated", "bypass", "dynamic", "none", "unknown", null])))]
    cache: Option<&'static str>,
    /// Why it did not come to its end.
    failure: Option<FailureView<'a>>,
    /// The whole of request and response.
    http: HttpView<'a>,
}

impl<'a> FurtherView<'a> {
    pub(super) fn new(exchange: &'a FurtherExchange, started_at: SystemTime, hop: &Hop<'a>) -> Self {
        let FurtherExchange { http, failure } = exchange;
        let cache = reading::layers(&http.headers).into_iter().find_map(|layer| layer.cache);
        Self {
            status: http.status,
            start_us: http.start.0,
            end_us: http.end.0,
            phases: timeline::phases_of_exchange(http).into(),
            wire_bytes: http.body.wire_bytes,
            cache: cache.map(reading::CacheResult::as_str),
            failure: failure.as_ref().map(|failure| FailureView::new(failure, hop.id.0)),
            http: HttpView::new(started_at, hop, http),
        }
    }
}
