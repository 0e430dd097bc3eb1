//! Bytes in, a verdict out: a chain of messages through validation, for fuzzing and for the tests that
//! hold its seeds. Nothing is sent, and no part of the program calls it.
//!
//! The input is four bytes of time (seconds since 1970), then messages behind two bytes of length
//! each, as they come by TCP. The first message's DNSKEY records are the trust anchors; each message
//! stands where its question and its sections put it.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Sections, ZoneReply};
use crate::dns::dnssec::needs::needs;
use crate::dns::dnssec::rrsig::Now;
use crate::dns::dnssec::validate::validate;
use crate::dns::wire::name::name_text;
use crate::dns::wire::presentation::data_text;
use crate::trace::{Dnssec, DnssecVerdict};

/// Messages of one input that are read.
const MAX_MESSAGES: usize = 12;

/// Judges a chain of messages; `None` where there is none to judge.
///
/// # Errors
/// Security out of nothing: a defect of this program.
pub(super) fn judge(bytes: &[u8]) -> Result<Option<Dnssec>, String> {
    let Some((time, messages)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let messages = split(messages);
    let Some(anchors) = messages.first().and_then(|first| anchors(first)) else { return Ok(None) };
    let mut evidence = Evidence::default();
    let mut zone = Name::root();
    for bytes in &messages {
        zone = place(&mut evidence, bytes, zone);
    }
    // What would have to be asked is found out before anything is verified.
    let _ = needs(&evidence, &anchors);
    let now = UNIX_EPOCH + Duration::from_secs(u32::from_be_bytes(*time).into());
    let dnssec = validate(&evidence, &anchors, Now::at(now));
    let signed = dnssec.signatures.iter().any(|signature| signature.fault.is_none());
    if dnssec.verdict == DnssecVerdict::Secure && !signed {
        return Err(format!("secure without a signature: {dnssec:?}"));
    }
    Ok(Some(dnssec))
}

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (message, rest) = rest.split_at(length);
        messages.push(message);
        bytes = rest;
        if messages.len() == MAX_MESSAGES {
            break;
        }
    }
    messages
}

fn anchors(bytes: &[u8]) -> Option<Anchors> {
    let mut text = String::new();
    for record in Message::from_vec(bytes).ok()?.answers {
        if let RData::DNSSEC(DNSSECRData::DNSKEY(_)) = &record.data {
            let _ = writeln!(text, "{} DNSKEY {}", name_text(&record.name), data_text(&record.data));
        }
    }
    Anchors::parse(&text).ok()
}

/// Puts a message where it belongs; the zone whose servers speak next.
fn place(evidence: &mut Evidence, bytes: &[u8], zone: Name) -> Name {
    let question = Message::from_vec(bytes).ok().and_then(|message| message.queries.first().cloned());
    let (Some(query), Some(sections)) = (question, Sections::read(bytes)) else { return zone };
    let cut = sections.authorities.iter().find(|record| record.record_type() == WireType::NS);
    let cut = cut.map(|record| record.name.clone()).filter(|_| sections.answers.is_empty());
    let reply = ZoneReply { zone: zone.clone(), message: Rc::new(sections) };
    let (qname, qtype) = (query.name, query.query_type);
    match (qtype, cut) {
        (WireType::DNSKEY, _) => _ = evidence.keys.insert(qname, Fetched::Reply(reply)),
        (WireType::DS, _) => _ = evidence.ds.insert(qname, Fetched::Reply(reply)),
        (_, Some(cut)) => {
            evidence.delegations.insert(cut.clone(), reply);
            return cut;
        }
        (_, None) => evidence.asked.push(AskedReply { qname, qtype, reply }),
    }
    zone
}
