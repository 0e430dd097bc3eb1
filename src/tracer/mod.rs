//! A run: the stages of a request, over its redirects, to the trace.
//!
//! The stages know nothing of each other and of hops; here each gets what the one before it found. What
//! follows from a trace (phases, findings, words) is made elsewhere.
//!
//! # Layout
//! - `run`: [`Tracer`], what many runs share, and [`Run`], what belongs to one.
//! - `chain`: the requests of one run, from redirect to redirect.
//! - `page`: what the last response asks for, fetched beside it and behind it (`--page`).
//! - `cross`: requests of a page of another origin.
//! - `way`: a connection, by a proxy or without one.
//! - `connect`: from a URL to an open connection; `target`: whose; `endpoint`: where, of several;
//!   `upgrade`: from http to https by an HTTPS record (RFC 9460).
//! - `addresses`: every address of a host, when the trace has ended
//! - `opening`: what every way to a connection is handed; `by_tcp`: by TCP and TLS.
//! - `beside`: what is left for later when a connection is open.
//! - `until`: how far a request goes
//! - `assumed`: the scheme that was not typed, where it may be why a request failed.
//! - `quic`: the same by QUIC, for HTTP/3.
//! - `race`: QUIC and TCP side by side; the first is used.
//! - `proxied`: the same through a proxy; `means`: what that needs.
//! - `fast_open`: connections whose SYN carries data; `loss`: what the kernel learns late of it.
//! - `route`: the path to an address, after the trace.
//! - `resume`: a second connection to the same server, after the trace; `scan`: many, to see what it takes of TLS.
//! - `retry`: whether a request is sent once more, and when (`--retry`).
//! - `pool`: connections between two requests, by origin (RFC 9110 §7.3); `kept`: between two runs.
//! - `reuse`: the same request again on its connection, after the trace.
//! - `scene`: what all of these are handed.

mod addresses;
mod assumed;
mod beside;
mod by_tcp;
mod caa;
mod chain;
mod connect;
mod cross;
mod endpoint;
mod fast_open;
mod kept;
mod loss;
mod means;
mod opening;
mod page;
mod pool;
mod proxied;
mod quic;
mod race;
mod resend;
mod resume;
mod retry;
mod reuse;
mod route;
mod run;
mod scan;
mod scene;
mod target;
mod udp_check;
mod until;
mod upgrade;
mod way;

pub use self::run::{Run, Tracer, UNCOUNTED_GRACE};
pub use self::scene::OnStage;
