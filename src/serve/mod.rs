//! The probe server behind `urltrace serve`: what blackbox_exporter's users ask for, answered with traces.
//!
//! It speaks HTTP/1.1 by hyper on one thread, and probes on others, one probe a thread with a runtime of its own:
//! nothing runs beside a measured phase, and no target waits for another.
//!
//! # Layout
//! - `server`: sockets and signals; `connection`: how long a client may take; `room`: how many may come
//! - `web`: who may ask; `web_tls`: over which TLS; `routes`: what is answered to which request
//! - `desk`: who may have a thread for what takes long; `threads`: those threads
//! - `asked`: what a request for a probe says; `probe`: a probe, from its module to its trace
//! - `judge`: whether it was a success; `series`: its series by the names of blackbox_exporter,
//!   `names`: those of certificates as it writes them
//! - `exposition`: how series are written; `own`: the server's own
//! - `history`: the last probes; `state`: what all of these share

mod asked;
mod connection;
mod desk;
mod exposition;
mod history;
mod judge;
mod names;
mod own;
mod probe;
mod room;
mod routes;
mod series;
mod server;
mod state;
mod threads;
mod web;
mod web_tls;

pub use self::server::{ServeError, serve};
