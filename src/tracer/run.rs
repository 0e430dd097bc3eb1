//! What many runs share, and one run from its t0 to its trace.

use std::cell::RefCell;
use std::time::Duration;

use super::addresses;
use super::caa;
use super::chain::{Chain, Left};
use super::fast_open;
use super::kept::KeptConnections;
use super::loss;
use super::means::Means;
use super::page::Engine;
use super::resume;
use super::route;
use super::scan;
use super::scene::{OnStage, Scene};
use super::udp_check;
use crate::clock::Clock;
use crate::dns::{self, Memory};
use crate::plan::{Afterwards, HttpPlan, Plan, RetryPlan, RouteProbe, Scan, Sites, Visits};
use crate::stop::Stop;
use crate::suffix;
use crate::tcp;
use crate::tls;
use crate::trace::{At, Scheme, Stage, StageName, Trace};
use crate::url;

/// How long a finished trace waits for the uncounted lanes.
pub const UNCOUNTED_GRACE: Duration = Duration::from_millis(100);

/// Everything that can be made ready before t0, for any number of runs: one after another or side by
/// side on one thread.
pub struct Tracer {
    plan: Plan,
    resolver: dns::Resolver,
    /// What a run begins with of what others have learned.
    memory: Memory,
    /// The resolver and the proxies' means of the next run, made when there was time.
    next: RefCell<Option<(dns::Resolver, Means)>>,
    /// The connections that runs leave to the next; `None` where each opens its own.
    kept: RefCell<Option<KeptConnections>>,
    tls: tls::Client,
    bare_tls: tls::Client,
    http1_tls: tls::Client,
    http2_tls: tls::Client,
    quic: tls::Client,
    proxies: Means,
}

/// What belongs to one run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Begins at t0.
    pub clock: &'a Clock,
    /// What may end the run early.
    pub stop: &'a Stop,
    /// What preparation took before t0.
    pub setup: Duration,
    /// Is told of each stage.
    pub on_stage: OnStage<'a>,
}

/// How much is asked beside the request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// All that may explain it.
    Whole,
    /// Nothing but its DNSSEC: others wait.
    OneOfMany,
}

impl Tracer {
    /// Loads roots and hints and builds the configurations.
    ///
    /// # Errors
    /// A file of the plan that cannot be used; the text names it.
    pub fn new(plan: Plan) -> Result<Self, String> {
        tcp::check_source(&plan.tcp.source)?;
        let resolver = dns::Resolver::new(plan.dns.clone())?;
        let tls = tls::Client::new(&plan.tls, plan.http.version)?;
        let bare_tls = tls.without_protocols();
        let http1_tls = tls.for_http1();
        let http2_tls = tls.for_http2();
        let quic = tls.for_http3();
        let proxies = Means::of(&plan, &tls)?;
        let next = RefCell::new(Some((resolver.of_another_run(), proxies.of_another_run())));
        let memory = Memory::Answers;
        let kept = RefCell::default();
        Ok(Self { plan, resolver, memory, next, kept, tls, bare_tls, http1_tls, http2_tls, quic, proxies })
    }

    /// The same with runs that begin with no more than `memory` says.
    #[must_use]
    pub fn with_memory(self, memory: Memory) -> Self {
        let next = RefCell::new(Some((self.resolver.of_run(memory), self.proxies.of_another_run())));
        Self { memory, next, ..self }
    }

    /// The same with runs that leave their connections to the next.
    #[must_use]
    pub fn with_kept_connections(self) -> Self {
        Self { kept: RefCell::new(Some(KeptConnections::default())), ..self }
    }

    /// The same with what a resolver of another tracer has learned of the world, as long as its TTL lasts.
    #[must_use]
    pub fn with_resolver(self, other: &dns::Resolver) -> Self {
        let next = RefCell::new(Some((other.of_run(self.memory), self.proxies.of_another_run())));
        Self { next, resolver: other.of_another_run(), ..self }
    }

    /// Walks the name of a URL for the runs that come, and does no more: what it is told, they begin with, as far as
    /// their memory goes.
    pub async fn warm_up(&self, url: &str, run: Run<'_>) -> Trace {
        let http =
            HttpPlan { retry: RetryPlan::default(), output: None, reuse: None, ..self.plan.http.clone() };
        let plan = Plan { until: StageName::Dns, http, page: None, ..self.plan.clone() };
        let means = self.proxies.of_another_run();
        let trace = Box::pin(self.trace_with(&plan, (&self.resolver, &means), url, run, Extent::Whole)).await;
        self.next.replace(Some(self.another()));
        trace
    }

    /// Traces one URL of many, side by side with others: it shares what was answered to them, and nobody is asked for
    /// what does not belong to its own way. `http` is how its request is made, where that is not the plan's.
    pub async fn trace_one_of_many(&self, url: &str, http: Option<HttpPlan>, run: Run<'_>) -> Trace {
        let (resolver, means) = (self.resolver.of_one_of_many(), self.proxies.of_another_run());
        let own = http.map(|http| Plan { http, ..self.plan.clone() });
        let plan = own.as_ref().unwrap_or(&self.plan);
        Box::pin(self.trace_with(plan, (&resolver, &means), url, run, Extent::OneOfMany)).await
    }

