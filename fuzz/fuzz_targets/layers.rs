//! Any response: who stood on the way, and who made an error.
//!
//! `cargo +nightly fuzz run layers fuzz/corpus/layers fixtures/fuzz/layers`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_layers(bytes) {
        panic!("{reason}");
    }
});
