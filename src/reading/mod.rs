//! What a response says of whom it came by and what it asks for: pure functions from its fields, and from the
//! beginning of a body, to facts.
//!
//! All of it is the word of whoever wrote the response: each fact names the fields that it rests on, and none
//! is measured here. Values are of any length and form: what cannot be read is left out, and what is kept of
//! one is bounded. Facts are made when they are asked for, after a run.
//!
//! # Layout
//! - `fields`: fields by name, cut to a bounded length
//! - `vendors`, `airports`, `cache_words`: the tables; `layers`: who stood between the client and the origin
//! - `error_codes`: the table of errors; `source`: who made one
//! - `page`: error pages that are known by their text

mod airports;
mod cache_words;
mod error_codes;
mod fields;
mod layers;
mod page;
mod role;
mod source;
#[cfg(test)]
mod tests;
mod vendors;

use crate::trace::{BodySaid, Trace};

pub use self::cache_words::CacheResult;
pub use self::layers::{Layer, layers};
pub use self::page::page;
pub use self::role::{Confidence, Role};
pub use self::source::{ErrorSource, Maker, error_source};

/// Reads what was kept of bodies, once the run is over, and keeps what they say in its place.
pub fn note(trace: &mut Trace) {
    for request in &mut trace.requests {
        let Some(http) = request.http.ran_mut() else { continue };
        let start = std::mem::take(&mut http.body.start);
        if !start.is_empty() {
            http.body.said = BodySaid { page: page(&start) };
        }
    }
}
