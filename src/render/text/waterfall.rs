//! The waterfall: the rows of the picture on one time axis, with their durations and shares.

use unicode_width::UnicodeWidthStr;

use super::bar::{Axis, Kind};
use super::fact::LABEL;
use super::headline::push_status;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::phase_ink;
use crate::picture::{self, Standing, What};
use crate::render::request_words::reason;
use crate::render::shorten::shorten;
use crate::timeline::Phase;
use crate::trace::{Hop, Trace};
use crate::units;

const DURATION: usize = 8;
const SHARE: usize = 5;
/// Columns that a hop's URL gets at least.
const LEAST_URL: usize = 24;
/// Rows under one phase in a short report; `-v` shows all.
const PARTS: usize = 12;

pub(super) fn put(page: &mut Page, trace: &Trace, verbose: bool) {
    if trace.requests.is_empty() {
        return;
    }
    let rows = picture::rows(trace);
    let hops: Vec<Hop<'_>> = trace.hops().collect();
    let chain = hops.len() > 1;
    let drawing = Drawing { trace, rows: &rows, chain, verbose };
    let drawn: Vec<Vec<Row>> = hops.iter().map(|hop| drawing.hop(hop)).collect();

    // The label column is as wide as the labels need, within reason: the bars need the rest.
    let widest = drawn.iter().flatten().map(Row::label_width).max().unwrap_or(0);
    let label = widest.clamp(LABEL - 1, (page.width() * 3 / 10).max(LABEL));
    let before_bar = label + 1 + DURATION + 1 + SHARE + 2;
    let axis = Axis {
        total: micros(trace),
        cells: page.width().saturating_sub(before_bar),
        charset: page.charset(),
    };

    page.gap();
    let mut head = page.line();
    let total = units::duration(trace.total);
    head.pad_to(before_bar).push(Ink::Faint, "0");
    let gap = axis.cells.saturating_sub(1 + total.width());
    head.push(Ink::Plain, " ".repeat(gap)).push(Ink::Faint, total);
    page.put(head);
    for (index, rows) in drawn.iter().enumerate() {
        if chain {
            hop_head(page, &hops, index);
        }
        for row in rows {
            row.put(page, label, &axis);
        }
    }
    if chain {
        chain_total(page, trace, label);
    }
}

fn micros(trace: &Trace) -> u64 {
    u64::try_from(trace.total.as_micros()).unwrap_or(u64::MAX)
}

/// `2 https://shop.test/  308 Permanent Redirect  (http to https)`.
fn hop_head(page: &mut Page, hops: &[Hop<'_>], index: usize) {
    let hop = &hops[index];
    let mut facts = page.line();
    if let Some(status) = hop.http.ran().and_then(|http| http.status) {
        facts.push(Ink::Plain, "  ");
        push_status(&mut facts, status);
    }
    let why = reason(hops, index);
    if !why.is_empty() {
        facts.push(Ink::Faint, format!("  ({why})"));
    }
    if let Some(earlier) = hop.reused {
        facts.push(Ink::Faint, format!("  on connection {}", earlier.0 + 1));
    }
    let mut line = page.line();
    line.push(Ink::Faint, format!("{} ", index + 1));
    let mut url = page.line();
    url.push(Ink::Strong, &hop.url.href);
    let ellipsis = line.signs().ellipsis;
    // A URL of which nothing would be left goes on a line of its own.
    let beside = page.width().saturating_sub(line.width() + facts.width());
    let room = if beside < LEAST_URL { page.width() - line.width() } else { beside };
    line.push(Ink::Strong, shorten(&url.text(), room, ellipsis));
    if beside < LEAST_URL {
        page.put(line);
        page.wrap(page.line(), &facts);
    } else {
        line.append(facts);
        page.put(line);
    }
}

fn chain_total(page: &mut Page, trace: &Trace, label: usize) {
    let total = micros(trace);
    let redirects: u64 = trace.requests.split_last().map_or(0, |(_, before)| {
        before.iter().map(|request| request.end.0.saturating_sub(request.start.0)).sum()
    });
    let mut line = page.line();
    line.column(Ink::Strong, "chain", label + 1);
    line.right(Ink::Strong, &units::micros(total), DURATION).push(Ink::Plain, " ");
    line.right(Ink::Plain, &units::share(total, total), SHARE).push(Ink::Plain, "  ");
    let (requests, share) = (units::count(trace.requests.len(), "request"), units::share(redirects, total));
    let mut body = page.line();
    body.push(Ink::Plain, format!("{requests}; {share} went by before the last"));
    page.wrap(line, &body);
}

/// What the rows are made from.
struct Drawing<'a> {
    trace: &'a Trace,
    rows: &'a [picture::Row],
    chain: bool,
    verbose: bool,
}

