//! The rows of a trace's waterfall, in the order of drawing: spans, and what is told where none is.

use super::row::{Row, Standing, What};
use super::{label, packet_rows};
use crate::timeline::{self, NOT_REACHED, Phase, Phases, Span, Subject};
use crate::trace::{AttemptOutcome, Hop, RequestId, StageName, Trace};

/// The rows of a trace's waterfall.
#[must_use]
pub fn rows(trace: &Trace) -> Vec<Row> {
    let spans = timeline::spans(trace);
    let mut drawing = Drawing { spans: &spans, chain: trace.requests.len() > 1, rows: Vec::new() };
    for hop in trace.hops() {
        drawing.hop(&hop);
    }
    drawing.rows
}

struct Drawing<'t> {
    spans: &'t [Span],
    chain: bool,
    rows: Vec<Row>,
}

impl Drawing<'_> {
    fn hop(&mut self, hop: &Hop<'_>) {
        let phases = timeline::phases(hop);
        let reasons = timeline::reasons(hop);
        let failed = failed_phase(hop, &phases);
        let whole = self.spans.iter().find(|span| span.request == hop.id && span.subject == Subject::Request);
        let parent = whole.map(|span| {
            let standing = if hop.failure.is_some() { Standing::Failed } else { Standing::Counted };
            self.span(None, span, What::Request, None, span.name.clone(), standing)
        });
        for (phase, spent) in phases.spent.iter() {
            let own = |span: &&Span| span.request == hop.id && span.subject == Subject::Phase(phase);
            match (spent, self.spans.iter().find(own)) {
                (Some(_), Some(span)) => {
                    let standing = if failed == Some(phase) { Standing::Failed } else { Standing::Counted };
                    // The name of its span says what the wait is for.
                    let label = if phase == Phase::Queue { &*span.name } else { phase.as_str() };
                    let (what, label) = (What::Phase(phase), label.to_owned());
                    let row = self.span(parent, span, what, Some(phase), label, standing);
                    self.parts(hop, phase, span, row);
                }
                _ => self.missing(hop, phase, reasons[phase].unwrap_or_default(), parent),
            }
        }
        let unaccounted = What::Unaccounted(phases.unaccounted);
        self.plain(parent, hop.id, unaccounted, None, "unaccounted", Standing::Uncounted);
    }

    /// A phase that did not happen. Three rows for one stage that was not reached would say one thing
    /// three times, and what only some requests need is missed in none.
    fn missing(&mut self, hop: &Hop<'_>, phase: Phase, reason: &'static str, parent: Option<usize>) {
        let unreached_http = phase.stage() == StageName::Http && hop.http.ran().is_none();
        if matches!(phase, Phase::Connect | Phase::Tls) && hop.quic.is_some() {
            return;
        }
        if matches!(phase, Phase::Queue | Phase::Proxy | Phase::Quic)
            || unreached_http && phase != Phase::Send
        {
            return;
        }
        let http = phase.stage() == StageName::Http;
        let label = if unreached_http { "http" } else { phase.as_str() };
        let reason = if hop.failure.is_some() && http { NOT_REACHED } else { reason };
        let what = What::Missing(phase, reason);
        self.plain(parent, hop.id, what, Some(phase), label, Standing::Uncounted);
    }

    fn parts(&mut self, hop: &Hop<'_>, phase: Phase, whole: &Span, parent: usize) {
        let spans = self.spans;
        for span in spans.iter().filter(|span| span.parent == Some(whole.id)) {
            let what = What::Part(span.subject.clone());
            let standing = standing(hop, span);
            let row = self.span(Some(parent), span, what, Some(phase), span.name.clone(), standing);
            if let (Subject::Packets(packets), Some(lookup), Some(dns)) =
                (&span.subject, hop.request.lookup.ran(), hop.dns.ran())
            {
                for (id, standing) in packet_rows::of(dns, packets, standing == Standing::Uncounted) {
                    let (what, packet) = (What::Packet(lookup, id), &dns.packets[id.0]);
                    let label = label::question(packet);
                    let row = self.plain(Some(row), hop.id, what, Some(phase), label, standing);
                    self.rows[row].time = Some((packet.sent, packet.end));
                }
            }
        }
    }

    fn span(
        &mut self,
        parent: Option<usize>,
        span: &Span,
        what: What,
        phase: Option<Phase>,
        label: String,
        standing: Standing,
    ) -> usize {
        let row = self.plain(parent, span.request, what, phase, label, standing);
        (self.rows[row].time, self.rows[row].span) = (Some((span.start, span.end)), Some(span.id));
        row
    }

    /// A row without a time.
    fn plain(
        &mut self,
        parent: Option<usize>,
        request: RequestId,
        what: What,
        phase: Option<Phase>,
        label: impl Into<String>,
        standing: Standing,
    ) -> usize {
        let id = self.rows.len();
        // Without a row for the request its phases lie at the margin.
        let depth = match parent {
            Some(parent) => self.rows[parent].depth + 1,
            None => usize::from(self.chain && !matches!(what, What::Request)),
        };
        let label = label.into();
        let (time, span, findings) = (None, None, Vec::new());
        self.rows.push(Row {
            id,
            parent,
            depth,
            request,
            what,
            phase,
            label,
            time,
            standing,
            span,
            findings,
        });
        id
    }
}

fn standing(hop: &Hop<'_>, span: &Span) -> Standing {
    match span.subject {
        Subject::Abandoned(_) => Standing::Failed,
        Subject::ProxyRound(place) => {
            let round = hop.proxy.and_then(|proxy| proxy.rounds.get(place));
            let is_last = hop.proxy.is_some_and(|proxy| proxy.rounds.len() == place + 1);
            let failed =
                is_last && hop.failure.is_some() && hop.tls.ran().is_none() && hop.http.ran().is_none();
            if failed || round.is_some_and(|round| round.answer.is_none()) {
                Standing::Failed
            } else {
                Standing::Counted
            }
        }
        Subject::Attempt(place) => {
            let race = hop.connect.ran().or(hop.quic.and(hop.connection).map(|used| &used.tcp));
            let attempt = race.and_then(|race| race.attempt(place));
            match attempt.map(|attempt| &attempt.outcome) {
                Some(AttemptOutcome::Won) => Standing::Won,
                Some(AttemptOutcome::Lost) => Standing::Lost,
                _ => Standing::Failed,
            }
        }
        _ if span.counted => Standing::Counted,
        _ => Standing::Uncounted,
    }
}

/// The phase that a hop failed in.
fn failed_phase(hop: &Hop<'_>, phases: &Phases) -> Option<Phase> {
    match hop.failure?.stage {
        StageName::Url => None,
        StageName::Dns => Some(Phase::Dns),
        // A proxy that was connected to failed by itself.
        StageName::Tcp if phases.spent[Phase::Proxy].is_some() => Some(Phase::Proxy),
        StageName::Tcp | StageName::Tls if phases.spent[Phase::Quic].is_some() => Some(Phase::Quic),
        StageName::Tcp => Some(Phase::Connect),
        StageName::Tls => Some(Phase::Tls),
        StageName::Http => {
            let last = [Phase::Receive, Phase::Wait, Phase::Send];
            last.into_iter().find(|phase| phases.spent[*phase].is_some())
        }
    }
}
