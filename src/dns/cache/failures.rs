//! The resolution failure cache (RFC 9520): zones of which no server answers, found once, and told to every
//! name behind them.
//!
//! A name that comes later would wait as long, for nothing. But silence about one name need not be
//! silence about all: a zone has failed when none of its servers has answered anything in this run, two
//! names were asked in vain, one of them a whole one, and the first names after that are still asked
//! for, once. The second name is the zone's own: `name_servers::apex_probe` asks for it. Nothing is sent here.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::delegations::Zone;
use crate::dns::cache::infra::Infra;
use crate::dns::cache::stamp::Stamp;
use crate::dns::outcome::fault::{FailureKind, Fault, ServerFailure};
use crate::dns::outcome::words::{servers_unknown, zone_failed};
use crate::dns::wire::name::name_text;
use crate::trace::{FailureCode, RecordType};

/// How long it is believed: a server that was started again is not overlooked for long.
pub(crate) const LIFE: Duration = Duration::from_secs(30);

/// Zones that are remembered at the same time.
const MOST: usize = 1_024;

/// Names that are asked for once although the zone has failed; one a second more.
const CHANCES: u64 = 8;

/// What was found of them.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    zones: RefCell<HashMap<Name, Known>>,
    /// When zones were asked about themselves.
    probed: RefCell<HashMap<Name, Moment>>,
}

impl Failures {
    /// Whether a zone has yet to be asked about itself; it counts as asked from now on.
    pub(crate) fn begin_probe(&self, zone: &Name, now: Moment) -> bool {
        let mut probed = self.probed.borrow_mut();
        probed.retain(|_, at| now.since(*at) <= LIFE);
        let is_new = !probed.contains_key(zone);
        if is_new {
            probed.insert(zone.clone(), now);
        }
        is_new
    }

    /// Whoever asked has given up before the end: nothing is known of it.
    pub(crate) fn give_up_probe(&self, zone: &Name) {
        self.probed.borrow_mut().remove(zone);
    }

    fn was_probed(&self, zone: &Name, now: Moment) -> bool {
        self.probed.borrow().get(zone).is_some_and(|at| now.since(*at) <= LIFE)
    }
}

#[derive(Debug)]
struct Known {
    learned: Stamp,
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
    /// It has failed, as far as is known: each server gets one question, and not much time.
    Once,
    Shut(Box<Fault>),
}

/// A question and its zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZoneFailure<'a> {
    pub(crate) failures: &'a Failures,
    pub(crate) infra: &'a Infra,
    pub(crate) zone: &'a Zone,
    pub(crate) qname: &'a Name,
    pub(crate) qtype: RecordType,
    pub(crate) extent: Extent,
    pub(crate) now: Stamp,
}

