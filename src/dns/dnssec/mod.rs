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
pub(super) mod fuzzing;
mod lookup;
mod memory;
mod parts;
mod resolver;
mod signature;
mod text;

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

use std::cell::RefCell;
use std::collections::HashMap;

use hickory_resolver::proto::rr::Name;

pub(super) use anchors::Anchors;
pub(super) use fetch::{Checking, GRACE, WalkEnd};
pub(super) use resolver::Given;
pub(super) use text::data_text;

use crate::trace::RecordType;
use evidence::{Asked, Fetched, Said};
use memory::Memory;

/// A name and the types that were asked for together.
type Question = (Name, Vec<RecordType>);

/// What the resolutions of one run share of DNSSEC.
#[derive(Debug, Default)]
pub(super) struct Store {
    anchors: Anchors,
    /// The referral to each zone.
    delegations: RefCell<HashMap<Name, Said>>,
    keys: RefCell<HashMap<Name, Fetched>>,
    ds: RefCell<HashMap<Name, Fetched>>,
    memory: Memory,
    /// What zones answered, for answers that are reused.
    asked: RefCell<HashMap<Question, Vec<Asked>>>,
}

impl Store {
    pub(super) fn new(anchors: Anchors) -> Self {
        Self { anchors, ..Self::default() }
    }
}
