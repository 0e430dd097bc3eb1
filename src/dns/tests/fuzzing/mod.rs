//! Bytes in, verdicts out: the way of a reply through decoding and judging, for fuzzing and for the
//! tests that hold its seeds. Nothing is sent, and no part of the program calls it.

mod chains;

use hickory_resolver::proto::op::{Header, Query};
use hickory_resolver::proto::rr::Name;
use hickory_resolver::proto::serialize::binary::BinDecodable;
use hickory_resolver::proto::serialize::binary::BinDecoder;

use crate::dns::response::apex_ns;
use crate::dns::response::bailiwick::untrusted;
use crate::dns::response::classify::{Question, Verdict, accept_forwarded, classify};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::wire::message::{Decoded, decode};
use crate::dns::wire::name::{name_text, parse_name};
use crate::dns::wire::query::{Form, Recursion, encode, why_not};
use crate::dns::wire::query_case::{Echo, compare_and_restore, restore_owners};
use crate::trace::{DnssecVerdict, Edns, RecordType, Transport};

/// The zones that a reply may be judged for, and the parent of the name asked.
const ZONES: &[&str] = &[".", "test", "example.test", "other.test"];

/// The types that may have been asked for; one that was not is told from the question.
const TYPES: &[RecordType] = &[RecordType::A, RecordType::DNAME, RecordType::HTTPS, RecordType::ANY];

/// The id of the question that a reply is taken for.
const ID: [u8; 2] = [0x10, 0x35];

/// Judges a reply to a question for `qname` in every way the stage does, and says what it means for
/// each zone and type: `. A referral`, `test. A lame`, ...
///
/// # Errors
/// A verdict that leads outside the zone it was asked for: a defect of this program.
pub fn judge(qname: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    judge_types(&parse_name(qname)?, TYPES, bytes)
}

/// The same for the question that the reply itself repeats, in lower case; for an address of
/// `www.example.test` where it repeats none.
///
/// # Errors
/// As [`judge`].
pub fn judge_as_asked(bytes: &[u8]) -> Result<Vec<String>, String> {
    match question(bytes) {
        Some((qname, rtype)) => judge_types(&qname, &[rtype], bytes),
        None => judge_types(&parse_name("www.example.test")?, &[RecordType::A], bytes),
    }
}

/// Judges a chain of signed messages (the form is that of `chains`) and says the verdict, and
/// why it is none better.
///
/// # Errors
/// Security out of nothing: a defect of this program.
pub fn judge_chain(bytes: &[u8]) -> Result<Option<(DnssecVerdict, Option<String>)>, String> {
    Ok(chains::judge(bytes)?.map(|dnssec| (dnssec.verdict, dnssec.why)))
}

/// The question that a reply repeats.
fn question(bytes: &[u8]) -> Option<(Name, RecordType)> {
    let mut decoder = BinDecoder::new(bytes);
    let header = Header::read(&mut decoder).ok()?;
    if header.counts.queries != 1 {
        return None;
    }
    let query = Query::read(&mut decoder).ok()?;
    Some((query.name.to_lowercase(), RecordType(query.query_type.into())))
}

fn judge_types(qname: &Name, types: &[RecordType], bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut bytes = bytes.to_vec();
    let form = Form { edns: Edns::Full, signatures: true };
    let mut question = encode(qname, RecordType::A, Recursion::No, form)?;
    question.bytes[..2].copy_from_slice(&ID);
    if why_not(&question, &bytes).is_some() {
        // The stage reads no further; that it could is worth knowing all the same.
        words.push("dropped".to_owned());
    }
    // Either way the reply is read; the walk asks again by TCP after the second.
    match compare_and_restore(&question.bytes, &mut bytes, qname) {
        Echo::Same | Echo::OtherCase => {}
    }
    let mut zones = ZONES.iter().map(|zone| parse_name(zone)).collect::<Result<Vec<_>, _>>()?;
    if !zones.contains(&qname.base_name()) {
        zones.push(qname.base_name());
    }
    for rtype in types {
        let mut reply = match decode(qname, *rtype, &bytes) {
            Decoded::Reply(reply) => reply,
            Decoded::NotOurs(_) => continue,
            Decoded::Malformed(_) => {
                words.push("malformed".to_owned());
                continue;
            }
        };
        restore_owners(&mut reply, qname);
        for zone in &zones {
            for (transport, edns) in [(Transport::Udp, Edns::Full), (Transport::Tcp, Edns::None)] {
                let asked = Question { zone, qname, qtype: *rtype, transport, edns };
                let (verdict, _) = accept_forwarded(classify(&reply, &asked), &reply, zone);
                if !is_inside(&verdict, zone, qname) {
                    return Err(format!("outside of {zone}: {verdict:?}"));
                }
                let resolved = classify_recursive(&reply, &asked).meaning();
                if transport == Transport::Udp {
                    let meaning = verdict.meaning();
                    let text = name_text(zone);
                    let text = if zone.is_root() { "." } else { text.trim_end_matches('.') };
                    words.push(format!("{text} {} {}", rtype.mnemonic(), meaning.as_str()));
                    words.push(format!("resolver {} {}", rtype.mnemonic(), resolved.as_str()));
                }
            }
            if untrusted(&reply, zone).len() > crate::trace::MAX_UNTRUSTED {
                return Err("too much is kept that is not trusted".to_owned());
            }
            drop(apex_ns::read(&reply, zone, 0));
        }
    }
    Ok(words)
}

