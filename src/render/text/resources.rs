//! A page's requests on one time axis: a row for each, or for each host where there are many.

use std::collections::BTreeMap;

use super::bar::Axis;
use super::fact::{fact, fact_text};
use super::ink::Ink;
use super::page::{Line, Page};
use crate::page::critical_chain;
use crate::picture::{Paged, PagedRow};
use crate::render::json::MISSING;
use crate::render::page_words as words;
use crate::render::style::Charset;
use crate::timeline::Phase;
use crate::trace::{Blocking, Page as Model, Trace};
use crate::units::{self, count};

/// Rows up to which each request has its own.
const MOST_ROWS: usize = 25;
/// Hosts that are told without `-v`.
const MOST_HOSTS: usize = 10;
/// Columns of what stands before the bars: the name, and what is told of it.
const NAME: usize = 24;
const TOLD: usize = 29;
/// What stands beside the name where there is no room for more.
const NARROW: usize = 15;
/// Fewer columns than that are no picture.
const LEAST_BAR: usize = 10;
/// What is left out that a row of its own names with `-v`.
const MOST_LEFT: usize = 200;

/// Writes the section.
pub(super) fn put(page: &mut Page, trace: &Trace, model: &Model, verbose: bool) {
    let paged = Paged::of(trace, model, &[]);
    page.gap();
    summary(page, &paged, trace);
    super::parties::put(page, trace);
    page.gap();
    drawing(page, &paged, verbose);
    if paged.hosts.len() > 1 {
        page.gap();
        hosts(page, &paged, verbose);
    }
    page.gap();
    left(page, &paged, verbose);
    missing(page);
    if let Some(visit) = &model.again {
        super::again::put(page, &paged, visit, verbose);
    }
}

/// The rows by themselves.
pub(super) fn drawing(page: &mut Page, paged: &Paged<'_>, verbose: bool) {
    let cells = page.width().saturating_sub(NAME + TOLD + 1);
    let cells = if cells < LEAST_BAR { 0 } else { cells };
    let axis = Axis { total: paged.end.0, cells, charset: page.charset() };
    heading(page, axis);
    if paged.rows.len() <= MOST_ROWS || verbose {
        for row in &paged.rows {
            request(page, paged, row, axis);
            if verbose {
                about(page, paged, row);
            }
        }
    } else {
        folded(page, paged, axis);
    }
}

fn summary(page: &mut Page, paged: &Paged<'_>, trace: &Trace) {
    let mut line = page.line();
    line.push(Ink::Plain, words::summary(paged));
    let bad = paged.failed();
    if bad > 0 {
        line.push(Ink::Plain, ", ").push(Ink::Bad, format!("{bad} failed"));
    }
    fact(page, Ink::Strong, "page", &line);
    let mut marks = page.line();
    for (place, (class, label, at)) in words::marks(paged.page).into_iter().enumerate() {
        let ink = if class == "start-render" { Ink::Strong } else { Ink::Plain };
        marks.push(Ink::Faint, if place > 0 { ", " } else { "" });
        marks.push(Ink::Faint, format!("{label} ")).push(ink, words::time(at));
    }
    fact(page, Ink::Faint, "marks", &marks);
    chain(page, trace, paged);
}

/// Which requests the first paint waited for, each with its share.
fn chain(page: &mut Page, trace: &Trace, paged: &Paged<'_>) {
    let links = critical_chain(trace);
    if links.len() < 2 {
        return;
    }
    let leads_to = page.line().signs().leads_to;
    let mut line = page.line();
    for (place, link) in links.iter().enumerate() {
        let row = paged.rows.iter().find(|row| match (row.resource, link.resource) {
            (Some((id, _)), Some(wanted)) => id == wanted,
            (None, None) => row.hop.id == link.request,
            _ => false,
        });
        let Some(row) = row else { continue };
        if place > 0 {
            line.push(Ink::Faint, format!(" {leads_to} "));
        }
        line.push(Ink::Plain, words::name(row))
            .push(Ink::Plain, " ")
            .push(Ink::Strong, units::micros(link.share()));
    }
    fact(page, Ink::Faint, "waits for", &line);
}

/// Who asked for a request, and what else `-v` tells of it.
fn about(page: &mut Page, paged: &Paged<'_>, row: &PagedRow<'_>) {
    let mut told = vec![format!("by {}", words::asked_by(paged, row))];
    told.push(format!("connection {}", words::connection(row)));
    told.push(words::phases(row));
    told.extend(words::caching(row).map(|caching| format!("cache: {caching}")));
    told.extend(row.resource.and_then(|(_, resource)| resource.note.clone()));
    let (mut head, mut body) = (page.line(), page.line());
    head.push(Ink::Plain, "    ");
    body.push(Ink::Faint, told.join("; "));
    page.wrap(head, &body);
}

