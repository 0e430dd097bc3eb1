//! The view of a call of gRPC.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{Grpc, GrpcFault, GrpcStatus, GrpcStatusBy, Http, Serving};

/// A unary call of gRPC, and what its response says.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct GrpcView<'a> {
    /// The service, with its package.
    service: &'a str,
    /// The method.
    method: &'a str,
    /// Of which service the health was asked for, empty for the server as a whole; null where the call is another.
    asked: Option<&'a str>,
    /// How the call ended, as a number; null where the response broke off before it was told.
    status: Option<u32>,
    /// Its registered name; null for a number that has none.
    status_name: Option<&'static str>,
    /// What it means.
    status_meaning: Option<&'static str>,
    /// Who says so: `trailers`, or `trailers-only` for a response without messages; `http-status` where no grpc-status
    /// was there, and the number is what clients make of the HTTP status.
    #[cfg_attr(test, schemars(extend("enum" = ["trailers", "trailers-only", "http-status", null])))]
    status_by: Option<&'static str>,
    /// What the server says of it (grpc-message), percent-decoded.
    message: Option<&'a str>,
    /// The answer to a health check; null where none could be read.
    #[cfg_attr(test, schemars(extend("enum" = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN", "UNRECOGNIZED", null])))]
    serving: Option<&'static str>,
    /// Whole messages of the response; null where it has no body of gRPC.
    messages: Option<u64>,
    /// Their bytes, and those of one that was cut, without the prefixes of 5 bytes.
    message_bytes: Option<u64>,
    /// What clients hold against the response.
    #[cfg_attr(test, schemars(extend("items" = { "type": "string", "enum": ["not-grpc", "no-status", "bad-status", "no-message", "several-messages", "message-cut", "message-large", "compressed", "undeclared-compression", "bad-flag", "unreadable"] })))]
    faults: Vec<&'static str>,
    /// The number of `serving`.
    serving_number: Option<u64>,
    /// What each of `faults` is about: the content type, the text, the length, the encoding, the flag; null where it has
    /// none.
    fault_about: Vec<Option<String>>,
    /// Bytes that the last message lacks, or that are there of its prefix.
    unfinished_bytes: Option<u64>,
    /// Whether a message says that it is compressed.
    compressed: Option<bool>,
    /// The first flag in a prefix that there is not.
    bad_flag: Option<u8>,
    /// The length of the first message that is longer than clients take unless told otherwise.
    large_bytes: Option<u32>,
}

impl<'a> GrpcView<'a> {
    pub(super) fn of(http: &'a Http) -> Option<Self> {
        let Grpc { service, method, asked, status, message, serving, faults } = http.grpc.as_ref()?;
        let messages = http.body.messages.as_ref();
        Some(Self {
            service,
            method,
            asked: asked.as_deref(),
            status: status.map(|status| status.code),
            status_name: status.and_then(GrpcStatus::name),
            status_meaning: status.map(GrpcStatus::meaning),
            status_by: status.map(|status| GrpcStatusBy::as_str(status.by)),
            message: message.as_deref(),
            serving: serving.map(Serving::as_str),
            messages: messages.map(|messages| messages.whole),
            message_bytes: messages.map(|messages| messages.bytes),
            faults: faults.iter().map(GrpcFault::as_str).collect(),
            serving_number: serving.map(Serving::number),
            fault_about: faults.iter().map(GrpcFault::about).collect(),
            unfinished_bytes: messages.map(|messages| messages.unfinished),
            compressed: messages.map(|messages| messages.compressed),
            bad_flag: messages.and_then(|messages| messages.bad_flag),
            large_bytes: messages.and_then(|messages| messages.large),
        })
    }
}
