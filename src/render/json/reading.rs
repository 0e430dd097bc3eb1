//! Views of what a response says.

use std::time::{Duration, SystemTime};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::reading::{
    AltSvc, Alternative, CacheResult, ClockOf, Confidence, ErrorSource, Habits, Layer, Maker, Quota, Retry,
    Role, TraceId, Wait, limits,
};
use crate::render::words::timestamp;
use crate::trace::{ErrorPage, GraphQlErrors, Http, Problem};

/// A layer between the client and the origin, by what it wrote into the response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct LayerView {
    /// What it is. The cache of a CDN is the same layer.
    #[cfg_attr(test, schemars(extend("enum" = ["CDN", "cache", "api-gateway", "load-balancer", "mesh", "function", "application"])))]
    role: &'static str,
    /// Whose it is; null where fewer than two fields agree on that.
    vendor: Option<&'static str>,
    /// What it calls itself.
    name: Option<String>,
    /// Where it is: a city, and the code of its airport (IATA).
    location: Option<String>,
    /// What its cache did.
    #[cfg_attr(test, schemars(extend("enum" = ["hit", "miss", "stale", "revalidated", "bypass", "dynamic", "none", "unknown", null])))]
    cache: Option<&'static str>,
    /// Why.
    reason: Option<String>,
    /// How old its copy was.
    age_s: Option<u64>,
    /// How long what is behind it took, by its word.
    upstream_us: Option<u64>,
    /// What it calls the request: its support asks for it.
    id: Option<String>,
    /// The fields it is known by.
    evidence: Vec<&'static str>,
    /// How well it is borne out.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high"])))]
    confidence: &'static str,
}

impl From<Layer> for LayerView {
    fn from(layer: Layer) -> Self {
        Self {
            role: Role::as_str(layer.role),
            vendor: layer.vendor,
            name: layer.name,
            location: layer.location,
            cache: layer.cache.map(CacheResult::as_str),
            reason: layer.reason,
            age_s: layer.age,
            upstream_us: layer.upstream_us,
            id: layer.id,
            evidence: layer.evidence,
            confidence: Confidence::as_str(layer.confidence),
        }
    }
}

/// Who made an error.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ErrorSourceView {
    /// A CDN, a layer between it and the origin, or what is behind them.
    #[cfg_attr(test, schemars(extend("enum" = ["edge", "gateway", "origin"])))]
    who: &'static str,
    /// Its vendor, or the name that it gives itself.
    name: Option<String>,
    /// Its code, in its own words.
    code: Option<String>,
    /// What happened.
    meaning: String,
    /// What to check next.
    check_next: &'static str,
    /// The fields that show it; `status` and `body` for those.
    evidence: Vec<&'static str>,
    /// How well it is borne out.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high"])))]
    confidence: &'static str,
}

impl From<ErrorSource> for ErrorSourceView {
    fn from(source: ErrorSource) -> Self {
        Self {
            who: Maker::as_str(source.maker),
            name: source.called,
            code: source.code,
            meaning: source.meaning,
            check_next: source.check_next,
            evidence: source.evidence,
            confidence: Confidence::as_str(source.confidence),
        }
    }
}

/// Where else an origin may be had (RFC 7838).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct AltSvcView {
    /// Whether all that was said of it before is to be forgotten.
    clear: bool,
    /// The alternatives, the one that the server likes best first.
    alternatives: Vec<AlternativeView>,
}

/// A place where an origin may be had, too.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AlternativeView {
    /// The protocol by its name in ALPN.
    protocol: String,
    /// Another host; null for that of the origin.
    host: Option<String>,
    /// The port.
    port: u16,
    /// For how long it may be remembered.
    max_age_s: u64,
    /// Whether also when the client has changed its network.
    persist: bool,
}

