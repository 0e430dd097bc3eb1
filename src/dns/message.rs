//! DNS messages: the question as it is sent, the reply as the walk reads it.
//!
//! The wire format itself is read and written by `hickory-proto`; here its message becomes a plain
//! [`Reply`] that the rest of the stage can judge without it. Nothing is sent and nothing is judged.

use std::net::IpAddr;

use hickory_resolver::proto::op::{Edns, Message, Query};
use hickory_resolver::proto::rr::rdata::opt::{EdnsOption, NSIDPayload};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record as WireRecord, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use super::lenient::read_message;
use super::presentation::{data_text, name_text};
use super::service::Service;
use crate::trace::{Rcode, Record, RecordType, ReplyHeader, Stray};

/// The UDP size we offer: what fits an IPv6 path without fragments (DNS flag day 2020).
pub(super) const PAYLOAD: u16 = 1232;
/// The option code of extended DNS errors, RFC 8914 §2.
const EXTENDED_ERROR: u16 = 15;
/// The longest presentation of a name without its final dot, RFC 1035 §2.3.4.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Whether a resolver is asked to do the work (RD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recursion {
    /// RD=0: what you know yourself.
    No,
    /// RD=1: find out.
    Desired,
    /// RD=1 and CD=1: find out, and leave the judgement to the asker (RFC 4035 §3.2.2).
    Unchecked,
}

/// The form of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// With an OPT record (RFC 6891).
    pub(super) edns: bool,
    /// With DO in it: signatures are wanted (RFC 3225).
    pub(super) signatures: bool,
}

/// A question, encoded.
#[derive(Clone, Debug)]
pub(super) struct EncodedQuery {
    pub(super) bytes: Vec<u8>,
}

/// A reply, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) header: ReplyHeader,
    pub(super) answers: Vec<Rr>,
    pub(super) authorities: Vec<Rr>,
    pub(super) additionals: Vec<Rr>,
}

/// One record of class IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rr {
    pub(super) name: Name,
    pub(super) rtype: RecordType,
    pub(super) ttl: u32,
    pub(super) data: Data,
    /// The data as `dig` prints it.
    pub(super) text: String,
}

/// The data the walk itself has to understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    Address(IpAddr),
    Ns(Name),
    Cname(Name),
    Dname(Name),
    /// The SOA's last field, RFC 2308 §4.
    Soa {
        minimum: u32,
    },
    /// HTTPS, RFC 9460.
    Service(Box<Service>),
    Other,
}

impl Rr {
    /// The record as it stands in a trace.
    pub(super) fn record(&self) -> Record {
        Record { name: name_text(&self.name), rtype: self.rtype, ttl: self.ttl, data: self.text.clone() }
    }
}

/// Reads a host name; the final dot may be missing.
///
/// # Errors
/// Says which length rule of RFC 1035 §2.3.4 the name breaks.
pub(super) fn parse_name(text: &str) -> Result<Name, String> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    if bare.is_empty() {
        return if text == "." { Ok(Name::root()) } else { Err("the name is empty".to_owned()) };
    }
    if !text.is_ascii() {
        return Err(format!("{text} is not ASCII: internationalised names are asked in their xn-- form"));
    }
    if text.contains("://") {
        // It may hold secrets, and as a name the root servers would read them.
        return Err("it is a URL, not a name".to_owned());
    }
    printed_name(text)
}

/// Reads a name as [`name_text`](super::presentation::name_text) writes it, whatever bytes its labels have.
///
/// # Errors
/// Says which length rule of RFC 1035 §2.3.4 the name breaks.
pub(super) fn printed_name(text: &str) -> Result<Name, String> {
    if text == "." {
        return Ok(Name::root());
    }
    let bare = text.strip_suffix('.').unwrap_or(text);
    let labels = labels(bare)?;
    if let Some(label) = labels.iter().find(|label| label.len() > MAX_LABEL) {
        let shown = String::from_utf8_lossy(label);
        return Err(format!("the label {shown} has {} characters, {MAX_LABEL} are allowed", label.len()));
    }
    if labels.iter().any(Vec::is_empty) {
        return Err(format!("{text} has an empty label (two dots in a row, or one in front)"));
    }
    let length = labels.iter().map(|label| label.len() + 1).sum::<usize>() - 1;
    if length > MAX_NAME {
        return Err(format!("the name has {length} characters, {MAX_NAME} are allowed"));
    }
    Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|error| error.to_string())
}

/// The labels of a name as it is printed: `\.` is a dot inside a label, `\046` too (RFC 1035 §5.1).
fn labels(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut labels = vec![Vec::new()];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match first {
            b'.' => {
                labels.push(Vec::new());
                continue;
            }
            b'\\' => {
                let digits = rest.first_chunk::<3>().filter(|digits| digits.iter().all(u8::is_ascii_digit));
                let (value, length) = match digits {
                    Some(digits) => {
                        (digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')), 3)
                    }
                    None => (u16::from(*rest.first().ok_or("the name ends in a backslash")?), 1),
                };
                rest = &rest[length..];
                u8::try_from(value).map_err(|_| format!("\\{value} is no byte"))?
            }
            byte => *byte,
        };
        if let Some(label) = labels.last_mut() {
            label.push(byte);
        }
    }
    Ok(labels)
}

