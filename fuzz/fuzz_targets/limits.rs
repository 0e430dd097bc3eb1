//! Any fields of quotas and Retry-After.
//!
//! `cargo +nightly fuzz run limits fuzz/corpus/limits fixtures/fuzz/limits`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_limits(bytes) {
        panic!("{reason}");
    }
});
