//! What services for programs say in fields: methods, pages of a list, versions, their own end, and the names of a
//! request in somebody's tracing.

use std::time::SystemTime;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::dates::{http_date, timestamp, unix};
use super::fields::{Fields, clip};
use crate::trace::{Header, parameter};

/// Links and methods that are told.
const MOST: usize = 16;

/// What a response says as an interface for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// The methods that it takes (RFC 9110 §10.2.1).
    pub allow: Vec<String>,
    /// Where the list goes on (RFC 8288): relation and target.
    pub links: Vec<(String, String)>,
    /// That it is not to be used any more (RFC 9745), and since when or from when on.
    pub deprecated: Option<Deprecated>,
    /// When it will be switched off (RFC 8594).
    pub sunset: Option<SystemTime>,
    /// The version that answered, by its own field.
    pub version: Option<String>,
}

/// Deprecation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// From when on, if that is said.
    pub at: Option<SystemTime>,
}

/// Relations of a list in pages.
const PAGES: &[&str] = &["next", "prev", "previous", "first", "last"];
/// Fields with a version.
const VERSIONS: &[&str] = &[
    "api-version",
    "x-api-version",
    "x-github-api-version-selected",
    "stripe-version",
    "api-supported-versions",
];

/// What fields say of an interface.
#[must_use]
pub fn habits(headers: &[Header]) -> Habits {
    let fields = Fields::of(headers);
    let mut allow = fields.members("allow");
    allow.truncate(MOST);
    let deprecation = fields.value("deprecation").map(|value| value.trim().to_owned());
    Habits {
        allow,
        links: links(fields),
        deprecated: deprecation.and_then(|value| match value.strip_prefix('@') {
            Some(seconds) => Some(Deprecated { at: Some(unix(seconds.parse().ok()?)?) }),
            // Drafts had a word or a date.
            None if value == "true" => Some(Deprecated { at: None }),
            None => Some(Deprecated { at: Some(http_date(&value).or_else(|| timestamp(&value))?) }),
        }),
        sunset: fields.value("sunset").and_then(|value| http_date(&value)),
        version: VERSIONS.iter().find_map(|name| fields.value(name)),
    }
}

/// RFC 8288 §3: `<URI>; rel="next"`.
fn links(fields: Fields<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for member in fields.members("link") {
        let Some((target, rest)) = member.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
            continue;
        };
        let relations = parameter(rest, "rel").unwrap_or_default().to_ascii_lowercase();
        for relation in relations.split(' ').filter(|relation| PAGES.contains(relation)) {
            if all.len() < MOST {
                all.push((relation.to_owned(), clip(target)));
            }
        }
    }
    all
}

/// A name of the request in somebody's tracing or log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId {
    /// Its field.
    pub field: &'static str,
    /// The id.
    pub id: String,
    /// When it was given, where that is part of it.
    pub time: Option<SystemTime>,
}

/// Fields with the name of a request: of tracing (W3C Trace Context, B3, X-Ray and others), of vendors' logs.
const IDS: &[&str] = &[
    "traceparent",
    "traceresponse",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-datadog-trace-id",
    "uber-trace-id",
    "sentry-trace",
    "x-trace-id",
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "correlation-id",
    "x-transaction-id",
    "x-operation-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-amz-id-2",
    "x-amz-cf-id",
    "x-amz-apigw-id",
    "apigw-requestid",
    "x-ms-request-id",
    "x-azure-ref",
    "x-apim-request-id",
    "cf-ray",
    "akamai-grn",
    "x-akamai-request-id",
    "x-fastly-request-id",
    "x-vercel-id",
    "x-nf-request-id",
    "fly-request-id",
    "x-railway-request-id",
    "x-kong-request-id",
    "x-github-request-id",
];

/// The trace that a request says it belongs to, by the fields that were sent.
#[must_use]
pub fn sent_trace(headers: &[Header]) -> Option<String> {
    Fields::of(headers).value("traceparent").and_then(|value| context(&value))
}

/// The trace and the span that a request names as its caller, by the fields that were sent.
#[must_use]
pub fn sent_caller(headers: &[Header]) -> Option<([u8; 16], [u8; 8])> {
    let value = Fields::of(headers).value("traceparent")?;
    let trace = context(&value)?;
    let span = value.split('-').nth(2).filter(|span| is_hex(span, 16))?;
    let bytes = |text: &str| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    Some((bytes(&trace)?.try_into().ok()?, bytes(span)?.try_into().ok()?))
}

/// The names that a request was given.
#[must_use]
pub fn trace_ids(headers: &[Header]) -> Vec<TraceId> {
    let fields = Fields::of(headers);
    let of = |field: &&'static str| {
        let value = fields.value(field)?;
        let (id, time) = match *field {
            "traceparent" | "traceresponse" => (context(&value)?, None),
            "x-amzn-trace-id" => x_ray(&value)?,
            _ => (value, None),
        };
        Some(TraceId { field, id, time })
    };
    IDS.iter().filter_map(of).collect()
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// W3C Trace Context §3.2: `00-TRACE-PARENT-FLAGS`, of which the trace tells.
fn context(value: &str) -> Option<String> {
    let mut parts = value.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    (is_hex(version, 2) && is_hex(trace, 32) && parts.next().is_some()).then(|| trace.to_owned())
}

/// X-Ray: `Root=1-TIME-ID`, the time in hexadecimal seconds.
fn x_ray(value: &str) -> Option<(String, Option<SystemTime>)> {
    let root = parameter(value, "root").or_else(|| parameter(value, "self"))?;
    let time = root.split('-').nth(1).filter(|time| is_hex(time, 8));
    let time = time.and_then(|time| u64::from_str_radix(time, 16).ok()).and_then(unix);
    Some((root, time))
}
