//! Connections between two requests, kept by origin (RFC 9112 §9.3, RFC 9113 §9.1).

use std::collections::HashMap;

use super::target::Origin;
use crate::http::Session;
use crate::trace::ConnectionId;

/// A connection that can carry a further request.
pub(super) struct Idle {
    pub(super) session: Session,
    /// Which it is.
    pub(super) connection: ConnectionId,
}

/// The idle connections of one run.
#[derive(Default)]
pub(super) struct Pool {
    idle: HashMap<Origin, Vec<Idle>>,
}

impl Pool {
    pub(super) fn keep(&mut self, origin: Origin, idle: Idle) {
        self.idle.entry(origin).or_default().push(idle);
    }

    /// All of them.
    pub(super) fn into_idle(self) -> impl Iterator<Item = (Origin, Idle)> {
        self.idle
            .into_iter()
            .flat_map(|(origin, all)| all.into_iter().map(move |idle| (origin.clone(), idle)))
    }

    /// Ends all of them in good order.
    pub(super) async fn close(&mut self) {
        for idle in std::mem::take(&mut self.idle).into_values().flatten() {
            idle.session.close().await;
        }
    }

    /// The connection to this origin that was used last, of those that still stand; the others are closed.
    pub(super) async fn take(&mut self, origin: &Origin) -> Option<Idle> {
        let kept = self.idle.get_mut(origin)?;
        while let Some(mut idle) = kept.pop() {
            if idle.session.is_open().await {
                return Some(idle);
            }
        }
        None
    }
}
