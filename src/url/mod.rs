//! Stage 1: takes a URL apart, as the WHATWG URL standard does, and tells what it would silently
//! change. Touches no network and judges no host beyond its spelling.
//!
//! # Layout
//! - `parse`: the URL, or why it is none
//! - `typed`: the parts as typed; `changes`: what became of each
//! - `endpoint`: what is traced no further than its name, its port or its certificate
//! - `refused`: words for what no URL can be; `mistyped`: what is something else, and how it would be one
//! - `host`: its spellings

mod call;
mod changes;
mod endpoint;
mod host;
mod mistyped;
mod parse;
mod refused;
mod typed;

pub use self::parse::parse;