/// The hosts, each with what it was asked for.
fn hosts(page: &mut Page, paged: &Paged<'_>, verbose: bool) {
    let most = if verbose { usize::MAX } else { MOST_HOSTS };
    for (place, host) in paged.hosts.iter().take(most).enumerate() {
        let mut line = page.line();
        line.push(Ink::Plain, host.name).push(Ink::Faint, "  ");
        line.push(Ink::Faint, format!("{}, ", count(host.requests, "request")));
        line.push(Ink::Faint, format!("{}, ", units::bytes(host.bytes)));
        line.push(Ink::Faint, count(host.connections, "connection"));
        if host.failed > 0 {
            line.push(Ink::Faint, ", ").push(Ink::Bad, format!("{} failed", host.failed));
        }
        fact(page, Ink::Faint, if place == 0 { "hosts" } else { "" }, &line);
    }
    if paged.hosts.len() > most {
        fact_text(page, Ink::Faint, "", &format!("and {} more; -v has all", paged.hosts.len() - most));
    }
}

/// Whether there is room for names, kinds and times alone.
fn is_narrow(page: &Page) -> bool {
    page.width() <= NAME + TOLD
}

fn heading(page: &mut Page, axis: Axis) {
    if is_narrow(page) {
        return;
    }
    let mut line = page.line();
    // The signs before the rows, with what they say, as in the legend.
    line.column(Ink::Faint, "request !paint 'parser", NAME)
        .column(Ink::Faint, "kind", 5)
        .column(Ink::Faint, "prio", 5)
        .column(Ink::Faint, "status", 7)
        .right(Ink::Faint, "size", 5)
        .right(Ink::Faint, "ms", 6)
        .push(Ink::Plain, " ");
    let legend = legend(page.charset());
    // It may use the column that bars leave free.
    if legend.chars().count() <= axis.cells + 1 {
        line.push(Ink::Faint, legend);
    }
    page.put(line);
}

const fn legend(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => "┄queue ▒open ░wait █receive",
        Charset::Ascii => ".queue =open -wait #receive",
    }
}

fn request(page: &mut Page, paged: &Paged<'_>, row: &PagedRow<'_>, axis: Axis) {
    let ink = if row.is_bad() { Ink::Bad } else { Ink::Plain };
    let word = words::outcome(row);
    let mut line = page.line();
    let mark = match row.blocking() {
        Blocking::Render => "!",
        Blocking::Parser => "'",
        Blocking::None => " ",
    };
    if is_narrow(page) {
        let room = page.width() - NARROW;
        line.push(Ink::Warn, mark).column(ink, &words::name_among(paged, row), room).push(Ink::Plain, " ");
        line.column(ink, &word, 7).right(Ink::Plain, &milliseconds(row.micros()), 6);
        page.put(line);
        return;
    }
    line.push(Ink::Warn, mark).column(ink, &words::name_among(paged, row), NAME - 2).push(Ink::Plain, " ");
    line.column(Ink::Plain, row.kind().short(), 5)
        .column(Ink::Plain, words::priority(row.priority()), 5)
        .column(ink, &word, 7)
        .right(Ink::Plain, &size(row.bytes()), 5)
        .right(Ink::Plain, &milliseconds(row.micros()), 6)
        .push(Ink::Plain, " ");
    bar(&mut line, row, axis);
    page.put(line);
}

/// Bytes in five columns.
fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes}"),
        10_000..=9_999_999 => format!("{}k", bytes / 1000),
        _ => format!("{}M", bytes / 1_000_000),
    }
}

fn milliseconds(us: u64) -> String {
    match us {
        0..=9_999 => format!("{}.{}", us / 1000, us % 1000 / 100),
        _ => format!("{}", us / 1000),
    }
}

/// A request's phases on the axis: to each column the one that fills most of it.
fn bar(line: &mut Line, row: &PagedRow<'_>, axis: Axis) {
    if axis.cells == 0 || axis.total == 0 {
        return;
    }
    let column = |at: u64| at.min(axis.total) as u128 * axis.cells as u128 / axis.total as u128;
    let first = usize::try_from(column(row.hop.start.0)).unwrap_or_default().min(axis.cells - 1);
    let last = usize::try_from(column(row.hop.end.0)).unwrap_or_default().clamp(first + 1, axis.cells);
    line.push(Ink::Plain, " ".repeat(first));
    let edge = |cell: usize| {
        u64::try_from(cell as u128 * axis.total as u128 / axis.cells as u128).unwrap_or(u64::MAX)
    };
    for cell in first..last {
        let (from, to) = (edge(cell), edge(cell + 1));
        let overlap = |phase: Phase| {
            row.phases[phase].map_or(0, |(start, end)| end.0.min(to).saturating_sub(start.0.max(from)))
        };
        let most =
            Phase::ALL.into_iter().max_by_key(|phase| overlap(*phase)).filter(|phase| overlap(*phase) > 0);
        let (ink, sign) = most.map_or((Ink::Faint, ' '), |phase| sign(phase, axis.charset));
        // A request shorter than a column is still there.
        let sign = if last == first + 1 && sign == ' ' { sign_of_short(axis.charset) } else { sign };
        line.push(ink, sign.to_string());
    }
}

