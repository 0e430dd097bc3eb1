//! urltrace: everything that happens when a URL is typed, with true times.
//!
//! # Layout
//!
//! Data flows one way: arguments, plan, the five stages, the trace, findings, a renderer, bytes.
//!
//! - [`cli`], [`plan`]: arguments and environment, and the validated plan made of them
//! - [`trace`]: the model, plain data; [`clock`]: its only source of time; [`stop`]: what ends it early
//! - [`url`], [`dns`], [`tcp`], [`tls`], [`http`]: the stages, each a function from a part of the
//!   plan and the previous stage's result to a plain record and a live handle
//! - this file: the loop over redirect hops that runs the stages; `upgrade`: from http to https by
//!   an HTTPS record
//! - [`timeline`], [`finding`]: what follows from a trace: phases, spans, verdict, findings
//! - [`report`]: what a report is made from; [`redact`]: takes the secrets out of it
//! - `roots`: what the stages that speak TLS trust
//! - [`render`]: text and JSON; [`explain`]: the texts about status codes
//! - [`units`], [`os`]: how numbers and the system's errors are worded
//! - [`lab`]: the built-in internet; [`app`]: the program around all of it; [`exit`]: its exit codes

pub mod app;
pub mod cli;
pub mod clock;
pub mod dns;
pub mod exit;
pub mod explain;
pub mod finding;
pub mod http;
pub mod lab;
pub mod os;
pub mod plan;
pub mod redact;
pub mod render;
pub mod report;
mod roots;
pub mod stop;
pub mod tcp;
pub mod timeline;
pub mod tls;
pub mod trace;
pub mod units;
mod upgrade;
pub mod url;

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Clock;
use crate::plan::Plan;
use crate::stop::Stop;
use crate::trace::{At, Failure, FailureCode, Hop, Scheme, Stage, StageName, Trace, Url};
use crate::upgrade::Upgrade;

/// A tracer: everything that can be made ready before t0.
pub struct Tracer {
    plan: Plan,
    resolver: dns::Resolver,
    tls: tls::Client,
}

/// Told of each stage as it begins, with what it works on; for progress only.
pub type OnStage<'a> = &'a dyn Fn(StageName, &str);

/// Why a literal has no DNS time.
const IP_LITERAL: &str = "the host is an IP address";
const CONNECT_TO: &str = "--connect-to gives the address";
const REUSED: &str = "an earlier hop's connection is used again";
const PLAIN: &str = "http has no TLS";

/// How long a finished trace waits for the uncounted lanes.
const SIDE_LANES_GRACE: Duration = Duration::from_millis(100);

impl Tracer {
    /// Loads roots and hints and builds the configurations.
    ///
    /// # Errors
    /// A file of the plan that cannot be used; the text names it.
    pub fn new(plan: Plan) -> Result<Self, String> {
        let resolver = dns::Resolver::new(plan.dns.clone())?;
        let tls = tls::Client::new(&plan.tls, plan.http.version)?;
        Ok(Self { plan, resolver, tls })
    }

    /// Traces the plan's URL. `clock` begins at t0; `setup` is what preparation took before it.
    pub async fn trace(&self, clock: &Clock, stop: &Stop, setup: Duration, on_stage: OnStage<'_>) -> Trace {
        let mut run = Run { tracer: self, clock, stop, on_stage, side_lanes: Vec::new(), idle: None };
        let mut trace = Trace {
            input: self.plan.input.clone(),
            started_at: clock.started_at(),
            setup,
            total: Duration::ZERO,
            hops: Vec::new(),
            no_request: None,
            lab: false,
        };
        trace.no_request = run.chain(&mut trace.hops).await.err();
        trace.total = trace.hops.last().map_or(clock.now(), |hop| hop.end).since(At(0));
        for (hop, lanes) in run.side_lanes {
            if let Some(dns) = trace.hops.get_mut(hop).and_then(|hop| hop.dns.ran_mut()) {
                lanes.settle(dns, SIDE_LANES_GRACE, clock, stop).await;
            }
        }
        if dns::is_worth_a_survey(trace.failure().map(|failure| failure.code)) {
            let hops = trace.hops.iter_mut().enumerate();
            let walked = hops.filter_map(|(index, hop)| Some((index, hop.dns.ran_mut()?)));
            self.resolver.survey_hops(walked, clock, stop).await;
        }
        trace
    }

    /// The resolver, for `urltrace dns`.
    #[must_use]
    pub fn resolver(&self) -> &dns::Resolver {
        &self.resolver
    }
}

