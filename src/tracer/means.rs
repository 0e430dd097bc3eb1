//! What proxies need beside what every run has: the machine's resolver for their names, and TLS of their own. The
//! names of routers are that resolver's matter, too.

use std::net::IpAddr;

use crate::dns;
use crate::plan::{DnsPlan, DnssecPlan, HttpsRecords, Plan, ResolverChoice, RouteProbe};
use crate::tls;

/// What proxies need, made ready before t0.
pub(super) struct Means {
    /// The machine's resolver, for the names of proxies, and of routers by their addresses.
    pub(super) resolver: Option<dns::Resolver>,
    /// For https proxies.
    pub(super) tls: Option<tls::Client>,
}

impl Means {
    /// What the proxies of a plan need.
    ///
    /// # Errors
    /// The machine's resolver cannot be set up.
    pub(super) fn of(plan: &Plan, client: &tls::Client) -> Result<Self, String> {
        let servers = || [&plan.proxy.http, &plan.proxy.https, &plan.proxy.other].into_iter().flatten();
        let named = servers().any(|server| server.host.parse::<IpAddr>().is_err());
        let named = named || plan.tcp.route == RouteProbe::Afterwards;
        let resolver = named.then(|| dns::Resolver::new(machines(&plan.dns))).transpose()?;
        let secured = servers().any(|server| server.kind.is_encrypted());
        let trust = if plan.proxy.insecure { tls::Faults::Overlooked } else { tls::Faults::Fatal };
        let tls = secured.then(|| client.for_proxies(trust));
        Ok(Self { resolver, tls })
    }

    /// The same for one more run.
    pub(super) fn of_another_run(&self) -> Self {
        Self { resolver: self.resolver.as_ref().map(dns::Resolver::of_another_run), tls: self.tls.clone() }
    }
}

/// A lookup by what this machine is configured with, whatever else the run asks.
fn machines(plan: &DnsPlan) -> DnsPlan {
    DnsPlan {
        lane: ResolverChoice::System,
        root_hints: plan.root_hints.clone(),
        dnssec: DnssecPlan::Off,
        https_records: HttpsRecords::Ignore,
        ..plan.clone()
    }
}
