//! The context of a run's resolutions: the plan, and the caches that all of them read and fill (RFC 1034
//! §5.3.3, "state" and "cache"; unbound's module environment).
//!
//! It only composes them: what each of them knows and forgets is its own file's part.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use crate::dns::cache::answers::Answers;
use crate::dns::cache::delegations::Delegations;
use crate::dns::cache::failures::Failures;
use crate::dns::cache::in_flight::Flights;
use crate::dns::cache::infra::Infra;
use crate::dns::cache::network::Network;
use crate::dns::cache::root_hints::{Hints, Priming};
use crate::dns::dnssec::key_cache::Store;
use crate::dns::transport::slots::Slots;
use crate::plan::DnsPlan;

/// When the machine's resolvers are asked beside a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StubUse {
    /// Always, to compare.
    #[default]
    Beside,
    /// When no root server answers: a batch asks nobody more than it has to.
    InNeed,
}

/// What all resolutions of a run share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) plan: DnsPlan,
    pub(crate) hints: Hints,
    /// Names of the hosts file, lower case without a final dot.
    pub(crate) hosts: Vec<(IpAddr, Vec<String>)>,
    pub(crate) priming: Priming,
    pub(crate) delegations: Delegations,
    pub(crate) answers: Answers,
    pub(crate) infra: Infra,
    pub(crate) network: Network,
    pub(crate) failures: Failures,
    pub(crate) dnssec: Store,
    pub(crate) flights: Rc<Flights>,
    pub(crate) slots: Rc<Slots>,
    pub(crate) stub_use: Cell<StubUse>,
}

impl Context {
    pub(crate) fn new(plan: DnsPlan, hints: Hints, hosts: Vec<(IpAddr, Vec<String>)>) -> Self {
        Self {
            delegations: Delegations::below(&hints),
            slots: Rc::new(Slots::new(plan.server_limit)),
            plan,
            hints,
            hosts,
            priming: Priming::default(),
            answers: Answers::default(),
            infra: Infra::default(),
            network: Network::default(),
            failures: Failures::default(),
            dnssec: Store::default(),
            flights: Rc::default(),
            stub_use: Cell::default(),
        }
    }

    /// Whether any root server has answered anything in this run.
    pub(crate) fn has_heard_a_root(&self) -> bool {
        self.hints.addresses().any(|server| self.infra.srtt(server).is_some())
    }
}
