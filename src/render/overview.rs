//! What is told of several runs at once, as pages and tickets lay it out: words, tables, facts.
//!
//! Nothing is escaped here: whoever writes them does that with everything.

/// What is told.
pub(super) struct Overview {
    /// What it is about: the URL, or the documents.
    pub(super) title: String,
    /// What it comes to.
    pub(super) conclusions: Vec<String>,
    /// Whether all of it failed.
    pub(super) failed: bool,
    /// How it was made.
    pub(super) about: Vec<String>,
    /// The times.
    pub(super) table: Table,
    /// What else there is to say.
    pub(super) facts: Vec<Fact>,
    /// What else stands in rows and columns.
    pub(super) further: Vec<Table>,
}

/// Rows and columns.
pub(super) struct Table {
    /// What it is called.
    pub(super) name: String,
    /// Above each column.
    pub(super) head: Vec<String>,
    /// As many cells as the head has.
    pub(super) rows: Vec<Vec<String>>,
    /// What stands behind the first column.
    pub(super) cells: Cells,
    /// What has to be known to read it.
    pub(super) note: String,
}

/// What stands in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// Numbers, which stand one above the other.
    Numbers,
    /// Words.
    Words,
}

/// Something that was seen, and what it speaks of.
pub(super) struct Fact {
    /// What it speaks of.
    pub(super) label: String,
    /// Whether it is a fault.
    pub(super) bad: bool,
    /// What of it is most to be seen, before the rest.
    pub(super) strong: String,
    /// What was seen.
    pub(super) text: String,
    /// What is known of it beside.
    pub(super) aside: String,
}

impl Fact {
    /// One that is no fault.
    pub(super) fn plain(label: &str, text: impl Into<String>) -> Self {
        Self {
            label: label.to_owned(),
            bad: false,
            strong: String::new(),
            text: text.into(),
            aside: String::new(),
        }
    }
}
