//! The report for people.
//!
//! The verdict, the waterfall on one time axis, one line of evidence a stage, what the machine's
//! own resolver said (not counted), what is wrong or slow. With `-v` everything that was seen.
//! Readable in one colour, in UTF-8 and in ASCII, on 80 columns.

pub(super) mod addresses;
mod again;
mod alias;
mod arrival;
mod bar;
mod budgets;
mod compare;
mod diff;
mod dns;
pub(super) mod dnssec;
pub(super) mod evidence;
mod fact;
pub(super) mod findings;
mod headline;
mod ink;
mod ladder;
mod lines;
mod many;
mod page;
mod parties;
mod phase_ink;
mod repeat;
mod resources;
mod reuse;
pub(super) mod route;
mod scan;
mod section;
mod spark;
mod story;
mod survey;
pub(super) mod tcp_info;
mod topics;
mod tour;
mod trace;
mod verbose;
mod waterfall;

pub(super) use compare::compare;
pub(super) use diff::diff;
pub(super) use dns::dns;
pub(super) use lines::{dns_line, short};
pub(super) use many::{bad_line, line};
pub(super) use repeat::repeat;
pub use topics::{no_topic, topic_list, topics};
pub use tour::{tour_prompt, tour_question, tour_reading};
pub(super) use trace::{ladder_alone, page_alone, trace, waterfall_alone};

#[cfg(test)]
mod tests;
