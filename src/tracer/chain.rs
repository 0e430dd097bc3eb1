//! The requests of one run: from redirect to redirect (RFC 9110 §15.4), with what each takes over from
//! the one before it.

use std::collections::HashMap;
use std::time::Duration;

use super::assumed;
use super::beside::Beside;
use super::cross::{self, Next};
use super::fast_open;
use super::kept::{self, KeptConnections};
use super::loss;
use super::page::Engine;
use super::pool::{Idle, Pool};
use super::proxied;
use super::resend::{Again, again, by_http1, refuses_expectation, wants_http1};
use super::retry::{self, Retries};
use super::reuse;
use super::scene::Scene;
use super::target::Origin;
use super::until;
use super::way;
use crate::dns::UncountedLanes;
use crate::fault::Fault;
use crate::http::{self, Ask, OnBehalf, TraceContext, Upload};
use crate::plan::{CookieJar, ExpectPlan, TraceContextPlan};
use crate::stop::Stopped;
use crate::tcp;
use crate::tls::{self, Heard, Memory};
use crate::trace::{
    At, Connection, ConnectionId, Cors, Failure, FailureCode, Hop, KEPT, LookupId, NotRetried, REUSED,
    Redirect, Request, RequestId, RetryWait, Scheme, Stage, StageName, Tls, Trace, Transient, Url, WaitRule,
    header,
};
use crate::units::count;
use crate::url;

/// What to try where a server redirects until its cookie comes back.
const COOKIE: &str = "the server redirects until the cookie it sets comes back, and none is sent from here by \
                      itself: --cookies keeps those that are set";

/// Lanes that are still running, and the lookup they belong to.
type Lanes = Vec<(LookupId, UncountedLanes)>;
/// Sessions that are to be resumed, and the connection each is of.
type Sessions = Vec<(ConnectionId, Memory)>;
/// Connections on which something was sent again.
type Doubted = Vec<(ConnectionId, tcp::Watch)>;

/// What a chain leaves to be done when its trace is over.
pub(super) struct Left {
    /// What still runs beside it.
    pub(super) lanes: Lanes,
    /// What is to be resumed.
    pub(super) sessions: Sessions,
    /// What is to be looked at once more.
    pub(super) doubted: Doubted,
    /// Chains that other roots may trust.
    pub(super) unsettled: Vec<(ConnectionId, tls::Doubt)>,
}

