//! Bytes in, verdicts out: the way of a reply through decoding and judging, for fuzzing and for the
//! tests that hold its seeds. Nothing is sent, and no part of the program calls it.

use hickory_resolver::proto::rr::Name;

use super::case::{Echo, compare_and_restore, restore_owners};
use super::child;
use super::message::{Decoded, Form, Recursion, decode, encode, parse_name};
use super::reply::{Asked, Verdict, accept_forwarded, classify, classify_recursive};
use super::untrusted::untrusted;
use crate::trace::{RecordType, Transport};

/// The zones that a reply may be judged for.
const ZONES: &[&str] = &[".", "test", "example.test", "other.test"];
const TYPES: &[RecordType] =
    &[RecordType::A, RecordType::NS, RecordType::DNAME, RecordType::HTTPS, RecordType(255)];

/// Judges a reply to a question for `qname` in every way the stage does, and says what it means for
/// each zone and type: `. A referral`, `test. A lame`, ...
///
/// # Errors
/// A verdict that leads outside the zone it was asked for: a defect of this program.
pub fn judge(qname: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let qname = parse_name(qname)?;
    let mut words = Vec::new();
    let mut bytes = bytes.to_vec();
    let form = Form { edns: true, signatures: true };
    let question = encode(&qname, RecordType::A, Recursion::No, form)?;
    // Either way the reply is read; the walk asks again by TCP after the second.
    match compare_and_restore(&question.bytes, &mut bytes, &qname) {
        Echo::Same | Echo::OtherCase => {}
    }
    for rtype in TYPES {
        let Decoded::Reply(mut reply) = decode(&qname, *rtype, &bytes) else { continue };
        restore_owners(&mut reply, &qname);
        for text in ZONES {
            let zone = parse_name(text)?;
            for (transport, edns) in [(Transport::Udp, true), (Transport::Tcp, false)] {
                let asked = Asked { zone: &zone, qname: &qname, qtype: *rtype, transport, edns };
                let (verdict, _) = accept_forwarded(classify(&reply, &asked), &reply, &zone);
                if !is_inside(&verdict, &zone, &qname) {
                    return Err(format!("outside of {text}: {verdict:?}"));
                }
                let resolved = classify_recursive(&reply, &asked).meaning();
                if transport == Transport::Udp {
                    let meaning = verdict.meaning();
                    words.push(format!("{text} {} {}", rtype.mnemonic(), meaning.as_str()));
                    words.push(format!("resolver {} {}", rtype.mnemonic(), resolved.as_str()));
                }
            }
            if untrusted(&reply, &zone).len() > crate::trace::MAX_UNTRUSTED {
                return Err("too much is kept that is not trusted".to_owned());
            }
            drop(child::read(&reply, &zone, 0));
        }
    }
    Ok(words)
}

/// Whether everything in a verdict lies where the zone has a say.
pub(super) fn is_inside(verdict: &Verdict, zone: &Name, qname: &Name) -> bool {
    match verdict {
        Verdict::Answer { chain, records } => chain.iter().chain(records).all(|rr| zone.zone_of(&rr.name)),
        Verdict::Alias { chain, .. } | Verdict::Absent { chain, .. } => {
            chain.iter().all(|rr| zone.zone_of(&rr.name))
        }
        Verdict::Referral(referral) => {
            let deeper = zone.zone_of(&referral.cut) && referral.cut != *zone && referral.cut.zone_of(qname);
            let glue = |(server, addresses): &(Name, Vec<_>)| addresses.is_empty() || zone.zone_of(server);
            deeper && referral.servers.iter().all(glue)
        }
        Verdict::Lame { spare: Some(spare), .. } => is_inside(spare, zone, qname),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed, the name asked, and one of the verdicts it must lead to.
    const SEEDS: &[(&str, &str, &str)] = &[
        ("answer", "www.example.test", "example.test A answer"),
        ("cname", "www.cname.test", "test A cname"),
        ("dname", "www.old.dname.test", "test A answer"),
        ("edns-refused", "www.no-edns.test", ". A edns-refused"),
        ("false-glue", "www.trapped.test", "test A referral"),
        ("https", "service.https.test", ". HTTPS answer"),
        ("intercepted", "www.shop.intercepted", ". A answer"),
        ("nodata", "nodata.example.test", "example.test A nodata"),
        ("nxdomain", "missing.example.test", "example.test A nxdomain"),
        ("referral", "www.example.test", ". A referral"),
        ("refused", "www.lame.test", "test A refused"),
        ("truncated", "www.truncated.test", "test A truncated"),
        ("upward", "www.upward.test", "test A upward-referral"),
    ];

    #[test]
    fn every_seed_means_what_it_is_called_by() {
        for (seed, qname, wanted) in SEEDS {
            let path = format!("{}/fixtures/dns/replies/{seed}.bin", env!("CARGO_MANIFEST_DIR"));
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let words = judge(qname, &bytes).unwrap();
            assert!(words.iter().any(|word| word == wanted), "{seed}: {words:?}");
        }
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/dns/replies")).unwrap();
        let seeds =
            files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".bin"));
        assert_eq!(seeds.count(), SEEDS.len(), "a seed that is held to nothing");
    }
}
