//! Replies (RFC 1035 §4.1): the codec's message as a plain [`Reply`] of records of class IN.
//!
//! The wire format itself is read by `hickory-proto`. Nothing is judged here.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use hickory_resolver::proto::op::{Edns, Message};
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record as WireRecord, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::dns::wire::name::name_text;
use crate::dns::wire::presentation::{data_text, svcb_text};
use crate::dns::wire::svcb::Service;
use crate::dns::wire::unknown_rdata::read_message;
use crate::trace::{Rcode, Record, RecordType, ReplyHeader, Stray};

/// The option code of extended DNS errors, RFC 8914 §2.
const EXTENDED_ERROR: u16 = 15;

/// A reply, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) header: ReplyHeader,
    pub(crate) answers: Vec<Rr>,
    pub(crate) authorities: Vec<Rr>,
    pub(crate) additionals: Vec<Rr>,
}

/// One record of class IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rr {
    pub(crate) name: Name,
    pub(crate) rtype: RecordType,
    pub(crate) ttl: u32,
    pub(crate) data: Data,
}

/// RDATA: what the walk itself has to understand, and the rest as the codec has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    Address(IpAddr),
    Ns(Name),
    Cname(Name),
    Dname(Name),
    Soa(Box<SOA>),
    /// HTTPS, RFC 9460.
    Service(Box<Service>),
    Other(Box<RData>),
}

impl Rr {
    /// The record as it stands in a trace.
    pub(crate) fn record(&self) -> Record {
        Record { name: name_text(&self.name), rtype: self.rtype, ttl: self.ttl, data: self.text() }
    }

    /// The data in presentation format. Of most records of a reply nobody wants it.
    pub(crate) fn text(&self) -> String {
        match &self.data {
            Data::Address(address) => address.to_string(),
            Data::Ns(name) | Data::Cname(name) | Data::Dname(name) => name_text(name),
            Data::Soa(soa) => data_text(&RData::SOA(soa.as_ref().clone())),
            Data::Service(service) => svcb_text(&service.rdata),
            Data::Other(data) => data_text(data),
        }
    }
}

/// What decoding gave.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// A reply to our question.
    Reply(Box<Reply>),
    /// A reply to another question, or without one: to be dropped.
    NotOurs(Stray),
    /// It cannot be read.
    Malformed(String),
}

/// Decodes a reply to which [`why_not`](super::query::why_not) objects nothing.
pub(crate) fn decode(name: &Name, rtype: RecordType, bytes: &[u8]) -> Decoded {
    // RFC 1035 knows one question a message; more would only make hickory reserve memory for them.
    if bytes.len() < 12 || u16::from_be_bytes([bytes[4], bytes[5]]) > 1 {
        return Decoded::Malformed("it has more than one question".to_owned());
    }
    let message = match read_message(bytes) {
        Ok(message) => message,
        Err(error) => return unreadable(bytes, &error.to_string()),
    };
    // FORMERR may come back without the question: the server could not read it. What is only cut short says to
    // ask by TCP.
    let asked = match message.queries.first() {
        Some(query) => {
            query.name == *name && u16::from(query.query_type) == rtype.0 && query.query_class == DNSClass::IN
        }
        None => {
            let rcode = u16::from(message.metadata.response_code);
            let is_told_so = [Rcode::FORMERR.0, Rcode::NOTIMP.0, Rcode::REFUSED.0].contains(&rcode);
            is_told_so || message.metadata.truncation
        }
    };
    let stray = if message.queries.is_empty() { Stray::NoQuestion } else { Stray::WrongQuestion };
    if asked { Decoded::Reply(Box::new(plain(&message))) } else { Decoded::NotOurs(stray) }
}

/// A server that cuts a message in the middle of a record and sets TC has still said what counts:
/// ask by TCP.
fn unreadable(bytes: &[u8], error: &str) -> Decoded {
    if bytes[2] & 0x02 == 0 {
        let head = HEXLOWER.encode(&bytes[..bytes.len().min(16)]);
        return Decoded::Malformed(format!("{error} (begins {head})"));
    }
    let count = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let header = ReplyHeader {
        rcode: Rcode(u16::from(bytes[3] & 0x0f)),
        authoritative: bytes[2] & 0x04 != 0,
        truncated: true,
        recursion_desired: bytes[2] & 0x01 != 0,
        recursion_available: bytes[3] & 0x80 != 0,
        authentic_data: bytes[3] & 0x20 != 0,
        answers: count(6),
        authorities: count(8),
        additionals: count(10),
        edns_size: None,
        nsid: None,
        extended_errors: Vec::new(),
    };
    let none = Vec::new;
    Decoded::Reply(Box::new(Reply { header, answers: none(), authorities: none(), additionals: none() }))
}

