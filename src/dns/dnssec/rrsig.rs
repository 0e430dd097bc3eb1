//! An RRset and the RRSIGs over it: every check of RFC 4035 §5.3, each with its reason.
//!
//! Pure: the time is given, keys are given. Whether the keys are to be trusted, and what follows
//! when a signature does not hold, is decided by the chain.

use hickory_resolver::proto::dnssec::PublicKey;
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, RRSIG};
use hickory_resolver::proto::dnssec::{Algorithm, TBS};
use hickory_resolver::proto::rr::{DNSClass, Name, RData};
use hickory_resolver::proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use crate::dns::dnssec::rrset::RrSet;
use crate::dns::dnssec::signature_cache::SignatureCache;
use crate::dns::wire::name::name_text;
use crate::dns::wire::unknown_rdata::opaque_names;
use crate::trace::{DnssecCause, KeyInfo, KeyRole, RecordType, SignatureInfo};

/// Signature checks made for one resolution at most: colliding key tags must not buy a hostile zone
/// more (the KeyTrap attack, CVE-2023-50387).
const MAX_CHECKS: u32 = 96;

/// Keys with the same tag and algorithm that are tried for one signature.
const MAX_SAME_TAG: usize = 3;

/// Signatures of one record set that are looked at.
const MAX_SIGNATURES: usize = 8;

/// RSA keys that the library takes: it rounds up to whole bytes.
const RSA_BITS: RangeInclusive<usize> = 1_017..=8_192;

const RSA_EXPONENT_BITS: usize = 33;

const DAY: i64 = 86_400;

/// The time that signatures are judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    wall: SystemTime,
    /// Seconds since 1970, modulo 2^32 (RFC 4034 §3.1.5).
    seconds: u32,
}

impl Now {
    pub(crate) fn at(wall: SystemTime) -> Self {
        let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // Modulo 2^32 is what serial arithmetic works on.
        Self { wall, seconds: (since & u64::from(u32::MAX)) as u32 }
    }

    /// Seconds from now to `time`, by serial arithmetic (RFC 1982): at most 68 years either way.
    fn until(self, time: u32) -> i64 {
        i64::from(time.wrapping_sub(self.seconds).cast_signed())
    }

    fn wall(self, time: u32) -> SystemTime {
        let distance = self.until(time);
        let length = Duration::from_secs(distance.unsigned_abs());
        let moved = if distance < 0 { self.wall.checked_sub(length) } else { self.wall.checked_add(length) };
        moved.unwrap_or(self.wall)
    }
}

/// How many signature checks are left.
#[derive(Debug)]
pub(crate) struct Checks {
    left: Cell<u32>,
    verified: SignatureCache,
}

impl Default for Checks {
    fn default() -> Self {
        Self::remembering(&SignatureCache::default())
    }
}

impl Checks {
    pub(crate) fn remembering(verified: &SignatureCache) -> Self {
        Self { left: Cell::new(MAX_CHECKS), verified: verified.clone() }
    }

    fn take(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}

/// A DNSKEY, with what is computed from it once.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) dnskey: DNSKEY,
    pub(crate) info: KeyInfo,
}

impl Key {
    pub(crate) fn new(dnskey: &DNSKEY) -> Option<Self> {
        let tag = dnskey.calculate_key_tag().ok()?;
        let role = if dnskey.revoke() {
            KeyRole::Revoked
        } else if !dnskey.zone_key() {
            KeyRole::Other
        } else if dnskey.secure_entry_point() {
            KeyRole::KeySigning
        } else {
            KeyRole::ZoneSigning
        };
        let public = dnskey.public_key();
        let info = KeyInfo {
            tag,
            algorithm: u8::from(public.algorithm()),
            bits: bits(public.algorithm(), public.public_bytes()),
            flags: dnskey.flags(),
            role,
        };
        Some(Self { dnskey: dnskey.clone(), info })
    }

