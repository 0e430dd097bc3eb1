//! One card for each stage of each request: what was seen there, in words and in tables.

mod arrival;
mod badge;
mod certificates;
mod chain_of_trust;
mod connection;
mod exchange;
mod lookup;
mod proxy;
mod reuse;
mod scan;
pub(super) mod table;

use super::markup::Page;
use crate::render::text::evidence;
use crate::render::{quic_words, reading_words, request_words, scan_words, words};
use crate::trace::{Hop, Stage, Trace};

pub(super) fn put(page: &mut Page, trace: &Trace) {
    let number = trace.requests.len();
    let hops: Vec<Hop<'_>> = trace.hops().collect();
    for (index, hop) in hops.iter().enumerate() {
        page.raw("<section class=\"hop\" id=\"hop-").number(hop.id.0 as u64 + 1).raw("\">\n");
        if number > 1 {
            page.raw("<h2>Hop ").number(hop.id.0 as u64 + 1).element(
                ": <bdi>",
                &hop.url.href,
                "</bdi></h2>\n",
            );
        } else {
            page.raw("<h2>Stage by stage</h2>\n");
        }
        let reason = request_words::reason(&hops, index);
        if !reason.is_empty() {
            page.element("<p class=\"why\">", &reason, "</p>\n");
        }
        page.raw("<div class=\"cards\">\n");
        url(page, hop);
        stage(page, "DNS", "dns", hop.dns, lookup::put);
        match hop.reused {
            Some(earlier) => {
                open(page, "Connection", "connect");
                page.raw("<p>The open connection of hop ")
                    .number(earlier.0 as u64 + 1)
                    .raw(".</p>\n</section>\n");
            }
            None => {
                match quic_words::quic(hop) {
                    Some(line) => {
                        open(page, "QUIC", "connect");
                        page.element("<p>", &line, "</p>\n");
                        if let Some(connect) = hop.dialled() {
                            connection::path(page, connect);
                        }
                        page.raw("</section>\n");
                    }
                    None => stage(page, "TCP", "connect", hop.connect, connection::put),
                }
                if hop.proxy.is_some() {
                    open(page, "Proxy", "connect");
                    proxy::put(page, hop);
                    page.raw("</section>\n");
                }
                stage(page, "TLS", "tls", hop.tls, certificates::put);
            }
        }
        if let Some(why) = hop.request.scan_skipped {
            open(page, "TLS scan", "tls");
            page.element("<p class=\"none\">", &scan_words::skipped(why), ".</p>\n</section>\n");
        }
        stage(page, "HTTP", "wait", hop.http, |page, http| exchange::put(page, hop, http));
        let done = request_words::done(hop);
        if !done.is_empty() {
            open(page, "What was done about it", "wait");
            table::facts(page, &done);
            page.raw("</section>\n");
        }
        said(page, trace, hop);
        reuse::put(page, hop);
        page.raw("</div>\n</section>\n");
    }
}

fn open(page: &mut Page, title: &'static str, class: &'static str) {
    page.raw("<section class=\"card ").raw(class).raw("\">\n<h3>").raw(title).raw("</h3>\n");
}

/// What the response says of its way and of itself.
fn said(page: &mut Page, trace: &Trace, hop: &Hop<'_>) {
    let lines = reading_words::said(trace.started_at, hop);
    if !lines.is_empty() {
        open(page, "What the response says", "wait");
        let facts: Vec<_> = lines.into_iter().map(|line| (line.label, line.text)).collect();
        table::facts(page, &facts);
        page.raw("</section>\n");
    }
}

/// A card of a stage that ran, or why it did not.
fn stage<T>(
    page: &mut Page,
    title: &'static str,
    class: &'static str,
    stage: Stage<T>,
    put: impl FnOnce(&mut Page, T),
) {
    open(page, title, class);
    match stage {
        Stage::Ran(record) => put(page, record),
        Stage::Skipped(reason) => {
            page.element("<p class=\"none\">None: ", reason, ".</p>\n");
        }
        Stage::NotReached => {
            page.raw("<p class=\"none\">Not reached.</p>\n");
        }
    }
    page.raw("</section>\n");
}

fn url(page: &mut Page, hop: &Hop<'_>) {
    open(page, "URL", "url");
    page.element("<p>", &evidence::url(hop.url), "</p>\n");
    if !hop.url.changes.is_empty() {
        page.raw("<p>What a browser makes of what was typed:</p>\n<ul>\n");
        for change in &hop.url.changes {
            page.element("<li>", words::url_change(change.kind), ": <code>").text(&change.before);
            page.element("</code> becomes <code>", &change.after, "</code></li>\n");
        }
        page.raw("</ul>\n");
    }
    page.raw("</section>\n");
}
