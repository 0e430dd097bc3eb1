//! Views of a hop and the waterfall's rows.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::connect::ConnectView;
use super::cors::CorsView;
use super::dns::DnsView;
use super::failure::FailureView;
use super::further::FurtherView;
use super::http::HttpView;
use super::micros::us;
use super::phases::{PhasesView, ReasonsView};
use super::proxy::{BypassView, ProxyView};
use super::quic::QuicView;
use super::route::RouteHopView;
use super::tls::TlsView;
use super::url::UrlView;
use crate::timeline::{self, Span};
use crate::trace::{
    At, Connection, FurtherEnd, Hop, KeptConnection, NotRetried, RetryWait, Route, RouteEnd, StageName,
    Trace, Transient,
};

/// One request of a redirect chain.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HopView<'a> {
    /// Its place in the chain.
    index: usize,
    /// Its start.
    start_us: u64,
    /// Its end: last body byte, or the failure.
    end_us: u64,
    /// The last stage that was to run: `http`, or what the URL's scheme or `--until` says.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"])))]
    until: &'static str,
    /// The earlier hop whose connection this one used.
    reused_connection_of: Option<usize>,
    /// With `--warm connection` and `all`: what became of the connection that an earlier run had kept for it: `used`, then
    /// it has no lookup, connect or TLS; `closed` by the server, then another was opened; null where none was kept.
    #[cfg_attr(test, schemars(extend("enum" = ["used", "closed", null])))]
    kept_connection: Option<&'static str>,
    /// The hop that this one repeats: that had gone out on a kept connection, which ended without a byte of a
    /// response; the server had refused it unprocessed (`http.unanswered`); it came to what `retry` says; or it was refused
    /// for its `Expect` (417).
    retry_of: Option<usize>,
    /// `--retry`: why the hop was sent once more, and the wait before; null for any other.
    retry: Option<RepeatView>,
    /// Why it was not sent once more, where `--retry` was given and it came to what may pass.
    #[cfg_attr(test, schemars(extend("enum" = ["used-up", "not-idempotent", "beyond-max-time", "body-spent", null])))]
    not_retried: Option<&'static str>,
    /// What ended this hop before its goal; that of the last is the document's.
    failure: Option<FailureView<'a>>,
    /// The URL, taken apart.
    url: UrlView<'a>,
    /// Name resolution; null where it did not run.
    dns: Option<DnsView<'a>>,
    /// Connections opened before to endpoints that HTTPS records name, and given up.
    abandoned_connections: Vec<AbandonedView<'a>>,
    /// The TCP connection; null where it did not run.
    connect: Option<ConnectView<'a>>,
    /// `--route`: the path to the address connected to, found when the trace had ended; null without it, and where
    /// `route_why` says why not.
    route: Option<Vec<RouteHopView<'a>>>,
    /// How that path ended; null without `--route`.
    #[cfg_attr(test, schemars(extend("enum" = ["reached", "unreachable", "too-far", "stopped", "failed", "untraced", null])))]
    route_end: Option<&'static str>,
    /// Why there is no path, or not all of it.
    route_why: Option<&'a str>,
    /// The proxy that the connection goes through; null without one. `connect` is then the connection to it.
    proxy: Option<ProxyView<'a>>,
    /// The proxy that was not used, because its host stands in a list; null where none was left out.
    proxy_bypass: Option<BypassView<'a>>,
    /// The QUIC connection; null where HTTP/3 was not used. `connect` then has its attempts, and `tls` the
    /// handshake that is one with it.
    quic: Option<QuicView>,
    /// The TLS handshake; null where it did not run.
    tls: Option<TlsView<'a>>,
    /// Why `--tls-scan` had nothing to scan; null without it, and where `tls.scan` is there.
    tls_scan_skipped: Option<&'a str>,
    /// `--origin`: what a browser would do for a page of that origin; null without it.
    cors: Option<CorsView<'a>>,
    /// Request and response; null where they did not run.
    http: Option<HttpView<'a>>,
    /// `--reuse`: the same request again on its connection, when the trace had ended; null without it, and where
    /// `further_why` says why none was made.
    further: Option<Vec<FurtherView<'a>>>,
    /// Why there are no more of them: as many as wanted were made, the server ended the connection, one failed, the
    /// run was over, or none was made; null without `--reuse`.
    #[cfg_attr(test, schemars(extend("enum" = ["done", "closed", "failed", "stopped", "untried", null])))]
    further_end: Option<&'static str>,
    /// Why none was made.
    further_why: Option<&'static str>,
    /// Where the time went; these and `unaccounted_us` sum to `total_us`.
    phases: PhasesView,
    /// Why a phase is null.
    reasons: ReasonsView,
    /// The number of the lookup made for it, among those of the run; null where none was.
    lookup: Option<usize>,
    /// The number of the connection that it went out on, or was to, among those of the run; null where there was none.
    connection: Option<usize>,
    /// Why parts of it had nothing to do.
    skipped: SkippedView,
    /// `beyond-max-time`: how long would have been waited.
    not_retried_wait_us: Option<u64>,
    /// `--page`: the end of its wait for its turn; null where it had none.
    queued_us: Option<u64>,
}

