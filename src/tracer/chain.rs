//! The requests of one run: from redirect to redirect (RFC 9110 §15.4), with what each takes over from
//! the one before it.

use super::connect::{self, Beside, PLAIN};
use super::pool::{Idle, Pool};
use super::scene::Scene;
use super::target::Origin;
use crate::dns::SideLanes;
use crate::http::{self, Ask};
use crate::trace::{At, Failure, FailureCode, Hop, Redirect, Scheme, Stage, StageName, Url};
use crate::url;

const REUSED: &str = "an earlier hop's connection is used again";

/// What the requests of one run have in common.
pub(super) struct Chain<'a> {
    scene: &'a Scene<'a>,
    pool: Pool,
    /// Lanes that are still running, and the hop they belong to.
    side_lanes: Vec<(usize, SideLanes)>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self { scene, pool: Pool::default(), side_lanes: Vec::new() }
    }

    /// What still runs beside the trace.
    pub(super) fn into_side_lanes(self) -> Vec<(usize, SideLanes)> {
        self.side_lanes
    }

    /// The loop over hops. Every hop begun is in `hops` when it returns, with its failure.
    ///
    /// # Errors
    /// The input is no URL.
    pub(super) async fn follow(&mut self, input: &str, hops: &mut Vec<Hop>) -> Result<(), Failure> {
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
        loop {
            let index = hops.len();
            let start = hops.last().map_or(At(0), |hop| hop.end);
            hops.push(begun(url, start));
            let hop = &mut hops[index];
            hop.failure = self.request(hop, index, &ask).await.err();
            if index == 0 {
                // An HTTPS record may have made it an https URL.
                first = Origin::of(&hop.url);
            }
            hop.end = end_of(hop);
            let redirect = hop.http.ran_mut().and_then(|http| http.redirect.as_mut());
            let Some(redirect) = redirect.filter(|_| plan.follow && hop.failure.is_none()) else {
                return Ok(());
            };
            url = match next(redirect, index, plan.max_redirects) {
                Ok(url) => url,
                Err(failure) => {
                    hop.failure = Some(Failure { running: hop.end.since(hop.start), ..failure });
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
            ask.credentials = Origin::of(&url) == first;
        }
    }

    /// The stages of one hop.
    async fn request(&mut self, hop: &mut Hop, index: usize, ask: &Ask) -> Result<(), Failure> {
        let Scene { plan, clock, stop, on_stage, .. } = *self.scene;
        let mut unread = None;
        let session = match self.pool.take(&Origin::of(&hop.url)).await {
            Some(idle) => {
                hop.reused = Some(idle.opened_by);
                hop.dns = Stage::Skipped(REUSED);
                hop.connect = Stage::Skipped(REUSED);
                hop.tls = Stage::Skipped(if hop.url.scheme == Scheme::Https { REUSED } else { PLAIN });
                idle.session
            }
            None => {
                let mut beside = Beside::default();
                let opened = connect::open(self.scene, hop, &mut beside).await;
                self.side_lanes.extend(beside.lanes.map(|lanes| (index, lanes)));
                unread = beside.unread;
                opened?
            }
        };
        on_stage(StageName::Http, &hop.url.host_ascii);
        let (http, result) = http::fetch(session, &hop.url, ask, &plan.http, clock, stop).await;
        hop.http = Stage::Ran(http);
        // Reading certificates is work of ours that no phase should pay for.
        if let (Some(tls), Some(unread)) = (hop.tls.ran_mut(), unread) {
            unread.read_into(tls);
        }
        if let Some(session) = result? {
            let opened_by = hop.reused.unwrap_or(index);
            self.pool.keep(Origin::of(&hop.url), Idle { session, opened_by });
        }
        Ok(())
    }
}

/// A hop in which nothing has happened yet.
fn begun(url: Url, start: At) -> Hop {
    Hop {
        url,
        start,
        end: start,
        dns: Stage::NotReached,
        connect: Stage::NotReached,
        tls: Stage::NotReached,
        http: Stage::NotReached,
        reused: None,
        failure: None,
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