impl ZoneFailure<'_> {
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

    /// The one chance of a name has ended in silence, and the zone is as silent as before. `None` where it
    /// has answered another name meanwhile: then this one may take its time.
    pub(crate) fn after_chance(&self, waited: Duration) -> Option<Fault> {
        self.told(|_| Some(format!(", and one more question had no reply in {} ms", waited.as_millis())))
    }

    /// The words for a zone that has failed, if `more` adds any to them.
    fn told(&self, more: impl Fn(&Known) -> Option<String>) -> Option<Fault> {
        let zones = self.failures.zones.borrow();
        let known = zones.get(&self.zone.name).filter(|known| self.holds(known))?;
        // For one who asks about a part, the whole name is left to ask for.
        if self.has_answered() || (known.guilt, self.extent) == (Guilt::Suspected, Extent::Whole) {
            return None;
        }
        let more = more(known)?;
        let fault = self.fault(&known.failures, known.why.as_ref());
        let message = format!(
            "{} (found for {} {}{more})",
            fault.message,
            known.asked,
            known.learned.earlier(self.now)
        );
        Some(Fault { message, ..fault })
    }

    fn holds(&self, known: &Known) -> bool {
        self.now.at.since(known.learned.at) <= LIFE && known.addresses == self.zone.addresses()
    }

    fn has_chance(&self, known: &Known) -> bool {
        let may = self.extent == Extent::Whole && !known.failures.is_empty();
        may && known.chances.get() < CHANCES + self.now.at.since(known.learned.at).as_secs()
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
        // Many names need not find out each on its own that the root is silent, see `lanes::counted`.
        if lasts && !self.zone.name.is_root() {
            self.remember(failures, why);
        }
        fault
    }

    fn remember(&self, failures: &[ServerFailure], why: Option<&Fault>) {
        let mut zones = self.failures.zones.borrow_mut();
        let earlier = zones.get(&self.zone.name).filter(|known| self.holds(known));
        if earlier.is_some_and(|known| known.guilt == Guilt::Convicted) {
            return;
        }
        let before = earlier.and_then(|known| known.whole.clone());
        let is_second = self.failures.was_probed(&self.zone.name, self.now.at)
            || before.as_ref().is_some_and(|before| before != self.qname);
        // Without an address the name that is asked for plays no part in it.
        let guilt = match self.extent {
            _ if failures.is_empty() => Guilt::Convicted,
            Extent::Whole if is_second => Guilt::Convicted,
            Extent::Whole | Extent::Part => Guilt::Suspected,
        };
        if zones.len() >= MOST {
            zones.retain(|_, known| self.now.at.since(known.learned.at) <= LIFE);
        }
        if zones.len() < MOST {
            let known = Known {
                learned: self.now,
                guilt,
                asked: format!("{} {}", name_text(self.qname), self.qtype.mnemonic()),
                whole: if self.extent == Extent::Whole { Some(self.qname.clone()) } else { before },
                failures: failures.to_vec(),
                why: why.cloned(),
                addresses: self.zone.addresses(),
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

    pub(crate) fn has_answered(&self) -> bool {
        self.zone.has_address(|address| self.infra.srtt(address).is_some())
    }
}

/// Whether nothing but silence came from any of them.
pub(crate) fn is_silence(failures: &[ServerFailure]) -> bool {
    failures.iter().all(|failure| failure.kind == FailureKind::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::cache::delegations::{Lookup, Server};
    use crate::dns::cache::stamp::Runs;
    use crate::dns::wire::name::parse_name;
    use crate::trace::AddressSource;

    #[test]
    fn a_failed_zone_is_told_to_later_runs_and_forgotten_when_due() {
        let (failures, infra, runs) = (Failures::default(), Infra::default(), Runs::default());
        let (name, server) = (parse_name("example.test").unwrap(), "192.0.2.1:53".parse().unwrap());
        let addresses = vec![(server, AddressSource::GlueInDomain)];
        let known =
            Server { name: parse_name("ns1.example.test").unwrap(), addresses, lookup: Lookup::NotMade };
        let zone = Zone::new(name.clone(), vec![known], Some(0), Some(1));
        let now = Stamp { at: Moment::now(), run: runs.next() };
        let hosts = ["a", "b"].map(|host| parse_name(&format!("{host}.example.test")).unwrap());
        let of = |qname, now| {
            let (failures, infra, zone, qtype) = (&failures, &infra, &zone, RecordType::A);
            ZoneFailure { failures, infra, zone, qname, qtype, extent: Extent::Whole, now }
        };
        let (server, why) = ("ns1.example.test.".to_owned(), "did not answer".to_owned());
        let silent = [ServerFailure { server, why, kind: FailureKind::Timeout }];
        assert!(failures.begin_probe(&name, now.at) && !failures.begin_probe(&name, now.at));
        of(&hosts[0], now).failed(&silent, None);
        let told = |seconds, run| {
            let now = Stamp { at: now.at.after(Duration::from_secs(seconds)), run };
            of(&hosts[1], now).after_chance(Duration::ZERO).map(|fault| fault.message)
        };
        assert!(told(1, now.run).unwrap().contains("earlier in this run"));
        let next = runs.next();
        assert!(told(30, next).unwrap().contains("in an earlier run"));
        assert_eq!(told(31, next), None, "a server that was started again is not overlooked");
        let later = now.at.after(Duration::from_secs(31));
        assert!(!failures.was_probed(&name, later) && failures.begin_probe(&name, later));
        failures.give_up_probe(&name);
        assert!(failures.begin_probe(&name, later), "a probe that was given up says nothing");
    }
}
