//! View of DNSSEC: the chain of trust and what it says of the answer.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::dnssec as dnssec_names;
use crate::render::words;
use crate::trace::{Denial, Denied, Dnssec, DnssecCause, DsInfo, KeyInfo, SignatureInfo, ZoneLink};

/// What a validating resolver would conclude of the answer. Keys are fetched beside the trace and
/// never counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct DnssecView<'a> {
    /// The state of RFC 4035 section 4.3.
    #[cfg_attr(test, schemars(extend("enum" = ["secure", "insecure", "indeterminate", "bogus"])))]
    verdict: &'static str,
    /// Which link decides it and why; null when all is secure.
    why: Option<&'a str>,
    /// What that comes from; null where nothing is at fault. `unchecked`: beyond a limit of this program or its
    /// libraries, others may be able to check it.
    #[cfg_attr(test, schemars(extend("enum" = ["expired", "not-yet-valid", "unsigned", "wrong-signature", "other-key", "ds-without-key", "keys-refused", "unproven", "unchecked", null])))]
    cause: Option<&'static str>,
    /// The zones, from the trust anchor down, over all aliases.
    chain: Vec<ZoneLinkView<'a>>,
    /// The signatures over the answer itself, aliases and proofs of absence included.
    signatures: Vec<SignatureView<'a>>,
    /// What was proven not to exist.
    denials: Vec<DenialView<'a>>,
    /// All signatures are outside their time: this machine's clock may be wrong.
    clock_suspected: bool,
    /// What one server of a zone gives is bogus, and what another gives is not: which, and why. The verdict is that
    /// of the other where its records are the same. Null where no server was found to do better.
    bogus_in_part: Option<&'a str>,
}

impl<'a> From<&'a Dnssec> for DnssecView<'a> {
    fn from(dnssec: &'a Dnssec) -> Self {
        Self {
            verdict: dnssec.verdict.as_str(),
            why: dnssec.why.as_deref(),
            cause: dnssec.cause.map(DnssecCause::as_str),
            chain: dnssec.chain.iter().map(Into::into).collect(),
            signatures: dnssec.signatures.iter().map(Into::into).collect(),
            denials: dnssec.denials.iter().map(Into::into).collect(),
            clock_suspected: dnssec.clock_suspected,
            bogus_in_part: dnssec.bogus_in_part.as_deref(),
        }
    }
}

/// One zone: from its parent's word about its keys to the keys themselves.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ZoneLinkView<'a> {
    /// The zone.
    zone: &'a str,
    /// Whether its keys are trusted, and if not, how that ended.
    #[cfg_attr(test, schemars(extend("enum" = ["secure", "insecure", "indeterminate", "bogus"])))]
    status: &'static str,
    /// Why they are not trusted.
    why: Option<&'a str>,
    /// Where trust in its keys would come from.
    #[cfg_attr(test, schemars(extend("enum" = ["anchor", "present", "proven-absent", "missing"])))]
    ds_state: &'static str,
    /// The DS records of its parent, or the trust anchors.
    ds: Vec<DsView>,
    /// Its DNSKEY records.
    keys: Vec<KeyView>,
    /// The signatures over its DS (or over the proof that there is none) and its DNSKEY records.
    signatures: Vec<SignatureView<'a>>,
    /// The parent's proof that there is no DS.
    denial: Option<DenialView<'a>>,
}

impl<'a> From<&'a ZoneLink> for ZoneLinkView<'a> {
    fn from(link: &'a ZoneLink) -> Self {
        Self {
            zone: &link.zone,
            status: link.status.as_str(),
            why: link.why.as_deref(),
            ds_state: link.ds_state.as_str(),
            ds: link.ds.iter().map(Into::into).collect(),
            keys: link.keys.iter().map(Into::into).collect(),
            signatures: link.signatures.iter().map(Into::into).collect(),
            denial: link.denial.as_ref().map(Into::into),
        }
    }
}

