//! How a zone is signed, its keys, and the signatures they make (RFC 4034 §3, §5).
//!
//! Keys are new in every lab. A record set is signed when it is first asked for with DO, and the
//! signature is kept. Which sets an answer needs signed is `signing`'s.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXUPPER;
use hickory_resolver::proto::ProtoError;
use hickory_resolver::proto::dnssec::crypto::EcdsaSigningKey;
use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC3PARAM, RRSIG};
use hickory_resolver::proto::dnssec::{
    Algorithm, DigestType, Nsec3HashAlgorithm, PublicKey, PublicKeyBuf, SigningKey, TBS,
};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber};

const ALGORITHM: Algorithm = Algorithm::ECDSAP256SHA256;
const DAY: Duration = Duration::from_secs(86_400);
/// How far back signatures begin, and how long they hold from the lab's start.
const SINCE: Duration = Duration::from_secs(3_600);
const VALID: Duration = Duration::from_secs(21 * 86_400);
/// How long ago the signatures of an expired zone ended.
pub(crate) const EXPIRED_DAYS: u32 = 3;

/// The size of a key that is allowed and too small for most.
const SMALL_KEY_BITS: usize = 768;
/// Tags and algorithms of no key in the lab.
const FOREIGN: &[(u16, u8)] =
    &[(1, 253), (2, 13), (3, 8), (4, 18), (5, 253), (6, 13), (7, 8), (8, 18), (9, 253)];

/// How a zone is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signing {
    /// Not at all: no DS in its parent.
    None,
    /// Soundly, with NSEC.
    #[default]
    Nsec,
    /// Soundly, with NSEC3 without salt or extra iterations, as RFC 9276 wants it.
    Nsec3,
    /// Soundly, with NSEC3 and opt-out: its unsigned children have no records of their own.
    Nsec3OptOut,
    /// Its signatures ended days ago.
    Expired,
    /// The DS in its parent is of another key.
    WrongDs,
    /// Its A records have no signatures.
    MissingSignature,
    /// Soundly, and its parent has no DS of it: an island that no chain of trust leads to.
    Island,
    /// Its zone key is of RSA with 768 bits (RFC 5702 §2.1 allows them), which few libraries take today.
    SmallKey,
    /// Before each of its signatures stand nine by keys that it does not have.
    Crowded,
}

impl Signing {
    pub(super) const fn hashed(self) -> bool {
        matches!(self, Self::Nsec3 | Self::Nsec3OptOut)
    }
}

/// The keys of a zone, and what was signed with them.
pub(crate) struct Signer {
    pub(super) signing: Signing,
    pub(super) origin: Name,
    /// Signs the keys; what the parent's DS points to.
    entry: Key,
    /// Signs everything else; `None` where one key does both.
    zone: Option<Key>,
    inception: u32,
    expiration: u32,
    made: RefCell<BTreeMap<(Name, RecordType), Vec<Record>>>,
}

struct Key {
    dnskey: DNSKEY,
    tag: u16,
    /// `None` for a key that only looks like one.
    secret: Option<EcdsaSigningKey>,
}

impl Key {
    /// `flags`: 257 for a key that a DS may point to, 256 for another.
    fn new(flags: u16) -> Result<Self, String> {
        let words = |error: &dyn std::fmt::Display| format!("a key of the lab cannot be made: {error}");
        let secret = EcdsaSigningKey::generate_pkcs8(ALGORITHM)
            .and_then(|pkcs8| EcdsaSigningKey::from_pkcs8(&pkcs8, ALGORITHM))
            .map_err(|error| words(&error))?;
        let public: PublicKeyBuf = secret.to_public_key().map_err(|error| words(&error))?;
        Self::of(flags, public, Some(secret)).map_err(|error| words(&error))
    }

    /// A zone key of RSA with 768 bits. Nothing here can make signatures with one, nor check them.
    fn small() -> Result<Self, String> {
        // RFC 3110 §2: the length of the exponent, the exponent, the modulus.
        let bytes = [&[3, 1, 0, 1][..], &[0xC5; SMALL_KEY_BITS / 8]].concat();
        Self::of(256, PublicKeyBuf::new(bytes, Algorithm::RSASHA256), None).map_err(|error| error.to_string())
    }

    fn of(flags: u16, public: PublicKeyBuf, secret: Option<EcdsaSigningKey>) -> Result<Self, ProtoError> {
        let dnskey = DNSKEY::with_flags(flags, public);
        Ok(Self { tag: dnskey.calculate_key_tag()?, dnskey, secret })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Signer").field("zone", &self.origin).finish_non_exhaustive()
    }
}

fn seconds(time: SystemTime) -> u32 {
    // Modulo 2^32, as signatures count (RFC 4034 §3.1.5).
    (time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() & u64::from(u32::MAX)) as u32
}

impl Signer {
    /// New keys for a zone; `None` for one that is not signed.
    pub(crate) fn new(origin: &Name, signing: Signing, now: SystemTime) -> Result<Option<Self>, String> {
        if signing == Signing::None {
            return Ok(None);
        }
        // The root shows both kinds of key, all others one for both.
        let zone = match signing {
            Signing::SmallKey => Some(Key::small()?),
            _ if origin.is_root() => Some(Key::new(256)?),
            _ => None,
        };
        let expired = DAY * EXPIRED_DAYS + SINCE;
        let (inception, expiration) = match signing {
            Signing::Expired => (now - VALID - expired, now - expired),
            _ => (now - SINCE, now + VALID),
        };
        Ok(Some(Self {
            signing,
            origin: origin.clone(),
            entry: Key::new(257)?,
            zone,
            inception: seconds(inception),
            expiration: seconds(expiration),
            made: RefCell::default(),
        }))
    }