    /// Whether a signature says to be by this key, or by another one with its tag.
    fn is_named_by(&self, signature: &SigInput) -> bool {
        (self.info.tag, self.info.algorithm) == (signature.key_tag, u8::from(signature.algorithm))
    }

    fn may_sign(&self) -> bool {
        matches!(self.info.role, KeyRole::KeySigning | KeyRole::ZoneSigning)
    }
}

/// The size that people name a key by: the modulus of RSA, the field of a curve.
fn bits(algorithm: Algorithm, key: &[u8]) -> Option<usize> {
    match u8::from(algorithm) {
        5 | 7 | 8 | 10 => rsa(key).map(|(_, modulus)| bit_length(modulus)),
        13 | 15 => Some(256),
        14 => Some(384),
        16 => Some(456),
        _ => None,
    }
}

/// The exponent and the modulus of an RSA key (RFC 3110 §2).
fn rsa(key: &[u8]) -> Option<(&[u8], &[u8])> {
    match key {
        [0, high, low, rest @ ..] => rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))),
        [length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        [] => None,
    }
}

/// The bits of a number, most significant byte first.
fn bit_length(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// What the library (ring) does not take of the keys that RFC 5702 §2 allows, or that others take: such a key
/// says nothing of the signature.
fn beyond_library(key: &DNSKEY) -> Option<String> {
    let public = key.public_key();
    let algorithm = public.algorithm();
    if !algorithm.is_supported() {
        return Some(format!("algorithm {}", u8::from(algorithm)));
    }
    if !matches!(u8::from(algorithm), 5 | 7 | 8 | 10) {
        return None;
    }
    let (exponent, modulus) = rsa(public.public_bytes())?;
    let (size, length) = (bit_length(modulus), bit_length(exponent));
    if !RSA_BITS.contains(&size) {
        Some(format!("RSA of {size} bits"))
    } else if length > RSA_EXPONENT_BITS {
        Some(format!("RSA with an exponent of {length} bits"))
    } else if length < 2 || exponent.last().is_some_and(|last| last % 2 == 0) {
        Some("RSA with an exponent that is even or 1".to_owned())
    } else {
        let padded = exponent.first() == Some(&0) || modulus.first() == Some(&0);
        padded.then(|| "RSA with leading zeros in the key".to_owned())
    }
}

/// What the signatures over a record set come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// One of them holds. `wildcard` has the labels of the closest encloser when the records were
    /// made from a wildcard (RFC 4035 §5.3.4).
    Holds { wildcard: Option<usize> },
    /// There is none.
    Missing,
    /// None holds; what the nearest to it fails by, and that told as the end of a sentence.
    Fails(DnssecCause, String),
}

/// Why a signature does not hold, in the order of how far it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SignatureFault {
    Signer(String),
    Labels(String),
    NoKey(String),
    BadKey(String),
    NotYetValid(String),
    Expired(String),
    Wrong(String),
    /// It may hold: while one is of this kind, nothing is said of the others.
    Unchecked(String),
}

impl SignatureFault {
    fn told(self) -> (DnssecCause, String) {
        match self {
            Self::Signer(text) | Self::NoKey(text) | Self::BadKey(text) => (DnssecCause::OtherKey, text),
            Self::NotYetValid(text) => (DnssecCause::NotYetValid, text),
            Self::Expired(text) => (DnssecCause::Expired, text),
            Self::Labels(text) | Self::Wrong(text) => (DnssecCause::WrongSignature, text),
            Self::Unchecked(text) => (DnssecCause::Unchecked, text),
        }
    }
}

