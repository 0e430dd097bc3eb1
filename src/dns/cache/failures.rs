//! Zones of which no server answers: found once, and told to every name behind them.
//!
//! A name that comes later would wait as long, for nothing. But silence about one name need not be
//! silence about all: a zone is dead when none of its servers has answered anything in this run, two
//! names were asked in vain, one of them a whole one, and the first names after that are still asked
//! for, once. The second name is the zone's own: asked for here, beside the last round of the first.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::context::Shared;
use crate::dns::name_servers::zone_query::{Lost, PACKET_TIMEOUT, Quest, Won};
use crate::dns::outcome::fault::{FailureKind, Fault, ServerFailure};
use crate::dns::outcome::words::{servers_unknown, zone_failed};
use crate::dns::wire::name::name_text;
use crate::trace::{At, FailureCode, RecordType};

/// How long it is believed: a server that was started again is not overlooked for long.
const LIFE: Duration = Duration::from_secs(30);

/// Zones that are remembered at the same time.
const MOST: usize = 1_024;

/// Names that are asked for once although the zone is dead; one a second more.
const CHANCES: u64 = 8;

/// How long those are waited for at least.
const CHANCE: Duration = Duration::from_millis(400);

/// The servers that are asked about such a name.
pub(crate) const CHANCE_AT_ONCE: usize = 4;

/// The servers that are asked about the zone itself.
pub(crate) const APEX_AT_ONCE: usize = 2;

/// Less than the packets of a round have: its end is known before theirs.
pub(crate) const APEX_TIMEOUT: Duration = Duration::from_millis(1_400);

/// What a run has found of them.
#[derive(Debug, Default)]
pub(crate) struct Dead {
    zones: RefCell<HashMap<Name, Known>>,
    /// Zones that were asked about themselves.
    pub(crate) apex: RefCell<HashSet<Name>>,
}

#[derive(Debug)]
struct Known {
    at: At,
    guilt: Guilt,
    /// The question that found it out.
    asked: String,
    /// The whole name that was asked for in vain.
    whole: Option<Name>,
    failures: Vec<ServerFailure>,
    /// Why the other servers have no address.
    why: Option<Fault>,
    /// Addresses of its servers known then.
    addresses: usize,
    /// Names that were asked for nevertheless.
    chances: Cell<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guilt {
    /// It was silent about one name, or about parts of names.
    Suspected,
    Convicted,
}

/// How much of a name a question has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// Its last labels alone (RFC 9156): there are servers that answer for whole names only.
    Part,
}

/// Whether a zone is asked.
#[derive(Debug)]
pub(crate) enum Entry {
    Open,
    /// It is dead, as far as is known: each server gets one question, and not much time.
    Once,
    Shut(Box<Fault>),
}

/// A question and its zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) zone: &'a Zone,
    pub(crate) qname: &'a Name,
    pub(crate) qtype: RecordType,
    pub(crate) extent: Extent,
    pub(crate) now: At,
}

impl<'a> Case<'a> {
    pub(crate) fn of(quest: &'a Quest) -> Self {
        Self {
            shared: &quest.shared,
            zone: &quest.zone,
            qname: &quest.qname,
            qtype: quest.qtype,
            extent: quest.extent,
            now: quest.log.clock().now(),
        }
    }

    /// What is known of the zone already, in the words of this question; `None` also where the name
    /// has a chance.
    pub(crate) fn known(&self) -> Option<Fault> {
        self.told(|known| (!self.has_chance(known)).then(String::new))
    }

    /// Takes a question to the zone, or the chance of its name.
    pub(crate) fn enter(&self) -> Entry {
        if let Some(fault) = self.known() {
            return Entry::Shut(Box::new(fault));
        }
        let chance = self.told(|known| {
            known.chances.set(known.chances.get() + 1);
            Some(String::new())
        });
        if chance.is_some() { Entry::Once } else { Entry::Open }
    }

    /// What came of a chance: where it was silence again, the zone is as dead as before. `None` where
    /// it has answered another name meanwhile: then this one may take its time.
    pub(crate) fn after_chance(&self, end: Result<Won, Lost>) -> Option<Result<Won, Lost>> {
        match &end {
            Err(Lost::Failed { failures, .. }) if is_silence(failures) => {}
            _ => return Some(end),
        }
        let waited = chance(self.shared).as_millis();
        let told = self.told(|_| Some(format!(", and one more question had no reply in {waited} ms")))?;
        Some(Err(Lost::Known(Box::new(told))))
    }

