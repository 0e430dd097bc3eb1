//! What a resolver says of its own validation: the AD bit (RFC 4035 §3.2.3, RFC 6840 §5.7).
//!
//! It is told, never believed: the bit comes unsigned over whatever lies between.

use crate::trace::{Meaning, Packet, Purpose};

/// Whether every answer of a lane has AD; `None` when there was none.
pub(crate) fn authenticated(packets: &[Packet], purpose: Purpose) -> Option<bool> {
    let answer = |packet: &&Packet| packet.purpose == purpose && is_answer(&packet.meaning);
    let replies: Vec<_> = packets.iter().filter(answer).filter_map(|packet| packet.reply.as_ref()).collect();
    (!replies.is_empty()).then(|| replies.iter().all(|reply| reply.authentic_data))
}

/// Whether a resolver has answered, be it by a no: a referral, or an alias alone, is no answer of one.
pub(crate) const fn is_answer(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Answer { .. } | Meaning::NoData(_) | Meaning::NxDomain(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Meaning, ReplyHeader, sample};

    fn packet(purpose: Purpose, authentic_data: bool, meaning: Meaning) -> Packet {
        let asked = sample::packet("", "192.0.2.53:53", 0, 1, meaning);
        let reply = Some(ReplyHeader { authentic_data, ..sample::header() });
        Packet { purpose, server_name: None, reply, ..asked }
    }

    #[test]
    fn all_useful_replies_of_the_lane_must_say_so() {
        let answer = || Meaning::Answer { records: Vec::new() };
        for (packets, expected) in [
            (vec![], None),
            (vec![packet(Purpose::Walk, true, answer())], None),
            (vec![packet(Purpose::Stub, true, Meaning::Refused)], None),
            (vec![packet(Purpose::Stub, true, answer())], Some(true)),
            (
                vec![packet(Purpose::Stub, true, answer()), packet(Purpose::Stub, false, answer())],
                Some(false),
            ),
            (
                vec![packet(Purpose::Stub, true, answer()), packet(Purpose::Resolver, false, answer())],
                Some(true),
            ),
        ] {
            assert_eq!(authenticated(&packets, Purpose::Stub), expected);
        }
    }
}
