//! Any text as a date.
//!
//! `cargo +nightly fuzz run dates fuzz/corpus/dates fixtures/fuzz/dates`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_dates(bytes) {
        panic!("{reason}");
    }
});
