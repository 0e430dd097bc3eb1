//! The filter of a page's rows, by kind and by host: radio buttons, of which the style sheet knows what they show.

use super::super::markup::Page;
use crate::picture::Paged;
use crate::render::page_words::MOST_HOSTS;
use crate::trace::{Blocking, ResourceKind};

pub(super) fn put(page: &mut Page, paged: &Paged<'_>) {
    if paged.rows.len() < 2 {
        return;
    }
    page.raw("<div class=\"filter\">\n<fieldset>\n<legend>Show by kind</legend>\n");
    choice(page, ("kind", "all"), "all", paged.rows.len());
    for kind in ResourceKind::ALL {
        let number = paged.rows.iter().filter(|row| row.kind() == *kind).count();
        if number > 0 {
            choice(page, ("kind", kind.as_str()), kind.as_str(), number);
        }
    }
    let blocking = paged.rows.iter().filter(|row| row.blocking() == Blocking::Render).count();
    choice(page, ("kind", "blocking"), "blocks rendering", blocking);
    if paged.failed() > 0 {
        choice(page, ("kind", "bad"), "failed", paged.failed());
    }
    page.raw("</fieldset>\n");
    if paged.hosts.len() > 1 {
        page.raw("<fieldset>\n<legend>Show by host</legend>\n");
        choice(page, ("host", "all"), "all", paged.rows.len());
        for (place, host) in paged.hosts.iter().take(MOST_HOSTS).enumerate() {
            choice(page, ("host", &place.to_string()), host.name, host.requests);
        }
        let others: usize = paged.hosts.iter().skip(MOST_HOSTS).map(|host| host.requests).sum();
        if others > 0 {
            choice(page, ("host", &MOST_HOSTS.to_string()), "all others", others);
        }
        page.raw("</fieldset>\n");
    }
    page.raw("</div>\n");
}

/// One radio button with its label and how many rows it shows.
fn choice(page: &mut Page, (name, word): (&'static str, &str), label: &str, number: usize) {
    let id = format!("{name}-{word}");
    page.raw("<span class=\"choice\"><input type=\"radio\" name=\"").raw(name).raw("\" id=\"").text(&id);
    page.raw("\"").raw(if word == "all" { " checked" } else { "" }).raw("><label for=\"").text(&id);
    page.raw("\"><bdi>").text(label).raw("</bdi> <span class=\"count\">").number(number as u64);
    page.raw("</span></label></span>\n");
}
