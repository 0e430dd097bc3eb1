//! Any URL that may begin a login.
//!
//! `cargo +nightly fuzz run logins fuzz/corpus/logins fixtures/fuzz/logins`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::reading::fuzzing::read_logins(bytes) {
        panic!("{reason}");
    }
});