/// A DS record, or a trust anchor.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct DsView {
    /// Tag of the key it is about.
    tag: u16,
    /// Algorithm of that key, by its number.
    algorithm: u8,
    /// The same by its name.
    algorithm_name: Cow<'static, str>,
    /// How the key was digested, by its number; null for an anchor that is the key itself.
    digest_type: Option<u8>,
    /// Whether the zone has that key.
    matched: bool,
}

impl From<&DsInfo> for DsView {
    fn from(ds: &DsInfo) -> Self {
        Self {
            tag: ds.tag,
            algorithm: ds.algorithm,
            algorithm_name: dnssec_names::algorithm(ds.algorithm),
            digest_type: ds.digest_type,
            matched: ds.matched,
        }
    }
}

/// A DNSKEY record.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct KeyView {
    /// Its tag.
    tag: u16,
    /// Its algorithm, by its number.
    algorithm: u8,
    /// The same by its name.
    algorithm_name: Cow<'static, str>,
    /// Its size; null for an algorithm that is not known.
    bits: Option<usize>,
    /// The flags as they stand in the record.
    flags: u16,
    /// What the flags say it is for.
    #[cfg_attr(test, schemars(extend("enum" = ["ksk", "zsk", "revoked", "other"])))]
    role: &'static str,
}

impl From<&KeyInfo> for KeyView {
    fn from(key: &KeyInfo) -> Self {
        Self {
            tag: key.tag,
            algorithm: key.algorithm,
            algorithm_name: dnssec_names::algorithm(key.algorithm),
            bits: key.bits,
            flags: key.flags,
            role: key.role.as_str(),
        }
    }
}

/// An RRSIG record and what came of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SignatureView<'a> {
    /// The owner of the records it covers.
    owner: &'a str,
    /// The type of the records it covers.
    covers: Cow<'static, str>,
    /// Who signed.
    signer: &'a str,
    /// Tag of the key.
    tag: u16,
    /// Algorithm, by its number.
    algorithm: u8,
    /// Valid from (RFC 3339).
    inception: String,
    /// Valid until (RFC 3339).
    expiration: String,
    /// Whole days until it expires; negative once it has.
    days_left: i64,
    /// Whether it holds.
    ok: bool,
    /// Why it does not.
    why: Option<&'a str>,
    /// Whether the moment of the run lies outside its time.
    untimely: bool,
}

impl<'a> From<&'a SignatureInfo> for SignatureView<'a> {
    fn from(signature: &'a SignatureInfo) -> Self {
        Self {
            owner: &signature.owner,
            covers: signature.covers.mnemonic(),
            signer: &signature.signer,
            tag: signature.tag,
            algorithm: signature.algorithm,
            inception: words::timestamp(signature.inception, 0),
            expiration: words::timestamp(signature.expiration, 0),
            days_left: signature.days_left,
            ok: signature.ok(),
            why: signature.fault.as_deref(),
            untimely: signature.untimely,
        }
    }
}

/// Something that was proven not to exist.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct DenialView<'a> {
    /// The name.
    name: &'a str,
    /// What about it was denied.
    #[cfg_attr(test, schemars(extend("enum" = ["name", "type", "closer-name", "ds"])))]
    what: &'static str,
    /// The type that is denied; null unless `what` is `type`.
    #[serde(rename = "type")]
    rtype: Option<Cow<'static, str>>,
    /// How.
    #[cfg_attr(test, schemars(extend("enum" = ["nsec", "nsec3", "nsec3-opt-out"])))]
    proof: &'static str,
    /// The zone that proved it.
    zone: &'a str,
}

impl<'a> From<&'a Denial> for DenialView<'a> {
    fn from(denial: &'a Denial) -> Self {
        Self {
            name: &denial.name,
            what: denial.what.as_str(),
            rtype: match denial.what {
                Denied::Type(rtype) => Some(rtype.mnemonic()),
                Denied::Name | Denied::CloserName | Denied::Ds => None,
            },
            proof: denial.proof.as_str(),
            zone: &denial.zone,
        }
    }
}