    /// Whether everything of the zone validates.
    pub(crate) const fn is_sound(&self) -> bool {
        matches!(self.signing, Signing::Nsec | Signing::Nsec3)
    }

    /// The zone's DNSKEY records, and NSEC3PARAM where it has NSEC3 (RFC 5155 §4).
    pub(crate) fn keys(&self) -> Vec<Record> {
        let keys = [Some(&self.entry), self.zone.as_ref()];
        let record = |key: &Key| {
            Record::from_rdata(
                self.origin.clone(),
                3_600,
                RData::DNSSEC(DNSSECRData::DNSKEY(key.dnskey.clone())),
            )
        };
        let hashed = self.signing.hashed().then(|| {
            let data = NSEC3PARAM::new(Nsec3HashAlgorithm::SHA1, false, 0, Vec::new());
            Record::from_rdata(self.origin.clone(), 0, RData::DNSSEC(DNSSECRData::NSEC3PARAM(data)))
        });
        keys.into_iter().flatten().map(record).chain(hashed).collect()
    }

    /// What its parent publishes of it, if it does.
    pub(crate) fn ds(&self) -> Result<Option<Record>, String> {
        if self.signing == Signing::Island {
            return Ok(None);
        }
        let words = |error: &dyn std::fmt::Display| format!("a DS of the lab cannot be made: {error}");
        let other = if self.signing == Signing::WrongDs { Some(Key::new(257)?) } else { None };
        let key = other.as_ref().unwrap_or(&self.entry);
        let digest = key.dnskey.to_digest(&self.origin, DigestType::SHA256).map_err(|error| words(&error))?;
        let ds = DS::new(key.tag, ALGORITHM, DigestType::SHA256, digest.as_ref().to_vec());
        Ok(Some(Record::from_rdata(self.origin.clone(), 3_600, RData::DNSSEC(DNSSECRData::DS(ds)))))
    }

    /// The zone's own DS as a line of zone text: a trust anchor.
    pub(crate) fn anchor(&self) -> Result<String, String> {
        let digest = self
            .entry
            .dnskey
            .to_digest(&self.origin, DigestType::SHA256)
            .map_err(|error| format!("the lab's trust anchor cannot be made: {error}"))?;
        let hex = HEXUPPER.encode(digest.as_ref());
        let algorithm = u8::from(self.entry.dnskey.public_key().algorithm());
        Ok(format!("{} IN DS {} {algorithm} 2 {hex}\n", self.origin, self.entry.tag))
    }

    /// The signature over a record set of the zone, made when it is first wanted. `source` is its
    /// owner in the zone: a wildcard, where the set was made from one.
    pub(super) fn sign(&self, source: &Name, set: &[Record]) -> Vec<Record> {
        let Some(first) = set.first() else { return Vec::new() };
        let kind = first.record_type();
        if self.signing == Signing::MissingSignature && kind == RecordType::A {
            return Vec::new();
        }
        let mut all = self.made.borrow_mut();
        let made = all.entry((source.clone(), kind)).or_insert_with(|| {
            let Some(own) = self.make(source, set) else { return Vec::new() };
            let foreign = if self.signing == Signing::Crowded { FOREIGN } else { &[] };
            let records = foreign.iter().map(|(tag, algorithm)| {
                let (key_tag, algorithm) = (*tag, Algorithm::from_u8(*algorithm));
                RRSIG::from_sig(SigInput { key_tag, algorithm, ..own.input().clone() }, vec![0x2a; 8])
            });
            let signatures: Vec<RRSIG> = records.chain([own.clone()]).collect();
            let record = |signature| {
                Record::from_rdata(source.clone(), first.ttl, RData::DNSSEC(DNSSECRData::RRSIG(signature)))
            };
            signatures.into_iter().map(record).collect()
        });
        let mut signatures = made.clone();
        signatures.iter_mut().for_each(|signature| signature.name = first.name.clone());
        signatures
    }

    fn make(&self, source: &Name, set: &[Record]) -> Option<RRSIG> {
        let first = set.first()?;
        let kind = first.record_type();
        let key = match &self.zone {
            Some(zone) if kind != RecordType::DNSKEY => zone,
            _ => &self.entry,
        };
        let input = SigInput {
            type_covered: kind,
            algorithm: key.dnskey.public_key().algorithm(),
            num_labels: source.num_labels(),
            original_ttl: first.ttl,
            sig_expiration: SerialNumber::new(self.expiration),
            sig_inception: SerialNumber::new(self.inception),
            key_tag: key.tag,
            signer_name: self.origin.clone(),
        };
        let mut named = set.to_vec();
        named.iter_mut().for_each(|record| record.name = source.clone());
        let data = TBS::from_input(source, DNSClass::IN, &input, named.iter()).ok()?;
        let signature = match &key.secret {
            Some(secret) => secret.sign(&data).ok()?,
            None => vec![0x2a; SMALL_KEY_BITS / 8],
        };
        Some(RRSIG::from_sig(input, signature))
    }
}
