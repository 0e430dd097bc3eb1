//! Any value of Server-Timing.
//!
//! `cargo +nightly fuzz run timings fuzz/corpus/timings fixtures/fuzz/timings`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_timings(bytes) {
        panic!("{reason}");
    }
});
