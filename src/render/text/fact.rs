//! A labelled line of evidence.

use super::ink::Ink;
use super::page::{Line, Page};

/// Columns of the labels before evidence and findings.
pub(super) const LABEL: usize = 10;

/// One line of evidence: what it speaks of, and what was seen.
pub(super) fn fact(page: &mut Page, ink: Ink, label: &str, body: &Line) {
    let mut head = page.line();
    head.push(ink, label);
    head.pad_to(LABEL.max(head.width() + 1));
    page.wrap(head, body);
}

/// A line of evidence in plain ink.
pub(super) fn fact_text(page: &mut Page, ink: Ink, label: &str, text: &str) {
    let mut body = page.line();
    body.push(Ink::Plain, text);
    fact(page, ink, label, &body);
}
