//! What is wrong, slow or worth knowing, each with the rows of the waterfall that it rests on.

use super::markup::Page;
use crate::finding::{Finding, Severity};
use crate::picture::{Paged, Picture};
use crate::render::page_words;
use crate::render::text::findings::{saved, together};

pub(super) fn put(page: &mut Page, findings: &[Finding], picture: &Picture, paged: Option<&Paged<'_>>) {
    if findings.is_empty() {
        return;
    }
    page.raw("<section id=\"findings\">\n<h2>Findings</h2>\n");
    for (index, finding) in findings.iter().enumerate() {
        page.raw("<article id=\"finding-").number(index as u64 + 1).raw("\" class=\"finding ");
        page.text(finding.severity.as_str())
            .raw("\">\n<h3><span class=\"badge ")
            .raw(badge(finding.severity));
        page.element("\">", finding.severity.as_str(), "</span> ").text(&finding.title).raw("</h3>\n");
        let saving = finding.saving.as_ref().map(saved).unwrap_or_default();
        for (open, text) in [
            ("<p>", &finding.detail),
            ("<p class=\"advice\">", &finding.advice),
            ("<p class=\"saving\">", &saving),
        ] {
            if !text.is_empty() {
                page.element(open, text, "</p>\n");
            }
        }
        page.element("<p class=\"seen\"><code>", finding.id, "</code> ").text(finding.standard);
        for row in picture.rows.iter().filter(|row| row.findings.contains(&index)).take(8) {
            page.raw(" <a href=\"#row-")
                .number(row.id as u64)
                .raw("\">seen at ")
                .text(&row.label)
                .raw("</a>");
        }
        let requests = paged.iter().flat_map(|paged| paged.rows.iter().enumerate());
        for (place, row) in requests.filter(|(_, row)| row.findings.contains(&index)).take(8) {
            page.raw(" <a href=\"#request-").number(place as u64).raw("\">seen at ");
            page.text(&page_words::name(row)).raw("</a>");
        }
        page.raw("</p>\n</article>\n");
    }
    if let Some(text) = together(findings) {
        page.element("<p class=\"saving\">", &text, "</p>\n");
    }
    page.raw("</section>\n");
}

const fn badge(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Notice | Severity::Info => "plain",
    }
}
