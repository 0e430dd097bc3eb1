//! The sections of `-v`: their titles, and the named facts in them.

use super::ink::Ink;
use super::page::Page;

/// The title of a section.
pub(super) fn title(page: &mut Page, ink: Ink, text: &str) {
    page.gap();
    let mut line = page.line();
    line.push(ink, text);
    page.put(line);
}

/// A named fact of a section.
pub(super) fn item(page: &mut Page, name: &str, text: &str) {
    let mut head = page.line();
    head.push(Ink::Plain, "    ").column(Ink::Faint, name, 10).push(Ink::Plain, " ");
    let mut body = page.line();
    body.push(Ink::Plain, text);
    page.wrap(head, &body);
}
