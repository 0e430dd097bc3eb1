//! Server-Timing: what a server says of where its time went (W3C Server Timing §3), and what of the wait was
//! whose.

use std::time::Duration;

use super::cache_words::CacheResult;
use super::fields::{Fields, clip, first, millis};
use super::layer::Layer;
use super::layers::{layers, tell_of_upstream};
use super::role::Role;
use crate::trace::{Header, Hop, Http, parameter};

/// What gateways count time in.
const GRAIN: Duration = Duration::from_millis(1);
/// Metrics that are told.
const MOST: usize = 32;

/// A metric of Server-Timing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// How long it took, in microseconds; `None` where it has no time.
    pub took_us: Option<u64>,
    /// What it is.
    pub description: Option<String>,
}

/// The metrics of a response, in its head and behind its body.
#[must_use]
pub fn metrics(http: &Http) -> Vec<Metric> {
    let of = |headers: &[Header]| Fields::of(headers).members("server-timing");
    let members = of(&http.headers).into_iter().chain(of(&http.trailers));
    let metric = |member: String| Metric {
        name: first(&member),
        took_us: parameter(&member, "dur").and_then(|text| millis(&text)),
        description: parameter(&member, "desc").filter(|text| !text.is_empty()).map(|text| clip(&text)),
    };
    members.map(metric).filter(|metric| !metric.name.is_empty()).take(MOST).collect()
}

/// What of the wait was whose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// All of it.
    pub whole: Duration,
    /// The way there and back.
    pub round_trip: Option<Duration>,
    /// How much longer the request's body was on its way.
    pub body: Option<Duration>,
    /// What is left for whoever answered; `None` where it is not known how long the body was on its way.
    pub server: Option<Duration>,
    /// What of that was spent behind the outermost layer that says so, and its field.
    pub upstream: Option<(Duration, &'static str)>,
    /// What is left of it for the layers before.
    pub gateway: Option<Duration>,
}

/// What of the wait of a hop was whose; `None` where it did not wait.
///
/// Of a proxy the kernel knows the way to it alone: then nothing is taken off.
#[must_use]
pub fn wait(hop: &Hop<'_>) -> Option<Wait> {
    let http = hop.http.ran()?;
    let (sent, first) = (http.sent?, http.first_byte?);
    if first < sent {
        return None;
    }
    let whole = first.since(sent);
    let round_trip = round_trip(hop).filter(|trip| *trip <= whole);
    let lag = http.body_lag().map(|lag| lag.min(whole));
    let body = round_trip.zip(lag).map(|(trip, lag)| lag.saturating_sub(trip)).filter(|body| !body.is_zero());
    let server = round_trip.zip(lag).map(|(trip, lag)| whole - trip.max(lag));
    let told = upstream(&http.headers);
    let upstream = told.map(|(took, layer)| {
        let names = ["x-envoy-upstream-service-time", "x-kong-upstream-latency"];
        let field = names.into_iter().find(|name| layer.evidence.contains(name));
        (Duration::from_micros(took), field.unwrap_or("server-timing"))
    });
    // What is told to have taken longer than it was waited for fits nowhere; but gateways tell whole milliseconds.
    let gateway = server.zip(upstream).and_then(|(server, (upstream, _))| {
        let fits = upstream <= server + GRAIN;
        fits.then(|| server.saturating_sub(upstream))
    });
    Some(Wait { whole, round_trip, body, server, upstream, gateway })
}

/// What the outermost layer that says so waited for. What stands behind a layer that answered from its store was not
/// asked: a time in its fields is that of the copy.
fn upstream(headers: &[Header]) -> Option<(u64, Layer)> {
    if !tell_of_upstream(headers) {
        return None;
    }
    for layer in layers(headers) {
        let unasked = layer.cache.is_some_and(CacheResult::is_unasked);
        // An edge tells of itself, in fields that it does not keep.
        if let Some(took) = layer.upstream_us.filter(|_| !unasked || layer.role == Role::Cdn) {
            return Some((took, layer));
        }
        if unasked {
            return None;
        }
    }
    None
}

/// The least round trip that the kernel has seen to the server itself.
#[must_use]
pub fn round_trip(hop: &Hop<'_>) -> Option<Duration> {
    let connection = hop.connection.filter(|connection| connection.proxy.is_none())?;
    let info = connection.tcp.tcp_info?;
    Some(info.min_rtt.unwrap_or(info.rtt))
}
