//! Any messages as the evidence of DNSSEC: validating them neither panics nor hangs, and security does
//! not come out of nothing.
//!
//! `cargo +nightly fuzz run chains fuzz/corpus/chains fixtures/dns/chains`: new finds go to the first
//! folder, the second holds the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::dns::fuzzing::judge_chain(bytes) {
        panic!("{reason}");
    }
});