impl From<AltSvc> for AltSvcView {
    fn from(said: AltSvc) -> Self {
        let view = |one: Alternative| AlternativeView {
            protocol: one.protocol,
            host: one.host,
            port: one.port,
            max_age_s: one.max_age,
            persist: one.persist,
        };
        Self { clear: said.clear, alternatives: said.alternatives.into_iter().map(view).collect() }
    }
}

/// How much may be asked, and when again.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct LimitsView {
    /// When to come back (Retry-After); null where that is not said.
    retry_after: Option<RetryView>,
    /// What is left of which quotas.
    quotas: Vec<QuotaView>,
    /// The field, or `body`, by which a gateway says that it held the request back.
    throttled_by: Option<&'static str>,
}

impl LimitsView {
    pub(super) fn of(started_at: SystemTime, http: &Http) -> Option<Self> {
        let limits = limits(http, started_at + Duration::from_micros(http.end.0))?;
        let quota = |quota: Quota| QuotaView {
            name: quota.name,
            limit: quota.limit,
            remaining: quota.remaining,
            window_s: quota.window,
            reset_s: quota.reset_in,
            reset_at: quota.reset.map(|at| timestamp(at, 0)),
            fields: quota
                .fields
                .iter()
                .filter_map(|index| Some(http.headers.get(*index)?.name.to_ascii_lowercase()))
                .collect(),
        };
        Some(Self {
            retry_after: limits.retry.map(Into::into),
            quotas: limits.quotas.into_iter().map(quota).collect(),
            throttled_by: limits.throttled_by,
        })
    }
}

/// When to come back.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RetryView {
    /// As sent.
    value: String,
    /// How long to wait, reckoned from the response.
    wait_s: u64,
    /// When that is over, RFC 3339, UTC.
    at: String,
    /// By whose clock: the server's Date, or this machine's.
    #[cfg_attr(test, schemars(extend("enum" = ["server", "here"])))]
    clock: &'static str,
}

impl From<Retry> for RetryView {
    fn from(retry: Retry) -> Self {
        Self {
            value: retry.value,
            wait_s: retry.wait.as_secs(),
            at: timestamp(retry.at, 0),
            clock: ClockOf::as_str(retry.clock),
        }
    }
}

/// A quota.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct QuotaView {
    /// What it is of; null where that is not said.
    name: Option<String>,
    /// All of it.
    limit: Option<u64>,
    /// What is left.
    remaining: Option<u64>,
    /// The time that it is for.
    window_s: Option<u64>,
    /// In how long it begins anew, reckoned from the response.
    reset_s: Option<u64>,
    /// When it begins anew, RFC 3339, UTC.
    reset_at: Option<String>,
    /// The fields that say so.
    fields: Vec<String>,
}

/// What of the wait was whose.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[allow(clippy::struct_field_names)] // the unit belongs into a name that leaves the program
pub(super) struct WaitView {
    /// The way there and back; null where it is not known: behind a proxy, or where it is longer than the wait.
    rtt_us: Option<u64>,
    /// How much longer the request's body was on its way: until its last byte was acknowledged. Null where that was no
    /// longer than the way there and back, or is not known.
    body_us: Option<u64>,
    /// The wait without both: whoever answered. Null where it is not known how long the body was on its way, too.
    server_us: Option<u64>,
    /// What of that was spent behind the outermost layer that says so.
    upstream_us: Option<u64>,
    /// What is left for the layers before: Latency - IntegrationLatency, as AWS defines it. Null where the
    /// upstream's time does not fit into the wait.
    gateway_us: Option<u64>,
    /// What each of them rests on.
    rests_on: RestsOnView,
}

/// What the parts of a wait rest on; null for a part that is null.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RestsOnView {
    /// The kernel's least round trip.
    rtt: Option<&'static str>,
    /// A difference.
    body: Option<&'static str>,
    /// A difference.
    server: Option<&'static str>,
    /// The field.
    upstream: Option<&'static str>,
    /// A difference.
    gateway: Option<&'static str>,
}

