//! Replaced by the bench.
fn main() {}
