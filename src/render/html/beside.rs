//! The pages of several ways in turn, and of two saved documents: the table of their phases, and what was otherwise.

use std::io::{self, Write};

use super::document::{self, Inside};
use super::markup::Page;
use super::overview;
use crate::diff::Diff;
use crate::redact::Redacted;
use crate::render::json::{self, Lines};
use crate::render::overview::Overview;
use crate::render::{compare_words, compared, diff_words};
use crate::report::CompareReport;

/// Writes the page of several ways in turn.
pub(crate) fn compare(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    let told = compare_words::overview(report, &compared::paired(report));
    let page = page(&told);
    document::end(page, Inside::Brief, |document| json::compare_in_brief(report, document), out)
}

/// Writes the page of two saved documents.
pub(crate) fn diff(diff: &Redacted<Diff>, out: &mut dyn Write) -> io::Result<()> {
    let page = page(&diff_words::overview(diff));
    document::end(page, Inside::Whole, |document| json::diff(diff, Lines::One, document), out)
}

/// All of it, up to the footer.
fn page(told: &Overview) -> Page {
    let mut page = Page::default();
    document::begin(&mut page, &format!("{} compared", told.title), overview::STYLE);
    overview::head(&mut page, told, |_| {});
    page.raw("<main id=\"report\">\n");
    overview::put(&mut page, told);
    page.raw("</main>\n<footer>\n<p>By urltrace ").raw(env!("CARGO_PKG_VERSION")).raw(".</p>\n");
    page
}