/// Whether everything in a verdict lies where the zone has a say.
pub(crate) fn is_inside(verdict: &Verdict, zone: &Name, qname: &Name) -> bool {
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
    const REPLIES: &[(&str, &str, &str)] = &[
        ("answer", "www.example.test", "example.test A answer"),
        ("answer-signed", "www.example.test", "example.test A answer"),
        ("bent-compression-loop", "www.example.test", "malformed"),
        ("bent-counts", "www.example.test", "malformed"),
        ("bent-cut-and-truncated", "www.example.test", ". A truncated"),
        ("bent-cut-in-a-record", "www.cname.test", "malformed"),
        ("bent-header-alone", "www.lame.test", "test A refused"),
        ("bent-not-a-reply", "www.example.test", "dropped"),
        ("bent-two-questions", "www.example.test", "malformed"),
        ("bent-wrong-id", "www.example.test", "dropped"),
        ("cname", "www.cname.test", "test A cname"),
        ("dname", "www.old.dname.test", "test A answer"),
        ("dnskey", ".", ". DNSKEY answer"),
        ("edns-refused", "www.no-edns.test", ". A edns-options-refused"),
        ("extended-error", "www.servfail.test", "test A server-failure"),
        ("false-glue", "www.trapped.test", "test A referral"),
        ("https", "service.https.test", ". HTTPS answer"),
        ("https-alias", "alias.https.test", ". HTTPS answer"),
        ("intercepted", "www.shop.intercepted", ". A answer"),
        ("nodata", "nodata.example.test", "example.test A nodata"),
        ("nodata-nsec3", "text.dnssec-nsec3.test", "dnssec-nsec3.test A nodata"),
        ("nxdomain", "missing.example.test", "example.test A nxdomain"),
        ("nxdomain-nsec", "missing.example.test", "example.test A nxdomain"),
        ("nxdomain-nsec3", "missing.dnssec-nsec3.test", "dnssec-nsec3.test A nxdomain"),
        ("referral", "www.example.test", ". A referral"),
        ("referral-signed", "www.example.test", "test A referral"),
        ("referral-unsigned", "www.dnssec-insecure.test", "test A referral"),
        ("refused", "www.lame.test", "test A refused"),
        ("truncated", "www.truncated.test", "test A truncated"),
        ("txt", "text.dnssec-nsec3.test", "dnssec-nsec3.test TXT answer"),
        ("upward", "www.upward.test", "test A upward-referral"),
    ];

    /// Seed, verdict, and words of the reason.
    const CHAINS: &[(&str, DnssecVerdict, &str)] = &[
        ("bogus-expired", DnssecVerdict::Bogus, "expired"),
        ("bogus-unsigned", DnssecVerdict::Bogus, "RRSIG missing"),
        ("bogus-wrong-ds", DnssecVerdict::Bogus, "DS"),
        ("insecure", DnssecVerdict::Insecure, ""),
        ("insecure-opt-out", DnssecVerdict::Insecure, ""),
        ("secure", DnssecVerdict::Secure, ""),
        ("secure-nsec", DnssecVerdict::Secure, ""),
        ("secure-nsec3", DnssecVerdict::Secure, ""),
        ("secure-wildcard", DnssecVerdict::Secure, ""),
    ];

    fn seed(folder: &str, seed: &str) -> Vec<u8> {
        let path = format!("{}/fixtures/dns/{folder}/{seed}.bin", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The seeds that are committed.
    fn count(folder: &str) -> usize {
        let files = std::fs::read_dir(format!("{}/fixtures/dns/{folder}", env!("CARGO_MANIFEST_DIR")));
        let is_seed = |file: std::io::Result<std::fs::DirEntry>| {
            file.unwrap().file_name().to_string_lossy().ends_with(".bin")
        };
        files.unwrap().map(is_seed).filter(|is_seed| *is_seed).count()
    }

    #[test]
    fn every_reply_means_what_it_is_called_by() {
        for (name, qname, wanted) in REPLIES {
            let bytes = seed("replies", name);
            let mut words = judge(qname, &bytes).unwrap();
            words.extend(judge_as_asked(&bytes).unwrap());
            assert!(words.iter().any(|word| word == wanted), "{name}: {words:?}");
        }
        assert_eq!(count("replies"), REPLIES.len(), "a seed that is held to nothing");
    }

    #[test]
    fn every_chain_has_the_verdict_it_is_called_by() {
        for (name, wanted, reason) in CHAINS {
            let (verdict, why) = judge_chain(&seed("chains", name)).unwrap().unwrap();
            assert_eq!(verdict, *wanted, "{name}: {why:?}");
            assert!(why.unwrap_or_default().contains(reason), "{name}");
        }
        assert_eq!(count("chains"), CHAINS.len(), "a seed that is held to nothing");
    }

    /// A short walk of the fuzz targets' way, the same in every run: bytes changed, cut, and joined
    /// with another seed's.
    #[test]
    fn seeds_with_bytes_changed_neither_panic_nor_lead_astray() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |below: usize| {
            // xorshift64: chance that comes again.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below.max(1)
        };
        let replies: Vec<_> = REPLIES.iter().map(|(name, ..)| seed("replies", name)).collect();
        let chains: Vec<_> = CHAINS.iter().map(|(name, ..)| seed("chains", name)).collect();
        for (seeds, rounds) in [(&replies, 20_000), (&chains, 400)] {
            for _ in 0..rounds {
                let mut bytes = seeds[draw(seeds.len())].clone();
                if draw(4) == 0 {
                    let other = &seeds[draw(seeds.len())];
                    bytes.truncate(draw(bytes.len()));
                    bytes.extend(&other[draw(other.len())..]);
                }
                for _ in 0..=draw(6) {
                    let at = draw(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = [0, 1, 0x3f, 0xc0, 0xff, byte.wrapping_add(1)][draw(6)];
                    }
                }
                if draw(8) == 0 {
                    bytes.truncate(draw(bytes.len()));
                }
                judge_as_asked(&bytes).unwrap();
                judge_chain(&bytes).unwrap();
            }
        }
    }
}
