//! What a response says of whom it came by and what it asks for: pure functions from its fields, and from the
//! beginning of a body, to facts.
//!
//! All of it is the word of whoever wrote the response: each fact names the fields that it rests on, and none
//! is measured here. Values are of any length and form: what cannot be read is left out, and what is kept of
//! one is bounded. Facts are made when they are asked for, after a run.
//!
//! # Layout
//! - `fields`: fields by name, cut to a bounded length
//! - `vendors`, `airports`, `cache_words`: the tables; `layers`, of `layer`: who stood between the client and the origin;
//!   `order`: in what order
//! - `error_codes`: the table of errors; `source`: who made one
//! - `parties`: whose hosts serve a page
//! - `page`: error pages that are known by their text
//! - `challenges`, `flow`, `tokens`: who has to say who he is, and how
//! - `habits`: what interfaces for programs say; `bodies`: what the beginning of a JSON body says
//! - `stored`: what a browser that comes back does with what it kept; `hsts`: whether it comes by https alone
//! - `security`: nosniff, a content policy, the flags of cookies
//! - `cors`: what a browser holds against a response to a page of another origin
//! - `alt_svc`: where else the origin may be had; `http3_offer`: who offers HTTP/3, and where QUIC heard nothing
//! - `fuzzing`: all of them on any bytes, for fuzzing
//! - `dates`: moments; `limits`: how much may be asked; `timing`: where the server's time went

mod airports;
mod alt_svc;
#[cfg(test)]
mod auth_tests;
mod bodies;
mod cache_words;
mod challenges;
mod cors;
mod dates;
mod error_codes;
mod fields;
mod flow;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod habits;
#[cfg(test)]
mod habits_tests;
pub mod hsts;
mod http3_offer;
mod layer;
mod layers;
mod limits;
#[cfg(test)]
mod limits_tests;
mod order;
mod page;
mod parties;
mod role;
mod security;
mod source;
mod stored;
#[cfg(test)]
mod tests;
mod timing;
mod tokens;
mod vendors;

use std::time::Duration;

use crate::trace::{BodySaid, Trace};

pub use self::alt_svc::{AltSvc, Alternative, alt_svc};
pub use self::cache_words::CacheResult;
pub use self::challenges::{Challenge, challenges};
pub use self::cors::{cors_line, refusal as cors_refusal};
pub use self::dates::{ClockOf, http_date, sent_date, spoken};
pub use self::flow::{Flow, FlowKind, flow};
pub use self::habits::{Deprecated, Habits, TraceId, habits, sent_caller, sent_trace, trace_ids};
pub use self::http3_offer::{OfferedBy, SILENCE, UnheardQuic, is_too_short, unheard_quic};
pub use self::layer::Layer;
pub use self::layers::layers;
pub use self::limits::{Limits, Quota, Retry, limits};
pub use self::page::page;
pub use self::parties::{HostShare, Party, hosts};
pub use self::role::{Confidence, Role};
pub use self::security::{ContentPolicy, CookieFlags, CookieRefusal, Security, security};
pub use self::source::{ErrorSource, Maker, error_source};
pub use self::stored::{StaleUse, Stored, Times, stored};
pub use self::timing::{Metric, Wait, metrics, round_trip, wait};

/// Reads what is not shown to anybody else, once the run is over: what was kept of bodies, which is gone then, and
/// tokens, of which only what may be told is noted.
pub fn note(trace: &mut Trace) {
    let started = trace.started_at;
    for request in &mut trace.requests {
        let here = started + Duration::from_micros(request.end.0);
        let tokens = tokens::tokens(request, here);
        let Some(http) = request.http.ran_mut() else { continue };
        http.tokens = tokens;
        let start = std::mem::take(&mut http.body.start);
        if !start.is_empty() {
            http.body.said = BodySaid {
                page: page(&start).filter(|_| http.status.is_some_and(|status| status >= 400)),
                problem: bodies::problem(&http.headers, &start),
                graphql: bodies::graphql(&http.headers, &start),
            };
        }
    }
}
