//! A page: what its document needs next, without running scripts. Pure: no sockets, no clock; whoever fetches says
//! when bytes came.
//!
//! # Layout
//! - `discovery`: what markup, stylesheets and Link fields ask for, as the bytes arrive
//! - `found`: what was found, as it was written
//! - `priority`: how soon a browser wants it, and what waits for it
//! - `schedule`: what may start now
//! - `simulate`: a measured page once more, with a mend

mod discovery;
mod found;
mod priority;
mod schedule;
mod simulate;

pub use self::discovery::{Document, LinkSource, Sheet, links};
pub use self::found::{Cors, Found, Place, Wish};
pub use self::priority::{Placed, Ranks, place};
pub use self::schedule::{PER_HOST, Pending, Progress, Schedule, can_wait};
pub use self::simulate::{Link, Mend, Outcome, Simulation, critical_chain};
