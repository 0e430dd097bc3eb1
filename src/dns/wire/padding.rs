//! EDNS padding of queries (RFC 7830, RFC 8467), so that their length does not tell the name.
//!
//! Only where the transport encrypts: in the clear the name can be read anyway.

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;

use crate::dns::wire::query::EncodedQuery;
use crate::trace::Transport;

/// RFC 8467 §4.1: the length of a question is a multiple of this.
const BLOCK: usize = 128;

/// RFC 7830 §3.
const PADDING: u16 = 12;

/// Code and length of an option.
const OPTION_HEAD: usize = 4;

/// Pads a question, if the transport encrypts and the question has EDNS.
pub(crate) fn pad(query: &mut EncodedQuery, transport: Transport) {
    if !matches!(transport, Transport::Tls | Transport::Https | Transport::Quic) {
        return;
    }
    // It was encoded here: should it not be read, it goes as it is.
    let Ok(mut message) = Message::from_vec(&query.bytes) else { return };
    let Some(edns) = message.edns.as_mut() else { return };
    let missing = (query.bytes.len() + OPTION_HEAD).next_multiple_of(BLOCK) - query.bytes.len() - OPTION_HEAD;
    edns.options_mut().insert(EdnsOption::Unknown(PADDING, vec![0; missing]));
    if let Ok(bytes) = message.to_vec() {
        query.bytes = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;
    use crate::dns::wire::query::{Form, Recursion, encode};
    use crate::trace::Edns;
    use crate::trace::RecordType;

    #[test]
    fn questions_of_any_length_are_multiples_of_the_block_and_say_the_same() {
        for length in 1..=63 {
            let name = parse_name(&format!("{}.{}.Test", "a".repeat(length), "B".repeat(63))).unwrap();
            let form = Form { edns: Edns::Full, signatures: true };
            let plain = encode(&name, RecordType::A, Recursion::Desired, form).unwrap();
            let mut padded = plain.clone();
            pad(&mut padded, Transport::Tls);
            assert_eq!(padded.bytes.len() % 128, 0, "{length}");
            assert!(padded.bytes.len() - plain.bytes.len() < 128 + OPTION_HEAD);
            // All but the count of bytes in the OPT record is as before.
            let same = plain.bytes.len() - 2 - OPTION_HEAD;
            assert_eq!(padded.bytes[..same], plain.bytes[..same]);
            let message = Message::from_vec(&padded.bytes).unwrap();
            assert!(message.edns.unwrap().flags().dnssec_ok);
        }
    }

    #[test]
    fn in_the_clear_and_without_edns_nothing_is_padded() {
        let name = parse_name("www.example.test").unwrap();
        for (edns, transport) in
            [(Edns::Full, Transport::Tcp), (Edns::Full, Transport::Udp), (Edns::None, Transport::Tls)]
        {
            let form = Form { edns, signatures: false };
            let plain = encode(&name, RecordType::A, Recursion::Desired, form).unwrap();
            let mut same = plain.clone();
            pad(&mut same, transport);
            assert_eq!(same.bytes, plain.bytes);
        }
    }
}
