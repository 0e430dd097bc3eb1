//! A page's requests on one time axis: a row for each, or for each host where there are many.

use std::collections::BTreeMap;

use super::bar::Axis;
use super::fact::{fact, fact_text};
use super::ink::Ink;
use super::page::{Line, Page};
use crate::render::json::MISSING;
use crate::render::style::Charset;
use crate::timeline::{Phase, phase_bounds};
use crate::trace::{Blocking, Fate, Hop, Left, Page as Model, Priority, Resource, ResourceKind, Trace};
use crate::units::{self, count};

/// Rows up to which each request has its own.
const MOST_ROWS: usize = 25;
/// Columns of what stands before the bars: the name, and what is told of it.
const NAME: usize = 24;
const TOLD: usize = 29;
/// What stands beside the name where there is no room for more.
const NARROW: usize = 15;
/// Fewer columns than that are no picture.
const LEAST_BAR: usize = 10;
/// What is left out that a row of its own names with `-v`.
const MOST_LEFT: usize = 200;

/// A request, with what is told of it as a resource.
#[derive(Clone, Copy)]
struct Row<'a> {
    hop: Hop<'a>,
    resource: Option<&'a Resource>,
}

impl Row<'_> {
    fn kind(&self) -> ResourceKind {
        self.resource.map_or(ResourceKind::Document, |resource| resource.kind)
    }

    fn blocking(&self) -> Blocking {
        self.resource.map_or(Blocking::Render, |resource| resource.blocking)
    }

    fn is_bad(&self) -> bool {
        let status = self.hop.http.ran().and_then(|http| http.status);
        self.hop.failure.is_some() || status.is_some_and(|status| status >= 400)
    }

    fn bytes(&self) -> u64 {
        self.hop.http.ran().map_or(0, |http| http.body.wire_bytes + http.head_bytes)
    }

    fn host(&self) -> &str {
        &self.hop.url.host_ascii
    }
}

/// Writes the section.
pub(super) fn put(page: &mut Page, trace: &Trace, model: &Model, verbose: bool) {
    let chain = trace.hops().map(|hop| Row { hop, resource: None });
    let behind = model
        .requested()
        .filter_map(|(_, resource, id)| Some(Row { hop: trace.page_hop(id)?, resource: Some(resource) }));
    let rows: Vec<Row<'_>> = chain.chain(behind).collect();
    let end = rows.iter().map(|row| row.hop.end.0).max().unwrap_or_default();
    page.gap();
    summary(page, &rows, model, end);
    super::parties::put(page, trace);
    page.gap();
    let cells = page.width().saturating_sub(NAME + TOLD + 1);
    let axis = Axis { total: end, cells: if cells < LEAST_BAR { 0 } else { cells }, charset: page.charset() };
    heading(page, axis);
    if rows.len() <= MOST_ROWS || verbose {
        rows.iter().for_each(|row| request(page, row, axis));
    } else {
        folded(page, &rows, axis);
    }
    page.gap();
    left(page, model, verbose);
    missing(page);
}

