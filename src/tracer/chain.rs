//! The requests of one run: from redirect to redirect (RFC 9110 §15.4), with what each takes over from
//! the one before it.

use super::assumed;
use super::connect::{self, Beside};
use super::pool::{Idle, Pool};
use super::scene::Scene;
use super::target::Origin;
use crate::dns::UncountedLanes;
use crate::http::{self, Ask};
use crate::trace::{
    At, Failure, FailureCode, Hop, LookupId, REUSED, Redirect, Request, RequestId, Stage, StageName, Trace,
    Url,
};
use crate::url;

/// What the requests of one run have in common.
pub(super) struct Chain<'a> {
    scene: &'a Scene<'a>,
    pool: Pool,
    /// Lanes that are still running, and the lookup they belong to.
    uncounted: Vec<(LookupId, UncountedLanes)>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self { scene, pool: Pool::default(), uncounted: Vec::new() }
    }

    /// What still runs beside the trace.
    pub(super) fn into_uncounted(self) -> Vec<(LookupId, UncountedLanes)> {
        self.uncounted
    }

    /// The loop over requests. Every one that was begun is in the trace when it returns, with its failure.
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
            body: plan.body.clone(),
            credentials: true,
        };
        (self.scene.on_stage)(StageName::Url, input);
        let mut url = url::parse(input)?;
        let mut first = Origin::of(&url);
        let mut redirects = 0;
        loop {
            let start = trace.requests.last().map_or(At(0), |request| request.end);
            let id = trace.add_request(Request::new(url, start));
            let failure = self.request(trace, id, &ask).await.err();
            let end = trace.hops().last().map_or(start, |hop| end_of(&hop));
            let request = &mut trace.requests[id.0];
            request.end = end;
            request.failure = failure.map(|failure| assumed::hint(failure, &request.url));
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
                Err(failure) => {
                    request.failure = Some(Failure { running: end.since(start), ..failure });
                    return Ok(());
                }
            };
            redirects += 1;
            redirect.followed = true;
            if let Some(method) = redirect.next_method.clone() {
                if method != ask.method {
                    ask.body = None;
                }
                ask.method = method;
            }
            ask.credentials = Origin::of(&url) == first;
        }
    }

    /// The stages of one request.
    async fn request(&mut self, trace: &mut Trace, id: RequestId, ask: &Ask) -> Result<(), Failure> {
        let Scene { plan, clock, stop, on_stage, .. } = *self.scene;
        let mut unread = None;
        let (session, connection) = match self.pool.take(&Origin::of(&trace.requests[id.0].url)).await {
            Some(idle) => {
                let request = &mut trace.requests[id.0];
                request.lookup = Stage::Skipped(REUSED);
                request.connection = Stage::Ran(idle.connection);
                (idle.session, idle.connection)
            }
            None => {
                let mut beside = Beside::default();
                let opened = connect::open(self.scene, trace, id, &mut beside).await;
                self.uncounted.extend(beside.lanes);
                unread = beside.unread;
                opened?
            }
        };
        let request = &mut trace.requests[id.0];
        on_stage(StageName::Http, &request.url.host_ascii);
        let (http, result) = http::fetch(session, &request.url, ask, &plan.http, clock, stop).await;
        request.http = Stage::Ran(http);
        // Reading certificates is work of ours that no phase should pay for.
        if let (Some(tls), Some(unread)) = (trace.connections[connection.0].tls.ran_mut(), unread) {
            unread.read_into(tls);
        }
        if let Some(session) = result? {
            self.pool.keep(Origin::of(&request.url), Idle { session, connection });
        }
        Ok(())
    }
}

/// The end of the last stage that ran.
fn end_of(hop: &Hop<'_>) -> At {
    let ends = [
        hop.dns.ran().map(|dns| dns.end),
        hop.connect.ran().map(|connect| connect.end),
        hop.tls.ran().map(|tls| tls.end),
        hop.http.ran().map(|http| http.end),
    ];
    ends.into_iter().flatten().fold(hop.start, At::max)
}

/// The URL of the request after a redirect, or why there is none.
fn next(redirect: &Redirect, redirects: usize, most: usize) -> Result<Url, Failure> {
    let fail = |code, message, hint: &str| {
        let (stage, hint) = (StageName::Http, Some(hint.to_owned()));
        Failure { stage, code, message, hint, running: std::time::Duration::ZERO }
    };
    let Some(target) = &redirect.target else {
        let message = format!("the redirect to `{}` cannot be followed", redirect.location.escape_debug());
        let hint = "the Location field must hold an http or https URL";
        return Err(fail(FailureCode::BadRedirect, message, hint));
    };
    if redirects >= most {
        let message = format!("more than {most} redirects; the next would go to {target}");
        let hint = "raise --max-redirs, or look for a loop in the hops";
        return Err(fail(FailureCode::TooManyRedirects, message, hint));
    }
    url::parse(target).map_err(|failure| {
        let message = format!("the redirect cannot be followed: {}", failure.message);
        let hint = "the Location field must hold a valid http or https URL";
        fail(FailureCode::BadRedirect, message, hint)
    })
}
