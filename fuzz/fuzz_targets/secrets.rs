//! Any text that may hold secrets.
//!
//! `cargo +nightly fuzz run secrets fuzz/corpus/secrets fixtures/fuzz/secrets`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::redact::fuzzing::read_secrets(bytes) {
        panic!("{reason}");
    }
});
