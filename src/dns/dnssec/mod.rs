//! DNSSEC: what a validating resolver would conclude of the walk's answer, and why.
//!
//! The walk's own replies bring DS, NSEC and RRSIG along (DO=1); what they lack, the zones' DNSKEYs
//! above all, is fetched beside the trace once the answer is known. Signatures are checked when
//! the trace has ended, so that no cryptography runs beside a measured phase.
//!
//! # Layout
//! - `anchors`: what is trusted to begin with
//! - `evidence`: what was said, and what is still to be asked
//! - `fetch`, `lookup`, `resolver`: asking for it, in the uncounted lane; one question to the servers
//!   of a zone; through a resolver
//! - `parts`: what a resolver said in one reply, by zone
//! - `signature`, `denial`: one record set; one proof of absence
//! - `memory`: signatures that have held before
//! - `chain`, `answer`: the zones' keys; the answer, and the verdict
//! - `text`: the records of DNSSEC as `dig` prints them
//! - `fuzzing`: all but the asking, for fuzzing
//!
//! Nothing here changes what the walk finds.

mod anchors;
mod answer;
mod chain;
mod denial;
mod evidence;
mod fetch;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod lookup;
mod memory;
mod parts;
mod resolver;
mod signature;
mod text;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod denial_tests;
#[cfg(test)]
mod lab_tests;
#[cfg(test)]
mod lookup_tests;
#[cfg(test)]
mod resolver_fault_tests;
#[cfg(test)]
mod resolver_tests;
#[cfg(test)]
mod signature_tests;
#[cfg(test)]
mod testzone;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

pub(super) use anchors::Anchors;
pub(super) use fetch::{Checking, GRACE, WalkEnd};
pub(super) use resolver::Given;
pub(super) use text::data_text;

use super::cut::MOST_ANSWERS;
use super::recent::Recent;
use crate::trace::RecordType;
use evidence::{Asked, Fetched, Said, Sections};
use memory::Memory;

/// Zones of which referral and keys are kept.
const MOST_ZONES: usize = 16_384;
/// Answers as they came: not forgotten before the answers that are reused.
const MOST_ASKED: usize = 2 * MOST_ANSWERS;

/// A name and the types that were asked for together.
type Question = (Name, Vec<RecordType>);

/// What the resolutions of one run share of DNSSEC.
#[derive(Debug, Default)]
pub(super) struct Store {
    anchors: Anchors,
    /// The referral to each zone.
    delegations: RefCell<Recent<Name, Referred, MOST_ZONES>>,
    keys: RefCell<Recent<Name, Fetched, MOST_ZONES>>,
    ds: RefCell<Recent<Name, Fetched, MOST_ZONES>>,
    memory: Memory,
    /// What zones answered, for answers that are reused.
    asked: RefCell<Recent<Question, Vec<Asked>, MOST_ASKED>>,
}

impl Store {
    pub(super) fn new(anchors: Anchors) -> Self {
        Self { anchors, ..Self::default() }
    }

    /// Keeps the reply in which `zone` referred to `cut` when it was asked for `qname`: at once, because
    /// others walk on from there too, and may be at their end before the one that was referred.
    pub(super) fn referred(&self, cut: &Name, zone: &Name, qname: &Name, reply: Rc<[u8]>) {
        let referred = || Referred { zone: zone.clone(), qname: qname.clone(), reply, said: OnceCell::new() };
        self.delegations.borrow_mut().get_or_insert_with(cut.clone(), referred);
    }
}

/// A referral as it came. It is read when validation needs it: the walk does not wait for that.
#[derive(Debug)]
struct Referred {
    zone: Name,
    qname: Name,
    reply: Rc<[u8]>,
    said: OnceCell<Option<Said>>,
}

impl Referred {
    fn said(&self) -> Option<Said> {
        let read = || {
            let mut message = Sections::read(&self.reply)?;
            message.spell_as(&self.qname);
            Some(Said { zone: self.zone.clone(), message: Rc::new(message) })
        };
        self.said.get_or_init(read).clone()
    }
}
