//! The waterfall as a table, with a bar in each row: who sees no bar reads the numbers, and on a narrow screen
//! the bar goes below its row.

use super::markup::Page;
use crate::finding::Finding;
use crate::picture::{Picture, Row, Standing, What};
use crate::render::text::evidence;
use crate::render::{attempt_words, proxy_words, quic_words, words};
use crate::timeline::{Phase, Subject};
use crate::trace::{Direction, Hop, Trace};
use crate::units;

/// Units that a bar's drawing is wide.
const WIDTH: u64 = 1000;
/// The least that can be seen.
const LEAST: u64 = 3;
/// Rows that a page has room for: the document for programs has all.
const MOST: usize = 400;

pub(super) fn put(
    page: &mut Page,
    heading: &'static str,
    trace: &Trace,
    picture: &Picture,
    findings: &[Finding],
) {
    if picture.rows.is_empty() {
        return;
    }
    let total = picture.end.0;
    page.raw("<section id=\"waterfall\">\n<h2>").raw(heading).raw("</h2>\n");
    page.raw(
        "<table class=\"waterfall\" role=\"table\">\n<caption>Each part of the run on one time axis of ",
    );
    page.text(&units::micros(total)).raw(". ");
    page.raw("Point at a row, or go to it with the Tab key, for its details.</caption>\n");
    page.raw("<thead role=\"rowgroup\">\n<tr role=\"row\"><th role=\"columnheader\" scope=\"col\">part</th>");
    page.raw(
        "<th role=\"columnheader\" scope=\"col\">start</th><th role=\"columnheader\" scope=\"col\">time</th>",
    );
    page.raw("<th role=\"columnheader\" scope=\"col\">share</th><th role=\"columnheader\" scope=\"col\" class=\"axis\">");
    axis(page, total);
    page.raw("</th></tr>\n</thead>\n<tbody role=\"rowgroup\">\n");
    let hops: Vec<Hop<'_>> = trace.hops().collect();
    for row in picture.rows.iter().filter(|row| is_shown(row, total)).take(MOST) {
        let Some(hop) = hops.get(row.request.0) else { continue };
        put_row(page, row, hop, total, findings);
    }
    let left = picture.rows.len().saturating_sub(MOST);
    page.raw("</tbody>\n</table>\n");
    if left > 0 {
        page.element("<p class=\"note\">And ", &units::count(left, "more row"), ": the JSON has all.</p>\n");
    }
    legend(page);
    page.raw("</section>\n");
}

/// Our own work is worth a row where it would be a defect.
fn is_shown(row: &Row, total: u64) -> bool {
    match row.what {
        What::Unaccounted(micros) => micros > 200 && micros.saturating_mul(100) > total,
        _ => true,
    }
}

/// Where the quarters of the axis lie.
fn axis(page: &mut Page, total: u64) {
    page.raw("<span class=\"ticks\">");
    for quarter in 0..=4 {
        page.element("<span>", &units::micros(total * quarter / 4), "</span>");
    }
    page.raw("</span>");
}

