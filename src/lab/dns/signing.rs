//! Signed zones: their keys, their signatures, their proofs of absence, and what is wrong with some.
//!
//! Keys are new in every lab. A record set is signed when it is first asked for with DO, and the
//! signature is kept. Answers are put together in [`zone`](super::zone); here they get what DNSSEC
//! adds (RFC 4035 §3.1, RFC 5155 §7.2).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hickory_resolver::proto::dnssec::crypto::EcdsaSigningKey;
use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, NSEC3, NSEC3PARAM, RRSIG};
use hickory_resolver::proto::dnssec::{
    Algorithm, DigestType, Nsec3HashAlgorithm, PublicKey, PublicKeyBuf, SigningKey, TBS,
};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber};

use super::zone::{Answer, End, Zone};

const ALGORITHM: Algorithm = Algorithm::ECDSAP256SHA256;
const DAY: Duration = Duration::from_secs(86_400);
/// How far back signatures begin, and how long they hold from the lab's start.
const SINCE: Duration = Duration::from_secs(3_600);
const VALID: Duration = Duration::from_secs(21 * 86_400);
/// How long ago the signatures of an expired zone ended.
pub(in crate::lab) const EXPIRED_DAYS: u32 = 3;

/// How a zone is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) enum Signing {
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
}

impl Signing {
    const fn hashed(self) -> bool {
        matches!(self, Self::Nsec3 | Self::Nsec3OptOut)
    }
}

/// The keys of a zone, and what was signed with them.
pub(in crate::lab) struct Signer {
    signing: Signing,
    origin: Name,
    /// Signs the keys; what the parent's DS points to.
    entry: Key,
    /// Signs everything else; `None` where one key does both.
    zone: Option<Key>,
    inception: u32,
    expiration: u32,
    made: RefCell<BTreeMap<(Name, RecordType), Record>>,
}

struct Key {
    dnskey: DNSKEY,
    tag: u16,
    secret: EcdsaSigningKey,
}

