//! The context of a run's resolutions: the plan, and the caches that all of them read and fill (RFC 1034
//! §5.3.3, "state" and "cache"; unbound's module environment).
//!
//! It only composes them: what each of them knows and forgets is its own file's part.

use std::cell::Cell;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::answers::Answers;
use crate::dns::cache::delegations::Delegations;
use crate::dns::cache::failures::Failures;
use crate::dns::cache::in_flight::Flights;
use crate::dns::cache::infra::Infra;
use crate::dns::cache::network::Network;
use crate::dns::cache::root_hints::{Hints, Priming};
use crate::dns::cache::stamp::{RunId, Runs, Stamp};
use crate::dns::dnssec::key_cache::KeyCache;
use crate::dns::special::{Special, special};
use crate::dns::transport::slots::Slots;
use crate::hosts::Hosts;
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

/// What a run of several begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// All that was answered, as long as its TTL lasts.
    Answers,
    /// What the servers of the root, of top-level domains and of registries said: delegations, and DNSSEC's records
    /// of them.
    Registries,
    /// Nothing.
    Nothing,
}

/// What all resolutions of a run share. What was answered they share with those of other runs, too; what a run
/// finds of servers and of this host's network holds for that run.
#[derive(Debug)]
pub(crate) struct Context {
    run: RunId,
    runs: Runs,
    pub(crate) plan: Rc<DnsPlan>,
    pub(crate) hints: Rc<Hints>,
    /// Whether the root is that of the Internet.
    is_of_the_internet: bool,
    pub(crate) hosts: Rc<Hosts>,
    pub(crate) priming: Priming,
    pub(crate) delegations: Rc<Delegations>,
    pub(crate) answers: Rc<Answers>,
    pub(crate) infra: Infra,
    pub(crate) network: Network,
    pub(crate) failures: Rc<Failures>,
    pub(crate) dnssec: Rc<KeyCache>,
    pub(crate) flights: Rc<Flights>,
    pub(crate) slots: Rc<Slots>,
    pub(crate) stub_use: Cell<StubUse>,
}

impl Context {
    pub(crate) fn new(plan: DnsPlan, hints: Hints, hosts: Hosts) -> Self {
        let runs = Runs::default();
        Self {
            run: runs.next(),
            runs,
            delegations: Rc::new(Delegations::below(&hints)),
            slots: Rc::new(Slots::new(plan.server_limit)),
            plan: Rc::new(plan),
            is_of_the_internet: hints.are_of_the_internet(),
            hints: Rc::new(hints),
            hosts: Rc::new(hosts),
            priming: Priming::default(),
            answers: Rc::default(),
            infra: Infra::default(),
            network: Network::default(),
            failures: Rc::default(),
            dnssec: Rc::default(),
            flights: Rc::default(),
            stub_use: Cell::default(),
        }
    }

    /// The context of one more run.
    pub(crate) fn of_another_run(&self) -> Self {
        Self {
            run: self.runs.next(),
            runs: self.runs.clone(),
            plan: Rc::clone(&self.plan),
            hints: Rc::clone(&self.hints),
            is_of_the_internet: self.is_of_the_internet,
            hosts: Rc::clone(&self.hosts),
            priming: Priming::default(),
            delegations: Rc::clone(&self.delegations),
            answers: Rc::clone(&self.answers),
            infra: Infra::default(),
            network: Network::default(),
            failures: Rc::clone(&self.failures),
            dnssec: Rc::clone(&self.dnssec),
            flights: Rc::clone(&self.flights),
            slots: Rc::clone(&self.slots),
            stub_use: self.stub_use.clone(),
        }
    }

    /// The context of one more run that begins with what `memory` says, and shares nothing with others.
    pub(crate) fn of_cold_run(&self, memory: Memory) -> Self {
        let cold = Self {
            delegations: Rc::new(Delegations::below(&self.hints)),
            answers: Rc::default(),
            failures: Rc::default(),
            flights: Rc::default(),
            dnssec: Rc::new(self.dnssec.of_cold_run()),
            ..self.of_another_run()
        };
        if memory == Memory::Registries {
            cold.learn_registries(self);
            cold.priming.begun.set(self.priming.begun.get());
            cold.priming.drift.replace(self.priming.drift.borrow().clone());
        }
        cold
    }

    /// Takes over what another run has been told by registries.
    pub(crate) fn learn_registries(&self, other: &Self) {
        self.delegations.take_over_registries(&other.delegations, Moment::now());
        self.dnssec.take_over_registries(&other.dnssec);
    }

    /// Now, in this run.
    pub(crate) fn now(&self) -> Stamp {
        Stamp { at: Moment::now(), run: self.run }
    }

    /// What kind of special name this is. Under another root than the Internet's there is none.
    pub(crate) fn special(&self, name: &Name) -> Option<Special> {
        special(name).filter(|_| self.is_of_the_internet)
    }

    /// Whether any root server has answered anything in this run.
    pub(crate) fn has_heard_a_root(&self) -> bool {
        self.hints.addresses().any(|server| self.infra.srtt(server).is_some())
    }
}
