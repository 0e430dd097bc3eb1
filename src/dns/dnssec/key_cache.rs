//! What the resolutions of a resolver share of DNSSEC: trust anchors, and the DNSKEY and DS RRsets, referrals
//! and signatures that have come before (unbound's key cache).
//!
//! Nothing is verified here, and nothing is asked for.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Fetched, Sections, ZoneReply};
use crate::dns::dnssec::signature_cache::SignatureCache;
use crate::dns::lru::{Expiring, Lru};
use crate::dns::registry::{is_registry, is_told_by_registry};
use crate::trace::RecordType;

/// Zones of which referral and keys are kept.
const MOST_ZONES: usize = 2_048;

/// Answers as they came: not forgotten before the answers that are reused.
const MOST_ASKED: usize = 2_048;

/// A name and the types that were asked for together.
type Question = (Name, Vec<RecordType>);

/// What the resolutions of a resolver share of DNSSEC.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    pub(crate) anchors: Anchors,
    /// The referral to each zone.
    pub(crate) delegations: RefCell<Expiring<Name, Referred, MOST_ZONES>>,
    pub(crate) keys: RefCell<Expiring<Name, Fetched, MOST_ZONES>>,
    pub(crate) ds: RefCell<Expiring<Name, Fetched, MOST_ZONES>>,
    pub(crate) verified: SignatureCache,
    /// What zones answered, for answers that are reused, and until when it may be.
    pub(crate) asked: RefCell<Lru<Question, Vec<(AskedReply, Moment)>, MOST_ASKED>>,
}

impl KeyCache {
    pub(crate) fn new(anchors: Anchors) -> Self {
        Self { anchors, ..Self::default() }
    }

    /// Takes over what registries said: of their own keys, and of the keys of the zones below them.
    pub(crate) fn take_over_registries(&self, other: &Self) {
        self.delegations.borrow_mut().take_over(&other.delegations.borrow(), is_told_by_registry);
        self.ds.borrow_mut().take_over(&other.ds.borrow(), is_told_by_registry);
        self.keys.borrow_mut().take_over(&other.keys.borrow(), is_registry);
    }

    /// The same anchors, and nothing that was learned but which signatures hold: those are facts of arithmetic.
    pub(crate) fn of_cold_run(&self) -> Self {
        Self { anchors: self.anchors.clone(), verified: self.verified.clone(), ..Self::default() }
    }

    /// Keeps the reply in which `zone` referred to `cut` when it was asked for `qname`: at once, because
    /// others walk on from there too, and may be at their end before the one that was referred.
    pub(crate) fn referred(
        &self,
        cut: &Name,
        zone: &Name,
        qname: &Name,
        bytes: Rc<[u8]>,
        ttl: u32,
        now: Moment,
    ) {
        let mut delegations = self.delegations.borrow_mut();
        if delegations.get(cut, now).is_none() {
            let (zone, qname, reply) = (zone.clone(), qname.clone(), OnceCell::new());
            let until = now.after(Duration::from_secs(u64::from(ttl.max(1))));
            delegations.insert(cut.clone(), Referred { zone, qname, bytes, at: now, reply }, until);
        }
    }
}

/// A referral as it came. It is read when validation needs it: the walk does not wait for that.
#[derive(Clone, Debug)]
pub(crate) struct Referred {
    zone: Name,
    qname: Name,
    bytes: Rc<[u8]>,
    at: Moment,
    reply: OnceCell<Option<ZoneReply>>,
}

impl Referred {
    /// What was said, as long as its DS records hold.
    pub(crate) fn reply(&self, now: Moment) -> Option<ZoneReply> {
        let read = || {
            let mut message = Sections::read(&self.bytes)?;
            message.spell_as(&self.qname);
            Some(ZoneReply { zone: self.zone.clone(), message: Rc::new(message) })
        };
        let reply = self.reply.get_or_init(read).as_ref()?;
        (now.since(self.at) <= reply.message.life()).then(|| reply.clone())
    }
}
