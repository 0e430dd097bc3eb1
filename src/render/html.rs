//! One HTML page (WHATWG HTML) of a traced URL, that opens anywhere and asks nobody for anything.
//!
//! No script runs in it and none is needed; what it may do is said in its own policy (CSP 3). All that comes
//! from the network passes [`markup::Page`], which escapes it.

mod cards;
mod document;
mod findings;
mod head;
mod markup;
mod paged;
mod story;
mod waterfall;

pub(super) use document::trace;

#[cfg(test)]
mod tests;
