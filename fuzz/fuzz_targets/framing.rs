//! Any heads, chunks, frames of a WebSocket, events and messages of gRPC.
//!
//! `cargo +nightly fuzz run framing fuzz/corpus/framing fixtures/fuzz/framing`: new finds go to the first folder, the second holds
//! the committed seeds.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(reason) = urltrace::http::fuzzing::read_framing(bytes) {
        panic!("{reason}");
    }
});
