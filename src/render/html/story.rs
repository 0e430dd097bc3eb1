//! The run told as a story, a step each; what it tells is [`crate::story`]'s.

use super::markup::Page;
use crate::story::Paragraph;

pub(super) fn put(page: &mut Page, story: &[Paragraph]) {
    if story.is_empty() {
        return;
    }
    page.raw("<section id=\"story\" class=\"story\">\n<details open>\n<summary><h2>The story of this run</h2></summary>\n");
    for Paragraph { heading, text, standards, try_command } in story {
        page.element("<h3>", heading, "</h3>\n").element("<p>", text, "</p>\n");
        if !standards.is_empty() {
            page.element("<p class=\"note\">", &standards.join("; "), "</p>\n");
        }
        if !try_command.is_empty() {
            page.element("<p class=\"note\">Try: <code>", try_command, "</code></p>\n");
        }
    }
    page.raw("</details>\n</section>\n");
}