fn plain(message: &Message) -> Reply {
    let meta = &message.metadata;
    let edns = message.edns.as_ref();
    let options =
        || edns.into_iter().flat_map(|edns| edns.options().as_ref().iter().map(|(_, option)| option));
    let header = ReplyHeader {
        rcode: Rcode(u16::from(meta.response_code)),
        authoritative: meta.authoritative,
        truncated: meta.truncation,
        recursion_desired: meta.recursion_desired,
        recursion_available: meta.recursion_available,
        authentic_data: meta.authentic_data,
        answers: message.answers.len(),
        authorities: message.authorities.len(),
        additionals: message.additionals.len(),
        edns_size: edns.map(Edns::max_payload),
        nsid: options().find_map(|option| match option {
            EdnsOption::NSID(id) => Some(id.as_ref().to_vec()),
            _ => None,
        }),
        extended_errors: options().filter_map(extended_error).collect(),
    };
    let records = |section: &[WireRecord]| section.iter().filter_map(rr).collect();
    Reply {
        header,
        answers: records(&message.answers),
        authorities: records(&message.authorities),
        additionals: records(&message.additionals),
    }
}

/// RFC 8914 §2: two bytes of code, then text, which some servers end with a NUL.
fn extended_error(option: &EdnsOption) -> Option<(u16, String)> {
    match option {
        EdnsOption::Unknown(EXTENDED_ERROR, bytes) => {
            let (code, text) = bytes.split_first_chunk::<2>()?;
            let text = String::from_utf8_lossy(text);
            Some((u16::from_be_bytes(*code), text.trim_end_matches('\0').to_owned()))
        }
        _ => None,
    }
}

fn rr(record: &WireRecord) -> Option<Rr> {
    if record.dns_class != DNSClass::IN {
        return None;
    }
    let data = match &record.data {
        RData::A(address) => Data::Address(IpAddr::V4(address.0)),
        RData::AAAA(address) => Data::Address(IpAddr::V6(address.0)),
        RData::NS(name) => Data::Ns(name.0.clone()),
        RData::CNAME(name) => Data::Cname(name.0.clone()),
        RData::SOA(soa) => Data::Soa(Box::new(soa.clone())),
        RData::Unknown { code: WireType::HTTPS, rdata } => {
            Data::Service(Box::new(Service::parse(&rdata.anything)))
        }
        // hickory has no DNAME: it comes as opaque bytes, an uncompressed name (RFC 6672 §2.1).
        RData::Unknown { code: WireType::DNAME, rdata } => {
            Data::Dname(Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?)
        }
        other => Data::Other(Box::new(other.clone())),
    };
    // RFC 2181 §8: a TTL with its highest bit set counts as zero.
    let ttl = if record.ttl > i32::MAX.unsigned_abs() { 0 } else { record.ttl };
    let rtype = RecordType(u16::from(record.record_type()));
    Some(Rr { name: record.name.clone(), rtype, ttl, data })
}

