//! The spans of a run while they are collected: their ids, whose children they are, and what failed. Which there are is
//! decided elsewhere.

use std::time::SystemTime;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::attributes::{Attributes, nanoseconds};
use crate::reading;
use crate::trace::{At, Failure, FailureCode, Trace, span_ids};

/// SPAN_KIND_INTERNAL and SPAN_KIND_CLIENT: enums are numbers in OTLP's JSON.
pub(super) const INTERNAL: u8 = 1;
pub(super) const CLIENT: u8 = 3;
/// STATUS_CODE_ERROR.
const ERROR: u8 = 2;

/// The spans of a trace.
pub(super) struct Spans {
    pub(super) trace_id: [u8; 16],
    /// What the ids of spans are made from: several runs can be in one trace of somebody else's.
    seed: [u8; 16],
    /// The span of somebody else that the requests named as their caller (`-H traceparent:`).
    above: Option<[u8; 8]>,
    pub(super) started_at: SystemTime,
    pub(super) done: Vec<Value>,
}

/// A span by its place.
#[derive(Clone, Copy)]
pub(super) struct Place(usize);

impl Spans {
    /// None yet. The trace is the one that was sent with the first request, or one by its JSON document.
    pub(super) fn new(trace: &Trace, document: &[u8]) -> Self {
        let mut sent = trace.hops().filter_map(|hop| reading::sent_caller(&hop.http.ran()?.request.headers));
        let (trace_id, above) = match sent.next() {
            Some((id, caller)) => (id, Some(caller).filter(|caller| !span_ids::is_caller(id, *caller))),
            None => (span_ids::of_run(document), None),
        };
        Self {
            trace_id,
            seed: span_ids::of_run(document),
            above,
            started_at: trace.started_at,
            done: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        parent: Option<Place>,
        name: String,
        kind: u8,
        (start, end): (At, At),
        attributes: Attributes,
    ) -> Place {
        let number = u64::try_from(self.done.len()).unwrap_or_default();
        let mut span = json!({
            "traceId": HEXLOWER.encode(&self.trace_id),
            "spanId": HEXLOWER.encode(&span_ids::numbered(self.seed, number)),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": nanoseconds(self.started_at, start),
            "endTimeUnixNano": nanoseconds(self.started_at, end.max(start)),
            "attributes": attributes.done(),
        });
        let above = match parent {
            Some(Place(parent)) => self.done.get(parent).map(|parent| parent["spanId"].clone()),
            None => self.above.map(|id| HEXLOWER.encode(&id).into()),
        };
        if let Some(id) = above {
            span["parentSpanId"] = id;
        }
        self.done.push(span);
        Place(self.done.len() - 1)
    }

    /// Gives a span the id that was sent as the caller's, before it has children.
    pub(super) fn name(&mut self, place: Place, id: [u8; 8]) {
        self.set(place, "spanId", HEXLOWER.encode(&id).into());
    }

    pub(super) fn set(&mut self, Place(place): Place, key: &str, value: Value) {
        if let Some(span) = self.done.get_mut(place) {
            span[key] = value;
        }
    }

    pub(super) fn fail(&mut self, place: Place, kind: &str, message: &str) {
        self.set(place, "status", json!({ "message": message, "code": ERROR }));
        let span = self.done.get_mut(place.0);
        if let Some(attributes) = span.and_then(|span| span["attributes"].as_array_mut()) {
            attributes.push(json!({ "key": "error.type", "value": { "stringValue": kind } }));
        }
    }

    /// Marks what failed with it.
    pub(super) fn failure(&mut self, place: Place, failure: &Failure) {
        self.fail(place, error_type(failure.code), &failure.message);
    }
}

/// What the conventions call it, or the word of the JSON document.
const fn error_type(code: FailureCode) -> &'static str {
    match code {
        FailureCode::NxDomain | FailureCode::NoData => "host_not_found",
        FailureCode::DnsTimeout => "try_again",
        FailureCode::ConnectionRefused => "connection_refused",
        FailureCode::ConnectTimeout => "timed_out",
        FailureCode::Unreachable => "host_unreachable",
        FailureCode::ConnectionReset => "connection_reset",
        other => other.as_str(),
    }
}
