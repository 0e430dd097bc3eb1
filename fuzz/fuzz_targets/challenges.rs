//! Any values of WWW-Authenticate.
//!
//! `cargo +nightly fuzz run challenges fuzz/corpus/challenges fixtures/fuzz/challenges`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_challenges(bytes) {
        panic!("{reason}");
    }
});
