//! `--origin`: the requests of a chain as those of a page of another origin, with a preflight before each that a browser
//! would ask for (Fetch standard, WHATWG, sections 4.3 to 4.9). Judges what comes back; sends nothing.

use crate::http::{self, Ask, OnBehalf};
use crate::plan::HttpPlan;
use crate::trace::{Cors, CorsVerdict, Request, Url};

/// The page that makes the requests, if one does.
pub(super) struct Page<'a> {
    plan: &'a HttpPlan,
    /// Where the last request went.
    last: Option<String>,
    /// Whether a redirect has led from one other origin to the next: then the page's own is kept back.
    tainted: bool,
    /// Whether the preflight for the next request was answered well.
    cleared: bool,
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
        Self { plan, last: None, tainted: false, cleared: false }
    }

    /// What is asked next of a URL, and how that stands to the page.
    pub(super) fn ask(&mut self, url: &Url, ask: &Ask) -> (Ask, Option<Cors>) {
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
        let cors = http::stand(url, ask, self.plan, origin, self.cleared);
        (http::asked(ask, &cors), Some(cors))
    }

    /// Puts down what a browser makes of the response.
    pub(super) fn judge(&mut self, request: &mut Request) -> Next {
        let Some(cors) = &mut request.cors else { return Next::Usual };
        cors.verdict = request.http.as_ref().ran().and_then(|http| http::judge(cors, http));
        self.cleared = cors.is_preflight() && cors.verdict == Some(CorsVerdict::Allowed);
        match (&cors.verdict, cors.is_preflight()) {
            _ if request.failure.is_some() => Next::Usual,
            (Some(CorsVerdict::Refused(_)), _) | (None, true) => Next::Blocked,
            (Some(CorsVerdict::Allowed), true) => Next::Request,
            (Some(CorsVerdict::Allowed) | None, false) => Next::Usual,
        }
    }
}
