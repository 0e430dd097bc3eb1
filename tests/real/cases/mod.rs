//! The tests, by what they look at.

mod world;

use crate::Test;

/// All of them, in the order they run.
pub(crate) fn all() -> impl Iterator<Item = Test> {
    [world::TESTS].into_iter().flatten().copied()
}
