//! The document of a page: that of its document's trace, with every request behind it.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::again::SecondVisitView;
use super::budget::BudgetView;
#[cfg(test)]
use super::document::SCHEMA;
use super::document::{ExpectedView, Outcome, TraceDocument};
use super::failure::FailureView;
use super::finding;
use super::hop::{HopView, SpanView};
use super::parties::{HostShareView, PartyView, parties};
use super::phases::{PhasesView, ReasonsView};
use crate::page::{Link, Mend, Simulation, critical_chain};
use crate::reading;
use crate::report::TraceReport;
use crate::timeline;
use crate::trace::{
    Ahead, Asker, CrossOrigin, Fate, Hop, Initiator, Integrity, Left, Page, PageLimit, Resource, ResourceId,
    Trace, Unused, Use, header,
};

/// What no run without scripts and without layout can see.
pub(crate) const MISSING: [&str; 3] = [
    "requests that scripts make",
    "images and fonts of which layout decides",
    "the time that scripts, styles and layout take",
];

/// A page: its document and what that asks for.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct PageDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "page")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The URL as typed, secrets redacted.
    input: &'a str,
    /// Wall time of t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// Whether it ran inside the built-in lab.
    lab: bool,
    /// Whether the document was read to its end; what became of its resources stands with each.
    outcome: Outcome,
    /// The exit code of the process.
    exit_code: u8,
    /// The status of the document's last response; null when there is none.
    final_status: Option<u16>,
    /// What ended the document's trace before its goal.
    failure: Option<FailureView<'a>>,
    /// From t0 to the end of the last request.
    total_us: u64,
    /// From t0 to the end of the document.
    document_us: u64,
    /// Client set-up before t0, not part of any total.
    setup_us: u64,
    /// Where the document's time went.
    verdict: finding::VerdictView<'a>,
    /// The phases summed over the document's hops; null where a phase happened in none.
    phases: PhasesView,
    /// What it was allowed to cost, and whether that held.
    budgets: Vec<BudgetView<'a>>,
    /// `--expect`: the statuses that the last response of the document was to have; null without it.
    expected_status: Option<ExpectedView>,
    /// One record for each request of the document's redirect chain, as in a trace.
    hops: Vec<HopView<'a>>,
    /// The waterfall's rows of these.
    spans: Vec<SpanView>,
    /// What is wrong, slow or worth knowing, the most severe first.
    findings: Vec<finding::FindingView<'a>>,
    /// What their savings come to in this run; null where none saves time.
    saved_together_us: Option<u64>,
    /// Every request, in order of discovery: the typed URL first, redirects as requests of their own.
    requests: Vec<RequestView<'a>>,
    /// What was found and not asked for, and why.
    not_requested: Vec<LeftView<'a>>,
    /// What of a page's loading cannot be seen from here.
    missing: [&'static str; 3],
    /// What was assumed, what stands out, which limits were hit.
    page: AboutView<'a>,
}

/// Of a page as a whole.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AboutView<'a> {
    /// The window that images were chosen for, in CSS pixels, one device pixel each.
    viewport: ViewportView,
    /// In whose order the requests were made.
    #[cfg_attr(test, schemars(extend("enum" = ["chrome", "plain"])))]
    profile: &'static str,
    /// The charset that the document was read in; null where it was not read.
    charset: Option<&'a str>,
    /// Who named it.
    #[cfg_attr(test, schemars(extend("enum" = ["bom", "field", "meta", "assumed", null])))]
    charset_source: Option<&'static str>,
    /// Decoded bytes of the document that were looked through.
    scanned_bytes: u64,
    /// Why the document was not looked through, or not to its end.
    not_scanned: Option<&'static str>,
    /// The first byte of the document's last response.
    first_byte_us: Option<u64>,
    /// Before this nothing can have been painted: the head is read, and all that blocks rendering is there. Null where
    /// something of that had not come.
    start_render_us: Option<u64>,
    /// The document's head was there to its end.
    head_read_us: Option<u64>,
    /// The end of all that the page asks for without running scripts.
    end_us: Option<u64>,
    /// Which requests, in order, decided the start of rendering: each is there because the one before named it. Their
    /// shares sum to `start_render_us`. Empty where that is null.
    critical_chain: Vec<CriticalView>,
    /// Whether the page can be simulated: what is `modelled` of it rests on that. Null where the simulation, unchanged,
    /// comes to other marks than were measured.
    simulated: Option<SimulatedView>,
    /// Limits that were hit.
    limits: Vec<LimitView>,
    /// Whose requests these are, by host, in the order in which they were met.
    hosts: Vec<HostShareView<'a>>,
    /// The same for the document's host, others of its site, and all others; a party without a host is left out.
    parties: Vec<PartyView>,
    /// The requests behind those of the document, whole, in the order of their numbers.
    hops: Vec<HopView<'a>>,
    /// `--again`: what a second visit asked for; null without that, and where the first visit was cut off.
    second_visit: Option<SecondVisitView>,
}

