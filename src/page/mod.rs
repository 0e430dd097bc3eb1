//! A page: what its document needs next, without running scripts. Pure: no sockets, no clock; whoever fetches says
//! when bytes came.
//!
//! # Layout
//! - `discovery`: what markup, stylesheets and Link fields ask for, as the bytes arrive
//! - `found`: what was found, as it was written
//! - `terms`: what a document lays down for it: `policy` (CSP), `referrer`; `integrity`: whether it is what it should be
//! - `priority`: how soon a browser wants it, and what waits for it
//! - `schedule`: what may start now
//! - `simulate`: a measured page once more, with a mend
//! - `fuzzing`: what the readers make of any bytes, for fuzzing

mod discovery;
mod found;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod integrity;
mod policy;
mod priority;
mod referrer;
mod schedule;
mod simulate;
mod terms;

pub use self::discovery::{Document, LinkSource, Sheet, is_javascript, links};
pub use self::found::{Cors, Found, Place, Wish};
pub use self::integrity::{Checker, Fingerprint};
pub use self::priority::{Placed, Ranks, is_picture, place};
pub use self::referrer::ReferrerPolicy;
pub use self::schedule::{PER_HOST, Pending, Progress, Schedule, can_wait};
pub use self::simulate::{Link, Mend, Outcome, Simulation, critical_chain};
pub use self::terms::{Embedder, Terms};
