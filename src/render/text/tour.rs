//! The words around the runs of the tour: question and command before, reading and point behind.

use std::io::{self, Write};

use super::ink::Ink;
use super::page::Page;
use crate::explain::tour::{STEPS, Step};
use crate::render::style::Style;

/// What a step asks, and the command that answers it.
///
/// # Errors
/// Only those of `out`.
pub fn tour_question(number: usize, step: &Step, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    let question = format!("Step {number} of {}: {}", STEPS.len(), step.question);
    paragraph(&mut page, "", Ink::Strong, &question);
    page.gap();
    paragraph(&mut page, "  ", Ink::Plain, &format!("urltrace {}", step.arguments));
    page.gap();
    out.write_all(page.into_text().as_bytes())
}

/// How its run is to be read, and what to take away.
///
/// # Errors
/// Only those of `out`.
pub fn tour_reading(step: &Step, code: u8, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    paragraph(&mut page, "Reading: ", Ink::Plain, &format!("{} (Exit code {code}.)", step.reading));
    paragraph(&mut page, "Point:   ", Ink::Strong, step.point);
    writeln!(out)?;
    out.write_all(page.into_text().as_bytes())?;
    writeln!(out)?;
    out.flush()
}

/// Where somebody says when to go on.
///
/// # Errors
/// Only those of `out`.
pub fn tour_prompt(out: &mut dyn Write) -> io::Result<()> {
    write!(out, "Enter: the next step; q: the end. ")?;
    out.flush()
}

fn paragraph(page: &mut Page, label: &str, ink: Ink, text: &str) {
    let (mut head, mut body) = (page.line(), page.line());
    head.push(Ink::Faint, label);
    body.push(ink, text);
    page.wrap(head, &body);
}