/// A request that the start of rendering waited for.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CriticalView {
    /// Its index.
    request: usize,
    /// When it could be known of.
    from_us: u64,
    /// When the next could be, or rendering could start.
    to_us: u64,
    /// Its share of the time until rendering can start.
    share_us: u64,
    /// How much sooner rendering could start if it did not wait for this request, nor for what only that asks for
    /// (modelled). Null for the document, and where the page cannot be simulated.
    saved_without_us: Option<u64>,
}

/// The page as it comes out of the simulation, with nothing changed.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SimulatedView {
    /// The same as of the page.
    start_render_us: Option<u64>,
    /// The same as of the page.
    end_us: u64,
}

/// A window.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ViewportView {
    /// Width.
    width: u32,
    /// Height.
    height: u32,
}

/// A limit that was hit.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LimitView {
    /// Which.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::left_words())))]
    limit: &'static str,
    /// How many resources were left out for it.
    left_out: usize,
}

/// A request of a page.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RequestView<'a> {
    /// Its place in the list.
    index: usize,
    /// Its URL.
    url: &'a str,
    /// Who asked for it; null for the typed URL.
    initiator: Option<InitiatorView>,
    /// What it is.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::resource_kinds())))]
    kind: &'static str,
    /// How soon a browser wants it, by Chrome's levels.
    #[cfg_attr(test, schemars(extend("enum" = ["very-low", "low", "medium", "high", "very-high"])))]
    priority: &'static str,
    /// What waits for it.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "parser", "render"])))]
    blocking: &'static str,
    /// Whether it is asked for ahead of its use; null where it is not.
    #[cfg_attr(test, schemars(extend("enum" = ["preload", "prefetch", null])))]
    ahead: Option<&'static str>,
    /// How it is asked for where it is another origin's.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "anonymous", "use-credentials"])))]
    crossorigin: &'static str,
    /// The number of its connection; null where it came to none.
    connection: Option<usize>,
    /// Whether that had been opened for an earlier request.
    reused: bool,
    /// The version spoken; null without a response.
    #[cfg_attr(test, schemars(extend("enum" = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", null])))]
    protocol: Option<&'static str>,
    /// The address that its connection leads to; null where that is not known.
    address: Option<String>,
    /// The status of its response; null when there is none.
    status: Option<u16>,
    /// Cache-Control of its response; null without one.
    cache_control: Option<Cow<'a, str>>,
    /// Bytes of the body on the wire, framing included; null without a response.
    wire_bytes: Option<u64>,
    /// Bytes of the body when its content coding is undone; null where nothing was undone.
    decoded_bytes: Option<u64>,
    /// Content-Encoding of its response; null without one.
    encoding: Option<&'a str>,
    /// Since when it could be known of.
    discovered_us: u64,
    /// Its start: the same, or the end of the request before it in the chain of redirects.
    start_us: u64,
    /// Its end: last body byte, or the failure.
    end_us: u64,
    /// What of it is worth telling: which image of a srcset it is, that its scheme was upgraded.
    note: Option<&'a str>,
    /// What the check of its body's integrity came to; null where nothing is said of it, or nothing came.
    #[cfg_attr(test, schemars(extend("enum" = ["holds", "differs", "unreadable", null])))]
    integrity: Option<&'static str>,
    /// Why a browser would not use what came; null where nothing was found against it.
    #[cfg_attr(test, schemars(extend("enum" = ["integrity", "cors", "media-type", "framing", "resource-policy", "embedder-policy", null])))]
    unused: Option<&'static str>,
    /// What ended it before its goal.
    failure: Option<FailureView<'a>>,
    /// Where the time went; these and `unaccounted_us` sum to `total_us`.
    phases: PhasesView,
    /// Why a phase is null.
    reasons: ReasonsView,
    /// Its number among the requests of the run: where it stands in `hops` and, behind those, in `page.hops`.
    request: usize,
    /// Its number among all that was found; null for the requests of the document.
    resource: Option<usize>,
    /// `preload`: whether markup or a stylesheet names it, too; null where that is no question.
    ahead_used: Option<bool>,
    /// Opening a connection for it where another was free or open before, told as of a request that went no further: its
    /// number, where it stands in `page.hops` behind `hops`. Null where there was no such, and where it was broken off.
    spare: Option<usize>,
}