/// One run over its redirect hops.
struct Run<'a> {
    tracer: &'a Tracer,
    clock: &'a Clock,
    stop: &'a Stop,
    on_stage: OnStage<'a>,
    /// Lanes that are still running, and the hop they belong to.
    side_lanes: Vec<(usize, dns::SideLanes)>,
    /// A connection that can carry a further request to its origin.
    idle: Option<Idle>,
}

struct Idle {
    session: http::Session,
    origin: Origin,
    hop: usize,
}

/// Scheme, host and port (RFC 6454 §4).
type Origin = (Scheme, String, u16);

fn origin(url: &Url) -> Origin {
    (url.scheme, url.host_ascii.clone(), url.port)
}

impl Run<'_> {
    /// The loop over hops. Every hop begun is in `hops` when it returns, with its failure. An error is an
    /// input that is no URL.
    async fn chain(&mut self, hops: &mut Vec<Hop>) -> Result<(), Failure> {
        let plan = &self.tracer.plan.http;
        let mut ask = http::Ask {
            method: plan
                .method
                .clone()
                .unwrap_or_else(|| if plan.body.is_some() { "POST" } else { "GET" }.to_owned()),
            body: plan.body.clone(),
            credentials: true,
        };
        (self.on_stage)(StageName::Url, &self.tracer.plan.input);
        let mut url = url::parse(&self.tracer.plan.input)?;
        let mut first = origin(&url);
        loop {
            let index = hops.len();
            let start = hops.last().map_or(At(0), |hop| hop.end);
            hops.push(Hop {
                url,
                start,
                end: start,
                dns: Stage::NotReached,
                connect: Stage::NotReached,
                tls: Stage::NotReached,
                http: Stage::NotReached,
                reused: None,
                failure: None,
            });
            let hop = &mut hops[index];
            hop.failure = self.hop(hop, index, &ask).await.err();
            if index == 0 {
                // An HTTPS record may have made it an https URL.
                first = origin(&hop.url);
            }
            hop.end = end_of(hop);
            if hop.failure.is_some() {
                return Ok(());
            }
            let Some(redirect) = hop.http.ran_mut().and_then(|http| http.redirect.as_mut()) else {
                return Ok(());
            };
            if !plan.follow {
                return Ok(());
            }
            url = match next(&redirect.target, &redirect.location, index, plan.max_redirects) {
                Ok(url) => url,
                Err((code, message, hint)) => {
                    let running = hop.end.since(hop.start);
                    let (stage, hint) = (StageName::Http, Some(hint.to_owned()));
                    hop.failure = Some(Failure { stage, code, message, hint, running });
                    return Ok(());
                }
            };
            redirect.followed = true;
            if let Some(method) = redirect.next_method.clone() {
                if method != ask.method {
                    ask.body = None;
                }
                ask.method = method;
            }
            ask.credentials = origin(&url) == first;
        }
    }

    /// The stages of one hop.
    async fn hop(&mut self, hop: &mut Hop, index: usize, ask: &http::Ask) -> Result<(), Failure> {
        let mut unread = None;
        let session = match self.idle(&hop.url).await {
            Some(idle) => {
                hop.reused = Some(idle.hop);
                hop.dns = Stage::Skipped(REUSED);
                hop.connect = Stage::Skipped(REUSED);
                hop.tls = Stage::Skipped(if hop.url.scheme == Scheme::Https { REUSED } else { PLAIN });
                idle.session
            }
            None => self.open(hop, index, &mut unread).await?,
        };
        let plan = &self.tracer.plan.http;
        (self.on_stage)(StageName::Http, &hop.url.host_ascii);
        let (http, result) = http::fetch(session, &hop.url, ask, plan, self.clock, self.stop).await;
        hop.http = Stage::Ran(http);
        // Reading certificates is work of ours that no phase should pay for.
        if let (Some(tls), Some(unread)) = (hop.tls.ran_mut(), unread) {
            unread.read_into(tls);
        }
        self.idle = result?.map(|session| Idle {
            session,
            origin: origin(&hop.url),
            hop: hop.reused.unwrap_or(index),
        });
        Ok(())
    }

    /// The open connection of an earlier hop, if it leads to this origin and still stands.
    async fn idle(&mut self, url: &Url) -> Option<Idle> {
        let mut idle = self.idle.take().filter(|idle| idle.origin == origin(url))?;
        idle.session.is_open().await.then_some(idle)
    }

    /// From the URL to a connection that can carry a request. What is left to read of its TLS
    /// handshake goes into `unread`.
    async fn open(
        &mut self,
        hop: &mut Hop,
        index: usize,
        unread: &mut Option<tls::Unread>,
    ) -> Result<http::Session, Failure> {
        let Tracer { plan, resolver, tls } = self.tracer;
        let mut target = Target::of(&hop.url, plan);
        let mut offer = None;
        let addresses = match target.literal() {
            Some(address) => {
                let given = target.redirected_from.is_some() && hop.url.host.address().is_none();
                hop.dns = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
                vec![address]
            }
            None => {
                (self.on_stage)(StageName::Dns, &target.host);
                let (host, port) = (target.host.as_str(), target.port);
                let protocols = tls::Client::protocols(plan.http.version);
                let (mut dns, result, lanes) = if target.redirected_from.is_none() {
                    let scheme = hop.url.scheme;
                    resolver.resolve_origin(scheme, host, port, protocols, self.clock, self.stop).await
                } else {
                    // `--connect-to` names the endpoint itself.
                    resolver.resolve(host, port, self.clock, self.stop).await
                };
                let upgrade = upgrade::to_https(&mut hop.url, &mut dns);
                if upgrade == Upgrade::Done {
                    target.port = hop.url.port;
                }
                if let Some(record) = dns.service.as_ref().and_then(trace::ServiceBinding::used) {
                    target.port = record.port.unwrap_or(target.port);
                    offer = tls.offering(&record.protocols());
                }
                hop.dns = Stage::Ran(dns);
                self.side_lanes.push((index, lanes));
                result?
            }
        };
        let tls = offer.as_ref().unwrap_or(tls);
        (self.on_stage)(StageName::Tcp, &target.host);
        let (mut connect, stream) =
            tcp::connect(&addresses, target.port, &plan.tcp, self.clock, self.stop).await;
        if let Some(from) = target.redirected_from {
            connect.redirected_from = Some(from);
        }
        hop.connect = Stage::Ran(connect);
        let stream = stream?;
        if hop.url.scheme == Scheme::Http {
            hop.tls = Stage::Skipped(PLAIN);
            return Ok(http::Session::new(http::Stream::Plain(stream), None, &plan.http));
        }
        (self.on_stage)(StageName::Tls, &hop.url.host_ascii);
        // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
        let host = hop.url.host_ascii.trim_end_matches('.');
        let (record, stream, details) = tls.handshake_unread(stream, host, self.clock, self.stop).await;
        let alpn = record.alpn.clone();
        hop.tls = Stage::Ran(record);
        *unread = Some(details);
        Ok(http::Session::new(http::Stream::Tls(Box::new(stream?)), alpn.as_deref(), &plan.http))
    }
}

