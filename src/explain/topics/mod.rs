//! The encyclopedia: every term that a report can show, in topics that need no network.
//!
//! Texts only, beside this file, one `# NAME` after another; `parse` reads them when somebody asks, and
//! `lookup` finds what was asked for. How they are printed is `render`'s.

mod distance;
mod files;
mod lookup;
mod parse;

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;

pub use files::all;
pub use lookup::{Found, look_up};
pub use parse::Topic;
