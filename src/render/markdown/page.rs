//! A page in a ticket: what came of it at once, its requests and its hosts folded away.

use std::fmt::Write as _;

use super::parts::{MOST, fenced, folded, more, put};
use crate::picture::Paged;
use crate::render::again_words;
use crate::render::escape::markdown as escaped;
use crate::render::page_words as words;
use crate::render::shorten::shorten;
use crate::trace::SecondVisit;
use crate::units;

/// Columns of a URL beyond which its middle is left out.
const LONGEST: usize = 120;

/// The numbers that a page is looked at for, and what they leave out.
pub(super) fn summary(page: &mut String, paged: &Paged<'_>) {
    let mut told = format!("**Page**: {}", escaped(&words::summary(paged)));
    if paged.failed() > 0 {
        let _ = write!(told, ", **{} failed**", paged.failed());
    }
    for (_, label, at) in words::marks(paged.page) {
        let _ = write!(told, "\n- {label} **{}**", words::time(at));
    }
    for ahead in words::ahead(paged) {
        let _ = write!(told, "\n- ahead: {}", escaped(&ahead));
    }
    for (number, why) in words::left_out(paged.page) {
        let _ = write!(told, "\n- not asked for: {number} {}", escaped(why));
    }
    if let Some(why) = paged.page.document.left {
        let _ = write!(told, "\n- the document was not looked through to its end: {}", escaped(why));
    }
    if let Some(visit) = &paged.page.again {
        let _ =
            write!(told, "\n- second visit: {} (not counted)", escaped(&again_words::summary(paged, visit)));
        for (number, fate) in again_words::fates(visit) {
            let _ = write!(told, "\n  - {number} {}", escaped(fate));
        }
    }
    put(page, &format!("{told}\n\n{}\n", escaped(&words::missing())));
}

/// The waterfall as it is drawn in text, and tables of requests and hosts.
pub(super) fn further(page: &mut String, paged: &Paged<'_>, drawing: &str) {
    folded(page, "Waterfall of the page", &fenced(drawing));
    let mut rows =
        "| # | request | kind | priority | blocks | status | bytes | start | time | asked for by |\n\
                    | ---: | --- | --- | --- | --- | --- | ---: | ---: | ---: | --- |"
            .to_owned();
    for (index, row) in paged.rows.iter().take(MOST).enumerate() {
        let _ = write!(
            rows,
            "\n| {index} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            escaped(&shorten(&row.hop.url.href, LONGEST, "...")),
            row.kind().as_str(),
            row.priority().as_str(),
            row.blocking().as_str(),
            escaped(&words::outcome(row)),
            units::bytes(row.bytes()),
            units::micros(row.hop.start.0),
            units::micros(row.micros()),
            escaped(&words::asked_by(paged, row))
        );
    }
    more(&mut rows, paged.rows.len());
    folded(page, "Requests of the page", &rows);
    let mut rows =
        "| host | requests | failed | bytes | connections |\n| --- | ---: | ---: | ---: | ---: |".to_owned();
    for host in paged.hosts.iter().take(MOST) {
        let bytes = units::bytes(host.bytes);
        let name = escaped(host.name);
        let _ = write!(
            rows,
            "\n| {name} | {} | {} | {bytes} | {} |",
            host.requests, host.failed, host.connections
        );
    }
    more(&mut rows, paged.hosts.len());
    folded(page, "Hosts of the page", &rows);
    if let Some(visit) = &paged.page.again {
        again(page, paged, visit);
    }
}

/// The second visit.
fn again(page: &mut String, paged: &Paged<'_>, visit: &SecondVisit) {
    let all = again_words::rows(paged, visit, true);
    let mut rows = "| request | asked by | status | bytes | before | time | why |\n\
                    | --- | --- | --- | ---: | ---: | ---: | --- |"
        .to_owned();
    for row in all.iter().take(MOST) {
        let _ = write!(
            rows,
            "\n| {} | {} | {} | {} | {} | {} | {} |",
            escaped(&shorten(&row.row.hop.url.href, LONGEST, "...")),
            row.by,
            escaped(&row.status),
            row.bytes.map(units::bytes).unwrap_or_default(),
            units::bytes(row.row.bytes()),
            row.micros.map(units::micros).unwrap_or_default(),
            escaped(&row.why)
        );
    }
    more(&mut rows, all.len());
    folded(page, "Second visit of the page", &rows);
}
