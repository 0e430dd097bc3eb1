//! Sites that answer now so, now so: what one run does not show, and many do. Nothing is left to chance: each request of
//! a lab finds the same as in every other lab.

use std::time::Duration;

use super::site::{Mood, Page};
use crate::lab::scenario::{BIMODAL, DRIFT, FLAPPING, SLOW_BACKEND};

/// How many moods there are.
pub(crate) const MOODS: usize = 4;
/// What drifts ends there.
const LATEST: u32 = 100;

/// The fields of the servers behind the pool.
const BACKENDS: [&[(&str, &str)]; 3] = [
    &[("cache-control", "max-age=60"), ("x-served-by", "web-1")],
    &[("cache-control", "max-age=60"), ("x-served-by", "web-2")],
    &[("cache-control", "max-age=60"), ("x-served-by", "web-3")],
];

impl Mood {
    /// Its place among all.
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The page as it is for a request, counted from 0.
    pub(super) fn page(self, page: Page, turn: u32) -> Page {
        let late = |by: Duration| Page { think: page.think + by, ..page };
        match self {
            Self::Flapping if turn % 3 == 2 => late(FLAPPING),
            Self::Bimodal if mixed(turn) % 5 < 2 => late(BIMODAL),
            Self::Drifting => late(DRIFT * turn.min(LATEST)),
            Self::Flapping | Self::Bimodal => page,
            Self::Pool => {
                let backend = mixed(turn) % 3;
                let page = if backend == 1 { late(SLOW_BACKEND) } else { page };
                // The remainder of three is a place among three.
                Page { fields: BACKENDS.get(backend as usize).copied().unwrap_or(page.fields), ..page }
            }
        }
    }
}

/// A number in no order; of the first it makes one that is not late anywhere.
const fn mixed(turn: u32) -> u32 {
    let mut mixed = turn.wrapping_add(SEED).wrapping_mul(0x9e37_79b1);
    mixed ^= mixed >> 15;
    mixed = mixed.wrapping_mul(0x85eb_ca6b);
    mixed ^ (mixed >> 13)
}

/// Where the mixing begins.
const SEED: u32 = 294;

#[cfg(test)]
mod tests {
    use super::super::site::PLAIN;
    use super::*;

    #[test]
    fn the_first_request_is_never_late_and_the_others_are_as_often_as_is_said() {
        let late = |mood: Mood, turns: u32| -> Vec<u32> {
            (0..turns).filter(|turn| mood.page(PLAIN, *turn).think > PLAIN.think).collect()
        };
        assert_eq!(late(Mood::Flapping, 9), [2, 5, 8]);
        for mood in [Mood::Bimodal, Mood::Pool] {
            let late = late(mood, 30);
            assert!((9..=15).contains(&late.len()) && late[0] > 0, "{mood:?}: {late:?}");
            // In no order: the steps between them differ.
            assert!(late.windows(2).any(|pair| pair[1] - pair[0] != late[1] - late[0]), "{mood:?}: {late:?}");
        }
        let think = |turn| Mood::Drifting.page(PLAIN, turn).think;
        assert_eq!((think(0), think(5), think(1_000)), (PLAIN.think, DRIFT * 5, DRIFT * LATEST));
    }
}
