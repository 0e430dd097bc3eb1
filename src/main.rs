//! The binary (work in progress).

fn main() {}
