//! Any text that may hold JSON Web Tokens.
//!
//! `cargo +nightly fuzz run tokens fuzz/corpus/tokens fixtures/fuzz/tokens`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_tokens(bytes) {
        panic!("{reason}");
    }
});
