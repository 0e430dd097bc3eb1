//! Zones of which no server answers: found once, and told to every name behind them.
//!
//! A name that comes later would wait as long, for nothing. Nothing is asked or waited for here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use super::cut::{Shared, Zone};
use super::fault::{FailureKind, Fault, ServerFailure, servers_unknown, zone_failed};
use super::presentation::name_text;
use crate::trace::{At, FailureCode, RecordType};

/// How long it is believed: a server that was started again is not overlooked for long.
const LIFE: Duration = Duration::from_secs(30);
/// Zones that are remembered at the same time.
const MOST: usize = 1_024;

/// What a run has found of them.
#[derive(Debug, Default)]
pub(super) struct Dead {
    zones: RefCell<HashMap<Name, Known>>,
}

#[derive(Debug)]
struct Known {
    at: At,
    /// The question that found it out.
    asked: String,
    failures: Vec<ServerFailure>,
    /// Why the other servers have no address.
    why: Option<Fault>,
    /// Addresses of its servers known then.
    addresses: usize,
}

/// A question and its zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) shared: &'a Shared,
    pub(super) zone: &'a Zone,
    pub(super) qname: &'a Name,
    pub(super) qtype: RecordType,
    pub(super) now: At,
}

impl Case<'_> {
    /// What is known of the zone already, in the words of this question.
    pub(super) fn known(&self) -> Option<Fault> {
        let zones = self.shared.dead.zones.borrow();
        let known = zones.get(&self.zone.name)?;
        let is_stale = self.now.since(known.at) > LIFE || known.addresses != self.addresses();
        if is_stale || self.has_answered() {
            return None;
        }
        let fault = self.fault(&known.failures, known.why.as_ref());
        Some(Fault {
            message: format!("{} (found for {} earlier in this run)", fault.message, known.asked),
            ..fault
        })
    }

    /// All servers of the zone have failed. It is remembered if no question could have done better:
    /// not one of them has answered anything in this run.
    pub(super) fn failed(&self, failures: &[ServerFailure], why: Option<&Fault>) -> Fault {
        let silent = failures.iter().all(|failure| failure.kind == FailureKind::Timeout);
        let lasts = match why {
            None => !failures.is_empty(),
            Some(why) => !matches!(why.code, FailureCode::GlueLoop | FailureCode::PacketBudget),
        };
        // Many names need not find out each on its own that the root is silent, see `lane`.
        let is_worth_it = silent && lasts && !self.zone.name.is_root() && !self.has_answered();
        if is_worth_it {
            self.remember(failures, why);
        }
        self.fault(failures, why)
    }

    fn remember(&self, failures: &[ServerFailure], why: Option<&Fault>) {
        let mut zones = self.shared.dead.zones.borrow_mut();
        if zones.len() >= MOST {
            zones.retain(|_, known| self.now.since(known.at) <= LIFE);
        }
        if zones.len() < MOST {
            let known = Known {
                at: self.now,
                asked: format!("{} {}", name_text(self.qname), self.qtype.mnemonic()),
                failures: failures.to_vec(),
                why: why.cloned(),
                addresses: self.addresses(),
            };
            zones.insert(self.zone.name.clone(), known);
        }
    }

    fn fault(&self, failures: &[ServerFailure], why: Option<&Fault>) -> Fault {
        let zone = &self.zone.name;
        match why {
            None => zone_failed(zone, self.qname, self.qtype, failures, None),
            Some(why) => servers_unknown(zone, self.qname, self.qtype, failures, why),
        }
    }

    fn addresses(&self) -> usize {
        self.zone.servers.borrow().iter().map(|server| server.addresses.len()).sum()
    }

    fn has_answered(&self) -> bool {
        let servers = self.zone.servers.borrow();
        let mut addresses = servers.iter().flat_map(|server| &server.addresses);
        addresses.any(|(address, _)| self.shared.srtt(*address).is_some())
    }
}