/// Who asked for something.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct InitiatorView {
    /// How: by markup, CSS, a Link field of a response or of a 103, a redirect, or once more because a kept connection
    /// had ended, or was another host's and did not take it (421).
    #[cfg_attr(test, schemars(extend("enum" = ["parser", "css", "header", "early-hint", "redirect", "retry"])))]
    kind: &'static str,
    /// In which request's response, by its index; null where that was not asked for itself.
    request: Option<usize>,
    /// How many decoded bytes of that had to be there; null for a field.
    offset: Option<u64>,
    /// In which of all that was found; null for the document.
    resource: Option<usize>,
}

/// Something that was found and not asked for.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LeftView<'a> {
    /// Its URL, absolute where it could be read.
    url: &'a str,
    /// Who asks for it.
    initiator: InitiatorView,
    /// What it is.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::resource_kinds())))]
    kind: &'static str,
    /// Why it was not asked for; `stopped` where the run ended first.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::left_words())))]
    reason: &'static str,
    /// Since when it could be known of.
    discovered_us: u64,
    /// What of it is worth telling: the directive that blocks it, say.
    note: Option<&'a str>,
    /// Its number among all that was found.
    resource: usize,
    /// How soon a browser wants it, by Chrome's levels.
    #[cfg_attr(test, schemars(extend("enum" = ["very-low", "low", "medium", "high", "very-high"])))]
    priority: &'static str,
    /// What waits for it.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "parser", "render"])))]
    blocking: &'static str,
    /// Whether it is asked for ahead of its use; null where it is not.
    #[cfg_attr(test, schemars(extend("enum" = ["preload", "prefetch", null])))]
    ahead: Option<&'static str>,
    /// `preload`: whether markup or a stylesheet names it, too; null where that is no question.
    ahead_used: Option<bool>,
    /// How it is asked for where it is another origin's.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "anonymous", "use-credentials"])))]
    crossorigin: &'static str,
    /// `preconnect` and `dns-prefetch`: what was done for it ahead, told as a request that went no further than that: its
    /// number, where it stands in `page.hops` behind `hops`. Null where nothing was.
    prepared: Option<usize>,
}

impl<'a> PageDocument<'a> {
    /// The document without its findings: these point into it.
    pub(super) fn new(report: &'a TraceReport, page: &'a Page) -> Self {
        let trace = &report.trace;
        let TraceDocument {
            schema,
            kind: _,
            urltrace_version,
            input,
            started_at,
            lab,
            outcome,
            exit_code,
            final_status,
            failure,
            total_us: document_us,
            setup_us,
            verdict,
            phases,
            budgets,
            expected_status,
            hops,
            spans,
            findings,
            saved_together_us,
        } = TraceDocument::new(report);
        let order = Order::of(trace, page);
        Self {
            schema,
            kind: "page",
            urltrace_version,
            input,
            started_at,
            lab,
            outcome,
            exit_code,
            final_status,
            failure,
            total_us: page.marks.end.map_or(document_us, |end| end.0.max(document_us)),
            document_us,
            setup_us,
            verdict,
            phases,
            budgets,
            expected_status,
            hops,
            spans,
            findings,
            saved_together_us,
            requests: requests(trace, page, &order),
            not_requested: page
                .resources
                .iter()
                .enumerate()
                .filter_map(|(id, resource)| LeftView::of(id, resource, &order))
                .collect(),
            missing: MISSING,
            page: AboutView::new(trace, page, &order),
        }
    }
}