impl From<Wait> for WaitView {
    fn from(wait: Wait) -> Self {
        let Wait { whole: _, round_trip, body, server, upstream, gateway } = wait;
        Self {
            rtt_us: round_trip.map(us),
            body_us: body.map(us),
            server_us: server.map(us),
            upstream_us: upstream.map(|(took, _)| us(took)),
            gateway_us: gateway.map(us),
            rests_on: RestsOnView {
                rtt: round_trip.map(|_| "tcp_info"),
                body: body.map(|_| "body_acked - sent - rtt"),
                server: server.map(|_| if body.is_some() { "wait - rtt - body" } else { "wait - rtt" }),
                upstream: upstream.map(|(_, field)| field),
                gateway: gateway.map(|_| {
                    if body.is_some() { "wait - rtt - body - upstream" } else { "wait - rtt - upstream" }
                }),
            },
        }
    }
}

/// Problem details (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ProblemView<'a> {
    /// What kind of problem, in words.
    title: Option<&'a str>,
    /// The status, by the body.
    status: Option<u16>,
    /// The kind, as a URI.
    r#type: Option<&'a str>,
    /// What happened this time.
    detail: Option<&'a str>,
}

impl<'a> From<&'a Problem> for ProblemView<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            title: problem.title.as_deref(),
            status: problem.status,
            r#type: problem.kind.as_deref(),
            detail: problem.detail.as_deref(),
        }
    }
}

/// Errors of GraphQL.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct GraphQlView<'a> {
    /// How many were seen; there may be more.
    count: usize,
    /// The message of the first.
    first: &'a str,
}

/// An error page that is known by its text.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ErrorPageView<'a> {
    /// Whose it is.
    #[cfg_attr(test, schemars(extend("enum" = ["cloudflare", "cloudfront", "envoy", "haproxy", "nginx", "varnish", "s3"])))]
    by: &'static str,
    /// The code in it, or the word that stands for its sentence.
    code: Option<&'a str>,
}

impl<'a> From<&'a ErrorPage> for ErrorPageView<'a> {
    fn from(page: &'a ErrorPage) -> Self {
        Self { by: page.by.as_str(), code: page.code.as_deref() }
    }
}

impl<'a> From<&'a GraphQlErrors> for GraphQlView<'a> {
    fn from(errors: &'a GraphQlErrors) -> Self {
        Self { count: errors.count, first: &errors.first }
    }
}

/// A name of the request.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct TraceIdView {
    /// Its field.
    field: &'static str,
    /// The id.
    id: String,
    /// When it was given, where that is part of it, RFC 3339, UTC.
    time: Option<String>,
}

impl From<TraceId> for TraceIdView {
    fn from(id: TraceId) -> Self {
        Self { field: id.field, id: id.id, time: id.time.map(|time| timestamp(time, 0)) }
    }
}

/// What a response says as an interface for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HabitsView {
    /// The methods that it takes (Allow).
    allow: Vec<String>,
    /// Where the list goes on (Link).
    links: Vec<LinkView>,
    /// Whether it says that it is not to be used any more (Deprecation).
    deprecated: bool,
    /// Since when, or from when on, RFC 3339, UTC.
    deprecated_at: Option<String>,
    /// When it will be switched off (Sunset), RFC 3339, UTC.
    sunset_at: Option<String>,
    /// The version that answered, by its own field.
    api_version: Option<String>,
}

/// A link to another page of a list.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LinkView {
    /// `next`, `prev`, `first`, `last`.
    rel: String,
    /// Where it leads, secrets redacted.
    target: String,
}

impl From<Habits> for HabitsView {
    fn from(habits: Habits) -> Self {
        Self {
            allow: habits.allow,
            links: habits.links.into_iter().map(|(rel, target)| LinkView { rel, target }).collect(),
            deprecated: habits.deprecated.is_some(),
            deprecated_at: habits.deprecated.and_then(|it| it.at).map(|at| timestamp(at, 0)),
            sunset_at: habits.sunset.map(|at| timestamp(at, 0)),
            api_version: habits.version,
        }
    }
}
