//! Any markup and any stylesheet, in pieces of any size.
//!
//! `cargo +nightly fuzz run markup fuzz/corpus/markup fixtures/fuzz/markup`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::page::fuzzing::read_markup(bytes) {
        panic!("{reason}");
    }
});