    /// The words for a zone that is dead, if `more` adds any to them.
    fn told(&self, more: impl Fn(&Known) -> Option<String>) -> Option<Fault> {
        let zones = self.shared.dead.zones.borrow();
        let known = zones.get(&self.zone.name).filter(|known| self.holds(known))?;
        // For one who asks about a part, the whole name is left to ask for.
        if self.has_answered() || (known.guilt, self.extent) == (Guilt::Suspected, Extent::Whole) {
            return None;
        }
        let more = more(known)?;
        let fault = self.fault(&known.failures, known.why.as_ref());
        let message = format!("{} (found for {} earlier in this run{more})", fault.message, known.asked);
        Some(Fault { message, ..fault })
    }

    fn holds(&self, known: &Known) -> bool {
        self.now.since(known.at) <= LIFE && known.addresses == self.addresses()
    }

    fn has_chance(&self, known: &Known) -> bool {
        let may = self.extent == Extent::Whole && !known.failures.is_empty();
        may && known.chances.get() < CHANCES + self.now.since(known.at).as_secs()
    }

    /// All servers of the zone have failed. It is remembered if no question could have done better:
    /// not one of them has answered anything in this run.
    pub(crate) fn failed(&self, failures: &[ServerFailure], why: Option<&Fault>) -> Fault {
        let lasts = match why {
            None => !failures.is_empty(),
            Some(why) => !matches!(why.code, FailureCode::GlueLoop | FailureCode::PacketBudget),
        };
        let fault = self.fault(failures, why);
        if !is_silence(failures) {
            return fault;
        }
        if self.has_answered() {
            return match (failures, why) {
                ([], _) | (_, Some(_)) => fault,
                _ => fault.hint(
                    "its servers have answered other questions in this run: they, or something on the way, \
                     drop this one; `urltrace dns -v` shows every packet",
                ),
            };
        }
        // Many names need not find out each on its own that the root is silent, see `lane`.
        if lasts && !self.zone.name.is_root() {
            self.remember(failures, why);
        }
        fault
    }

    fn remember(&self, failures: &[ServerFailure], why: Option<&Fault>) {
        let dead = &self.shared.dead;
        let mut zones = dead.zones.borrow_mut();
        let earlier = zones.get(&self.zone.name).filter(|known| self.holds(known));
        if earlier.is_some_and(|known| known.guilt == Guilt::Convicted) {
            return;
        }
        let before = earlier.and_then(|known| known.whole.clone());
        let is_second = dead.apex.borrow().contains(&self.zone.name)
            || before.as_ref().is_some_and(|before| before != self.qname);
        // Without an address the name that is asked for plays no part in it.
        let guilt = match self.extent {
            _ if failures.is_empty() => Guilt::Convicted,
            Extent::Whole if is_second => Guilt::Convicted,
            Extent::Whole | Extent::Part => Guilt::Suspected,
        };
        if zones.len() >= MOST {
            zones.retain(|_, known| self.now.since(known.at) <= LIFE);
        }
        if zones.len() < MOST {
            let known = Known {
                at: self.now,
                guilt,
                asked: format!("{} {}", name_text(self.qname), self.qtype.mnemonic()),
                whole: if self.extent == Extent::Whole { Some(self.qname.clone()) } else { before },
                failures: failures.to_vec(),
                why: why.cloned(),
                addresses: self.addresses(),
                chances: Cell::new(0),
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

    pub(crate) fn has_answered(&self) -> bool {
        let servers = self.zone.servers.borrow();
        let mut addresses = servers.iter().flat_map(|server| &server.addresses);
        addresses.any(|(address, _)| self.shared.srtt(*address).is_some())
    }
}

fn is_silence(failures: &[ServerFailure]) -> bool {
    failures.iter().all(|failure| failure.kind == FailureKind::Timeout)
}

/// How long a name's one chance lasts: no server is taken to be farther away than twice the farthest.
pub(crate) fn chance(shared: &Shared) -> Duration {
    let farthest = shared.longest_srtt().unwrap_or_default();
    (farthest * 2).clamp(CHANCE, PACKET_TIMEOUT)
}
