//! RRSIGs that have verified once in a run and need not be verified again: the keys of a top-level zone stand
//! above thousands of names.
//!
//! Only what held is remembered, by a digest of everything that was checked: key, data and
//! signature. Whether the key is to be trusted and the time is right is asked anew each time.

use hickory_resolver::proto::dnssec::PublicKey;
use hickory_resolver::proto::dnssec::Verifier;
use sha2::Digest;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use hickory_resolver::proto::dnssec::rdata::DNSKEY;
use sha2::Sha256;

/// Digests that are kept at most.
const MAX: usize = 1 << 17;

/// The signatures that held, shared by the resolutions of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignatureCache(Rc<RefCell<HashSet<[u8; 32]>>>);

impl SignatureCache {
    /// Whether a signature over data holds with a key.
    pub(crate) fn verify(&self, key: &DNSKEY, data: &[u8], signature: &[u8]) -> bool {
        let public = key.public_key();
        let mut digest = Sha256::new();
        digest.update([u8::from(public.algorithm())]);
        for part in [public.public_bytes(), data, signature] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        if self.0.borrow().contains(&digest) {
            return true;
        }
        let holds = key.verify(data, signature).is_ok();
        let mut known = self.0.borrow_mut();
        if holds && known.len() < MAX {
            known.insert(digest);
        }
        holds
    }
}
