//! The story of a run, set as text: a heading, a paragraph, where it is written down, what to try.
//!
//! What it tells is [`crate::story`]'s.

use super::ink::Ink;
use super::page::Page;
use crate::story::Paragraph;

/// Writes the paragraphs below each other.
pub(super) fn put(page: &mut Page, story: &[Paragraph]) {
    page.gap();
    let mut title = page.line();
    title.push(Ink::Strong, "The story of this run");
    page.put(title);
    for (number, Paragraph { heading, text, standards, try_command }) in story.iter().enumerate() {
        page.gap();
        let (mut label, mut body) = (page.line(), page.line());
        label.push(Ink::Plain, format!("{:>2}  ", number + 1));
        body.push(Ink::Strong, heading);
        page.wrap(label, &body);
        wrapped(page, "    ", Ink::Plain, text);
        wrapped(page, "    written down in: ", Ink::Faint, &standards.join(", "));
        wrapped(page, "    try: ", Ink::Plain, try_command);
    }
}

fn wrapped(page: &mut Page, label: &str, ink: Ink, text: &str) {
    let (mut head, mut body) = (page.line(), page.line());
    head.push(Ink::Faint, label);
    body.push(ink, text);
    page.wrap(head, &body);
}
