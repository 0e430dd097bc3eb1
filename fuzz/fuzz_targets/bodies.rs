//! Any begin of a body: problem details, GraphQL, error pages.
//!
//! `cargo +nightly fuzz run bodies fuzz/corpus/bodies fixtures/fuzz/bodies`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_bodies(bytes) {
        panic!("{reason}");
    }
});
