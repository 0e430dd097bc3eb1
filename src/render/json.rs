//! The JSON document, schema `urltrace/1`.
//!
//! It is written from view structs of its own, never from the model, so that the model can change
//! and the document cannot by accident. The schema file is made from the same structs by a test. Within schema
//! 1 fields are only ever added.

mod again;
mod arrival;
mod auth;
mod budget;
mod compare;
mod connect;
mod cookies;
mod cors;
mod diff;
mod dns;
mod dnssec;
mod document;
mod failure;
mod finding;
mod further;
mod grpc;
mod harmless;
mod hop;
mod http;
mod layout;
mod live;
mod marks;
mod micros;
mod packet;
mod page;
mod parties;
mod phases;
mod pointer;
mod proxy;
mod quic;
mod reading;
mod record;
mod repeat;
mod resumption;
mod route;
mod scan;
mod schema;
mod security;
mod serializer;
mod service;
mod spread;
mod survey;
mod tls;
mod tls_caa;
mod tls_fault;
mod tls_status;
mod url;
mod whole;
mod write;
mod written;

pub(super) use layout::Lines;
pub(super) use page::MISSING;
pub use schema::schema_file;
pub(super) use write::{
    compare, compare_in_brief, diff, dns, error, hop, repeat, repeat_in_brief, trace, write,
};

#[cfg(test)]
mod tests;