fn put_row(page: &mut Page, row: &Row, hop: &Hop<'_>, total: u64, findings: &[Finding]) {
    page.raw("<tr role=\"row\" tabindex=\"0\" id=\"row-").number(row.id as u64).raw("\" class=\"");
    page.raw(phase_class(row.phase)).raw(" ").text(row.standing.as_str());
    page.raw(if row.is_whole() { " whole" } else { "" })
        .raw("\"><th role=\"rowheader\" scope=\"row\" class=\"d");
    page.number(row.depth.min(4) as u64).raw("\"><bdi>").text(&label(row)).raw("</bdi>");
    if !matches!(row.what, What::Missing(..) | What::Unaccounted(_)) {
        mark(page, row.standing);
    }
    for index in &row.findings {
        let Some(finding) = findings.get(*index) else { continue };
        page.raw(" <a class=\"sign ").text(finding.severity.as_str()).raw("\" href=\"#finding-");
        page.number(*index as u64 + 1)
            .raw("\" title=\"")
            .text(&finding.title)
            .raw("\">!<span class=\"sr\"> finding ");
        page.number(*index as u64 + 1).raw("</span></a>");
    }
    page.raw("</th>");
    let start = row.time.map(|(start, _)| units::micros(start.0));
    let share = row.micros().filter(|_| row.is_whole()).map(|micros| units::share(micros, total));
    for (class, text) in [("start", start), ("time", row.micros().map(units::micros)), ("share", share)] {
        page.raw("<td role=\"cell\" class=\"")
            .raw(class)
            .raw("\">")
            .text(&text.unwrap_or_default())
            .raw("</td>");
    }
    page.raw("<td role=\"cell\" class=\"bar\">");
    match row.what {
        What::Missing(_, reason) => {
            page.element("<span class=\"none\">", reason, "</span>");
        }
        _ => bar(page, row, total),
    }
    let told = details(row, hop);
    if !told.is_empty() {
        page.raw("<span class=\"tip\">");
        for (index, line) in told.iter().enumerate() {
            page.raw(if index > 0 { "<br>" } else { "" }).text(line);
        }
        page.raw("</span>");
    }
    page.raw("</td></tr>\n");
}

/// The words a row is called by: the packets below a zone's row bear the question.
fn label(row: &Row) -> String {
    match &row.what {
        What::Part(Subject::Packets(_)) if row.label == "." => "root servers".to_owned(),
        _ => row.label.clone(),
    }
}

/// The class of its colour.
pub(super) const fn phase_class(phase: Option<Phase>) -> &'static str {
    match phase {
        Some(Phase::Dns) => "dns",
        Some(Phase::Connect | Phase::Proxy) => "connect",
        Some(Phase::Tls | Phase::Quic) => "tls",
        Some(Phase::Send) => "send",
        Some(Phase::Wait) => "wait",
        Some(Phase::Receive) => "receive",
        Some(Phase::Queue) | None => "request",
    }
}

fn mark(page: &mut Page, standing: Standing) {
    let word = match standing {
        Standing::Counted => return,
        Standing::Uncounted => "not counted",
        Standing::Failed => "✗ failed",
        Standing::Won | Standing::Lost | Standing::Hedged => standing.as_str(),
    };
    page.element(" <span class=\"mark\">", word, "</span>");
}

/// Helper lines at the quarters, and the bar: each standing in its own form, not by colour alone.
fn bar(page: &mut Page, row: &Row, total: u64) {
    page.raw("<svg viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    page.raw("<path class=\"grid\" d=\"M0 0V20M250 0V20M500 0V20M750 0V20M1000 0V20\"/>");
    if let Some((start, end)) = row.time {
        let left = place(start.0, total).min(WIDTH - LEAST);
        let width = (place(end.0, total).max(left) - left).max(LEAST);
        let (top, height) = if row.is_whole() { (3, 14) } else { (6, 8) };
        page.raw("<rect class=\"b\" x=\"").number(left).raw("\" y=\"").number(top).raw("\" width=\"");
        page.number(width).raw("\" height=\"").number(height).raw("\"/>");
        if row.standing == Standing::Failed {
            // A line at the end that nothing came of.
            page.raw("<path class=\"stop\" d=\"M").number((left + width).min(WIDTH - 1)).raw(" 0V20\"/>");
        }
    }
    page.raw("</svg>");
}

fn place(at: u64, total: u64) -> u64 {
    let exact = u128::from(at) * u128::from(WIDTH) / u128::from(total.max(1));
    u64::try_from(exact).unwrap_or(WIDTH).min(WIDTH)
}

