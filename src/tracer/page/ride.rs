//! Connections that are good for several hosts (RFC 9113 section 9.1.1): by HTTP/2, where the certificate is for both
//! names and the address is among those of both. A server that says 421 is asked on a connection of its own.

use super::engine::Engine;
use super::fetch::Work;
use super::hosts::Key;
use crate::proxy::{self, Choice};
use crate::trace::{RequestId, Stage, StageName};
use crate::tracer::beside::Beside;
use crate::tracer::pool::Idle;
use crate::tracer::scene::Scene;
use crate::tracer::target::Origin;
use crate::tracer::way;

impl Engine<'_> {
    /// Where a connection of another host has ended that a request was to go over: it needs one of its own.
    pub(super) fn come_home(&self, work: &mut Work) {
        let origin = Origin::of(&work.local.requests[0].url);
        if work.key.origin != origin {
            let own = Key { origin, credentials: work.key.credentials };
            self.state.borrow_mut().hosts.come_home(&own, &work.key);
            work.key = own;
        }
    }

    /// The connection of another host that a request can go over in place of one of its own. Where there may be one, the
    /// name is looked up; what was found stays with the request, whatever comes of it.
    pub(super) async fn ride(&self, scene: &Scene<'_>, work: &mut Work) -> Option<Idle> {
        let request = work.local.requests.first_mut()?;
        let host = request.url.host_ascii.clone();
        let others = self.state.borrow().others(&work.key, &host);
        let proxied = matches!(proxy::choose(&request.url, &scene.plan.proxy), Choice::Use(_));
        if others.is_empty() || work.alone || proxied {
            return None;
        }
        request.until = StageName::Dns;
        let mut beside = Beside::default();
        let looked_up = way::open(scene, &mut work.local, RequestId(0), &work.ask, &mut beside).await;
        work.restore_lookup(&mut beside);
        let request = work.local.requests.first_mut()?;
        request.until = StageName::Http;
        let dns = request.lookup.ran().and_then(|id| work.local.lookups.get(id.0));
        let addresses =
            dns.filter(|_| looked_up.is_ok()).map(|dns| dns.addresses.as_slice()).unwrap_or_default();
        let fit = others.into_iter().find(|(_, _, address)| addresses.contains(address));
        let ridden = fit.and_then(|(key, connection, _)| {
            let idle = self.state.borrow_mut().hosts.ride(&work.key, &key, connection)?;
            Some((key, idle))
        });
        let Some((key, idle)) = ridden else {
            // The lookup is that of the connection which is opened now.
            let lanes = beside.lanes.map(|(_, lanes)| lanes);
            work.looked_up = work.local.lookups.pop().zip(Some(lanes));
            work.local.requests.first_mut()?.lookup = Stage::NotReached;
            return None;
        };
        self.adopt(work, beside);
        work.local.requests.first_mut()?.connection = Stage::Ran(idle.connection);
        work.key = key;
        // Those that waited to know where it leads need not wait any longer.
        self.inbox.wake.notify_one();
        Some(idle)
    }
}
