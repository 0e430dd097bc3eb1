//! An RRset and the RRSIGs over it: every check of RFC 4035 §5.3, each with its reason.
//!
//! Pure: the time is given, keys are given. Whether the keys are to be trusted, and what follows
//! when a signature does not hold, is decided by the chain.

use hickory_resolver::proto::dnssec::PublicKey;
use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hickory_resolver::proto::dnssec::rdata::{DNSKEY, RRSIG};
use hickory_resolver::proto::dnssec::{Algorithm, TBS};
use hickory_resolver::proto::rr::{DNSClass, Name, RData};
use hickory_resolver::proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use crate::dns::dnssec::rrset::RrSet;
use crate::dns::dnssec::signature_cache::SignatureCache;
use crate::dns::wire::name::name_text;
use crate::dns::wire::unknown_rdata::opaque_names;
use crate::trace::{KeyInfo, KeyRole, RecordType, SignatureInfo};

/// Signature checks made for one resolution at most: colliding key tags must not buy a hostile zone
/// more (the KeyTrap attack, CVE-2023-50387).
const MAX_CHECKS: u32 = 96;

/// Keys with the same tag and algorithm that are tried for one signature.
const MAX_SAME_TAG: usize = 3;

/// Signatures of one record set that are looked at.
const MAX_SIGNATURES: usize = 8;

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

    fn may_sign(&self) -> bool {
        matches!(self.info.role, KeyRole::KeySigning | KeyRole::ZoneSigning)
    }
}

/// The size that people name a key by: the modulus of RSA (RFC 3110 §2), the field of a curve.
fn bits(algorithm: Algorithm, key: &[u8]) -> Option<usize> {
    match u8::from(algorithm) {
        5 | 7 | 8 | 10 => {
            let (exponent, rest) = match key {
                [0, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
                [length, rest @ ..] => (usize::from(*length), rest),
                [] => return None,
            };
            let modulus = rest.get(exponent..)?;
            let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
            let first = modulus.get(zeros)?;
            Some((modulus.len() - zeros) * 8 - first.leading_zeros() as usize)
        }
        13 | 15 => Some(256),
        14 => Some(384),
        16 => Some(456),
        _ => None,
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
    /// None holds; the nearest to it fails for this reason, told as the end of a sentence.
    Fails(String),
}

/// Why a signature does not hold, in the order of how far it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SignatureFault {
    Signer(String),
    Labels,
    NoKey(String),
    BadKey(String),
    Unsupported(String),
    Untimely(String),
    TooMany,
    Wrong(String),
}

impl SignatureFault {
    fn text(self) -> String {
        match self {
            Self::Signer(text)
            | Self::NoKey(text)
            | Self::BadKey(text)
            | Self::Unsupported(text)
            | Self::Untimely(text)
            | Self::Wrong(text) => text,
            Self::Labels => "is over a name with more labels than its own".to_owned(),
            Self::TooMany => {
                format!("was not checked: {MAX_CHECKS} signatures for one answer are the limit")
            }
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
    for signature in set.signatures.iter().take(MAX_SIGNATURES) {
        let result = check_one(set, signature, zone, keys, now, checks);
        let mut info = info(set, signature, now);
        match result {
            Ok(wildcard) => holds = holds.or(Some(wildcard)),
            Err(fault) => {
                info.fault = Some(fault.clone().text());
                nearest = nearest.max(Some(fault));
            }
        }
        infos.push(info);
    }
    let outcome = match (holds, nearest) {
        (Some(wildcard), _) => Validity::Holds { wildcard },
        (None, Some(fault)) => Validity::Fails(fault.text()),
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
        signer: name_text(&input.signer_name),
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
        return Err(SignatureFault::Labels);
    }
    match untimely(signature, now) {
        Some(Untimely::Expired) => {
            let ago = span(-now.until(input.sig_expiration.get()));
            return Err(SignatureFault::Untimely(format!("expired {ago} ago")));
        }
        Some(Untimely::NotYet) => {
            let ahead = span(now.until(input.sig_inception.get()));
            return Err(SignatureFault::Untimely(format!("is not valid before {ahead} from now")));
        }
        None => {}
    }
    let (tag, algorithm) = (input.key_tag, u8::from(input.algorithm));
    let named: Vec<&Key> = keys
        .iter()
        .filter(|key| key.info.tag == tag && key.info.algorithm == algorithm)
        .take(MAX_SAME_TAG)
        .collect();
    if named.is_empty() {
        let zone = name_text(zone);
        return Err(SignatureFault::NoKey(format!(
            "is by key {tag} (algorithm {algorithm}), which zone {zone} does not have"
        )));
    }
    if !input.algorithm.is_supported() {
        return Err(SignatureFault::Unsupported(format!(
            "uses algorithm {algorithm}, which is not supported here"
        )));
    }
    let Some(data) = signed_data(set, signature, labels, own) else {
        return Err(SignatureFault::Wrong(
            "cannot be checked: its records cannot be put in canonical form".to_owned(),
        ));
    };
    let mut fault = SignatureFault::BadKey(format!("is by key {tag}, which may not sign zone data"));
    for key in named {
        if !key.may_sign() {
            if key.info.role == KeyRole::Revoked {
                fault = SignatureFault::BadKey(format!("is by key {tag}, which is revoked"));
            }
            continue;
        }
        if !checks.take() {
            return Err(SignatureFault::TooMany);
        }
        if checks.verified.verify(&key.dnskey, data.as_ref(), signature.sig()) {
            return Ok((labels < own).then_some(labels));
        }
        fault = SignatureFault::Wrong(format!("does not verify with key {tag}"));
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

fn canonical_data(data: &RData) -> Option<Vec<u8>> {
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