/// What the requests of one run have in common.
pub(super) struct Chain<'a> {
    scene: &'a Scene<'a>,
    pool: Pool,
    /// The connections of earlier runs; `None` where none are kept.
    kept: Option<KeptConnections>,
    /// Lanes that are still running, and the lookup they belong to.
    uncounted: Lanes,
    /// Holds on the connections that are open, for a look at each when what is measured on it is over.
    watches: HashMap<ConnectionId, tcp::Watch>,
    /// The same of those of QUIC.
    of_quic: HashMap<ConnectionId, crate::quic::Watch>,
    /// Those of them on which something was sent again.
    doubted: Doubted,
    /// Sessions that are to be resumed afterwards, and the connection each is of.
    sessions: Sessions,
    /// Certificate chains that other roots may trust.
    unsettled: Vec<(ConnectionId, tls::Doubt)>,
    /// The last request that was to be made.
    last: Option<Ask>,
    /// What is fetched beside it and behind it (`--page`).
    page: Option<&'a Engine<'a>>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(
        scene: &'a Scene<'a>,
        page: Option<&'a Engine<'a>>,
        kept: Option<KeptConnections>,
    ) -> Self {
        let (uncounted, sessions, watches, of_quic, doubted, unsettled) = Default::default();
        Self {
            scene,
            pool: Pool::default(),
            kept,
            uncounted,
            watches,
            of_quic,
            doubted,
            sessions,
            unsettled,
            last: None,
            page,
        }
    }

    /// Ends kept connections in good order, where one of them is to be resumed: a server may forget the session
    /// of one that merely breaks off (RFC 5246 §7.2.1). Of QUIC nobody else tells it: no kernel does.
    pub(super) async fn close(&mut self) {
        if !self.sessions.is_empty() || !self.of_quic.is_empty() {
            self.pool.close().await;
        }
    }

    /// What is kept for the next run, where connections are: those that stand are not closed then.
    pub(super) fn keep_connections(&mut self) -> Option<KeptConnections> {
        let mut kept = self.kept.take()?;
        kept.keep_all(self.hand_over());
        Some(kept)
    }

    /// Hands the connections over to whoever fetches the page.
    pub(super) fn hand_over(&mut self) -> Pool {
        std::mem::take(&mut self.pool)
    }

    /// What is left to be done, none of it counted.
    pub(super) fn into_uncounted(mut self) -> Left {
        self.doubted.extend(self.watches);
        let Self { uncounted: lanes, sessions, doubted, unsettled, .. } = self;
        Left { lanes, sessions, doubted, unsettled }
    }

    /// All requests from the URL on. Every one that was begun is in the trace when it returns, with its failure.
    ///
    /// # Errors
    /// The input is no URL.
    pub(super) async fn follow(&mut self, input: &str, trace: &mut Trace) -> Result<(), Failure> {
        let plan = &self.scene.plan.http;
        let mut ask = Ask {
            method: plan
                .method
                .clone()
                .unwrap_or_else(|| if plan.body.is_some() { "POST" } else { "GET" }.to_owned()),
            body: plan.body.as_ref().map(Upload::new),
            expect: plan.expect,
            cookies: plan.cookies.clone(),
            credentials: true,
            given_host: true,
            on_behalf: OnBehalf::Nobody,
            trace: (plan.trace_context == TraceContextPlan::Sent).then(TraceContext::random),
            listener: self.page.map(Engine::listener),
        };
        self.redirects(input, trace, &mut ask).await
    }

    /// What `--reuse` asks for: the last request again, on its connection.
    pub(super) async fn request_again(&mut self, trace: &mut Trace) {
        if let (Some(ask), Some(wanted)) = (&self.last, self.scene.plan.http.reuse) {
            reuse::request_again(self.scene, &mut self.pool, ask, wanted, trace).await;
        }
    }

    /// The loop over requests.
    async fn redirects(&mut self, input: &str, trace: &mut Trace, ask: &mut Ask) -> Result<(), Failure> {
        let plan = &self.scene.plan.http;
        (self.scene.on_stage)(StageName::Url, input);
        let mut url = url::parse(input)?;
        if url.scheme.is_grpc() {
            ask.method = plan.method.clone().unwrap_or_else(|| "POST".to_owned());
            ask.body = Some(Upload::new(&http::grpc_body(&url, plan.body.as_ref())));
        }
        let mut first = Origin::of(&url);
        let (mut redirects, mut repeats) = (0, None);
        let mut retries = Retries::new(plan.retry);
        let mut page = cross::Page::new(plan);
        loop {
            let start = trace.requests.last().map_or(At(0), |request| request.end);
            let wait = repeats.and_then(|repeat: Repeat| Some(repeat.wait?.2));
            let (mut asked, cors) = page.ask(&url, ask, start.after(wait.unwrap_or_default()));
            let id = self.attempt(trace, (url, cors), (&mut asked, repeats.take())).await;
            ask.cookies.clone_from(&asked.cookies);
            repeats = self.repeat(trace, id, &asked, &mut retries);
            let request = &mut trace.requests[id.0];
            if let Some(repeat) = repeats {
                ask.expect = repeat.expect;
                url = request.url.clone();
                if repeat.wait.is_none() {
                    page.resend();
                }
                continue;
            }
            self.last = Some(asked);
            match page.judge(id, request) {
                Next::Usual => {}
                Next::Blocked => return Ok(()),
                Next::Request => {
                    url = request.url.clone();
                    continue;
                }
            }
            if redirects == 0 {
                // An HTTPS record may have made it an https URL.
                first = Origin::of(&request.url);
            }
            let redirect = request.http.ran_mut().and_then(|http| http.redirect.as_mut());
            let Some(redirect) = redirect.filter(|_| plan.follow && request.failure.is_none()) else {
                return Ok(());
            };
            url = match next(redirect, redirects, plan.max_redirects) {
                Ok(url) => url,
                Err(mut failure) => {
                    failure.running = request.end.since(start);
                    let is_kept = plan.cookie_jar == CookieJar::OfChain;
                    if failure.code == FailureCode::TooManyRedirects && !is_kept && waits_for_a_cookie(trace)
                    {
                        failure.hint = Some(COOKIE.to_owned());
                    }
                    trace.requests[id.0].failure = Some(failure);
                    return Ok(());
                }
            };
            redirects += 1;
            if let Some(method) = redirect.next_method.clone() {
                if method != ask.method {
                    ask.body = None;
                }
                ask.method = method;
            }
            if let Some(name) = ask.body.as_ref().and_then(Upload::spent) {
                let mut failure = not_again(name, &url.href);
                failure.running = request.end.since(start);
                request.failure = Some(failure);
                return Ok(());
            }
            redirect.followed = true;
            ask.credentials = plan.trusts_redirects || Origin::of(&url) == first;
            ask.given_host = url.host_ascii == first.host();
        }
    }

    /// One request from its begin to its record. What is sent once more waits before.
    async fn attempt(
        &mut self,
        trace: &mut Trace,
        (url, cors): (Url, Option<Cors>),
        (ask, repeats): (&mut Ask, Option<Repeat>),
    ) -> RequestId {
        let Scene { plan, clock, stop, .. } = *self.scene;
        let start = trace.requests.last().map_or(At(0), |request| request.end);
        let until = until::last_stage(&url, plan);
        let retry_of = repeats.map(|repeat| repeat.of);
        let id = trace.add_request(Request { until, retry_of, cors, ..Request::new(url, start) });
        until::leave_out(&mut trace.requests[id.0]);
        let waited = match repeats.and_then(|repeat| repeat.wait) {
            Some((cause, rule, wait)) => {
                let end = start.after(wait);
                let ended = stop.within(Some(end), std::future::pending::<()>()).await;
                // What ends it at its own time is the wait itself.
                let ended = ended.err().filter(|why| *why != Stopped::Limit);
                let end = if ended.is_some() { clock.now() } else { clock.now().max(end) };
                trace.requests[id.0].waited = Some(RetryWait { cause, rule, end });
                ended
            }
            None => None,
        };
        if let Some(why) = waited {
            let request = &mut trace.requests[id.0];
            request.end = clock.now();
            let fault = Fault::stopped(StageName::Http, why, stop.max_time(), "waiting to ask once more");
            request.failure = Some(fault.after(request.end.since(start)));
            return id;
        }
        http::drop_expired(&mut ask.cookies, clock.wall_now());
        let failure = self.request(trace, id, ask).await.err();
        self.keep_cookies(trace, id, ask);
        let failure = failure.map(|failure| Self::put_off(trace, id, failure));
        let behind = |failure| match trace.hops().next_back() {
            Some(hop) => proxied::hint(loss::told(failure, &hop), &hop),
            None => failure,
        };
        let failure = failure.map(behind);
        // Where nothing was to run, taking the URL apart is all there is.
        let end = trace.hops().next_back().and_then(|hop| end_of(&hop)).unwrap_or_else(|| clock.now());
        let request = &mut trace.requests[id.0];
        request.end = end;
        let failure = failure.map(|failure| assumed::hint(failure, &request.url));
        let tls = request.connection.ran().and_then(|id| trace.connections[id.0].tls.as_ref().ran());
        let failure = failure.map(|failure| with_accepted(failure, tls));
        request.failure = failure.map(|failure| with_version(failure, &request.url));
        id
    }

    /// Takes the cookies that a response sets, where those are kept.
    fn keep_cookies(&self, trace: &mut Trace, id: RequestId, ask: &mut Ask) {
        let Scene { plan, clock, .. } = *self.scene;
        let Request { url, http, .. } = &mut trace.requests[id.0];
        if let (CookieJar::OfChain, Some(http)) = (plan.http.cookie_jar, http.ran_mut()) {
            http.cookies = Some(http::take_cookies(&mut ask.cookies, url, &http.headers, clock.wall_now()));
        }
    }

    /// Whether a request is sent once more: at once, where a kept connection ended under it, or after a wait.
    fn repeat(&self, trace: &mut Trace, id: RequestId, ask: &Ask, retries: &mut Retries) -> Option<Repeat> {
        let Scene { clock, stop, .. } = *self.scene;
        let again = again(trace, id, &ask.method, self.scene.plan.http.version);
        let spent = ask.body.as_ref().and_then(Upload::spent);
        let request = &mut trace.requests[id.0];
        let repeat = Repeat { of: id, wait: None, expect: ask.expect };
        if ask.expect != ExpectPlan::Never && spent.is_none() && refuses_expectation(request) {
            return Some(Repeat { expect: ExpectPlan::Never, ..repeat });
        }
        match again {
            Again::May if spent.is_none() => return Some(repeat),
            Again::May => {
                let hint = spent.map(|name| format!("it is not sent again: {name} can be read only once"));
                request.failure.iter_mut().for_each(|failure| failure.hint.clone_from(&hint));
                return None;
            }
            Again::MustNot => {
                if let Some(failure) = &mut request.failure {
                    failure.hint = Some(format!(
                        "a {} is not sent again by itself: it may have been processed",
                        ask.method
                    ));
                }
                return None;
            }
            Again::No => {}
        }
        match retries.next(request, &ask.method, (request.end, clock.wall_now()), stop.max_time()) {
            retry::Next::Over => None,
            retry::Next::Not(why) => {
                request.not_retried = Some(why);
                None
            }
            retry::Next::After { .. } if spent.is_some() => {
                request.not_retried = Some(NotRetried::BodySpent);
                None
            }
            retry::Next::After { cause, rule, wait } => {
                Some(Repeat { wait: Some((cause, rule, wait)), ..repeat })
            }
        }
    }

    /// The stages of one request.
    async fn request(&mut self, trace: &mut Trace, id: RequestId, ask: &Ask) -> Result<(), Failure> {
        let own = self.scene;
        let http1 = wants_http1(trace, id).then(|| by_http1(own.plan));
        let scene = &http1.as_ref().map_or(*own, |plan| Scene { plan, tls: own.http1_tls, ..*own });
        let Scene { plan, clock, stop, on_stage, .. } = *scene;
        let mut beside = Beside::default();
        // What is sent again because a kept connection ended goes out on a connection of its own.
        let idle = match &trace.requests[id.0] {
            Request { retry_of: Some(_), waited: None, .. } => None,
            Request { url, .. } => self.pool.take(&Origin::of(url)).await,
        };
        let idle = match idle {
            Some(idle) => Some((idle.session, Some(idle.connection))),
            None => {
                let kept = kept::for_request(self.kept.as_mut(), &mut trace.requests[id.0]).await;
                kept.map(|session| (session, None))
            }
        };
        let (session, connection) = match idle {
            Some((session, connection)) => {
                let request = &mut trace.requests[id.0];
                let reason = if connection.is_some() { REUSED } else { KEPT };
                request.lookup = Stage::Skipped(reason);
                request.connection = connection.map_or(Stage::Skipped(reason), Stage::Ran);
                (session, connection)
            }
            None => {
                let opened = way::open(scene, trace, id, ask, &mut beside).await;
                self.uncounted.extend(beside.lanes.take());
                self.watches.extend(beside.watch.take());
                self.of_quic.extend(beside.quic.take());
                match opened {
                    Ok(Some((session, connection))) => (session, Some(connection)),
                    Ok(None) => {
                        self.remember(beside.unread.as_mut(), trace, id);
                        self.unsettled.extend(beside.read(trace, id));
                        self.look_back(trace, id, Kept::No);
                        return Ok(());
                    }
                    // What failed has no request that could wait for the reading.
                    Err(failure) => {
                        self.unsettled.extend(beside.read(trace, id));
                        self.look_back(trace, id, Kept::No);
                        return Err(failure);
                    }
                }
            }
        };
        if let (Some(page), Some(connection)) = (self.page, connection) {
            let url = &trace.requests[id.0].url;
            if http1.is_some() {
                page.heed_http1(url);
            }
            let opened = (&trace.connections[connection.0], beside.unread.as_ref());
            page.document_connected(url, &session, opened, connection, &ask.cookies);
        }
        let request = &mut trace.requests[id.0];
        on_stage(StageName::Http, &request.url.host_ascii);
        let made = beside.request.take().unwrap_or_else(|| http::prepare(&request.url, ask, &plan.http));
        let (http, result) = http::fetch(session, made, (&request.url, ask), &plan.http, clock, stop).await;
        request.http = Stage::Ran(http);
        let kept = if matches!(result, Ok(Some(_))) { Kept::Yes } else { Kept::No };
        self.look_back(trace, id, kept);
        self.remember(beside.unread.as_mut(), trace, id);
        let origin = Origin::of(&trace.requests[id.0].url);
        self.unsettled.extend(beside.read(trace, id));
        match (result?, connection, &mut self.kept) {
            (Some(session), Some(connection), _) => self.pool.keep(origin, Idle { session, connection }),
            (Some(session), None, Some(kept)) => kept.keep(origin, session),
            _ => {}
        }
        Ok(())
    }

    /// A failure of what followed a connect that was put off is one of the connection, where there was none.
    fn put_off(trace: &mut Trace, id: RequestId, failure: Failure) -> Failure {
        let Trace { requests, connections, .. } = trace;
        let request = &mut requests[id.0];
        match request.connection.ran() {
            Some(connection) => fast_open::told(failure, request, &mut connections[connection.0]),
            None => failure,
        }
    }

    /// Asks the kernel once more about the connection of a request that has ended.
    fn look_back(&mut self, trace: &mut Trace, id: RequestId, kept: Kept) {
        let Some(connection) = trace.requests[id.0].connection.ran() else { return };
        let Connection { tcp, quic, tls, .. } = &mut trace.connections[connection.0];
        if let (Some(watch), Some(quic)) = (self.of_quic.get(&connection), quic) {
            watch.read_into(quic);
        }
        let Some(watch) = self.watches.get(&connection) else { return };
        // Right after the connect it would say the same again.
        if tls.as_ref().ran().is_some() || trace.requests[id.0].http.as_ref().ran().is_some() {
            tcp.tcp_info_after = watch.read();
        }
        tcp.fast_open.iter_mut().for_each(|fast_open| watch.settle(fast_open));
        if kept == Kept::No {
            let watch = self.watches.remove(&connection).filter(|_| loss::is_doubted(tcp));
            self.doubted.extend(watch.map(|watch| (connection, watch)));
        }
    }
}

