//! Connections that are kept from one run to the next, by origin: what a browser does. Those of QUIC are not: their
//! stamps belong to the run that opened them.

use std::collections::HashMap;

use super::pool::Pool;
use super::target::Origin;
use crate::http::Session;
use crate::trace::{HttpVersion, KeptConnection, Request};

/// The connections of earlier runs.
#[derive(Default)]
pub(super) struct KeptConnections(HashMap<Origin, Vec<Session>>);

/// What is left of those to an origin.
enum Left {
    /// None was kept.
    Nothing,
    /// What was kept has been closed.
    Closed,
    /// One that stands.
    Open(Session),
}

impl KeptConnections {
    /// Keeps one for further requests.
    pub(super) fn keep(&mut self, origin: Origin, session: Session) {
        if session.version() != HttpVersion::Http3 {
            self.0.entry(origin).or_default().push(session);
        }
    }

    /// Keeps those that a run has opened.
    pub(super) fn keep_all(&mut self, pool: Pool) {
        for (origin, idle) in pool.into_idle() {
            self.keep(origin, idle.session);
        }
    }

    /// The connection to an origin that was used last, of those that still stand.
    async fn take(&mut self, origin: &Origin) -> Left {
        let Some(kept) = self.0.get_mut(origin) else { return Left::Nothing };
        let mut left = Left::Nothing;
        while let Some(mut session) = kept.pop() {
            if session.is_open().await {
                return Left::Open(session);
            }
            left = Left::Closed;
        }
        left
    }
}

/// A connection of an earlier run for a request, unless that repeats one under which such a connection ended.
pub(super) async fn for_request(
    kept: Option<&mut KeptConnections>,
    request: &mut Request,
) -> Option<Session> {
    let kept = kept.filter(|_| request.retry_of.is_none() || request.waited.is_some())?;
    let (told, session) = match kept.take(&Origin::of(&request.url)).await {
        Left::Nothing => return None,
        Left::Closed => (KeptConnection::Closed, None),
        Left::Open(session) => (KeptConnection::Used, Some(session)),
    };
    request.kept = Some(told);
    session
}