impl Key {
    /// `flags`: 257 for a key that a DS may point to, 256 for another.
    fn new(flags: u16) -> Result<Self, String> {
        let words = |error: &dyn std::fmt::Display| format!("a key of the lab cannot be made: {error}");
        let secret = EcdsaSigningKey::generate_pkcs8(ALGORITHM)
            .and_then(|pkcs8| EcdsaSigningKey::from_pkcs8(&pkcs8, ALGORITHM))
            .map_err(|error| words(&error))?;
        let public: PublicKeyBuf = secret.to_public_key().map_err(|error| words(&error))?;
        let dnskey = DNSKEY::with_flags(flags, public);
        let tag = dnskey.calculate_key_tag().map_err(|error| words(&error))?;
        Ok(Self { dnskey, tag, secret })
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
    pub(in crate::lab) fn new(
        origin: &Name,
        signing: Signing,
        now: SystemTime,
    ) -> Result<Option<Self>, String> {
        if signing == Signing::None {
            return Ok(None);
        }
        // The root shows both kinds of key, all others one for both.
        let zone = if origin.is_root() { Some(Key::new(256)?) } else { None };
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
    pub(in crate::lab) const fn is_sound(&self) -> bool {
        matches!(self.signing, Signing::Nsec | Signing::Nsec3)
    }

    /// The zone's DNSKEY records, and NSEC3PARAM where it has NSEC3 (RFC 5155 §4).
    pub(in crate::lab) fn keys(&self) -> Vec<Record> {
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
    pub(in crate::lab) fn ds(&self) -> Result<Option<Record>, String> {
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
    pub(in crate::lab) fn anchor(&self) -> Result<String, String> {
        let digest = self
            .entry
            .dnskey
            .to_digest(&self.origin, DigestType::SHA256)
            .map_err(|error| format!("the lab's trust anchor cannot be made: {error}"))?;
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let algorithm = u8::from(self.entry.dnskey.public_key().algorithm());
        Ok(format!("{} IN DS {} {algorithm} 2 {hex}\n", self.origin, self.entry.tag))
    }

    /// The signature over a record set of the zone, made when it is first wanted. `source` is its
    /// owner in the zone: a wildcard, where the set was made from one.
    fn sign(&self, source: &Name, set: &[Record]) -> Option<Record> {
        let first = set.first()?;
        let kind = first.record_type();
        if self.signing == Signing::MissingSignature && kind == RecordType::A {
            return None;
        }
        let key = (source.clone(), kind);
        let made = self.made.borrow().get(&key).cloned();
        let mut signature = match made {
            Some(made) => made,
            None => {
                let made = self.make(source, set)?;
                self.made.borrow_mut().insert(key, made.clone());
                made
            }
        };
        signature.name = first.name.clone();
        Some(signature)
    }

    fn make(&self, source: &Name, set: &[Record]) -> Option<Record> {
        let first = set.first()?;
        let kind = first.record_type();
        let key = match &self.zone {
            Some(zone) if kind != RecordType::DNSKEY => zone,
            _ => &self.entry,
        };
        let input = SigInput {
            type_covered: kind,
            algorithm: ALGORITHM,
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
        let signature = RRSIG::from_sig(input, key.secret.sign(&data).ok()?);
        Some(Record::from_rdata(source.clone(), first.ttl, RData::DNSSEC(DNSSECRData::RRSIG(signature))))
    }
}

/// Answers a question for an NSEC itself, which no zone text holds; every other question was answered
/// as the zone's text says. An NSEC3 has a name of its own, which nobody asks for.
pub(in crate::lab) fn answer_nsec(zone: &Zone, name: &Name, kind: RecordType, answer: &mut Answer) {
    let Some(signer) = zone.signer.as_ref().filter(|signer| !signer.signing.hashed()) else { return };
    if kind != RecordType::NSEC || answer.end != End::Negative || answer.rcode != ResponseCode::NoError {
        return;
    }
    let own = nsec(zone, signer, name).into_iter().next().filter(|record| record.name == *name);
    if let Some(record) = own {
        *answer = Answer { answers: vec![record], ..Answer::default() };
    }
}

/// Adds to an answer of `zone` what DO asks for: signatures, DS, proofs of absence.
pub(in crate::lab) fn sign(zone: &Zone, name: &Name, answer: &mut Answer) {
    let Some(signer) = &zone.signer else { return };
    let referral = answer.end == End::Referral;
    if referral {
        let Some(cut) = answer.authorities.first().map(|record| record.name.clone()) else { return };
        let ds = zone.records(&cut, RecordType::DS);
        if ds.is_empty() {
            answer.authorities.extend(no_ds(zone, signer, &cut));
        } else {
            let signature = signer.sign(&cut, &ds);
            answer.authorities.extend(ds);
            answer.authorities.extend(signature);
        }
        return;
    }
    let mut proofs: Vec<Record> = Vec::new();
    let mut end = name.to_lowercase();
    let mut signed = Vec::new();
    for set in sets(&answer.answers) {
        let owner = set[0].name.to_lowercase();
        let source = zone.source_of(&owner);
        let wild = source != owner;
        // A CNAME that follows from a DNAME has no signature of its own (RFC 6672 §5.3.1).
        if zone.exists(&source) {
            signed.extend(signer.sign(&source, &set));
        }
        if wild {
            proofs.extend(no_closer_name(zone, signer, &owner, &source));
        }
        if let RData::CNAME(target) = &set[0].data {
            end = target.0.to_lowercase();
        }
    }
    answer.answers.extend(signed);
    let soa: Vec<Record> = sets(&answer.authorities)
        .iter()
        .filter_map(|set| signer.sign(&set[0].name.to_lowercase(), set))
        .collect();
    answer.authorities.extend(soa);
    if answer.end == End::Negative {
        proofs.extend(absence(zone, signer, &end, answer.rcode == ResponseCode::NXDomain));
    }
    for proof in proofs {
        if !answer.authorities.contains(&proof) {
            answer.authorities.push(proof);
        }
    }
}

/// Records of one owner and type after the other, as they stand in a section.
fn sets(section: &[Record]) -> Vec<Vec<Record>> {
    let same =
        |one: &Record, other: &Record| one.name == other.name && one.record_type() == other.record_type();
    section.chunk_by(same).map(<[Record]>::to_vec).collect()
}

fn no_ds(zone: &Zone, signer: &Signer, cut: &Name) -> Vec<Record> {
    if !signer.signing.hashed() {
        return nsec(zone, signer, cut);
    }
    let chain = nsec3_chain(zone, signer.signing);
    if signer.signing == Signing::Nsec3 {
        return nsec3(signer, &chain, cut, Side::Matching);
    }
    let mut proof = nsec3(signer, &chain, &zone.closest(cut), Side::Matching);
    proof.extend(nsec3(signer, &chain, cut, Side::Covering));
    proof
}

fn no_closer_name(zone: &Zone, signer: &Signer, owner: &Name, source: &Name) -> Vec<Record> {
    if signer.signing.hashed() {
        let closer = owner.trim_to(source.iter().len());
        nsec3(signer, &nsec3_chain(zone, signer.signing), &closer, Side::Covering)
    } else {
        nsec(zone, signer, owner)
    }
}

/// NXDOMAIN or NODATA at a name.
fn absence(zone: &Zone, signer: &Signer, name: &Name, name_error: bool) -> Vec<Record> {
    let source = zone.source_of(name);
    if !signer.signing.hashed() {
        let mut proof = nsec(zone, signer, name);
        if name_error && let Ok(wildcard) = zone.closest(name).prepend_label("*") {
            proof.extend(nsec(zone, signer, &wildcard));
        } else if source != *name {
            proof.extend(nsec(zone, signer, &source));
        }
        return proof;
    }
    let chain = nsec3_chain(zone, signer.signing);
    if zone.exists(name) {
        let left_out = !chain.iter().any(|(owner, _)| *owner == hash(name));
        return if left_out {
            no_ds(zone, signer, name)
        } else {
            nsec3(signer, &chain, name, Side::Matching)
        };
    }
    let encloser = zone.closest(name);
    let closer = name.trim_to(encloser.iter().len() + 1);
    let mut proof = nsec3(signer, &chain, &encloser, Side::Matching);
    proof.extend(nsec3(signer, &chain, &closer, Side::Covering));
    if let Ok(wildcard) = encloser.prepend_label("*") {
        let side = if name_error { Side::Covering } else { Side::Matching };
        proof.extend(nsec3(signer, &chain, &wildcard, side));
    }
    proof
}

/// The NSEC at a name or, where there is none, the one that covers it; signed.
fn nsec(zone: &Zone, signer: &Signer, name: &Name) -> Vec<Record> {
    let owners = zone.authoritative_names();
    let at = owners.iter().rposition(|owner| owner <= name).unwrap_or(0);
    let (Some(owner), Some(next)) = (owners.get(at), owners.get((at + 1) % owners.len().max(1))) else {
        return Vec::new();
    };
    let data = NSEC::new_cover_self(next.clone(), zone.types_at(owner));
    let record = Record::from_rdata(owner.clone(), 60, RData::DNSSEC(DNSSECRData::NSEC(data)));
    with_signature(signer, record)
}

/// Which NSEC3 of a chain is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Matching,
    Covering,
}

/// The hashes of a zone's names, sorted, each with its name.
fn nsec3_chain(zone: &Zone, signing: Signing) -> Vec<(Vec<u8>, Vec<RecordType>)> {
    let mut chain: Vec<(Vec<u8>, Vec<RecordType>)> = Vec::new();
    for name in zone.names_with_empty() {
        let types = zone.types_at(&name);
        let unsigned_cut = types == [RecordType::NS];
        if signing == Signing::Nsec3OptOut && unsigned_cut {
            continue;
        }
        let signed = !types.is_empty() && !unsigned_cut;
        let types = types.into_iter().chain(signed.then_some(RecordType::RRSIG)).collect();
        chain.push((hash(&name), types));
    }
    chain.sort();
    chain
}

fn hash(name: &Name) -> Vec<u8> {
    // The lab's names can all be encoded.
    Nsec3HashAlgorithm::SHA1.hash(&[], name, 0).map(|digest| digest.as_ref().to_vec()).unwrap_or_default()
}

fn nsec3(signer: &Signer, chain: &[(Vec<u8>, Vec<RecordType>)], name: &Name, side: Side) -> Vec<Record> {
    let wanted = hash(name);
    let at = match side {
        Side::Matching => chain.iter().position(|(hash, _)| *hash == wanted),
        Side::Covering => {
            Some(chain.iter().rposition(|(hash, _)| *hash < wanted).unwrap_or(chain.len().saturating_sub(1)))
        }
    };
    let Some((owner, types)) = at.and_then(|at| chain.get(at)) else { return Vec::new() };
    let next = at.and_then(|at| chain.get((at + 1) % chain.len())).map(|(hash, _)| hash.clone());
    let opt_out = signer.signing == Signing::Nsec3OptOut;
    let data = NSEC3::new(
        Nsec3HashAlgorithm::SHA1,
        opt_out,
        0,
        Vec::new(),
        next.unwrap_or_default(),
        types.iter().copied(),
    );
    let Ok(owner) = signer.origin.prepend_label(base32(owner)) else { return Vec::new() };
    with_signature(signer, Record::from_rdata(owner, 60, RData::DNSSEC(DNSSECRData::NSEC3(data))))
}

fn with_signature(signer: &Signer, record: Record) -> Vec<Record> {
    let signature = signer.sign(&record.name, std::slice::from_ref(&record));
    std::iter::once(record).chain(signature).collect()
}

/// RFC 4648 §7, without padding: 160 bits are 32 characters.
fn base32(hash: &[u8]) -> String {
    let bit = |index: usize| hash.get(index / 8).is_some_and(|byte| byte >> (7 - index % 8) & 1 == 1);
    let character = |at: usize| {
        let value = (0..5).fold(0_u8, |value, offset| value << 1 | u8::from(bit(at * 5 + offset)));
        char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 })
    };
    (0..hash.len() * 8 / 5).map(character).collect()
}
