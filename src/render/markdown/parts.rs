//! What all of a ticket is written with: lines, parts that fold away, fences.

use std::fmt::Write as _;

use crate::render::escape;

/// Packets of a lookup and fields of a response that are told.
pub(super) const MOST: usize = 100;

/// A line that is the page's own.
pub(super) fn put(page: &mut String, line: &str) {
    page.push_str(line);
    page.push('\n');
}

/// A part that opens when its name is pressed. Its name is escaped; the blank lines make Markdown of the rest.
pub(super) fn folded(page: &mut String, name: &str, body: &str) {
    put(page, &format!("<details>\n<summary>{}</summary>\n\n{body}\n\n</details>\n", escape::markup(name)));
}

/// Text that stays as it is, between fences that are longer than any in it.
pub(super) fn fenced(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// How many rows a table has not.
pub(super) fn more(rows: &mut String, all: usize) {
    if all > MOST {
        let _ = write!(rows, "\n\nand {} more: the JSON document has all", all - MOST);
    }
}
