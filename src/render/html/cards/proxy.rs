//! The card of a proxy: what was asked of it and answered, and what it hides.

use super::table;
use crate::render::html::markup::Page;
use crate::render::proxy_words;
use crate::trace::Hop;
use crate::units;

pub(super) fn put(page: &mut Page, hop: &Hop<'_>) {
    let Some(proxy) = hop.proxy else { return };
    page.element("<p>", &proxy_words::proxy(proxy), ".</p>\n");
    if let Some(hidden) = proxy_words::behind(proxy, hop.connect.ran(), hop.url) {
        page.element("<p>", &hidden, ".</p>\n");
    }
    if !proxy.rounds.is_empty() {
        let rows = proxy.rounds.iter().map(|round| {
            [
                round.asked.clone(),
                units::duration(round.end.since(round.start)),
                round.answer.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        });
        table::columns(page, "Questions", ["asked", "took", "answer"], rows);
    }
}
