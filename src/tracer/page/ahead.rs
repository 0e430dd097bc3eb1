//! What hints ask for: a connection opened ahead (preconnect), a name looked up ahead (dns-prefetch).
//!
//! What was done is told as of a request that goes no further than that. It is none: nothing is asked of anybody.

use std::time::Duration;

use super::ask;
use super::engine::Engine;
use super::fetch::Work;
use super::hosts::Key;
use crate::http::Ask;
use crate::plan::Plan;
use crate::trace::{Request, ResourceId, ResourceKind, Stage, StageName, Trace};
use crate::tracer::pool::Idle;

/// Why nothing was asked over a connection opened ahead.
const AHEAD: &str = "it was opened ahead, for a hint";
/// Why none was opened.
const NAME_ALONE: &str = "the hint is to look the name up, and no more";

/// What is told of one that was broken off.
const TOO_LATE: &str = "the page had ended before it was there";

impl Engine<'_> {
    /// Does what a hint asks for.
    pub(super) async fn prepare(&self, id: ResourceId, key: Key) {
        let clock = self.scene.clock;
        let (resource, known, page, reach) = {
            let state = self.state.borrow();
            let (resource, known) = (state.resources[id.0].clone(), state.known[id.0].clone());
            (resource, known, state.document.clone(), state.reach)
        };
        let (Some(page), Some(url)) = (page, known.url) else { return };
        let connects = resource.kind == ResourceKind::Preconnect;
        // A session is given to those alone who go on to the request.
        let until = if connects { StageName::Http } else { StageName::Dns };
        let request = Request { until, ..Request::new(url.clone(), resource.discovered) };
        let number = self.state.borrow_mut().begin_ahead(id, request.clone());
        let ask: Ask = ask::ask((&page, &url), &known.wish, &[]);
        let local = Trace::new(String::new(), clock.started_at(), Duration::ZERO);
        let mut work = Work { number, key, ask, local, alone: true, looked_up: None };
        work.local.add_request(request.clone());
        let plan = Plan { http: self.offered(self.scene.plan.http.clone(), &url), ..self.scene.plan.clone() };
        let scene = self.scene_of(&plan, reach);
        let opened = tokio::select! {
            biased;
            (opened, _, connection) = self.open(&scene, &mut work) => Some((opened, connection)),
            () = self.over() => None,
        };
        let Work { key, mut local, .. } = work;
        let mut request = match (local.requests.pop(), &opened) {
            (Some(request), Some(_)) => request,
            // Of what was broken off nothing is told but when.
            _ => Request { end: clock.now(), ..request },
        };
        request.http = Stage::Skipped(if connects { AHEAD } else { NAME_ALONE });
        request.until = match (connects, request.url.scheme.is_clear()) {
            (false, _) => StageName::Dns,
            (true, true) => StageName::Tcp,
            (true, false) => StageName::Tls,
        };
        if !connects {
            request.connection = Stage::Skipped(NAME_ALONE);
        }
        let mut state = self.state.borrow_mut();
        match opened {
            Some((Ok(Some((session, _))), Some(connection))) => {
                state.hosts.opened_ahead(&key, Idle { session, connection });
                self.settled.notify_waiters();
            }
            other => {
                if connects {
                    state.hosts.came_ahead(&key);
                    state.hosts.failed(&key);
                }
                if other.is_none() {
                    state.resources[id.0].note = Some(TOO_LATE.to_owned());
                }
                request.failure = other.and_then(|(opened, _)| opened.err());
            }
        }
        state.requests[number] = request;
        self.inbox.wake.notify_one();
    }
}
