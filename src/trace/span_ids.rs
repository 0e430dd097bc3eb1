//! Ids of a distributed trace (W3C Trace Context section 3.2.2) that are made from others: those of its spans. Random
//! numbers are drawn elsewhere.

use sha2::{Digest as _, Sha256};

/// The id of a span that a request names as its caller: half of it is the random half, and half a digest of that and
/// of the trace, so that it is known again ([`is_caller`]) and one of somebody else's is not taken for it.
#[must_use]
pub fn caller(trace: [u8; 16], random: [u8; 4]) -> [u8; 8] {
    let [a, b, c, d] = random;
    let [w, x, y, z] = first(&[&trace, b"caller", &random]);
    // Zeros are no id.
    [a, b, c, d, w, x, y, z | 1]
}

/// Whether [`caller`] has made it.
#[must_use]
pub fn is_caller(trace: [u8; 16], id: [u8; 8]) -> bool {
    let [a, b, c, d, ..] = id;
    caller(trace, [a, b, c, d]) == id
}

/// The id of another span of a trace, by its number.
#[must_use]
pub fn numbered(trace: [u8; 16], number: u64) -> [u8; 8] {
    let mut id: [u8; 8] = first(&[&trace, b"span", &number.to_be_bytes()]);
    id[7] |= 1;
    id
}

/// The id of a trace that none was sent for, from what the run came to: another for each run, and the same whenever
/// that run is written.
#[must_use]
pub fn of_run(document: &[u8]) -> [u8; 16] {
    let mut id: [u8; 16] = first(&[document]);
    id[15] |= 1;
    id
}

/// The first bytes of a digest of all.
fn first<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    let mut bytes = [0; N];
    bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, digested)| *byte = digested);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_caller_is_known_in_its_own_trace_alone() {
        for random in [[0; 4], [1, 2, 3, 4], [255; 4]] {
            let id = caller([7; 16], random);
            assert!(is_caller([7; 16], id) && !is_caller([8; 16], id));
        }
        assert!(!is_caller([7; 16], [1; 8]) && !is_caller([7; 16], [0; 8]));
    }

    #[test]
    fn ids_differ_and_none_is_zero() {
        let ids: BTreeSet<_> = (0..1_000).map(|number| numbered([7; 16], number)).collect();
        assert!(ids.len() == 1_000 && !ids.contains(&[0; 8]));
        assert_ne!(of_run(b"one"), of_run(b"two"));
        assert_eq!(of_run(b"one"), of_run(b"one"));
    }
}
