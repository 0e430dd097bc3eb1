//! `--origin`: the requests of a chain as those of a page of another origin, with a preflight before each that a browser
//! would ask for (Fetch standard, WHATWG, sections 4.3 to 4.9). An answer that a browser would still have is used again.
//! Judges what comes back; sends nothing.

use std::collections::VecDeque;

use crate::http::{self, Ask, OnBehalf, Preflight};
use crate::plan::HttpPlan;
use crate::trace::{
    At, Cors, CorsRole, CorsVerdict, PreflightFreshness, PreflightUse, Request, RequestId, Url,
};

/// Answers to preflights that are kept at once: more than a chain has targets that it comes back to.
const KEPT: usize = 16;

/// The page that makes the requests, if one does.
pub(super) struct Page<'a> {
    plan: &'a HttpPlan,
    /// Where the last request went.
    last: Option<String>,
    /// Whether a redirect has led from one other origin to the next: then the page's own is kept back.
    tainted: bool,
    /// The preflight for the request that comes next, which was answered well.
    cleared: Option<PreflightUse>,
    /// Answers to preflights, the latest last.
    kept: VecDeque<Preflight>,
}

/// What comes after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// What comes without a page.
    Usual,
    /// The request that the preflight was for.
    Request,
    /// Nothing: a browser would stop here.
    Blocked,
}

impl<'a> Page<'a> {
    pub(super) const fn new(plan: &'a HttpPlan) -> Self {
        Self { plan, last: None, tainted: false, cleared: None, kept: VecDeque::new() }
    }

    /// What is asked next of a URL at this time, and how that stands to the page.
    pub(super) fn ask(&mut self, url: &Url, ask: &Ask, now: At) -> (Ask, Option<Cors>) {
        let Some(page) = &self.plan.origin else { return (ask.clone(), None) };
        if url.scheme.is_websocket() {
            // Its server is told, and no browser judges the answer: who is let in is the server's matter alone.
            let on_behalf = OnBehalf::Page { origin: page.clone() };
            return (Ask { on_behalf, ..ask.clone() }, None);
        }
        let here = http::origin_of(url);
        if self.last.as_ref().is_some_and(|last| *last != here && last != page) {
            self.tainted = true;
        }
        self.last = Some(here);
        let origin = if self.tainted { "null" } else { page };
        let mut cors = http::stand(url, ask, self.plan, origin);
        if cors.is_preflight()
            && let Some(allowed_by) = self.allowed(url, &cors, now)
        {
            (cors.role, cors.allowed_by) = (CorsRole::Preflighted, Some(allowed_by));
        }
        (http::asked(ask, &cors), Some(cors))
    }

    /// The preflight by which a request may go, if one was answered.
    fn allowed(&mut self, url: &Url, cors: &Cors, now: At) -> Option<PreflightUse> {
        let kept = self.kept.iter().rev().find(|one| one.covers(url, cors, now));
        let kept = kept.map(|one| PreflightUse { by: one.by, freshness: PreflightFreshness::Kept });
        let Some(cleared) = &mut self.cleared else { return kept };
        let now = *cleared;
        // Where the same is sent once more, time has passed since.
        cleared.freshness = PreflightFreshness::Expired;
        Some(if now.freshness == PreflightFreshness::Asked { now } else { kept.unwrap_or(now) })
    }

    /// What was sent last goes again at once, on another connection: browsers do that, too, and ask nothing anew.
    pub(super) const fn resend(&mut self) {
        if let Some(cleared) = &mut self.cleared {
            cleared.freshness = PreflightFreshness::Asked;
        }
    }

    /// Puts down what a browser makes of the response.
    pub(super) fn judge(&mut self, id: RequestId, request: &mut Request) -> Next {
        let Some(cors) = &mut request.cors else { return Next::Usual };
        let http = request.http.as_ref().ran();
        cors.verdict = http.and_then(|http| http::judge(cors, http));
        self.cleared = None;
        if let Some((answer, kept)) = http.and_then(|http| Preflight::answered(id, &request.url, cors, http))
        {
            cors.kept = Some(kept);
            self.cleared = Some(PreflightUse { by: id, freshness: PreflightFreshness::Asked });
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(answer);
        }
        match (&cors.verdict, cors.is_preflight()) {
            _ if request.failure.is_some() => Next::Usual,
            (Some(CorsVerdict::Refused(_)), _) | (None, true) => Next::Blocked,
            (Some(CorsVerdict::Allowed), true) => Next::Request,
            (Some(CorsVerdict::Allowed) | None, false) => Next::Usual,
        }
    }
}
