//! Stage 5: request and response.
//!
//! [`fetch()`] sends one request and reads its response to the end, in HTTP/1 by a small client of
//! our own and in HTTP/2 by the `h2` crate behind a tap. Every stamp is taken above TLS. It opens
//! no connection, follows no redirect and retries nothing: that is the caller's loop.
//!
//! # Layout
//! - `session`: a connection; `fetch`: one exchange on it; `scene`: what an exchange works from.
//! - `request`: what is sent, for both versions; `cookies`: which of those kept go along;
//!   `jar`: what is kept of those that responses set; `cookie_date`: until when.
//! - `upload`: its body, read while it is sent; `expect`: what that may wait for; `acks`: when it has arrived; `going`: all three together.
//! - `h1`, with `head`, `framing` and `chunked`: HTTP/1.
//! - `h2`, with `tap`, `frames`, `blocks`, `hpack` and `rules`: HTTP/2; `explain`: what ended it.
//! - `grpc`: what a call of gRPC adds to a request, and what its response says.
//! - `h3`, with `streams` and `qpack`: HTTP/3; `h3_course`: how far an exchange has come; `h3_control`: the server's own
//!   streams; `h3_fault`: what ended it.
//! - `link`: a connection of HTTP/1; `websocket`: what comes behind an upgrade, with `socket_key`.
//! - `body`: counting, decoding, saving; `events`: counting what comes in events; `decode`: content codings; `output`: the file of `-o`.
//! - `listener`: who hears of a response while it comes.
//! - `trace_context`: the trace that requests belong to; `redirect`: where a response sends us; `cors`: what a browser would do for a page of another origin.
//! - `fault`, with `words`: failures, worded; `fuzzing`: what the readers make of any bytes, for fuzzing.

mod acks;
mod blocks;
mod body;
mod chunked;
mod cookie_date;
mod cookies;
mod cors;
mod decode;
mod events;
mod exchange;
mod expect;
mod explain;
mod fault;
mod fetch;
mod frames;
mod framing;
#[cfg(any(test, fuzzing))]
#[path = "tests/fuzzing.rs"]
pub mod fuzzing;
mod going;
mod grpc;
mod h1;
mod h2;
mod h3;
mod h3_control;
mod h3_course;
mod h3_fault;
mod head;
mod hpack;
mod jar;
mod link;
mod listener;
mod output;
mod qpack;
mod redirect;
mod request;
mod rules;
mod scene;
mod session;
mod socket_key;
mod streams;
mod tap;
mod trace_context;
mod upload;
mod websocket;
mod words;

#[cfg(test)]
mod tests;

pub use self::cookies::for_url as cookie_field;
pub use self::cors::{Preflight, asked, judge, origin_of, stand};
pub use self::fetch::{Prepared, fetch, prepare};
pub use self::grpc::{body as grpc_body, is_health_check};
pub use self::jar::{drop_expired, take_cookies};
pub use self::listener::{Hears, Listener};
pub(crate) use self::qpack::{decode_fields, encode as encode_fields};
pub use self::request::{basic_credentials, is_idempotent, is_safe, validate_field, validate_method};
pub use self::scene::{Ask, MAX_INFORMATIONAL, OnBehalf};
pub use self::session::Session;
pub(crate) use self::socket_key::{accept, random};
pub(crate) use self::streams::{DATA, HEADERS, frame, opening, parse as parse_frame};
pub use self::trace_context::TraceContext;
pub use self::upload::Upload;
