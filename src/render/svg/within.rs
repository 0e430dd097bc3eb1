//! Where a picture stands, which decides what it brings along.

/// Where a picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// In a file of its own.
    File,
    /// In an HTML page.
    Page,
}
