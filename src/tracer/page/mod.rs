//! A page: what its document asks for, fetched while that still streams, over the stages of a trace.
//!
//! # Layout
//! - `engine`: who drives it: what was heard becomes requests, and requests become a page.
//! - `inbox`: what responses say while they come.
//! - `state`: what is known of the page so far; `hosts`: its connections.
//! - `fetch`: one request of it; `ask`: what that says of itself.
//! - `ahead`: what is done for hints; `late`: connections and who gets them, by HTTP/1.1, in a `slot`.
//! - `again`: its second visit, of `revisit`: what of the first leads to what.
//! - `ride`: connections that are good for several hosts, by `covers`; `secured`: https in place of http.
//! - `settle`: the tables of the page become those of the trace.

mod again;
mod ahead;
mod ask;
mod covers;
mod engine;
mod fetch;
mod hosts;
mod inbox;
mod late;
mod numbers;
mod revisit;
mod ride;
mod secured;
mod settle;
mod slot;
mod state;

pub(super) use self::engine::Engine;
