//! Small tables: names and values, and columns under a heading.

use super::super::markup::Page;

/// Characters of a value that are shown; the document for programs has all.
const MOST: usize = 2_000;

/// Names and values, one below the other.
pub(crate) fn facts(page: &mut Page, facts: &[(&'static str, String)]) {
    page.raw("<dl>\n");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        page.raw("<dt>").raw(name).raw("</dt><dd>").text(&shortened(value)).raw("</dd>\n");
    }
    page.raw("</dl>\n");
}

/// A table that scrolls by itself where it is wider than its card.
pub(super) fn columns<const N: usize>(
    page: &mut Page,
    caption: &'static str,
    names: [&'static str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) {
    page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").raw(caption);
    page.raw("\">\n<table>\n<caption>").raw(caption).raw("</caption>\n<thead><tr>");
    for name in names {
        page.raw("<th scope=\"col\">").raw(name).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.raw("<tr>");
        for cell in row {
            page.element("<td>", &shortened(&cell), "</td>");
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
}

/// The beginning of what is too long for a page, and how long it is.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!("{}... ({} characters; the JSON has all)", &text[..end], text.chars().count())
        }
    }
}