/// That a request is sent once more.
#[derive(Clone, Copy)]
struct Repeat {
    of: RequestId,
    /// Why, by whose word and how long it waits before; `None` where it goes at once.
    wait: Option<(Transient, WaitRule, Duration)>,
    /// Whether its body waits for a 100.
    expect: ExpectPlan,
}

/// Whether a connection is kept for a further request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

impl Chain<'_> {
    /// Keeps the session of a handshake that is to be resumed, with what was heard behind it.
    fn remember(&mut self, unread: Option<&mut tls::Unread>, trace: &Trace, id: RequestId) {
        let request = &trace.requests[id.0];
        let is_heard = request.http.as_ref().ran().is_some_and(|http| http.status.is_some());
        let heard = if is_heard { Heard::Response } else { Heard::Nothing };
        let memory = unread.and_then(tls::Unread::take_memory);
        if let (Some(memory), Stage::Ran(connection)) = (memory, request.connection) {
            self.sessions.push((connection, memory.after(heard)));
        }
    }
}

/// Adds to a failure for the lack of the right client certificate whose certificates the server accepts.
fn with_accepted(failure: Failure, tls: Option<&Tls>) -> Failure {
    let is_of_certificate = matches!(
        failure.code,
        FailureCode::ClientCertificateRequired | FailureCode::ClientCertificateRefused
    );
    let accepted = tls.filter(|_| is_of_certificate).and_then(|tls| tls.client_certificate.accepted());
    let Some(accepted) = accepted else { return failure };
    let hint = failure.hint.map_or_else(|| accepted.clone(), |hint| format!("{hint}; {accepted}"));
    Failure { hint: Some(hint), ..failure }
}

