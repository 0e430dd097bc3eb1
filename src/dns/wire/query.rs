//! A query as bytes (RFC 1035 §4.1, EDNS by RFC 6891), and whether a message is the reply to it (RFC 5452 §9.1).

use hickory_resolver::proto::op::{Edns as OptRecord, Message, Query};
use hickory_resolver::proto::rr::rdata::opt::{EdnsOption, NSIDPayload};
use hickory_resolver::proto::rr::{DNSClass, Name, RecordType as WireType};

use crate::trace::{Edns, RecordType, Stray};

/// The UDP size we offer: what fits an IPv6 path without fragments (DNS flag day 2020).
pub(crate) const PAYLOAD: u16 = 1232;

/// Whether a resolver is asked to do the work (RD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recursion {
    /// RD=0: what you know yourself.
    No,
    /// RD=1: find out.
    Desired,
    /// RD=1 and CD=1: find out, and leave the judgement to the asker (RFC 4035 §3.2.2).
    Unchecked,
}

/// The form of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What of EDNS (RFC 6891).
    pub(crate) edns: Edns,
    /// With DO in it: signatures are wanted (RFC 3225).
    pub(crate) signatures: bool,
}

/// A question, encoded.
#[derive(Clone, Debug)]
pub(crate) struct EncodedQuery {
    pub(crate) bytes: Vec<u8>,
}

impl EncodedQuery {
    /// With its length in front, as on a stream (RFC 1035 §4.2.2).
    pub(crate) fn framed(&self) -> Vec<u8> {
        let length = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes()[..], &self.bytes].concat()
    }
}

/// Encodes a question with a random id.
///
/// # Errors
/// A name that cannot be encoded; [`parse_name`](super::name::parse_name) lets none through.
pub(crate) fn encode(
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
    if form.edns.is_some() {
        let mut opt = OptRecord::new();
        opt.set_version(0).set_max_payload(PAYLOAD).set_dnssec_ok(form.signatures);
        if form.edns == Edns::Full {
            let nsid = NSIDPayload::new(Vec::new()).map_err(|error| error.to_string())?;
            opt.options_mut().insert(EdnsOption::NSID(nsid));
        }
        message.edns = Some(opt);
    }
    let bytes = message.to_vec().map_err(|error| error.to_string())?;
    Ok(EncodedQuery { bytes })
}

/// What makes bytes from the network no reply to this question, as far as the header tells: a reply is long enough and has the
/// same id, QR set and the opcode QUERY. Anything else is somebody else's and the wait goes on.
pub(crate) fn why_not(query: &EncodedQuery, bytes: &[u8]) -> Option<Stray> {
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
