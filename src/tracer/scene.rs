//! What every step of a run is handed.

use super::means::Means;
use crate::clock::Clock;
use crate::dns::Resolver;
use crate::plan::{Plan, Reach};
use crate::stop::Stop;
use crate::tls;
use crate::trace::StageName;

/// Told of each stage as it begins, with what it works on; for progress only.
pub type OnStage<'a> = &'a dyn Fn(StageName, &str);

/// What is the same for all steps of one run.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) resolver: &'a Resolver,
    pub(super) tls: &'a tls::Client,
    /// For `tls://`: offers no protocol.
    pub(super) bare_tls: &'a tls::Client,
    /// For WebSockets: offers HTTP/1.1.
    pub(super) http1_tls: &'a tls::Client,
    /// For gRPC: offers HTTP/2.
    pub(super) http2_tls: &'a tls::Client,
    /// For QUIC: offers HTTP/3.
    pub(super) quic: &'a tls::Client,
    pub(super) means: &'a Means,
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a Stop,
    pub(super) on_stage: OnStage<'a>,
    /// Which addresses are connected to.
    pub(super) reach: Reach,
}
