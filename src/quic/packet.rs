//! The headers of QUIC packets that anybody on the way can read (RFC 9000 §17, RFC 8999). Pure: bytes in, names
//! out; nothing is decrypted or trusted.

use crate::trace::PacketKind;

/// Packets of one datagram that are named at most.
const MOST: usize = 8;

/// What a datagram shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) packets: Vec<PacketKind>,
    /// Of a Version Negotiation packet.
    pub(super) versions: Option<Vec<u32>>,
}

/// Names the packets of a datagram.
pub(super) fn read(mut bytes: &[u8]) -> Shown {
    let mut shown = Shown::default();
    while !bytes.is_empty() && shown.packets.len() < MOST {
        let Some((kind, rest)) = one(bytes, &mut shown.versions) else {
            // Zeroes behind the last packet are padding of some senders.
            if bytes.iter().any(|byte| *byte != 0) {
                shown.packets.push(PacketKind::Unreadable);
            }
            break;
        };
        shown.packets.push(kind);
        bytes = rest;
    }
    shown
}

/// The first packet, and what is behind it.
fn one<'b>(bytes: &'b [u8], versions: &mut Option<Vec<u32>>) -> Option<(PacketKind, &'b [u8])> {
    const END: &[u8] = &[];
    let (&first, mut rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        // A short header has no length: its packet is the last. Its fixed bit may be anything (RFC 9287).
        return bytes.iter().any(|byte| *byte != 0).then_some((PacketKind::OneRtt, END));
    }
    let version = u32::from_be_bytes(*take(&mut rest, 4)?.first_chunk()?);
    for _ in ["destination", "source"] {
        let length = usize::from(*take(&mut rest, 1)?.first()?);
        take(&mut rest, length)?;
    }
    if version == 0 {
        let offered = rest.chunks_exact(4).filter_map(|four| Some(u32::from_be_bytes(*four.first_chunk()?)));
        *versions = Some(offered.take(32).collect());
        return Some((PacketKind::VersionNegotiation, END));
    }
    // Version 2 counts its types from another end (RFC 9369 §3.2).
    let kind = match first >> 4 & 3 {
        0 => PacketKind::Initial,
        1 => PacketKind::ZeroRtt,
        2 => PacketKind::Handshake,
        _ => return Some((PacketKind::Retry, END)),
    };
    if kind == PacketKind::Initial {
        let token = usize::try_from(varint(&mut rest)?).ok()?;
        take(&mut rest, token)?;
    }
    let length = usize::try_from(varint(&mut rest)?).ok()?;
    take(&mut rest, length)?;
    Some((kind, rest))
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// The number that bytes begin with (RFC 9000 §16), which are behind it then; `None` where it is not whole.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let first = *bytes.first()?;
    let taken = take(bytes, 1 << (first >> 6))?;
    let (head, tail) = taken.split_first()?;
    Some(tail.iter().fold(u64::from(head & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn long(kind: u8, version: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xc0 | kind << 4];
        bytes.extend(version.to_be_bytes());
        bytes.extend([2, 7, 7, 1, 9]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn coalesced_packets_are_named_in_their_order() {
        let mut bytes = long(0, 1, &[3, 1, 1, 1, 0x40, 5, 0, 0, 0, 0, 0]);
        bytes.extend(long(2, 1, &[2, 0, 0]));
        bytes.extend([0x45, 1, 2, 3]);
        let shown = read(&bytes);
        assert_eq!(shown.packets, [PacketKind::Initial, PacketKind::Handshake, PacketKind::OneRtt]);
        assert_eq!(shown.versions, None);
        bytes.truncate(bytes.len() - 4);
        bytes.extend([0; 900]);
        assert_eq!(
            read(&bytes).packets,
            [PacketKind::Initial, PacketKind::Handshake],
            "padding is no packet"
        );
    }

    #[test]
    fn a_retry_and_a_version_negotiation_are_the_last() {
        assert_eq!(read(&long(3, 1, &[1; 40])).packets, [PacketKind::Retry]);
        let shown = read(&long(0, 0, &[0x6b, 0x33, 0x43, 0xcf, 0, 0, 0, 1, 9]));
        assert_eq!(shown.packets, [PacketKind::VersionNegotiation]);
        assert_eq!(shown.versions, Some(vec![0x6b33_43cf, 1]));
    }

    #[test]
    fn what_claims_more_than_there_is_cannot_be_read() {
        for bad in [&b"HTTP/1.1 400"[..], &long(0, 1, &[0, 0x7f, 0xff, 1]), &[0x80], &[0xc0, 0, 0, 0, 1, 255]]
        {
            let shown = read(bad);
            assert!(
                matches!(shown.packets[..], [PacketKind::Unreadable | PacketKind::OneRtt]),
                "{bad:?} {shown:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes).packets.len() <= MOST);
        }
    }
}