/// What is told of a row on demand.
fn details(row: &Row, hop: &Hop<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if let Some((start, end)) = row.time {
        told.push(if row.is_instant() {
            format!("at {}", units::micros(start.0))
        } else {
            format!("from {} to {}", units::micros(start.0), units::micros(end.0))
        });
    }
    match &row.what {
        What::Phase(Phase::Dns) => told.extend(hop.dns.ran().map(evidence::dns)),
        What::Phase(Phase::Connect) => told.extend(hop.connect.ran().map(evidence::connect)),
        What::Phase(Phase::Proxy) => told.extend(hop.proxy.map(proxy_words::proxy)),
        What::Part(Subject::ProxyRound(place)) => {
            let round = hop.proxy.and_then(|proxy| proxy.rounds.get(*place));
            told.extend(round.map(proxy_words::answer));
        }
        What::Phase(Phase::Quic) => told.extend(quic_words::quic(hop)),
        What::Part(Subject::Datagrams(place)) => {
            let flight = hop.quic.map(|quic| quic_words::row(quic, *place)).unwrap_or_default();
            told.extend(flight.iter().take(6).map(|datagram| {
                let purposes: Vec<&str> =
                    datagram.packets.iter().map(|kind| quic_words::purpose(*kind)).collect();
                let way = quic_words::way(datagram.direction);
                format!("{way}: {} ({})", quic_words::datagram(datagram), purposes.join("; "))
            }));
        }
        What::Phase(Phase::Tls) => told.extend(hop.tls.ran().map(evidence::tls)),
        What::Packet(_, id) => told.extend(packet(hop, id.0)),
        What::Part(Subject::Packets(packets)) => {
            told.extend(packets.iter().take(6).filter_map(|id| packet(hop, id.0)));
        }
        What::Part(Subject::Stub) => {
            told.extend(hop.dns.ran().and_then(|dns| dns.stub.as_ref()).map(evidence::stub));
        }
        What::Part(Subject::Attempt(place)) => {
            if let Some(race) = hop.connection.map(|used| &used.tcp) {
                let own = race
                    .attempts
                    .get(*place)
                    .map(|one| (one.address.to_string(), attempt_words::outcome(one)));
                let other = race.attempt(*place).map(|one| (one.name(), attempt_words::rival(one)));
                told.extend(own.or(other).map(|(name, outcome)| format!("{name} {outcome}")));
            }
        }
        What::Part(Subject::Flight(place)) => {
            let flight = hop.tls.ran().and_then(|tls| tls.flights.get(*place));
            told.extend(flight.map(|flight| {
                let by = if flight.direction == Direction::Sent { "sent" } else { "received" };
                format!("{by}: {}, {}", flight.names().join(", "), units::bytes(flight.bytes as u64))
            }));
        }
        _ => {}
    }
    told
}

/// Who was asked what, and what came of it.
fn packet(hop: &Hop<'_>, id: usize) -> Option<String> {
    let packet = hop.dns.ran()?.packets.get(id)?;
    let server = packet.server_name.as_ref().map_or_else(String::new, |name| format!("{name} "));
    let asked = format!("{}? {} to {server}{}", packet.qtype.mnemonic(), packet.qname, packet.server.ip());
    Some(format!("{asked}: {}", words::meaning(packet)))
}

fn legend(page: &mut Page) {
    page.raw("<ul class=\"legend\" aria-label=\"Colours and marks\">");
    for phase in ["dns", "connect", "tls", "send", "wait", "receive"] {
        page.raw("<li class=\"").raw(phase).raw("\"><svg viewBox=\"0 0 20 10\" aria-hidden=\"true\">");
        page.raw("<rect class=\"b\" width=\"20\" height=\"10\"/></svg> ").raw(phase).raw("</li>");
    }
    for (class, word) in [
        ("lost", "beaten by another, or a hedge"),
        ("uncounted", "beside, not counted"),
        ("failed", "failed"),
    ] {
        page.raw("<li class=\"").raw(class).raw("\"><svg viewBox=\"0 0 20 10\" aria-hidden=\"true\">");
        page.raw("<rect class=\"b\" x=\"1\" y=\"1\" width=\"18\" height=\"8\"/></svg> ")
            .raw(word)
            .raw("</li>");
    }
    page.raw("</ul>\n");
}
