//! Any bytes as the reply of a name server: decoding and judging them neither panics nor hangs, and
//! no verdict leads outside the zone that was asked.
//!
//! `cargo +nightly fuzz run replies fuzz/corpus/replies fixtures/dns/replies`: new finds go to the
//! first folder, the second holds the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::dns::fuzzing::judge_as_asked(bytes) {
        panic!("{reason}");
    }
});
