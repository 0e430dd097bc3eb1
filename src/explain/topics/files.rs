//! The texts of the encyclopedia, read only when somebody asks. Their files lie beside this one; `build.rs`
//! has their order.

use super::parse::{self, Topic};
use crate::packed::TOPICS;

/// All topics, in the order of the files.
#[must_use]
pub fn all() -> Vec<Topic<'static>> {
    parse::topics(TOPICS.text())
}
