//! The whole page: its policy, its style, its sections in reading order, and the document for programs.

use std::io::{self, Write};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::markup::Page;
use super::{findings, head};
use crate::redact::Redacted;
use crate::render::json::{self, Lines};
use crate::report::TraceReport;

const STYLE: &str = include_str!("style.css");

/// Writes the page of a trace.
pub(crate) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    page.text(&BASE64.encode(&Sha256::digest(STYLE))).raw("'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.element("<title>", &head::title(&report.trace), "</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n");
    page.raw("<main>\n");
    head::put(&mut page, &report.trace, &report.verdict);
    findings::put(&mut page, &report.findings);
    page.raw("</main>\n<script type=\"application/json\" id=\"urltrace-json\">");
    let mut document = Vec::new();
    json::trace(report, Lines::One, &mut document)?;
    page.json(String::from_utf8_lossy(&document).trim_end());
    page.raw("</script>\n</body>\n</html>\n");
    out.write_all(page.into_text().as_bytes())
}
