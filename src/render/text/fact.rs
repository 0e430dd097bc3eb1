//! A labelled line of evidence.

use super::ink::Ink;
use super::page::{Line, Page};
use crate::render::overview::Fact;

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

/// One that other forms tell, too.
pub(super) fn put_fact(page: &mut Page, told: &Fact) {
    let Fact { label, bad, strong, text, aside } = told;
    let mut body = page.line();
    body.push(Ink::Bad, strong).push(Ink::Plain, text).push(Ink::Faint, aside);
    fact(page, if *bad { Ink::Bad } else { Ink::Plain }, label, &body);
}