const fn sign_of_short(charset: Charset) -> char {
    match charset {
        Charset::Unicode => '▏',
        Charset::Ascii => '|',
    }
}

const fn sign(phase: Phase, charset: Charset) -> (Ink, char) {
    let (ink, unicode, ascii) = match phase {
        Phase::Queue => (Ink::Faint, '┄', '.'),
        Phase::Dns => (Ink::Dns, '▒', '='),
        Phase::Connect | Phase::Proxy | Phase::Quic => (Ink::Connect, '▒', '='),
        Phase::Tls => (Ink::Tls, '▒', '='),
        Phase::Send => (Ink::Send, '░', '-'),
        Phase::Wait => (Ink::Wait, '░', '-'),
        Phase::Receive => (Ink::Receive, '█', '#'),
    };
    match charset {
        Charset::Unicode => (ink, unicode),
        Charset::Ascii => (ink, ascii),
    }
}

/// What blocks and what failed row by row, all else by host.
fn folded(page: &mut Page, paged: &Paged<'_>, axis: Axis) {
    let (own, rest): (Vec<&PagedRow<'_>>, Vec<&PagedRow<'_>>) =
        paged.rows.iter().partition(|row| row.blocking() == Blocking::Render || row.is_bad());
    own.iter().take(MOST_ROWS).for_each(|row| request(page, paged, row, axis));
    let mut hosts: BTreeMap<usize, Vec<&PagedRow<'_>>> = BTreeMap::new();
    for row in rest.iter().chain(own.iter().skip(MOST_ROWS)) {
        hosts.entry(row.host).or_default().push(row);
    }
    for (host, rows) in &hosts {
        let host = paged.hosts.get(*host).map_or("", |host| host.name);
        let start = rows.iter().map(|row| row.hop.start.0).min().unwrap_or_default();
        let end = rows.iter().map(|row| row.hop.end.0).max().unwrap_or_default();
        let mut line = page.line();
        if is_narrow(page) {
            let room = page.width() - NARROW - 1;
            line.push(Ink::Plain, "+").column(Ink::Plain, host, room);
            line.push(Ink::Faint, count(rows.len(), "request"));
            page.put(line);
            continue;
        }
        line.push(Ink::Plain, "+")
            .column(Ink::Plain, host, NAME - 2)
            .push(Ink::Plain, " ")
            .column(Ink::Faint, &count(rows.len(), "request"), 17)
            .right(Ink::Plain, &size(rows.iter().map(|row| row.bytes()).sum()), 5)
            .right(Ink::Plain, &milliseconds(end - start), 6)
            .push(Ink::Plain, " ")
            .push(Ink::Faint, axis.bar(start, end, super::bar::Kind::Part));
        page.put(line);
    }
    let mut line = page.line();
    line.push(Ink::Faint, "folded by host, but for what blocks and what failed; -v has every request");
    page.wrap(page.line(), &line);
}

/// What was found and not asked for.
fn left(page: &mut Page, paged: &Paged<'_>, verbose: bool) {
    for (place, told) in words::ahead(paged).iter().enumerate() {
        fact_text(page, Ink::Faint, if place == 0 { "ahead" } else { "" }, told);
    }
    for (number, why) in words::left_out(paged.page) {
        fact_text(page, Ink::Faint, "not asked", &format!("{number} {why}"));
    }
    if verbose {
        for (resource, why) in words::each_left_out(paged.page).take(MOST_LEFT) {
            let mut head = page.line();
            head.push(Ink::Plain, "    ").column(Ink::Faint, why, 14).push(Ink::Plain, " ");
            let mut body = page.line();
            body.push(Ink::Plain, &resource.url);
            page.wrap(head, &body);
        }
    }
    if let Some(why) = paged.page.document.left {
        fact_text(
            page,
            Ink::Warn,
            "unread",
            &format!("the document was not looked through to its end: {why}"),
        );
    }
}

fn missing(page: &mut Page) {
    fact_text(page, Ink::Faint, "not seen", &MISSING.join("; "));
}
