//! urltrace: everything that happens when a URL is typed, with true times.
//!
//! # Layout
//!
//! Data flows one way: arguments, plan, the five stages, the trace, findings, a renderer, bytes.
//!
//! - [`cli`]: arguments and environment; [`plan`]: the validated plan made of them
//! - [`trace`]: the model, plain data; [`clock`]: its only source of time; [`stop`]: what ends it early
//! - [`url`], [`dns`], [`tcp`], [`tls`], [`http`]: the stages, each a function from a part of the
//!   plan and the previous stage's result to a plain record and a live handle
//! - [`quic`]: tcp and tls in one, for HTTP/3
//! - [`tracer`]: a run of the stages, from redirect to redirect
//! - [`timeline`], [`finding`]: what follows from a trace: phases, spans, verdict, findings
//! - [`reading`]: what a response says of whom it came by and what it asks for
//! - [`picture`]: the rows of the waterfall and the arrows of the ladder diagram, drawn by every renderer
//! - [`runs`]: what follows from many runs of one URL; [`budget`]: what they may cost;
//!   [`check`]: a trace judged for Nagios and Icinga
//! - [`saved`]: saved documents, read back; [`diff`]: two of them beside each other
//! - [`report`]: what a report is made from; [`redact`]: takes the secrets out of it
//! - [`stream`]: a connection in the clear or over TLS, between [`tls`] and [`http`]
//! - `talk`: a conversation on an open connection, for probes of what is no HTTP
//! - `roots`: what the stages that speak TLS trust; [`alert`]: what TLS alerts mean; `fault`: the form of
//!   a failure that every stage uses
//! - [`render`]: text, JSON, HTML, SVG, Markdown and HAR; [`explain`]: the texts about status codes
//! - `packed`: the long texts that the build packed, for [`explain`], [`render`] and `suffix`: what of a host name
//!   is registered, by the Public Suffix List
//! - `export`: the files beside the report, each replaced whole or not at all
//! - [`units`], [`os`]: how numbers and the system's errors are worded; `timestamp`: when the kernel says that
//!   a packet came; `bursts`: in what bursts bytes do; `hosts`: the hosts file; [`nearest`]: the word that was meant
//! - [`serve`]: the probe server; [`modules`]: by what it probes
//! - [`lab`]: the built-in internet; [`app`]: the program around all of it; `signals`: what ends it from
//!   outside; [`exit`]: its exit codes

pub mod alert;
pub mod app;
pub mod budget;
mod bursts;
pub mod check;
pub mod cli;
pub mod clock;
pub mod diff;
pub mod dns;
pub mod exit;
pub mod explain;
mod export;
mod fault;
pub mod finding;
mod hosts;
pub mod http;
pub mod lab;
pub mod modules;
pub mod nearest;
pub mod os;
mod packed;
pub mod page;
pub mod picture;
pub mod plan;
pub mod proxy;
pub mod quic;
pub mod reading;
pub mod redact;
pub mod render;
pub mod report;
mod roots;
pub mod runs;
pub mod saved;
pub mod serve;
mod signals;
pub mod stop;
pub mod story;
pub mod stream;
mod suffix;
mod talk;
pub mod tcp;
pub mod timeline;
mod timestamp;
pub mod tls;
pub mod trace;
pub mod tracer;
pub mod units;
pub mod url;

pub use crate::tracer::Tracer;
