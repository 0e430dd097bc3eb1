//! Tests of the stage against scripted servers and the built-in internet.

mod batch;
mod broken;
mod classify;
mod configured;
mod connection;
mod dnssec;
mod endpoint;
mod failures;
mod family;
mod forms;
mod ground;
mod hostile;
mod iterate;
pub(crate) mod kit;
mod lanes;
mod odd_replies;
mod patience;
mod runs;
pub(crate) mod server;
mod service;
mod service_resolver;
mod slots;
mod special;
mod survey;
