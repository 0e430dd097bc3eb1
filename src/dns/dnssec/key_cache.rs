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

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{Asked, Fetched, Said, Sections};
use crate::dns::dnssec::signature_cache::Memory;
use crate::dns::lru::{Expiring, Lru};
use crate::trace::RecordType;

/// Zones of which referral and keys are kept.
const MOST_ZONES: usize = 16_384;

/// Answers as they came: not forgotten before the answers that are reused.
const MOST_ASKED: usize = 32_768;

/// A name and the types that were asked for together.
type Question = (Name, Vec<RecordType>);

/// What the resolutions of a resolver share of DNSSEC.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) anchors: Anchors,
    /// The referral to each zone.
    pub(crate) delegations: RefCell<Expiring<Name, Referred, MOST_ZONES>>,
    pub(crate) keys: RefCell<Expiring<Name, Fetched, MOST_ZONES>>,
    pub(crate) ds: RefCell<Expiring<Name, Fetched, MOST_ZONES>>,
    pub(crate) memory: Memory,
    /// What zones answered, for answers that are reused, and until when it may be.
    pub(crate) asked: RefCell<Lru<Question, Vec<(Asked, Moment)>, MOST_ASKED>>,
}

impl Store {
    pub(crate) fn new(anchors: Anchors) -> Self {
        Self { anchors, ..Self::default() }
    }

    /// Keeps the reply in which `zone` referred to `cut` when it was asked for `qname`: at once, because
    /// others walk on from there too, and may be at their end before the one that was referred.
    pub(crate) fn referred(
        &self,
        cut: &Name,
        zone: &Name,
        qname: &Name,
        reply: Rc<[u8]>,
        ttl: u32,
        now: Moment,
    ) {
        let mut delegations = self.delegations.borrow_mut();
        if delegations.get(cut, now).is_none() {
            let (zone, qname, said) = (zone.clone(), qname.clone(), OnceCell::new());
            let until = now.after(Duration::from_secs(u64::from(ttl.max(1))));
            delegations.insert(cut.clone(), Referred { zone, qname, reply, at: now, said }, until);
        }
    }
}

/// A referral as it came. It is read when validation needs it: the walk does not wait for that.
#[derive(Debug)]
pub(crate) struct Referred {
    zone: Name,
    qname: Name,
    reply: Rc<[u8]>,
    at: Moment,
    said: OnceCell<Option<Said>>,
}

impl Referred {
    /// What was said, as long as its DS records hold.
    pub(crate) fn said(&self, now: Moment) -> Option<Said> {
        let read = || {
            let mut message = Sections::read(&self.reply)?;
            message.spell_as(&self.qname);
            Some(Said { zone: self.zone.clone(), message: Rc::new(message) })
        };
        let said = self.said.get_or_init(read).as_ref()?;
        (now.since(self.at) <= said.message.life()).then(|| said.clone())
    }
}