    /// Takes over what the servers of registries have told the runs of another, for the runs that come.
    pub fn learn_registries(&self, other: &Self) {
        self.resolver.learn_registries(&other.resolver);
        self.next.replace(Some(self.another()));
    }

    fn another(&self) -> (dns::Resolver, Means) {
        (self.resolver.of_run(self.memory), self.proxies.of_another_run())
    }

    /// Makes ready what a first trace of this URL needs and what nothing of it changes: keys, and the pages of the
    /// program that take a URL apart. Before t0.
    #[must_use]
    pub fn ready_for(self, url: &str) -> Self {
        let parsed = url::parse(url);
        if parsed
            .is_ok_and(|url| matches!(url.scheme, Scheme::Https | Scheme::Wss | Scheme::Grpcs | Scheme::Tls))
        {
            self.tls.make_keys();
        }
        if self.plan.page.as_ref().is_some_and(|page| page.sites == Sites::Own) {
            suffix::load();
        }
        self
    }

    /// Traces a URL, as it was typed.
    pub async fn trace(&self, url: &str, run: Run<'_>) -> Trace {
        let (resolver, means) = &self.next.take().unwrap_or_else(|| self.another());
        // On the heap: a caller that traces several at once has them all on its stack otherwise.
        let trace = Box::pin(self.trace_with(&self.plan, (resolver, means), url, run, Extent::Whole)).await;
        if self.memory == Memory::Registries {
            self.resolver.learn_registries(resolver);
        }
        self.next.replace(Some(self.another()));
        trace
    }

    /// A run by a plan, with a resolver and the proxies' means.
    async fn trace_with(
        &self,
        plan: &Plan,
        (resolver, means): (&dns::Resolver, &Means),
        url: &str,
        run: Run<'_>,
        extent: Extent,
    ) -> Trace {
        let Self { tls, bare_tls, http1_tls, http2_tls, quic, .. } = self;
        let Run { clock, stop, setup, on_stage } = run;
        let reach = plan.tcp.reach;
        let scene = Scene {
            plan,
            resolver,
            tls,
            bare_tls,
            http1_tls,
            http2_tls,
            quic,
            means,
            clock,
            stop,
            on_stage,
            reach,
        };
        let mut trace = Trace::new(url.to_owned(), clock.started_at(), setup);
        let page = plan.page.clone().map(|plan| Engine::new(&scene, plan));
        let mut chain = Chain::new(&scene, page.as_ref(), self.kept.take());
        let document = async {
            trace.no_request = chain.follow(url, &mut trace).await.err();
            if let Some(page) = &page {
                page.document_ended(chain.hand_over());
            }
        };
        match &page {
            Some(page) => {
                let ((), ()) = futures_util::join!(document, page.run());
            }
            None => document.await,
        }
        trace.total = trace.requests.last().map_or(clock.now(), |request| request.end).since(At(0));
        chain.request_again(&mut trace).await;
        self.kept.replace(chain.keep_connections());
        chain.close().await;
        let mut left = chain.into_uncounted();
        if let Some(page) = page {
            let again = match plan.page.as_ref().map_or(Visits::One, |page| page.visits) {
                Visits::One => None,
                Visits::Two => page.visit_again(&trace).await,
            };
            left.lanes.extend(page.settle(&mut trace, again));
        }
        settle(&scene, &mut trace, left, extent).await;
        trace
    }

    /// The resolver, for `urltrace dns`.
    #[must_use]
    pub fn resolver(&self) -> &dns::Resolver {
        &self.resolver
    }
}

/// What is uncounted: the lanes that still run, and what is asked once the document has its times.
async fn settle(scene: &Scene<'_>, trace: &mut Trace, left: Left, extent: Extent) {
    let Scene { plan, resolver, clock, stop, .. } = *scene;
    let Left { lanes, sessions, doubted, unsettled } = left;
    for (lookup, lanes) in lanes {
        if let Some(dns) = trace.lookups.get_mut(lookup.0) {
            match extent {
                Extent::Whole => lanes.settle(dns, UNCOUNTED_GRACE, clock, stop).await,
                Extent::OneOfMany => lanes.settle_one_of_many(dns, clock, stop).await,
            }
        }
    }
    let is_whole = extent == Extent::Whole;
    if is_whole && dns::is_worth_a_survey(trace.failure().map(|failure| failure.code)) {
        let hops: Vec<usize> =
            trace.hops().filter_map(|hop| hop.request.lookup.ran().map(|_| hop.id.0)).collect();
        resolver.survey_hops(hops.into_iter().zip(&mut trace.lookups), clock, stop).await;
    }
    loss::settle(doubted, trace, stop).await;
    fast_open::look_for_cookies(scene, trace).await;
    for (connection, doubt) in unsettled {
        if let Stage::Ran(tls) = &mut trace.connections[connection.0].tls {
            doubt.settle(tls);
        }
    }
    if is_whole && plan.afterwards == Afterwards::Usual {
        udp_check::ask_all(scene, trace).await;
        caa::ask_all(scene, trace).await;
    }
    resume::resume_all(scene, sessions, trace).await;
    if let Some(probe) = plan.tcp.all_addresses {
        addresses::check_all(scene, trace, probe).await;
    }
    if plan.tls.scan == Scan::Afterwards {
        scan::scan_all(scene, trace).await;
    }
    if plan.tcp.route == RouteProbe::Afterwards {
        route::find_all(scene, trace).await;
    }
}