/// Tells why a version was insisted on that nobody asked for: the scheme has no other.
fn with_version(failure: Failure, url: &Url) -> Failure {
    let needs = match url.scheme {
        _ if failure.code != FailureCode::VersionNotNegotiated => return failure,
        Scheme::Grpcs => "gRPC goes by HTTP/2 alone",
        Scheme::Wss => "a WebSocket opens by HTTP/1.1 alone",
        _ => return failure,
    };
    Failure { hint: Some(format!("{needs}: https:// shows what else is behind this port")), ..failure }
}

/// A redirect that wants a body once more that is gone.
fn not_again(name: &str, target: &str) -> Failure {
    Failure {
        stage: StageName::Http,
        code: FailureCode::RequestBodyFailed,
        message: format!(
            "the redirect to {target} wants the request's body once more, and {name} can be read only once"
        ),
        hint: Some("save it to a file and send that".to_owned()),
        running: Duration::ZERO,
    }
}

/// The end of the last stage that ran.
pub(super) fn end_of(hop: &Hop<'_>) -> Option<At> {
    let ends = [
        hop.dns.ran().map(|dns| dns.end),
        hop.connect.ran().map(|connect| connect.end),
        hop.quic.map(|quic| quic.end),
        hop.proxy.map(|proxy| proxy.end),
        hop.tls.ran().map(|tls| tls.end),
        hop.http.ran().map(|http| http.end),
    ];
    ends.into_iter().flatten().max().map(|end| end.max(hop.start))
}