/// Checks the signatures over a record set of `zone` with that zone's keys.
pub(crate) fn check(
    set: &RrSet<'_>,
    zone: &Name,
    keys: &[Key],
    now: Now,
    checks: &Checks,
) -> (Validity, Vec<SignatureInfo>) {
    let mut infos = Vec::new();
    let mut nearest: Option<SignatureFault> = None;
    let mut holds = None;
    // The zone's own first, whatever else is among them.
    let of_zone = |signature: &RRSIG| {
        let input = signature.input();
        input.signer_name == *zone && keys.iter().any(|key| key.is_named_by(input))
    };
    let mut signatures = set.signatures.clone();
    signatures.sort_by_cached_key(|signature| (!of_zone(signature), untimely(signature, now).is_some()));
    let unseen = signatures.split_off(signatures.len().min(MAX_SIGNATURES));
    for signature in signatures {
        let result = check_one(set, signature, zone, keys, now, checks);
        let mut info = info(set, signature, now);
        match result {
            Ok(wildcard) => holds = holds.or(Some(wildcard)),
            Err(fault) => {
                info.fault = Some(fault.clone().told().1);
                nearest = nearest.max(Some(fault));
            }
        }
        infos.push(info);
    }
    if unseen.into_iter().any(of_zone) {
        let text = format!("was not checked: {MAX_SIGNATURES} signatures of one record set are the limit");
        nearest = nearest.max(Some(SignatureFault::Unchecked(text)));
    }
    let outcome = match (holds, nearest.map(SignatureFault::told)) {
        (Some(wildcard), _) => Validity::Holds { wildcard },
        (None, Some((cause, why))) => Validity::Fails(cause, why),
        (None, None) => Validity::Missing,
    };
    (outcome, infos)
}

/// The signature as it stands in a trace, before it is known whether it holds.
pub(crate) fn info(set: &RrSet<'_>, signature: &RRSIG, now: Now) -> SignatureInfo {
    let input = signature.input();
    let (inception, expiration) = (input.sig_inception.get(), input.sig_expiration.get());
    SignatureInfo {
        owner: name_text(set.owner),
        covers: RecordType(u16::from(set.rtype)),
        // Some write it in mixed case, though it is lower case that is signed (RFC 4034 §6.2).
        signer: name_text(&input.signer_name.to_lowercase()),
        tag: input.key_tag,
        algorithm: u8::from(input.algorithm),
        inception: now.wall(inception),
        expiration: now.wall(expiration),
        days_left: now.until(expiration).div_euclid(DAY),
        fault: None,
        untimely: untimely(signature, now).is_some(),
    }
}

/// Whether now lies outside a signature's time, and on which side.
pub(crate) fn untimely(signature: &RRSIG, now: Now) -> Option<Untimely> {
    let input = signature.input();
    let (inception, expiration) = (input.sig_inception.get(), input.sig_expiration.get());
    if now.until(expiration) < 0 {
        return Some(Untimely::Expired);
    }
    (now.until(inception) > 0).then_some(Untimely::NotYet)
}

/// The side of a signature's time that now lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untimely {
    Expired,
    NotYet,
}

