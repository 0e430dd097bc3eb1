//! The waterfall: every span on one time axis, with its duration and its share.

use unicode_width::UnicodeWidthStr;

use super::bar::{Axis, Kind};
use super::fact::LABEL;
use super::headline::push_status;
use super::ink::Ink;
use super::page::Page;
use crate::render::words;
use crate::timeline::{self, NOT_REACHED, Phase, Phases, Span, Subject};
use crate::trace::{AttemptOutcome, Hop, StageName, Trace};
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
    let spans = timeline::spans(trace);
    let hops: Vec<Hop<'_>> = trace.hops().collect();
    let chain = hops.len() > 1;
    let drawing = Drawing { trace, spans: &spans, chain, verbose };
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
    line.push(Ink::Strong, super::page::shorten(&url.text(), room, ellipsis));
    if beside < LEAST_URL {
        page.put(line);
        page.wrap(page.line(), &facts);
    } else {
        line.append(facts);
        page.put(line);
    }
}

/// Why a hop happened: what the redirect before it changed.
fn reason(hops: &[Hop<'_>], index: usize) -> String {
    if hops[index].retry_of.is_some() {
        return "sent again".to_owned();
    }
    let before = index.checked_sub(1).and_then(|before| hops[before].http.ran()?.redirect.as_ref());
    before.map_or_else(String::new, |redirect| {
        words::redirect_changes(&redirect.changes, Some(hops[index].url.scheme.as_str()))
    })
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
    spans: &'a [Span],
    chain: bool,
    verbose: bool,
}

impl Drawing<'_> {
    fn hop(&self, hop: &Hop<'_>) -> Vec<Row> {
        let phases = timeline::phases(hop);
        let reasons = timeline::reasons(hop);
        let failed = failed_phase(hop, &phases);
        let mut rows = Vec::new();
        for (phase, us) in phases.spent.iter() {
            let Some(us) = *us else {
                rows.extend(self.missing(hop, phase, reasons[phase].unwrap_or_default()));
                continue;
            };
            let ink = ink(phase);
            let Some(span) = self.phase_span(hop, phase) else { continue };
            let depth = usize::from(self.chain);
            let mut row = Row::new(depth, phase.as_str(), ink, Kind::Phase, span.start.0, span.end.0);
            row.share = units::share(us, micros(self.trace));
            row.failed = failed == Some(phase);
            rows.push(row);
            self.parts(hop, phase, span, ink, &mut rows);
        }
        // Only what would be a defect is worth a row.
        let defect = phases.unaccounted > 200 && phases.unaccounted * 100 > phases.total;
        if self.verbose || defect {
            let mut row = Row::new(usize::from(self.chain), "unaccounted", Ink::Faint, Kind::Uncounted, 0, 0);
            row.duration = Some(phases.unaccounted);
            row.share = units::share(phases.unaccounted, micros(self.trace));
            row.bar = None;
            rows.push(row);
        }
        rows
    }

    /// The span of a phase of a hop.
    fn phase_span(&self, hop: &Hop<'_>, phase: Phase) -> Option<&Span> {
        self.spans.iter().find(|span| span.request == hop.id && span.subject == Subject::Phase(phase))
    }

    /// The row of a phase that did not happen, unless the line above has said why.
    fn missing(&self, hop: &Hop<'_>, phase: Phase, reason: &str) -> Option<Row> {
        let failed_here = hop.failure.is_some();
        let http = phase.stage() == StageName::Http;
        // Three rows for one stage that was not reached would say one thing three times, and what only
        // some requests need is missed in none.
        if self.chain && !failed_here
            || matches!(phase, Phase::Proxy | Phase::Quic)
            || http && hop.http.ran().is_none() && phase != Phase::Send
        {
            return None;
        }
        let label = if http && hop.http.ran().is_none() { "http" } else { phase.as_str() };
        let mut row = Row::new(usize::from(self.chain), label, Ink::Faint, Kind::Uncounted, 0, 0);
        row.bar = None;
        row.note = if failed_here && http { NOT_REACHED.to_owned() } else { reason.to_owned() };
        Some(row)
    }

    fn parts(&self, hop: &Hop<'_>, phase: Phase, whole: &Span, ink: Ink, rows: &mut Vec<Row>) {
        let depth = 1 + usize::from(self.chain);
        let mut parts: Vec<Row> = Vec::new();
        let all: Vec<&Span> = self.spans.iter().filter(|span| span.parent == Some(whole.id)).collect();
        for span in &all {
            let mut row = Row::new(depth, &span.name, ink, Kind::Part, span.start.0, span.end.0);
            // A point in time has a place and no length.
            if matches!(span.subject, Subject::Informational(_)) {
                row.duration = None;
                row.instant = true;
            }
            if !span.counted {
                (row.kind, row.ink) = (Kind::Uncounted, Ink::Faint);
            }
            row.failed = matches!(span.subject, Subject::Abandoned(_));
            if let Subject::Attempt(place) = span.subject {
                let outcome = hop.connect.ran().and_then(|connect| connect.attempts.get(place));
                match outcome.map(|attempt| &attempt.outcome) {
                    Some(AttemptOutcome::Won) => row.share = "won".to_owned(),
                    Some(AttemptOutcome::Lost) => row.share = "lost".to_owned(),
                    _ => row.failed = true,
                }
            }
            if self.is_shown(phase, span, &row, all.len()) {
                parts.push(row);
            }
        }
        let hidden = if self.verbose { 0 } else { parts.len().saturating_sub(PARTS) };
        parts.truncate(parts.len() - hidden);
        rows.append(&mut parts);
        if hidden > 0 {
            let mut row = Row::new(depth, "", Ink::Faint, Kind::Uncounted, 0, 0);
            row.bar = None;
            row.note = format!("and {hidden} more; -v shows all");
            rows.push(row);
        }
    }

    /// Whether a part deserves a row in this report.
    fn is_shown(&self, phase: Phase, span: &Span, row: &Row, siblings: usize) -> bool {
        if self.verbose || row.failed {
            return true;
        }
        let worthy = match phase {
            Phase::Dns => span.counted,
            // The only attempt is the phase itself.
            Phase::Connect | Phase::Proxy => siblings > 1,
            Phase::Tls | Phase::Quic => false,
            Phase::Send | Phase::Wait | Phase::Receive => true,
        };
        // In a chain only what took a twentieth of it: it is long enough.
        worthy && (!self.chain || (span.end.0 - span.start.0).saturating_mul(20) >= micros(self.trace))
    }
}