/// Where each request stands in the list.
struct Order {
    /// The document's own, which come first.
    chain: usize,
    /// The resources that were asked for, by their number.
    resources: Vec<Option<usize>>,
}

impl Order {
    fn of(trace: &Trace, page: &Page) -> Self {
        let chain = trace.requests.len();
        let mut next = chain;
        let place = |resource: &Resource| {
            matches!(resource.fate, Fate::Requested(_)).then(|| {
                next += 1;
                next - 1
            })
        };
        Self { chain, resources: page.resources.iter().map(place).collect() }
    }

    fn initiator(&self, initiator: Initiator) -> InitiatorView {
        let request = match initiator.of {
            Asker::Document => self.chain.checked_sub(1),
            Asker::Resource(ResourceId(id)) => self.resources.get(id).copied().flatten(),
        };
        let resource = match initiator.of {
            Asker::Document => None,
            Asker::Resource(ResourceId(id)) => Some(id),
        };
        InitiatorView { kind: initiator.kind.as_str(), request, offset: initiator.offset, resource }
    }
}

fn requests<'a>(trace: &'a Trace, page: &'a Page, order: &Order) -> Vec<RequestView<'a>> {
    let chain = trace.hops().enumerate().map(|(index, hop)| {
        let initiator = index.checked_sub(1).map(|before| InitiatorView {
            kind: if hop.retry_of.is_some() { "retry" } else { "redirect" },
            request: Some(before),
            offset: None,
            resource: None,
        });
        RequestView::new(index, hop, initiator, ("document", "very-high", "render"))
    });
    let behind = page.requested().filter_map(|(ResourceId(id), resource, request)| {
        let hop = trace.page_hop(request)?;
        let index = order.resources.get(id).copied().flatten()?;
        let words = (resource.kind.as_str(), resource.priority.as_str(), resource.blocking.as_str());
        let initiator = Some(order.initiator(resource.initiator));
        let view = RequestView::new(index, hop, initiator, words);
        let (discovered_us, note) = (resource.discovered.0, resource.note.as_deref());
        let (ahead, crossorigin) = (resource.ahead.map(Ahead::as_str), resource.cross_origin.as_str());
        let (integrity, unused) =
            (resource.integrity.map(Integrity::as_str), resource.unused.map(Unused::as_str));
        let url = &resource.url;
        let spare = resource.spare.map(|request| request.0);
        let (resource, ahead_used) = (Some(id), resource.ahead.and_then(is_used));
        Some(RequestView {
            url,
            discovered_us,
            note,
            ahead,
            ahead_used,
            crossorigin,
            integrity,
            unused,
            resource,
            spare,
            ..view
        })
    });
    chain.chain(behind).collect()
}

/// Whether what is asked for ahead is seen to be used.
const fn is_used(ahead: Ahead) -> Option<bool> {
    match ahead {
        Ahead::Preload(used) => Some(matches!(used, Use::Seen)),
        Ahead::Prefetch => None,
    }
}