fn check_one(
    set: &RrSet<'_>,
    signature: &RRSIG,
    zone: &Name,
    keys: &[Key],
    now: Now,
    checks: &Checks,
) -> Result<Option<usize>, SignatureFault> {
    let input = signature.input();
    if input.signer_name != *zone {
        let (signer, zone) = (name_text(&input.signer_name), name_text(zone));
        return Err(SignatureFault::Signer(format!("is by {signer}, not by zone {zone}")));
    }
    // A leading asterisk is no label of its own here (RFC 4034 §3.1.3).
    let starred = usize::from(set.owner.iter().next() == Some(b"*"));
    let own = set.owner.iter().len() - starred;
    let labels = usize::from(input.num_labels);
    if labels > own {
        let text = "is over a name with more labels than its own".to_owned();
        return Err(SignatureFault::Labels(text));
    }
    match untimely(signature, now) {
        Some(Untimely::Expired) => {
            let ago = span(-now.until(input.sig_expiration.get()));
            return Err(SignatureFault::Expired(format!("expired {ago} ago")));
        }
        Some(Untimely::NotYet) => {
            let ahead = span(now.until(input.sig_inception.get()));
            return Err(SignatureFault::NotYetValid(format!("is not valid before {ahead} from now")));
        }
        None => {}
    }
    let tag = input.key_tag;
    let mut named = keys.iter().filter(|key| key.is_named_by(input));
    let tried: Vec<&Key> = named.by_ref().take(MAX_SAME_TAG).collect();
    if tried.is_empty() {
        let (algorithm, zone) = (u8::from(input.algorithm), name_text(zone));
        return Err(SignatureFault::NoKey(format!(
            "is by key {tag} (algorithm {algorithm}), which zone {zone} does not have"
        )));
    }
    let unchecked = |why: String| Err(SignatureFault::Unchecked(why));
    let Some(data) = signed_data(set, signature, labels, own) else {
        return unchecked("was not checked: its records cannot be put in canonical form".to_owned());
    };
    let mut fault = SignatureFault::BadKey(format!("is by key {tag}, which may not sign zone data"));
    for key in tried {
        if !key.may_sign() {
            if key.info.role == KeyRole::Revoked && matches!(fault, SignatureFault::BadKey(_)) {
                fault = SignatureFault::BadKey(format!("is by key {tag}, which is revoked"));
            }
            continue;
        }
        if let Some(what) = beyond_library(&key.dnskey) {
            let why = format!("is by key {tag}: {what} cannot be checked here");
            fault = fault.max(SignatureFault::Unchecked(why));
            continue;
        }
        if !checks.take() {
            return unchecked(format!(
                "was not checked: {MAX_CHECKS} signatures for one answer are the limit"
            ));
        }
        if checks.verified.verify(&key.dnskey, data.as_ref(), signature.sig()) {
            return Ok((labels < own).then_some(labels));
        }
        fault = fault.max(SignatureFault::Wrong(format!("does not verify with key {tag}")));
    }
    if named.next().is_some() {
        let limit = format!("was not checked: {MAX_SAME_TAG} keys with tag {tag} are the limit");
        return unchecked(limit);
    }
    Err(fault)
}

/// RFC 4035 §5.3.2: the bytes that were signed. Made here and not by the library, which sorts
/// records before it lowers the case of names in them, and keeps duplicates (RFC 4034 §6.3).
fn signed_data(set: &RrSet<'_>, signature: &RRSIG, labels: usize, own: usize) -> Option<TBS> {
    let input = signature.input();
    let owner =
        if labels == own { set.owner.clone() } else { set.owner.trim_to(labels).prepend_label("*").ok()? };
    let mut datas: Vec<Vec<u8>> =
        set.records.iter().map(|record| canonical_data(&record.data)).collect::<Option<_>>()?;
    datas.sort_unstable();
    datas.dedup();
    let mut bytes = canonical(input)?;
    let mut head = canonical(&owner)?.to_ascii_lowercase();
    head.extend(u16::from(set.rtype).to_be_bytes());
    head.extend(u16::from(DNSClass::IN).to_be_bytes());
    head.extend(input.original_ttl.to_be_bytes());
    for data in datas {
        bytes.extend(&head);
        bytes.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        bytes.extend(data);
    }
    Some(TBS::from(&bytes[..]))
}

/// Record data as it is signed: without compression, names in lower case (RFC 4034 §6.2).
pub(crate) fn canonical_data(data: &RData) -> Option<Vec<u8>> {
    match data {
        RData::Unknown { code, rdata } => {
            let Some((before, _)) = opaque_names(*code) else { return canonical(data) };
            let (numbers, names) = rdata.anything.split_at_checked(before)?;
            // The length of a label is below every letter.
            Some([numbers, &names.to_ascii_lowercase()].concat())
        }
        data => canonical(data),
    }
}

fn canonical(part: &impl BinEncodable) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = BinEncoder::new(&mut bytes);
    encoder.set_canonical_form(true);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    part.emit(&mut encoder).ok()?;
    Some(bytes)
}

/// `3 days`, `5 hours`, `2 minutes`: the largest unit that is whole.
pub(crate) fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        3_600.. => (seconds / 3_600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
