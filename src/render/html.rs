//! One HTML page (WHATWG HTML) of a traced URL, of many runs, or of what was compared, that opens anywhere and asks nobody for anything.
//!
//! No script runs in it and none is needed; what it may do is said in its own policy (CSP 3). All that comes
//! from the network passes [`markup::Page`], which escapes it.

mod beside;
mod boxes;
mod cards;
mod document;
mod findings;
mod head;
mod markup;
mod overview;
mod paged;
mod repeat;
mod story;
mod waterfall;

pub(super) use beside::{compare, diff};
pub(super) use document::trace;
pub(super) use repeat::repeat;

#[cfg(test)]
mod tests;