impl<'a> HopView<'a> {
    pub(super) fn new(trace: &Trace, index: usize, hop: Hop<'a>) -> Self {
        let route = hop.dialled().and_then(|connect| connect.route.as_ref());
        let further = hop.request.further.as_ref();
        let untried = further.and_then(|further| match further.end {
            FurtherEnd::Untried(why) => Some(why),
            _ => None,
        });
        let hops = |route: &'a Route| route.hops.iter().map(Into::into).collect();
        Self {
            index,
            start_us: hop.start.0,
            end_us: hop.end.0,
            until: hop.request.until.as_str(),
            reused_connection_of: hop.reused.map(|request| request.0),
            kept_connection: hop.request.kept.map(KeptConnection::as_str),
            retry_of: hop.retry_of.map(|request| request.0),
            retry: hop.request.waited.map(|waited| RepeatView::new(hop.start, waited)),
            not_retried: hop.request.not_retried.map(NotRetried::as_str),
            failure: hop.failure.map(|failure| FailureView::new(failure, index)),
            url: UrlView::new(hop.url),
            dns: hop.dns.ran().map(Into::into),
            abandoned_connections: hop.abandoned.iter().map(Into::into).collect(),
            connect: hop.dialled().map(Into::into),
            route: route.filter(|route| !matches!(route.end, RouteEnd::Untraced(_))).map(hops),
            route_end: route.map(|route| route.end.as_str()),
            route_why: route.and_then(|route| route.end.why()),
            proxy: ProxyView::of(&hop),
            proxy_bypass: hop.request.bypass.as_ref().map(Into::into),
            quic: hop.quic.map(Into::into),
            tls: hop.tls.ran().map(Into::into),
            tls_scan_skipped: hop.request.scan_skipped,
            cors: hop.request.cors.as_ref().map(Into::into),
            http: hop.http.ran().map(|http| HttpView::new(trace.started_at, &hop, http)),
            further: further.filter(|_| untried.is_none()).map(|further| {
                let view = |exchange| FurtherView::new(exchange, trace.started_at, &hop);
                further.exchanges.iter().map(view).collect()
            }),
            further_end: further.map(|further| further.end.as_str()),
            further_why: untried,
            phases: timeline::phases(&hop).into(),
            reasons: timeline::reasons(&hop).into(),
            lookup: hop.request.lookup.ran().map(|id| id.0),
            connection: hop.request.connection.ran().map(|id| id.0),
            skipped: SkippedView::new(&hop),
            queued_us: hop.request.queued.map(|at| at.0),
            not_retried_wait_us: match hop.request.not_retried {
                Some(NotRetried::TooLong(wait)) => Some(us(wait)),
                _ => None,
            },
        }
    }
}

/// A further attempt.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RepeatView {
    /// What the attempt before came to.
    #[cfg_attr(test, schemars(extend("enum" = ["status", "timeout", "refused"])))]
    cause: &'static str,
    /// Its status, where that was the cause.
    status: Option<u16>,
    /// Who said how long to wait: nobody (1 s, then twice as long each time), `--retry-delay`, or the server.
    #[cfg_attr(test, schemars(extend("enum" = ["backoff", "given", "retry-after"])))]
    rule: &'static str,
    /// How long was waited: the phase `queue`.
    waited_us: u64,
}

impl RepeatView {
    fn new(start: At, waited: RetryWait) -> Self {
        let status = match waited.cause {
            Transient::Status(status) => Some(status),
            Transient::Timeout | Transient::Refused => None,
        };
        let (cause, rule) = (waited.cause.as_str(), waited.rule.as_str());
        Self { cause, status, rule, waited_us: us(waited.end.since(start)) }
    }
}

/// A connection that was opened and given up.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AbandonedView<'a> {
    /// The TCP connection.
    connect: ConnectView<'a>,
    /// The TLS handshake, which failed.
    tls: Option<TlsView<'a>>,
    /// The QUIC connection, where it was one.
    quic: Option<QuicView>,
    /// Why there was no TLS handshake to make; null where there was one, and where it was not reached.
    tls_skipped: Option<&'static str>,
}

/// Why a part of a request had nothing to do; null where it ran, and where it was not reached.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SkippedView {
    /// The lookup.
    lookup: Option<&'static str>,
    /// The connection.
    connection: Option<&'static str>,
    /// The TLS handshake on the connection that was opened for it.
    tls: Option<&'static str>,
    /// Request and response.
    http: Option<&'static str>,
}

impl SkippedView {
    fn new(hop: &Hop<'_>) -> Self {
        let own = hop.connection.filter(|_| hop.reused.is_none());
        Self {
            lookup: hop.request.lookup.reason(),
            connection: hop.request.connection.reason(),
            tls: own.and_then(|own| own.tls.reason()),
            http: hop.request.http.reason(),
        }
    }
}

impl<'a> From<&'a Connection> for AbandonedView<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            connect: (&connection.tcp).into(),
            tls: connection.tls.as_ref().ran().map(Into::into),
            quic: connection.quic.as_ref().map(Into::into),
            tls_skipped: connection.tls.reason(),
        }
    }
}

/// One row of the waterfall.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SpanView {
    /// Its index in the list.
    id: usize,
    /// The row it lies under.
    parent: Option<usize>,
    /// Its hop.
    hop: usize,
    /// Its stage; the row of a whole hop has `url`.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"])))]
    stage: &'static str,
    /// A zone, an address, `handshake`, a flight's messages, `send`, `wait`, `receive`.
    name: String,
    /// Its start.
    start_us: u64,
    /// How long it took.
    duration_us: u64,
    /// Whether it is part of the counted time.
    counted: bool,
}

impl SpanView {
    pub(super) fn new(span: Span) -> Self {
        Self {
            id: span.id,
            parent: span.parent,
            hop: span.request.0,
            stage: span.subject.stage().map_or("url", StageName::as_str),
            start_us: span.start.0,
            duration_us: us(span.end.since(span.start)),
            name: span.name,
            counted: span.counted,
        }
    }
}
