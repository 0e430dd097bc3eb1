//! Any values of Set-Cookie.
//!
//! `cargo +nightly fuzz run cookies fuzz/corpus/cookies fixtures/fuzz/cookies`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::http::fuzzing::read_cookies(bytes) {
        panic!("{reason}");
    }
});