/// The URL of the request after a redirect, or why there is none.
fn next(
    target: &Option<String>,
    location: &str,
    redirects: usize,
    most: usize,
) -> Result<Url, (FailureCode, String, &'static str)> {
    let Some(target) = target else {
        let message = format!("the redirect to `{}` cannot be followed", location.escape_debug());
        return Err((FailureCode::BadRedirect, message, "the Location field must hold an http or https URL"));
    };
    if redirects >= most {
        let message = format!("more than {most} redirects; the next would go to {target}");
        let hint = "raise --max-redirs, or look for a loop in the hops";
        return Err((FailureCode::TooManyRedirects, message, hint));
    }
    url::parse(target).map_err(|failure| {
        let message = format!("the redirect cannot be followed: {}", failure.message);
        (FailureCode::BadRedirect, message, "the Location field must hold a valid http or https URL")
    })
}

/// Where a hop connects to: the URL's host and port, or what `--connect-to` says instead.
struct Target {
    host: String,
    port: u16,
    redirected_from: Option<String>,
}

impl Target {
    fn of(url: &Url, plan: &Plan) -> Self {
        let rule = plan.tcp.connect_to.iter().find(|rule| {
            rule.host.as_ref().is_none_or(|host| *host == url.host_ascii)
                && rule.port.is_none_or(|port| port == url.port)
        });
        let own = Self { host: url.host_ascii.clone(), port: url.port, redirected_from: None };
        let Some(rule) = rule else { return own };
        Self {
            redirected_from: Some(format!("{}:{}", own.host, own.port)),
            host: rule.to_host.clone().unwrap_or(own.host),
            port: rule.to_port.unwrap_or(own.port),
        }
    }

    fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// The end of the last stage that ran.
fn end_of(hop: &Hop) -> At {
    let ends = [
        hop.dns.ran().map(|dns| dns.end),
        hop.connect.ran().map(|connect| connect.end),
        hop.tls.ran().map(|tls| tls.end),
        hop.http.ran().map(|http| http.end),
    ];
    ends.into_iter().flatten().fold(hop.start, At::max)
}