/// Whether the last redirect leads back to where the chain has been, and a cookie was set on the way.
fn waits_for_a_cookie(trace: &Trace) -> bool {
    let target =
        trace.requests.last().and_then(|last| last.http.as_ref().ran()?.redirect.as_ref()?.target.as_ref());
    let mut round = trace.requests.iter().skip_while(|request| Some(&request.url.href) != target).peekable();
    round.peek().is_some()
        && round
            .filter_map(|request| request.http.as_ref().ran())
            .any(|http| header(&http.headers, "set-cookie").is_some())
}

/// The URL of the request after a redirect, or why there is none.
fn next(redirect: &Redirect, redirects: usize, most: usize) -> Result<Url, Failure> {
    let fail = |code, message, hint: &str| {
        let (stage, hint) = (StageName::Http, Some(hint.to_owned()));
        Failure { stage, code, message, hint, running: Duration::ZERO }
    };
    let Some(target) = &redirect.target else {
        let message = format!("the redirect to `{}` cannot be followed", redirect.location.escape_debug());
        let hint = "the Location field must hold an http or https URL";
        return Err(fail(FailureCode::BadRedirect, message, hint));
    };
    if redirects >= most {
        let message = format!("more than {}; the next would go to {target}", count(most, "redirect"));
        let hint = "raise --max-redirs, or look for a loop in the hops";
        return Err(fail(FailureCode::TooManyRedirects, message, hint));
    }
    url::parse(target).map_err(|failure| {
        let message = format!("the redirect cannot be followed: {}", failure.message);
        let hint = "the Location field must hold a valid http or https URL";
        fail(FailureCode::BadRedirect, message, hint)
    })
}