fn summary(page: &mut Page, rows: &[Row<'_>], model: &Model, end: u64) {
    let hosts: std::collections::BTreeSet<&str> = rows.iter().map(Row::host).collect();
    let connections: std::collections::BTreeSet<usize> =
        rows.iter().filter_map(|row| row.hop.request.connection.ran()).map(|id| id.0).collect();
    let bytes: u64 = rows.iter().map(Row::bytes).sum();
    let bad = rows.iter().filter(|row| row.is_bad()).count();
    let mut line = page.line();
    line.push(Ink::Plain, format!("{} to {} on ", count(rows.len(), "request"), count(hosts.len(), "host")))
        .push(Ink::Plain, format!("{}, ", count(connections.len(), "connection")))
        .push(Ink::Plain, format!("{} in ", units::bytes(bytes)))
        .push(Ink::Strong, units::micros(end));
    if bad > 0 {
        line.push(Ink::Plain, ", ").push(Ink::Bad, format!("{bad} failed"));
    }
    fact(page, Ink::Strong, "page", &line);
    let at = |at: Option<crate::trace::At>| at.map_or_else(|| "unknown".to_owned(), |at| units::micros(at.0));
    let mut marks = page.line();
    marks
        .push(Ink::Faint, "first byte ")
        .push(Ink::Plain, at(model.marks.first_byte))
        .push(Ink::Faint, ", no paint before ")
        .push(Ink::Strong, at(model.marks.start_render))
        .push(Ink::Faint, ", static page ends ")
        .push(Ink::Plain, at(model.marks.end));
    fact(page, Ink::Faint, "marks", &marks);
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
    line.column(Ink::Faint, "request", NAME)
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

fn request(page: &mut Page, row: &Row<'_>, axis: Axis) {
    let status = row.hop.http.ran().and_then(|http| http.status);
    let ink = if row.is_bad() { Ink::Bad } else { Ink::Plain };
    let word = match (status, row.hop.failure) {
        (_, Some(failure)) if status.is_none() => failure.code.as_str().to_owned(),
        (Some(status), _) => format!("{status}"),
        _ => "-".to_owned(),
    };
    let mut line = page.line();
    let mark = match row.blocking() {
        Blocking::Render => "!",
        Blocking::Parser => "'",
        Blocking::None => " ",
    };
    if is_narrow(page) {
        let room = page.width() - NARROW;
        line.push(Ink::Warn, mark).column(ink, &name(row), room).push(Ink::Plain, " ");
        line.column(ink, &word, 7).right(Ink::Plain, &milliseconds(spent(row)), 6);
        page.put(line);
        return;
    }
    line.push(Ink::Warn, mark).column(ink, &name(row), NAME - 2).push(Ink::Plain, " ");
    line.column(Ink::Plain, row.kind().short(), 5)
        .column(Ink::Plain, priority(row), 5)
        .column(ink, &word, 7)
        .right(Ink::Plain, &size(row.bytes()), 5)
        .right(Ink::Plain, &milliseconds(spent(row)), 6)
        .push(Ink::Plain, " ");
    bar(&mut line, &row.hop, axis);
    page.put(line);
}

const fn spent(row: &Row<'_>) -> u64 {
    row.hop.end.0.saturating_sub(row.hop.start.0)
}

fn priority(row: &Row<'_>) -> &'static str {
    match row.resource.map_or(Priority::VeryHigh, |resource| resource.priority) {
        Priority::VeryHigh => "top",
        Priority::High => "high",
        Priority::Medium => "med",
        Priority::Low => "low",
        Priority::VeryLow => "idle",
    }
}

/// What a row is called: its file and its host, the end of both where room is short.
fn name(row: &Row<'_>) -> String {
    let url = row.hop.url;
    let file = url.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    match (row.resource, file) {
        (None, _) => url.host_ascii.clone(),
        (Some(_), "") => format!("{}/", url.host_ascii),
        (Some(_), file) => file.to_owned(),
    }
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
fn bar(line: &mut Line, hop: &Hop<'_>, axis: Axis) {
    if axis.cells == 0 || axis.total == 0 {
        return;
    }
    let bounds = phase_bounds(hop);
    let column = |at: u64| at.min(axis.total) as u128 * axis.cells as u128 / axis.total as u128;
    let first = usize::try_from(column(hop.start.0)).unwrap_or_default().min(axis.cells - 1);
    let last = usize::try_from(column(hop.end.0)).unwrap_or_default().clamp(first + 1, axis.cells);
    line.push(Ink::Plain, " ".repeat(first));
    let edge = |cell: usize| {
        u64::try_from(cell as u128 * axis.total as u128 / axis.cells as u128).unwrap_or(u64::MAX)
    };
    for cell in first..last {
        let (from, to) = (edge(cell), edge(cell + 1));
        let overlap = |phase: Phase| {
            bounds[phase].map_or(0, |(start, end)| end.0.min(to).saturating_sub(start.0.max(from)))
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
fn folded(page: &mut Page, rows: &[Row<'_>], axis: Axis) {
    let (own, rest): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.iter().partition(|row| row.blocking() == Blocking::Render || row.is_bad());
    own.iter().take(MOST_ROWS).for_each(|row| request(page, row, axis));
    let mut hosts: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rest.iter().chain(own.iter().skip(MOST_ROWS)) {
        hosts.entry(row.host()).or_default().push(row);
    }
    let mut hosts: Vec<(&str, Vec<&Row<'_>>)> = hosts.into_iter().collect();
    hosts.sort_by_key(|(_, rows)| rows.iter().map(|row| row.hop.start.0).min());
    for (host, rows) in hosts {
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
fn left(page: &mut Page, model: &Model, verbose: bool) {
    for why in Left::ALL {
        let number = model.left_for(*why);
        if number > 0 {
            reason(page, number, why.words());
        }
    }
    let stopped = model.resources.iter().filter(|resource| resource.fate == Fate::Unstarted).count();
    if stopped > 0 {
        reason(page, stopped, "the run ended before their turn");
    }
    if verbose {
        let all = model.resources.iter().filter_map(|resource| match resource.fate {
            Fate::Left(why) => Some((resource, why)),
            Fate::Requested(_) | Fate::Unstarted => None,
        });
        for (resource, why) in all.take(MOST_LEFT) {
            let mut head = page.line();
            head.push(Ink::Plain, "    ").column(Ink::Faint, why.as_str(), 14).push(Ink::Plain, " ");
            let mut body = page.line();
            body.push(Ink::Plain, &resource.url);
            page.wrap(head, &body);
        }
    }
    if let Some(why) = model.document.left {
        fact_text(
            page,
            Ink::Warn,
            "unread",
            &format!("the document was not looked through to its end: {why}"),
        );
    }
}

fn reason(page: &mut Page, number: usize, words: &str) {
    fact_text(page, Ink::Faint, "not asked", &format!("{number} {words}"));
}

fn missing(page: &mut Page) {
    fact_text(page, Ink::Faint, "not seen", &MISSING.join("; "));
}
