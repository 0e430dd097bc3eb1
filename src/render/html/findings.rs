//! What is wrong, slow or worth knowing.

use super::markup::Page;
use crate::finding::Finding;

pub(super) fn put(page: &mut Page, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    page.raw("<section id=\"findings\">\n<h2>Findings</h2>\n");
    for finding in findings {
        page.element("<article class=\"", finding.severity.as_str(), "\">\n<h3>");
        page.text(&finding.title).raw("</h3>\n");
        for (open, text) in [("<p>", &finding.detail), ("<p class=\"advice\">", &finding.advice)] {
            if !text.is_empty() {
                page.element(open, text, "</p>\n");
            }
        }
        page.element("<p class=\"id\"><code>", finding.id, "</code></p>\n</article>\n");
    }
    page.raw("</section>\n");
}
