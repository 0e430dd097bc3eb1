//! What the programs of the tests against real servers do when they start themselves again: they serve, and never
//! come back.

use crate::{origin, relay, thinker, web};

/// Plays the role that the arguments name; comes back where they name none.
pub(crate) fn play(arguments: &[String]) {
    match arguments {
        [role, address] if role == web::SLOW_ROLE => web::serve_slowly(address),
        [role, address] if role == origin::ROLE => origin::serve(address),
        [role, address] if role == thinker::ROLE => thinker::serve(address),
        [role, near, far, round_trip] if role == relay::ROLE => relay::serve([near, far], round_trip),
        _ => {}
    }
}
