//! Tests of validation.

mod chain;
mod denial;
mod from_servers;
mod lab;
mod recheck;
mod recheck_faults;
mod rrsig;
mod validate;
mod zone;
