//! 0x20 encoding of QNAME (draft-vixie-dnsext-dns0x20): the case of letters as a second id, sent at random,
//! looked for in the reply, and taken out of it, so that nobody further on sees it.
//!
//! Nothing is judged here: a reply in another case is told as such, and the caller asks by TCP.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::Reply;
use crate::trace::Spelling;

/// The length of a DNS header.
const HEADER: usize = 12;

/// How a reply repeats the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// As it was asked, or not at all.
    Same,
    /// In another case: somebody who did not see it may have written it, or a careless server.
    OtherCase,
}

impl Spelling {
    /// The name spelled so, and how it came out: a name may have no letters to draw for, or the lot may be plain.
    pub(crate) fn of(self, name: &Name) -> (Name, Self) {
        let mut spelled = name.clone();
        if self == Self::Random {
            spelled.randomize_label_case();
        }
        let own = if spelled.eq_case(name) { Self::Plain } else { Self::Random };
        (spelled, own)
    }
}

/// Compares the reply's question with ours, then writes the plain name over it: names further on
/// that are compressed against the question come out in the plain case, too.
pub(crate) fn compare_and_restore(query: &[u8], reply: &mut [u8], plain: &Name) -> Echo {
    let wire: Vec<u8> = plain
        .iter()
        .flat_map(|label| {
            std::iter::once(u8::try_from(label.len()).unwrap_or(0)).chain(label.iter().copied())
        })
        .collect();
    let end = HEADER + wire.len();
    let has_question = reply.len() >= HEADER && reply[4..6] != [0, 0];
    let (Some(asked), Some(echoed), true) =
        (query.get(HEADER..end), reply.get_mut(HEADER..end), has_question)
    else {
        return Echo::Same;
    };
    if !asked.eq_ignore_ascii_case(echoed) {
        return Echo::Same; // another question altogether: decoding will say so
    }
    let echo = if asked == echoed { Echo::Same } else { Echo::OtherCase };
    echoed.copy_from_slice(&wire);
    echo
}

/// Owners that were written out in full.
pub(crate) fn restore_owners(reply: &mut Reply, plain: &Name) {
    let sections = [&mut reply.answers, &mut reply.authorities, &mut reply.additionals];
    for rr in sections.into_iter().flatten().filter(|rr| rr.name == *plain) {
        rr.name = plain.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::message::{Decoded, decode};
    use crate::dns::wire::name::name_text;
    use crate::dns::wire::name::parse_name;
    use crate::dns::wire::query::{Form, Recursion, encode};
    use crate::trace::{Edns, RecordType};

    const PLAIN: Form = Form { edns: Edns::None, signatures: false };

    #[test]
    fn letters_are_drawn_and_nothing_else_changes() {
        let name = parse_name("a-long-enough-name-0123456789.example.test").unwrap();
        assert!(Spelling::Plain.of(&name).0.eq_case(&name));
        let drawn: Vec<Name> = (0..8).map(|_| Spelling::Random.of(&name).0).collect();
        assert!(drawn.iter().all(|drawn| *drawn == name));
        // Thirty letters: the odds of eight draws without a change are nil.
        assert!(drawn.iter().any(|drawn| !drawn.eq_case(&name)));
    }

    #[test]
    fn a_reply_in_another_case_is_told_and_put_right() {
        let plain = parse_name("www.example.test").unwrap();
        let mixed = parse_name("wWw.exAmple.tEst").unwrap();
        let query = encode(&mixed, RecordType::A, Recursion::No, PLAIN).unwrap().bytes;
        let mut reply = query.clone();
        assert_eq!(compare_and_restore(&query, &mut reply, &plain), Echo::Same);
        let end = HEADER + 17;
        assert_eq!(&reply[HEADER..end], b"\x03www\x07example\x04test");
        // A server that lowers everything.
        assert_eq!(compare_and_restore(&query, &mut reply, &plain), Echo::OtherCase);
        let mut other = query.clone();
        other[HEADER + 1] = b'x';
        assert_eq!(compare_and_restore(&query, &mut other, &plain), Echo::Same);
        let mut bare = query[..HEADER].to_vec();
        bare[5] = 0;
        assert_eq!(compare_and_restore(&query, &mut bare, &plain), Echo::Same);
        assert_eq!(compare_and_restore(&query, &mut [], &plain), Echo::Same);
    }

    #[test]
    fn compressed_names_come_out_plain() {
        let plain = parse_name("www.example.test").unwrap();
        let mixed = parse_name("WWW.eXAMPLE.tesT").unwrap();
        let query = encode(&mixed, RecordType::A, Recursion::No, PLAIN).unwrap().bytes;
        let mut reply = query.clone();
        (reply[2], reply[7]) = (0x84, 1);
        // A CNAME at the question's name to `web` below the question's zone.
        reply.extend_from_slice(b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03web\xc0\x10");
        assert_eq!(compare_and_restore(&query, &mut reply, &plain), Echo::Same);
        let Decoded::Reply(reply) = decode(&plain, RecordType::A, &reply) else { panic!() };
        assert_eq!(name_text(&reply.answers[0].name), "www.example.test.");
        assert_eq!(reply.answers[0].text(), "web.example.test.");
    }
}
