//! Stage 2: from a host name to addresses. (interface stub; the dns helper fills this in)

use std::net::IpAddr;

use crate::clock::Clock;
use crate::plan::{DnsPlan, Question};
use crate::stop::Stop;
use crate::trace::{Dns, Failure};

/// The resolver of one run: its cuts, servers and answers are shared by all hops.
pub struct Resolver {
    plan: DnsPlan,
}

/// The uncounted lanes (stub, priming) of one resolution, still running beside the trace.
pub struct SideLanes;

impl Resolver {
    /// Reads the hints. Before t0.
    ///
    /// # Errors
    /// A hints file that has no usable root server; the text says why.
    pub fn new(plan: DnsPlan) -> Result<Self, String> {
        Ok(Self { plan })
    }

    /// Finds the addresses of a host. The name is as in `Url::host_ascii`; `port` is for `--resolve`.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        hop: usize,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<Vec<IpAddr>, Failure>, SideLanes) {
        let _ = (&self.plan, host, port, hop, clock, stop);
        unimplemented!()
    }

    /// Answers one question of `urltrace dns`.
    pub async fn ask(
        &self,
        question: &Question,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<(), Failure>, SideLanes) {
        let _ = (question, clock, stop);
        unimplemented!()
    }
}

impl SideLanes {
    /// Waits for what is still running, `grace` at most, and adds it to the record.
    pub async fn settle(self, dns: &mut Dns, grace: std::time::Duration, clock: &Clock) {
        let _ = (dns, grace, clock);
    }
}
