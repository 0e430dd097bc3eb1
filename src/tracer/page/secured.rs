//! From http to https for what a page asks for, because its host has an HTTPS record (RFC 9460 section 9.5). The name is
//! looked up before the first connection to an origin in the clear is opened; what goes there from then on is asked for
//! by https, as if it had been redirected. And HTTP/3 where an earlier response of the page has offered it (RFC 7838).

use std::time::Duration;

use super::ask;
use super::engine::Engine;
use super::fetch::{Begin, Work};
use super::hosts::{Key, Way};
use crate::dns::UncountedLanes;
use crate::plan::{Http3, HttpPlan, HttpsRecords, VersionChoice};
use crate::proxy::{self, Choice};
use crate::trace::{Dns, Host, LookupId, Request, RequestId, ResourceId, Scheme, StageName, Trace, Url};
use crate::tracer::beside::Beside;
use crate::tracer::scene::Scene;
use crate::tracer::target::Origin;
use crate::tracer::way;

impl Engine<'_> {
    /// How a request begins that was given this way; its URL may become another.
    pub(super) async fn begin(&self, id: ResourceId, request: &mut Request, (key, way): (Key, Way)) -> Begin {
        if !matches!(way, Way::Open) || !self.may_be_secured(&request.url) {
            return Begin { key, way: Some(way), looked_up: None };
        }
        let origin = Origin::of(&request.url);
        let (looked_up, url) = self.look_up(id, request).await;
        let mut state = self.state.borrow_mut();
        state.looked.insert(origin.clone());
        if url.scheme == request.url.scheme {
            return Begin { key, way: Some(way), looked_up };
        }
        state.secured.insert(origin);
        // It needs no connection there.
        state.hosts.left(&key);
        let key = Key { origin: Origin::of(&url), credentials: key.credentials };
        request.url = url;
        let way = state.hosts.way(&key, None);
        // What waits for the old one is asked for by https, too.
        self.inbox.wake.notify_one();
        Begin { key, way, looked_up }
    }

    /// Whether it is not known yet what the DNS says of an origin in the clear.
    fn may_be_secured(&self, url: &Url) -> bool {
        let plan = self.scene.plan;
        url.scheme == Scheme::Http
            && matches!(url.host, Host::Name(_))
            && plan.dns.https_records == HttpsRecords::Use
            && plan.tcp.unix_socket.is_none()
            && !matches!(proxy::choose(url, &plan.proxy), Choice::Use(_))
            && !self.state.borrow().looked.contains(&Origin::of(url))
    }

    /// A lookup, and the URL that is asked for by what it says.
    async fn look_up(
        &self,
        id: ResourceId,
        request: &Request,
    ) -> (Option<(Dns, Option<UncountedLanes>)>, Url) {
        let (reach, ask) = {
            let state = self.state.borrow();
            let page = state.document.as_ref().unwrap_or(&request.url);
            (state.reach, ask::ask((page, &request.url), &state.known[id.0].wish, &[]))
        };
        let scene = Scene { reach, ..*self.scene };
        let mut local = Trace::new(String::new(), scene.clock.started_at(), Duration::ZERO);
        local.add_request(Request { until: StageName::Dns, ..request.clone() });
        let mut beside = Beside::default();
        // What it fails by it fails by again, when the connection is opened.
        let _ = way::open(&scene, &mut local, RequestId(0), &ask, &mut beside).await;
        let looked_up = local.lookups.pop().map(|dns| (dns, beside.lanes.map(|(_, lanes)| lanes)));
        let url = local.requests.pop().map_or_else(|| request.url.clone(), |request| request.url);
        (looked_up, url)
    }

    /// A lookup that was made for a request stays with it where it needs no connection. One that waits for what another
    /// opens has waited for that one's lookup, too.
    pub(super) fn keep_lookup(&self, work: &mut Work, way: Option<&Way>) {
        match way {
            Some(Way::Open) => {}
            None | Some(Way::Coming) => drop(work.looked_up.take()),
            Some(Way::Idle(_) | Way::Shared(_)) => {
                let Some((dns, lanes)) = work.looked_up.take() else { return };
                let lanes = lanes.map(|lanes| (LookupId(0), lanes));
                work.local.lookups.push(dns);
                self.adopt(work, Beside { lanes, ..Beside::default() });
            }
        }
    }

    /// The plan of a request, with QUIC beside TCP where an earlier response offers it, and by HTTP/1.1 where the server
    /// has said that it wants that.
    pub(super) fn offered(&self, plan: HttpPlan, url: &Url) -> HttpPlan {
        let state = self.state.borrow();
        let origin = Origin::of(url);
        match (plan.http3, state.offers.get(&origin)) {
            _ if state.by_http1.contains(&origin) => HttpPlan { version: VersionChoice::Http11, ..plan },
            (Http3::WhereOffered, Some(offer)) if self.scene.clock.now() < offer.until => {
                HttpPlan { http3: Http3::Remembered(offer.port), ..plan }
            }
            _ => plan,
        }
    }
}
