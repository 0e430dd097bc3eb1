//! The page once more, without a network: the measured phases of each request, scheduled anew. So a mend can be tried
//! before anybody makes it: what is asked for earlier, later, or not at all.
//!
//! Only times that were measured are used; what a mend would change of them is said with the mend. A page that this
//! does not reproduce as it was measured has no such numbers.
//!
//! # Layout
//! - `model`: the requests as they are simulated; `measured`: made from a trace, with what `waited` tells; `mend`: changed
//! - `hosts`: connections; `run`: the time axis
//! - `simulation`: a measured page beside itself, mended
//! - `chain`: which requests decide the start of rendering, as measured

mod chain;
mod hosts;
mod measured;
mod mend;
mod model;
mod run;
mod simulation;
#[cfg(test)]
mod tests;
mod waited;

pub use self::chain::{Link, critical_chain};
pub use self::mend::Mend;
pub use self::simulation::{Outcome, Simulation};
