//! What the resolutions of one run share of DNSSEC: trust anchors, and the DNSKEY and DS RRsets, referrals
//! and signatures that have come before (unbound's key cache).
//!
//! Nothing is verified here, and nothing is asked for.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Fetched, Sections, ZoneReply};
use crate::dns::dnssec::signature_cache::SignatureCache;
use crate::dns::lru::Lru;
use crate::trace::RecordType;

/// Zones of which referral and keys are kept.
const MOST_ZONES: usize = 16_384;

/// Answers as they came: not forgotten before the answers that are reused.
const MOST_ASKED: usize = 32_768;

/// A name and the types that were asked for together.
type Question = (Name, Vec<RecordType>);

/// What the resolutions of one run share of DNSSEC.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    pub(crate) anchors: Anchors,
    /// The referral to each zone.
    pub(crate) delegations: RefCell<Lru<Name, Referred, MOST_ZONES>>,
    pub(crate) keys: RefCell<Lru<Name, Fetched, MOST_ZONES>>,
    pub(crate) ds: RefCell<Lru<Name, Fetched, MOST_ZONES>>,
    pub(crate) verified: SignatureCache,
    /// What zones answered, for answers that are reused.
    pub(crate) asked: RefCell<Lru<Question, Vec<AskedReply>, MOST_ASKED>>,
}

impl KeyCache {
    pub(crate) fn new(anchors: Anchors) -> Self {
        Self { anchors, ..Self::default() }
    }

    /// Keeps the reply in which `zone` referred to `cut` when it was asked for `qname`: at once, because
    /// others walk on from there too, and may be at their end before the one that was referred.
    pub(crate) fn referred(&self, cut: &Name, zone: &Name, qname: &Name, bytes: Rc<[u8]>) {
        let referred =
            || Referred { zone: zone.clone(), qname: qname.clone(), bytes, reply: OnceCell::new() };
        self.delegations.borrow_mut().get_or_insert_with(cut.clone(), referred);
    }
}

/// A referral as it came. It is read when validation needs it: the walk does not wait for that.
#[derive(Debug)]
pub(crate) struct Referred {
    zone: Name,
    qname: Name,
    bytes: Rc<[u8]>,
    reply: OnceCell<Option<ZoneReply>>,
}

impl Referred {
    pub(crate) fn reply(&self) -> Option<ZoneReply> {
        let read = || {
            let mut message = Sections::read(&self.bytes)?;
            message.spell_as(&self.qname);
            Some(ZoneReply { zone: self.zone.clone(), message: Rc::new(message) })
        };
        self.reply.get_or_init(read).clone()
    }
}