impl<'a> RequestView<'a> {
    fn new(
        index: usize,
        hop: Hop<'a>,
        initiator: Option<InitiatorView>,
        (kind, priority, blocking): (&'static str, &'static str, &'static str),
    ) -> Self {
        let http = hop.http.ran();
        let answered = http.filter(|http| http.status.is_some());
        let used = hop.connection.filter(|connection| connection.proxy.is_none());
        let attempt = used.and_then(|used| used.tcp.attempts.get(used.tcp.winner?));
        Self {
            index,
            url: &hop.url.href,
            initiator,
            kind,
            priority,
            blocking,
            ahead: None,
            crossorigin: CrossOrigin::No.as_str(),
            connection: hop.request.connection.ran().map(|id| id.0),
            reused: hop.reused.is_some(),
            protocol: answered.map(|http| http.version.as_str()),
            address: attempt.map(|attempt| attempt.address.to_string()),
            status: http.and_then(|http| http.status),
            cache_control: answered.and_then(|http| header(&http.headers, "cache-control")),
            wire_bytes: answered.map(|http| http.body.wire_bytes),
            decoded_bytes: answered.and_then(|http| http.body.decoded_bytes),
            encoding: answered.and_then(|http| http.body.encoding.as_deref()),
            discovered_us: hop.start.0,
            start_us: hop.start.0,
            end_us: hop.end.0,
            note: None,
            integrity: None,
            unused: None,
            failure: hop.failure.map(|failure| FailureView::new(failure, index)),
            phases: timeline::phases(&hop).into(),
            reasons: timeline::reasons(&hop).into(),
            request: hop.id.0,
            resource: None,
            ahead_used: None,
            spare: None,
        }
    }
}

impl<'a> LeftView<'a> {
    fn of(id: usize, resource: &'a Resource, order: &Order) -> Option<Self> {
        let reason = match resource.fate {
            Fate::Requested(_) => return None,
            Fate::Prepared(_) => Left::as_str(Left::Hint),
            Fate::Left(why) => Left::as_str(why),
            Fate::Unstarted => STOPPED,
        };
        Some(Self {
            url: &resource.url,
            initiator: order.initiator(resource.initiator),
            kind: resource.kind.as_str(),
            reason,
            discovered_us: resource.discovered.0,
            note: resource.note.as_deref(),
            resource: id,
            priority: resource.priority.as_str(),
            blocking: resource.blocking.as_str(),
            ahead: resource.ahead.map(Ahead::as_str),
            ahead_used: resource.ahead.and_then(is_used),
            crossorigin: resource.cross_origin.as_str(),
            prepared: match resource.fate {
                Fate::Prepared(request) => Some(request.0),
                Fate::Requested(_) | Fate::Left(_) | Fate::Unstarted => None,
            },
        })
    }
}

/// Why a resource was not asked for that only the end of the run kept from it.
pub(super) const STOPPED: &str = "stopped";

impl<'a> AboutView<'a> {
    fn new(trace: &'a Trace, page: &'a Page, order: &Order) -> Self {
        let simulation = Simulation::of(trace);
        let hosts = reading::hosts(trace);
        let Page { document, viewport, profile, limits, marks, again, resources: _, requests: _ } = page;
        let charset = document.charset.as_ref();
        Self {
            viewport: ViewportView { width: viewport.width, height: viewport.height },
            profile: profile.as_str(),
            charset: charset.map(|(name, _)| name.as_str()),
            charset_source: charset.map(|(_, source)| source.as_str()),
            scanned_bytes: document.scanned_bytes,
            not_scanned: document.left,
            first_byte_us: marks.first_byte.map(|at| at.0),
            start_render_us: marks.start_render.map(|at| at.0),
            head_read_us: marks.head_read.map(|at| at.0),
            end_us: marks.end.map(|at| at.0),
            critical_chain: links(trace, order, simulation.as_ref()),
            simulated: simulation.map(|simulation| SimulatedView {
                start_render_us: simulation.base().start_render.map(|at| at.0),
                end_us: simulation.base().end.0,
            }),
            limits: limits.iter().map(Into::into).collect(),
            parties: parties(&hosts),
            hosts: hosts.into_iter().map(Into::into).collect(),
            hops: trace.page_hops().map(|hop| HopView::new(trace, hop.id.0, hop)).collect(),
            second_visit: again.as_ref().map(Into::into),
        }
    }
}

fn links(trace: &Trace, order: &Order, simulation: Option<&Simulation>) -> Vec<CriticalView> {
    let saved = |link: &Link| {
        let (simulation, _) = (simulation?, link.resource?);
        let before = simulation.base().start_render?;
        let after = simulation.mended(&[Mend::Defer(link.request)]).start_render?;
        Some(before.0.saturating_sub(after.0))
    };
    let place = |link: &Link| match link.resource {
        None => Some(link.request.0),
        Some(ResourceId(id)) => order.resources.get(id).copied().flatten(),
    };
    let chain = critical_chain(trace).into_iter();
    chain
        .filter_map(|link| {
            Some(CriticalView {
                request: place(&link)?,
                from_us: link.from.0,
                to_us: link.to.0,
                share_us: link.share(),
                saved_without_us: saved(&link),
            })
        })
        .collect()
}

impl From<&PageLimit> for LimitView {
    fn from(limit: &PageLimit) -> Self {
        Self { limit: limit.why.as_str(), left_out: limit.left_out }
    }
}
