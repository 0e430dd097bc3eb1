//! What DNSSEC says of an answer.

use std::time::{Duration, SystemTime};

use super::super::*;

/// A chain of two zones with a signed answer; for anything but secure, its second zone's keys are
/// signed no longer.
pub(crate) fn dnssec(verdict: DnssecVerdict) -> Dnssec {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let day = Duration::from_secs(86_400);
    let signature = |owner: &str, covers: RecordType, signer: &str, tag| SignatureInfo {
        owner: owner.to_owned(),
        covers,
        signer: signer.to_owned(),
        tag,
        algorithm: 13,
        inception: start - day * 4,
        expiration: start + day * 10,
        days_left: 10,
        fault: None,
        untimely: false,
    };
    let link = |zone: &str, ds_state, tag, signatures| ZoneLink {
        zone: zone.to_owned(),
        status: DnssecVerdict::Secure,
        why: None,
        ds_state,
        ds: vec![DsInfo { tag, algorithm: 13, digest_type: Some(2), matched: true }],
        keys: vec![KeyInfo { tag, algorithm: 13, bits: Some(256), flags: 257, role: KeyRole::KeySigning }],
        signatures,
        denial: None,
    };
    let (keys, ds) = (RecordType(48), RecordType(43));
    let over_ds = signature("test.", ds, ".", 20_326);
    let root = link(".", DsState::Anchor, 20_326, vec![signature(".", keys, ".", 20_326)]);
    let mut zone =
        link("test.", DsState::Present, 31_589, vec![over_ds, signature("test.", keys, "test.", 31_589)]);
    let mut all = Dnssec {
        verdict,
        why: None,
        cause: None,
        chain: vec![root],
        signatures: vec![signature("www.example.test.", RecordType::A, "test.", 31_589)],
        denials: Vec::new(),
        clock_suspected: false,
        bogus_in_part: None,
    };
    if verdict != DnssecVerdict::Secure {
        let fault = "expired 3 days ago".to_owned();
        let over_keys = &mut zone.signatures[1];
        (over_keys.expiration, over_keys.days_left) = (start - day * 3, -3);
        (over_keys.fault, over_keys.untimely) = (Some(fault.clone()), true);
        zone.status = verdict;
        zone.why = Some(format!("the signature over test. DNSKEY {fault}"));
        all.why.clone_from(&zone.why);
        all.cause = (verdict == DnssecVerdict::Bogus).then_some(DnssecCause::Expired);
        all.signatures.clear();
    }
    all.chain.push(zone);
    all
}
