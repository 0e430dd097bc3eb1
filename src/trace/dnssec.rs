//! The model of DNSSEC: what each zone on the way proves, and what that says of the answer.
//!
//! Plain data, as all of the model. Validation is done elsewhere.

use std::time::SystemTime;

use super::record::RecordType;

/// What DNSSEC says of one resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dnssec {
    /// What a validating resolver would conclude.
    pub verdict: DnssecVerdict,
    /// Which link decides it and why, in one sentence; `None` when all is secure.
    pub why: Option<String>,
    /// What that comes from, where something is at fault or cannot be checked here.
    pub cause: Option<DnssecCause>,
    /// The zones, from the trust anchor down, over all aliases.
    pub chain: Vec<ZoneLink>,
    /// The signatures over the answer itself, aliases and proofs of absence included.
    pub signatures: Vec<SignatureInfo>,
    /// What was proven not to exist, in the order of the answer.
    pub denials: Vec<Denial>,
    /// All signatures are outside their time, the root's too: this machine's clock may be wrong.
    pub clock_suspected: bool,
    /// What one server of a zone gives is bogus, and what another gives is not: which, and why. Where their records
    /// are the same, the verdict is that of the other's; where they are not, that of the records of this trace.
    pub bogus_in_part: Option<String>,
}

/// The four states of RFC 4035 §4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DnssecVerdict {
    /// A chain of signatures leads from a trust anchor to every record of the answer.
    Secure,
    /// The chain ends above the answer, and that it ends there is proven.
    Insecure,
    /// It cannot be told: something needed did not come, or no trust anchor covers the name.
    Indeterminate,
    /// There should be a valid chain, and there is none: validating resolvers answer SERVFAIL.
    Bogus,
}

impl DnssecVerdict {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Insecure => "insecure",
            Self::Indeterminate => "indeterminate",
            Self::Bogus => "bogus",
        }
    }
}

/// What a verdict comes from: who can do something about it, and what, depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DnssecCause {
    /// A signature has expired.
    Expired,
    /// The time of a signature has yet to begin.
    NotYetValid,
    /// Records of a signed zone came without a signature.
    Unsigned,
    /// A signature does not fit the records it is over.
    WrongSignature,
    /// A signature is by a key that the zone does not have, or that may not sign.
    OtherKey,
    /// The DS, or the trust anchor, is for none of the zone's keys.
    DsWithoutKey,
    /// The zone's servers refuse its DNSKEY records.
    KeysRefused,
    /// That something does not exist is not proven.
    Unproven,
    /// Beyond a limit of this program or its libraries: others may be able to check it.
    Unchecked,
}

impl DnssecCause {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Unsigned => "unsigned",
            Self::WrongSignature => "wrong-signature",
            Self::OtherKey => "other-key",
            Self::DsWithoutKey => "ds-without-key",
            Self::KeysRefused => "keys-refused",
            Self::Unproven => "unproven",
            Self::Unchecked => "unchecked",
        }
    }
}

/// One zone of the chain: from its parent's word about its keys to the keys themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneLink {
    /// The zone, with its final dot.
    pub zone: String,
    /// Whether its keys are trusted, and if not, how that ended.
    pub status: DnssecVerdict,
    /// Why they are not trusted.
    pub why: Option<String>,
    /// Where trust in its keys would come from.
    pub ds_state: DsState,
    /// The DS records of its parent, or the trust anchors.
    pub ds: Vec<DsInfo>,
    /// Its DNSKEY records.
    pub keys: Vec<KeyInfo>,
    /// The signatures over its DS and its DNSKEY records.
    pub signatures: Vec<SignatureInfo>,
    /// The parent's proof that there is no DS.
    pub denial: Option<Denial>,
}

/// Where trust in a zone's keys comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DsState {
    /// From a trust anchor.
    Anchor,
    /// From DS records in its parent.
    Present,
    /// From nowhere, and that is proven: its parent has no DS for it.
    ProvenAbsent,
    /// From nowhere, and nothing proves that.
    Missing,
}

impl DsState {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Present => "present",
            Self::ProvenAbsent => "proven-absent",
            Self::Missing => "missing",
        }
    }
}

/// One DS record, or a trust anchor (RFC 4034 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DsInfo {
    /// Tag of the key it is about.
    pub tag: u16,
    /// Algorithm of that key.
    pub algorithm: u8,
    /// How the key was digested; `None` for an anchor that is the key itself.
    pub digest_type: Option<u8>,
    /// Whether the zone has that key.
    pub matched: bool,
}

/// One DNSKEY record (RFC 4034 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its tag.
    pub tag: u16,
    /// Its algorithm.
    pub algorithm: u8,
    /// Size of the key; `None` for an algorithm that is not known.
    pub bits: Option<usize>,
    /// The flags as they stand in the record.
    pub flags: u16,
    /// What the flags say it is for.
    pub role: KeyRole,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// Secure entry point: what a DS points to (flags 257).
    KeySigning,
    /// A zone key (flags 256).
    ZoneSigning,
    /// Revoked by its owner (RFC 5011).
    Revoked,
    /// No zone key: it may not sign zone data.
    Other,
}

impl KeyRole {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeySigning => "ksk",
            Self::ZoneSigning => "zsk",
            Self::Revoked => "revoked",
            Self::Other => "other",
        }
    }
}

/// One RRSIG record and what came of it (RFC 4034 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureInfo {
    /// The owner of the records it covers, with its final dot.
    pub owner: String,
    /// The type of the records it covers.
    pub covers: RecordType,
    /// Who signed, with its final dot.
    pub signer: String,
    /// Tag of the key that made it.
    pub tag: u16,
    /// Algorithm.
    pub algorithm: u8,
    /// Valid from.
    pub inception: SystemTime,
    /// Valid until.
    pub expiration: SystemTime,
    /// Whole days until it expires; negative once it has.
    pub days_left: i64,
    /// Why it does not hold; `None` when it does.
    pub fault: Option<String>,
    /// Whether now lies outside its time.
    pub untimely: bool,
}

impl SignatureInfo {
    /// Whether it holds.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.fault.is_none()
    }
}

/// Something that was proven not to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The name, with its final dot.
    pub name: String,
    /// What about it was denied.
    pub what: Denied,
    /// How.
    pub proof: ProofKind,
    /// The zone that proved it.
    pub zone: String,
}

/// What was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denied {
    /// The whole name (NXDOMAIN).
    Name,
    /// A type at an existing name (NODATA).
    Type(RecordType),
    /// A name nearer than the wildcard that the answer was made from.
    CloserName,
    /// A DS at a delegation.
    Ds,
}

impl Denied {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Type(_) => "type",
            Self::CloserName => "closer-name",
            Self::Ds => "ds",
        }
    }
}

/// How something was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProofKind {
    /// NSEC (RFC 4035 §5.4).
    Nsec,
    /// NSEC3 (RFC 5155 §8).
    Nsec3,
    /// NSEC3 with opt-out: unsigned delegations may exist there (RFC 5155 §6).
    Nsec3OptOut,
}

impl ProofKind {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nsec => "nsec",
            Self::Nsec3 => "nsec3",
            Self::Nsec3OptOut => "nsec3-opt-out",
        }
    }
}