/// Records as they stand in a trace.
pub(crate) fn records(rrs: &[Rr]) -> Vec<Record> {
    rrs.iter().map(Rr::record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;
    use crate::dns::wire::query::{EncodedQuery, Form, PAYLOAD, Recursion, encode, why_not};
    use crate::trace::Edns;

    const EDNS: Form = Form { edns: Edns::Full, signatures: false };
    const PLAIN: Form = Form { edns: Edns::None, signatures: false };

    #[test]
    fn names_are_checked_before_they_are_sent() {
        assert_eq!(name_text(&parse_name("www.Example.test").unwrap()), "www.Example.test.");
        assert_eq!(parse_name("www.example.test.").unwrap(), parse_name("WWW.example.TEST").unwrap());
        assert!(parse_name(".").unwrap().is_root());
        assert_eq!(parse_name("odd\\.label.test").unwrap().num_labels(), 2);
        assert_eq!(parse_name("a\\046b.test").unwrap(), parse_name("a\\.b.test").unwrap());
        assert!(parse_name("a\\300b").unwrap_err().contains("300"));
        assert!(parse_name("a\\").unwrap_err().contains("backslash"));
        let label = "a".repeat(64);
        assert!(parse_name(&format!("{label}.test")).unwrap_err().contains("64 characters"));
        assert!(parse_name(&"a".repeat(63)).is_ok());
        let long = vec!["a".repeat(49); 5].join(".");
        assert_eq!(long.len(), 249);
        assert!(parse_name(&format!("{long}.aaa")).is_ok());
        assert!(parse_name(&format!("{long}.aaaa")).unwrap_err().contains("254 characters"));
        for bad in ["", "a..b", ".a", "..", "b\u{fc}cher.de"] {
            assert!(parse_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_question_carries_edns_with_nsid_and_do_only_when_signatures_are_wanted() {
        let name = parse_name("www.example.test").unwrap();
        let signed = Form { signatures: true, ..EDNS };
        let query = encode(&name, RecordType::A, Recursion::No, signed).unwrap();
        let message = Message::from_vec(&query.bytes).unwrap();
        assert!(message.edns.unwrap().flags().dnssec_ok);
        let query = encode(&name, RecordType::A, Recursion::No, EDNS).unwrap();
        let message = Message::from_vec(&query.bytes).unwrap();
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok, edns.version()), (PAYLOAD, false, 0));
        assert!(edns.option(hickory_resolver::proto::rr::rdata::opt::EdnsCode::NSID).is_some());
        assert!(!message.metadata.recursion_desired);
        let bare = Form { edns: Edns::Bare, signatures: true };
        let query = encode(&name, RecordType::A, Recursion::No, bare).unwrap();
        let message = Message::from_vec(&query.bytes).unwrap();
        let opt = message.edns.as_ref().expect("an OPT record without options");
        assert!(opt.flags().dnssec_ok && opt.options().as_ref().is_empty());
        let plain = encode(&name, RecordType::A, Recursion::Desired, PLAIN).unwrap();
        let message = Message::from_vec(&plain.bytes).unwrap();
        assert!(message.edns.is_none() && message.metadata.recursion_desired);
    }

    #[test]
    fn a_reply_cut_in_a_record_still_says_that_it_is_truncated() {
        let name = parse_name("www.example.test").unwrap();
        let mut bytes = encode(&name, RecordType::A, Recursion::No, PLAIN).unwrap().bytes;
        bytes[2] |= 0x86; // QR, AA, TC
        bytes[7] = 3; // three answers that are not there
        match decode(&name, RecordType::A, &bytes) {
            Decoded::Reply(reply) => {
                assert!(reply.header.truncated && reply.header.authoritative);
                assert_eq!(reply.header.answers, 3);
            }
            other => panic!("{other:?}"),
        }
        bytes[2] &= !0x02;
        assert!(matches!(decode(&name, RecordType::A, &bytes), Decoded::Malformed(_)));
    }

    #[test]
    fn a_reply_to_another_question_is_not_ours() {
        let name = parse_name("www.example.test").unwrap();
        let mut bytes = encode(&name, RecordType::A, Recursion::No, PLAIN).unwrap().bytes;
        let query = EncodedQuery { bytes: bytes.clone() };
        assert!(why_not(&query, &bytes).is_some(), "a question is no reply");
        bytes[2] |= 0x80;
        assert!(why_not(&query, &bytes).is_none());
        assert!(matches!(decode(&name, RecordType::A, &bytes), Decoded::Reply(_)));
        assert!(matches!(decode(&name, RecordType::AAAA, &bytes), Decoded::NotOurs(Stray::WrongQuestion)));
        let other = parse_name("ww2.example.test").unwrap();
        assert!(matches!(decode(&other, RecordType::A, &bytes), Decoded::NotOurs(Stray::WrongQuestion)));
        let shouted = parse_name("WWW.EXAMPLE.TEST").unwrap();
        assert!(matches!(decode(&shouted, RecordType::A, &bytes), Decoded::Reply(_)));
        bytes[0] ^= 1;
        assert_eq!(why_not(&query, &bytes), Some(Stray::WrongId));
        bytes[0] ^= 1;
        bytes[2] |= 0x20; // NOTIFY
        assert_eq!(why_not(&query, &bytes), Some(Stray::WrongOperation));
        assert_eq!(why_not(&query, &bytes[..11]), Some(Stray::NotAReply));
        // Without a question: only error codes that a server may send before it could read it.
        let mut bare = bytes[..12].to_vec();
        bare[5] = 0;
        assert!(matches!(decode(&name, RecordType::A, &bare), Decoded::NotOurs(Stray::NoQuestion)));
        bare[3] = 1;
        assert!(matches!(decode(&name, RecordType::A, &bare), Decoded::Reply(_)));
    }
}
