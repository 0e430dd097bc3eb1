//! How spans are packed for a collector. Where they are sent is not known here.

/// What a body is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Nothing.
    None,
}