impl Drawing<'_> {
    fn hop(&self, hop: &Hop<'_>) -> Vec<Row> {
        let mut drawn = Vec::new();
        let all = self.rows.iter().filter(|row| row.request == hop.id);
        for row in all.filter(|row| row.depth == usize::from(self.chain)) {
            match row.what {
                What::Phase(phase) => {
                    drawn.push(self.phase(row, phase_ink(phase)));
                    self.parts(row, phase, &mut drawn);
                }
                // In a chain that went well the line above has said why.
                What::Missing(_, reason) if !self.chain || hop.failure.is_some() => {
                    drawn.push(Row::note(row.depth, &row.label, reason.to_owned()));
                }
                What::Unaccounted(micros) => drawn.extend(self.unaccounted(row, micros, hop)),
                _ => {}
            }
        }
        drawn
    }

    fn phase(&self, phase: &picture::Row, ink: Ink) -> Row {
        let mut row = Row::new(phase, ink, Kind::Phase);
        row.share = units::share(phase.micros().unwrap_or(0), micros(self.trace));
        row
    }

    /// Only what would be a defect is worth a row.
    fn unaccounted(&self, unaccounted: &picture::Row, spent: u64, hop: &Hop<'_>) -> Option<Row> {
        let total = hop.end.0.saturating_sub(hop.start.0);
        let defect = spent > 200 && spent * 100 > total;
        (self.verbose || defect).then(|| {
            let mut row = Row::new(unaccounted, Ink::Faint, Kind::Uncounted);
            row.duration = Some(spent);
            row.share = units::share(spent, micros(self.trace));
            row
        })
    }

    fn parts(&self, whole: &picture::Row, phase: Phase, drawn: &mut Vec<Row>) {
        let all: Vec<&picture::Row> = self.rows.iter().filter(|row| row.parent == Some(whole.id)).collect();
        let shown = all.iter().filter(|row| self.is_shown(phase, row, all.len()));
        let mut parts: Vec<Row> = shown
            .map(|part| {
                let beside = matches!(part.standing, Standing::Uncounted | Standing::Lost);
                let (ink, kind) =
                    if beside { (Ink::Faint, Kind::Uncounted) } else { (phase_ink(phase), Kind::Part) };
                let mut row = Row::new(part, ink, kind);
                if matches!(part.standing, Standing::Won | Standing::Lost) {
                    row.share = part.standing.as_str().to_owned();
                }
                row
            })
            .collect();
        let hidden = if self.verbose { 0 } else { parts.len().saturating_sub(PARTS) };
        parts.truncate(parts.len() - hidden);
        drawn.append(&mut parts);
        if hidden > 0 {
            drawn.push(Row::note(whole.depth + 1, "", format!("and {hidden} more; -v shows all")));
        }
    }

    /// Whether a part deserves a row in this report.
    fn is_shown(&self, phase: Phase, part: &picture::Row, siblings: usize) -> bool {
        if self.verbose || part.standing == Standing::Failed {
            return true;
        }
        let worthy = match phase {
            Phase::Dns => part.standing != Standing::Uncounted,
            // The only attempt is the phase itself.
            Phase::Connect | Phase::Proxy => siblings > 1,
            Phase::Tls | Phase::Quic => false,
            Phase::Queue | Phase::Send | Phase::Wait | Phase::Receive => true,
        };
        let (start, end) = part.time.unwrap_or_default();
        // In a chain only what took a twentieth of it: it is long enough.
        worthy && (!self.chain || (end.0 - start.0).saturating_mul(20) >= micros(self.trace))
    }
}

/// One row.
struct Row {
    depth: usize,
    label: String,
    ink: Ink,
    kind: Kind,
    duration: Option<u64>,
    share: String,
    bar: Option<(u64, u64)>,
    failed: bool,
    /// A point in time: a mark without a duration.
    instant: bool,
    note: String,
}

impl Row {
    fn new(row: &picture::Row, ink: Ink, kind: Kind) -> Self {
        let duration = row.micros().filter(|micros| *micros > 0 || kind != Kind::Uncounted);
        Self {
            depth: row.depth,
            label: row.label.clone(),
            ink,
            kind,
            duration,
            share: String::new(),
            bar: row.time.map(|(start, end)| (start.0, end.0)),
            failed: row.standing == Standing::Failed,
            instant: row.is_instant(),
            note: String::new(),
        }
    }

    /// A row of words, without a bar.
    fn note(depth: usize, label: &str, note: String) -> Self {
        Self {
            depth,
            label: label.to_owned(),
            ink: Ink::Faint,
            kind: Kind::Uncounted,
            duration: None,
            share: String::new(),
            bar: None,
            failed: false,
            instant: false,
            note,
        }
    }

    fn label_width(&self) -> usize {
        self.depth * 2 + self.label.width() + if self.failed { 2 } else { 0 }
    }

    fn put(&self, page: &mut Page, label: usize, axis: &Axis) {
        let mut line = page.line();
        let ink = if self.failed { Ink::Bad } else { self.ink };
        let label_ink = if self.kind == Kind::Part && !self.failed { Ink::Plain } else { ink };
        let mark = if self.failed { line.signs().failed } else { "" };
        line.push(Ink::Plain, "  ".repeat(self.depth));
        let room = label.saturating_sub(line.width() + if self.failed { 2 } else { 0 });
        line.column(label_ink, &self.label, room.min(self.label.width()));
        if self.failed {
            line.push(Ink::Plain, " ").push(Ink::Bad, mark);
        }
        line.pad_to(label + 1);
        let duration = self.duration.map_or_else(|| "-".to_owned(), units::micros);
        let number = if self.kind == Kind::Phase { Ink::Plain } else { Ink::Faint };
        let blank = self.instant || self.label.is_empty();
        line.right(number, if blank { "" } else { &duration }, DURATION).push(Ink::Plain, " ");
        line.right(number, &self.share, SHARE).push(Ink::Plain, "  ");
        if let Some((start, end)) = self.bar {
            line.push(ink, axis.bar(start, end, self.kind));
        }
        if self.note.is_empty() {
            page.put(line);
        } else {
            let mut note = page.line();
            note.push(Ink::Faint, &self.note);
            page.wrap(line, &note);
        }
    }
}
