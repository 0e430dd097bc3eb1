//! Every web site of the lab, from its tables.

use super::paged::PAGED;
use super::pages::PAGES;
use super::site::Site;
use super::speaking::SPEAKING;

/// Every site.
pub(crate) const SITES: &[Site] = &all::<{ PAGES.len() + SPEAKING.len() + PAGED.len() }>();

const fn all<const N: usize>() -> [Site; N] {
    let mut all = [PAGES[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < PAGES.len() {
            PAGES[at]
        } else if at < PAGES.len() + SPEAKING.len() {
            SPEAKING[at - PAGES.len()]
        } else {
            PAGED[at - PAGES.len() - SPEAKING.len()]
        };
        at += 1;
    }
    all
}
