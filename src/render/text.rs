//! The report for people.
//!
//! The verdict, the waterfall on one time axis, one line of evidence a stage, what the machine's
//! own resolver said (not counted), what is wrong or slow. With `-v` everything that was seen.
//! Readable in one colour, in UTF-8 and in ASCII, on 80 columns.

mod bar;
mod dns;
mod dnssec;
mod evidence;
mod findings;
mod headline;
mod ink;
mod lines;
mod page;
mod survey;
mod verbose;
mod waterfall;

use std::io::{self, Write};

use ink::Ink;
use page::Page;

use super::Style;
use crate::finding::{Finding, Verdict};
use crate::trace::Trace;

pub(super) use dns::dns;
pub(super) use lines::{dns_line, short};

/// Columns of the labels before evidence and findings.
const LABEL: usize = 10;

/// Writes the report of a trace.
pub(super) fn trace(
    trace: &Trace,
    findings: &[Finding],
    verdict: &Verdict,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(style);
    headline::put(&mut page, trace, verdict);
    waterfall::put(&mut page, trace, style.verbose);
    evidence::put(&mut page, trace, style.verbose);
    findings::put(&mut page, findings);
    if style.verbose {
        verbose::put(&mut page, trace);
    }
    out.write_all(page.into_text().as_bytes())
}

/// One line of evidence: what it speaks of, and what was seen.
fn fact(page: &mut Page, ink: Ink, label: &str, body: &page::Line) {
    let mut head = page.line();
    head.push(ink, label);
    head.pad_to(LABEL.max(head.width() + 1));
    page.wrap(head, body);
}

/// A line of evidence in plain ink.
fn fact_text(page: &mut Page, ink: Ink, label: &str, text: &str) {
    let mut body = page.line();
    body.push(Ink::Plain, text);
    fact(page, ink, label, &body);
}

#[cfg(test)]
mod tests;