/// The phase that a hop failed in.
fn failed_phase(hop: &Hop<'_>, phases: &Phases) -> Option<Phase> {
    match hop.failure?.stage {
        StageName::Url => None,
        StageName::Dns => Some(Phase::Dns),
        StageName::Tcp => Some(Phase::Connect),
        StageName::Tls => Some(Phase::Tls),
        StageName::Http => {
            let last = [Phase::Receive, Phase::Wait, Phase::Send];
            last.into_iter().find(|phase| phases.spent[*phase].is_some())
        }
    }
}

const fn ink(phase: Phase) -> Ink {
    match phase {
        Phase::Dns => Ink::Dns,
        Phase::Connect | Phase::Proxy => Ink::Connect,
        Phase::Tls | Phase::Quic => Ink::Tls,
        Phase::Send => Ink::Send,
        Phase::Wait => Ink::Wait,
        Phase::Receive => Ink::Receive,
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
    fn new(depth: usize, label: &str, ink: Ink, kind: Kind, start: u64, end: u64) -> Self {
        Self {
            depth,
            label: label.to_owned(),
            ink,
            kind,
            duration: (end > start || kind != Kind::Uncounted).then_some(end - start),
            share: String::new(),
            bar: Some((start, end)),
            failed: false,
            instant: false,
            note: String::new(),
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