/// Encodes a question with a random id.
///
/// # Errors
/// A name that cannot be encoded; [`parse_name`] lets none through.
pub(super) fn encode(
    name: &Name,
    rtype: RecordType,
    recursion: Recursion,
    form: Form,
) -> Result<EncodedQuery, String> {
    let mut message = Message::query();
    message.metadata.recursion_desired = recursion != Recursion::No;
    message.metadata.checking_disabled = recursion == Recursion::Unchecked;
    // RFC 6840 §5.7: a resolver that validates is asked to say so.
    message.metadata.authentic_data = recursion == Recursion::Desired;
    let mut query = Query::query(name.clone(), WireType::from(rtype.0));
    query.set_query_class(DNSClass::IN);
    message.add_query(query);
    if form.edns {
        let mut opt = Edns::new();
        opt.set_version(0).set_max_payload(PAYLOAD).set_dnssec_ok(form.signatures);
        let nsid = NSIDPayload::new(Vec::new()).map_err(|error| error.to_string())?;
        opt.options_mut().insert(EdnsOption::NSID(nsid));
        message.edns = Some(opt);
    }
    let bytes = message.to_vec().map_err(|error| error.to_string())?;
    Ok(EncodedQuery { bytes })
}

/// Whether bytes from the network are a reply to this question, as far as the header tells: long
/// enough, same id, QR set, opcode QUERY. Anything else is somebody else's and the wait goes on.
pub(super) fn is_reply_to(query: &EncodedQuery, bytes: &[u8]) -> bool {
    why_not(query, bytes).is_none()
}

/// What makes bytes no reply to this question, as far as the header tells.
pub(super) fn why_not(query: &EncodedQuery, bytes: &[u8]) -> Option<Stray> {
    let (Some(head), Some(asked)) = (bytes.first_chunk::<12>(), query.bytes.first_chunk::<12>()) else {
        return Some(Stray::NotAReply);
    };
    if head[..2] != asked[..2] {
        Some(Stray::WrongId)
    } else if head[2] & 0x80 == 0 {
        Some(Stray::NotAReply)
    } else if head[2] & 0x78 != 0 {
        Some(Stray::WrongOperation)
    } else {
        None
    }
}

/// What decoding gave.
#[derive(Debug)]
pub(super) enum Decoded {
    /// A reply to our question.
    Reply(Box<Reply>),
    /// A reply to another question: to be dropped.
    OtherQuestion,
    /// It cannot be read.
    Malformed(String),
}

/// Decodes a reply for which [`is_reply_to`] holds.
pub(super) fn decode(name: &Name, rtype: RecordType, bytes: &[u8]) -> Decoded {
    // RFC 1035 knows one question a message; more would only make hickory reserve memory for them.
    if bytes.len() < 12 || u16::from_be_bytes([bytes[4], bytes[5]]) > 1 {
        return Decoded::Malformed("it has more than one question".to_owned());
    }
    let message = match read_message(bytes) {
        Ok(message) => message,
        Err(error) => return unreadable(bytes, &error.to_string()),
    };
    // FORMERR may come back without the question: the server could not read it.
    let asked = match message.queries.first() {
        Some(query) => {
            query.name == *name && u16::from(query.query_type) == rtype.0 && query.query_class == DNSClass::IN
        }
        None => {
            let rcode = u16::from(message.metadata.response_code);
            rcode == Rcode::FORMERR.0 || rcode == Rcode::NOTIMP.0 || rcode == Rcode::REFUSED.0
        }
    };
    if asked { Decoded::Reply(Box::new(plain(&message))) } else { Decoded::OtherQuestion }
}

/// A server that cuts a message in the middle of a record and sets TC has still said what counts:
/// ask by TCP.
fn unreadable(bytes: &[u8], error: &str) -> Decoded {
    if bytes[2] & 0x02 == 0 {
        let head: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
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
        RData::SOA(soa) => Data::Soa { minimum: soa.minimum },
        RData::HTTPS(https) => Data::Service(Box::new(Service::read(&https.0))),
        // hickory has no DNAME: it comes as opaque bytes, an uncompressed name (RFC 6672 §2.1).
        RData::Unknown { code: WireType::DNAME, rdata } => {
            Data::Dname(Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?)
        }
        _ => Data::Other,
    };
    // RFC 2181 §8: a TTL with its highest bit set counts as zero.
    let ttl = if record.ttl > i32::MAX.unsigned_abs() { 0 } else { record.ttl };
    let rtype = RecordType(u16::from(record.record_type()));
    Some(Rr { name: record.name.clone(), rtype, ttl, data, text: data_text(&record.data) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDNS: Form = Form { edns: true, signatures: false };
    const PLAIN: Form = Form { edns: false, signatures: false };

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
        assert!(!is_reply_to(&query, &bytes), "a question is no reply");
        bytes[2] |= 0x80;
        assert!(is_reply_to(&query, &bytes));
        assert!(matches!(decode(&name, RecordType::A, &bytes), Decoded::Reply(_)));
        assert!(matches!(decode(&name, RecordType::AAAA, &bytes), Decoded::OtherQuestion));
        let other = parse_name("ww2.example.test").unwrap();
        assert!(matches!(decode(&other, RecordType::A, &bytes), Decoded::OtherQuestion));
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
        assert!(matches!(decode(&name, RecordType::A, &bare), Decoded::OtherQuestion));
        bare[3] = 1;
        assert!(matches!(decode(&name, RecordType::A, &bare), Decoded::Reply(_)));
    }
}
