//! Any Link, Allow, Deprecation, Sunset, Alt-Svc and names of requests.
//!
//! `cargo +nightly fuzz run habits fuzz/corpus/habits fixtures/fuzz/habits`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_habits(bytes) {
        panic!("{reason}");
    }
});
