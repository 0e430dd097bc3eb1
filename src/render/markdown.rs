//! The report as Markdown (CommonMark with GitHub's tables), for tickets: what came of it, where the time
//! went and what to do first; all else folded away.

mod overview;
mod page;
mod parts;

use std::fmt::Write as _;
use std::io::{self, Write};

use self::parts::{MOST, fenced, folded, more, put};
use super::escape::{self, markdown as escaped};
use super::style::{Charset, Style};
use super::text::findings::saved;
use super::text::route as path;
use super::{
    compare_words, compared, diff_words, further_words, reading_words, repeat_words, scan_words, text, words,
};
use crate::diff::Diff;
use crate::explain::status::explain;
use crate::picture::{Depth, Paged, Picture, Standing, What};
use crate::redact::Redacted;
use crate::report::{CompareReport, RepeatReport, TraceReport};
use crate::runs::Summary;
use crate::trace::{Header, Hop, Trace};
use crate::units;

/// Columns of the drawings: what a ticket shows without a scroll bar.
const COLUMNS: usize = 96;
/// Findings that are not folded away.
const FIRST: usize = 5;

/// Writes the report of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    sections(&mut page, report);
    out.write_all(page.as_bytes())
}

/// Writes what is told of many runs, and the report of the median one.
pub(super) fn repeat(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(&report.traces());
    let mut page = String::new();
    overview::overview(&mut page, &repeat_words::overview(report, &summary));
    if let Some((at, run)) = report.shown() {
        let which = if summary.ok > 0 { "the median run" } else { "the first run" };
        put(&mut page, &format!("### Run {}, {which}\n", at + 1));
        sections(&mut page, run);
    }
    out.write_all(page.as_bytes())
}

/// Writes several ways in turn.
pub(super) fn compare(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    overview::overview(&mut page, &compare_words::overview(report, &compared::paired(report)));
    out.write_all(page.as_bytes())
}

/// Writes two saved documents beside each other.
pub(super) fn diff(diff: &Redacted<Diff>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    overview::overview(&mut page, &diff_words::overview(diff));
    out.write_all(page.as_bytes())
}

/// What a ticket tells of a trace.
fn sections(page: &mut String, report: &TraceReport) {
    head(page, report);
    let paged = report.trace.page.as_ref().map(|of| Paged::of(&report.trace, of, &report.findings));
    if let Some(paged) = &paged {
        page::summary(page, paged);
    }
    phases(page, report);
    findings(page, report);
    let style = Style { width: COLUMNS, ..Style::default() };
    if let Some(paged) = &paged {
        page::further(page, paged, &text::page_alone(paged, &style));
    }
    let drawings = [
        ("Waterfall", text::waterfall_alone(report, &style)),
        ("Ladder", text::ladder_alone(report, &style)),
    ];
    for (name, drawing) in drawings.iter().filter(|(_, drawing)| !drawing.is_empty()) {
        folded(page, name, &fenced(drawing));
    }
    story(page, report);
    for hop in report.trace.hops() {
        packets(page, &hop);
        route(page, &hop);
        certificates(page, &hop);
        scan(page, &hop);
        said(page, &report.trace, &hop);
        reuse(page, &hop);
        fields(page, &hop);
    }
}

fn head(page: &mut String, report: &TraceReport) {
    let trace = &report.trace;
    let last = trace.hops().next_back();
    let url = last.as_ref().map_or(&trace.input, |hop| &hop.url.href);
    put(page, &format!("## {}\n\n**{}**\n", escaped(url), escaped(&report.verdict.summary)));
    if let Some(hint) = trace.failure().and_then(|failure| failure.hint.as_ref()) {
        put(page, &format!("Hint: {}\n", escaped(hint)));
    }
    let mut facts = Vec::new();
    if let Some(code) = last.as_ref().and_then(|hop| hop.http.ran()?.status) {
        facts.push(format!("{code:03} {}", explain(code).name));
    }
    facts.extend(last.as_ref().and_then(words::reached).map(str::to_owned));
    facts.push(units::duration(trace.total));
    facts.extend(last.and_then(|hop| Some(hop.http.ran()?.version.as_str().to_owned())));
    facts.extend((trace.redirects() > 0).then(|| units::count(trace.redirects(), "redirect")));
    facts.extend(trace.lab.then(|| "in the lab".to_owned()));
    facts.push(format!("urltrace {}", env!("CARGO_PKG_VERSION")));
    facts.push(words::timestamp(trace.started_at, 0));
    put(page, &format!("{}\n", escaped(&facts.join(" · "))));
}

/// The phases, request by request.
fn phases(page: &mut String, report: &TraceReport) {
    let picture = Picture::of(&report.trace, &[], Depth::Short);
    if picture.rows.is_empty() {
        return;
    }
    put(page, "| phase | start | time | share |\n| --- | ---: | ---: | ---: |");
    for row in &picture.rows {
        let label = match row.what {
            What::Request => format!("**{}**", escaped(&super::picture_words::request(&report.trace, row))),
            What::Phase(_) if row.standing == Standing::Failed => format!("{} ✗", escaped(&row.label)),
            What::Phase(_) => escaped(&row.label),
            _ => continue,
        };
        let (start, _) = row.time.unwrap_or_default();
        let time = row.micros().unwrap_or(0);
        let share = escaped(&units::share(time, picture.end.0));
        put(page, &format!("| {label} | {} | {} | {share} |", units::micros(start.0), units::micros(time)));
    }
    put(page, &format!("| **total** | | **{}** | |\n", units::duration(report.trace.total)));
}

fn findings(page: &mut String, report: &TraceReport) {
    let all: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let mut told =
                format!("- **{}** {} (`{}`)", finding.severity.as_str(), escaped(&finding.title), finding.id);
            let saving = finding.saving.as_ref().map(saved).unwrap_or_default();
            for text in [&finding.detail, &finding.advice, &saving] {
                if !text.is_empty() {
                    let _ = write!(told, "\n  - {}", escaped(text));
                }
            }
            told
        })
        .collect();
    if all.is_empty() {
        return;
    }
    put(page, "### Findings\n");
    let (first, more) = all.split_at(all.len().min(FIRST));
    put(page, &format!("{}\n", first.join("\n")));
    if !more.is_empty() {
        folded(page, &units::count(more.len(), "more finding"), &more.join("\n"));
    }
}

/// The run told step by step.
fn story(page: &mut String, report: &TraceReport) {
    let told: Vec<String> = crate::story::story(&report.trace)
        .iter()
        .map(|step| {
            let mut told = format!("**{}**\n\n{}", escaped(&step.heading), escaped(&step.text));
            if !step.standards.is_empty() {
                let _ = write!(told, "\n\n{}", escaped(&step.standards.join("; ")));
            }
            if !step.try_command.is_empty() {
                let _ = write!(told, "\n\n{}", fenced(step.try_command));
            }
            told
        })
        .collect();
    if !told.is_empty() {
        folded(page, "The story of this run", &told.join("\n\n"));
    }
}

/// Whose part it is: a chain has several of a name.
fn of(what: &str, hop: &Hop<'_>) -> String {
    format!("{what} of {}", hop.url.href)
}

fn packets(page: &mut String, hop: &Hop<'_>) {
    let Some(dns) = hop.dns.ran().filter(|dns| !dns.packets.is_empty()) else { return };
    let mut rows =
        "| sent | time | question | server | what came |\n| ---: | ---: | --- | --- | --- |".to_owned();
    for packet in dns.packets.iter().take(MOST) {
        let name = packet.server_name.as_ref().map_or_else(String::new, |name| format!("{name} "));
        let _ = write!(
            rows,
            "\n| {} | {} | {} {} | {}{} {} | {} |",
            units::micros(packet.sent.0),
            units::duration(packet.end.since(packet.sent)),
            escaped(&packet.qname),
            packet.qtype.mnemonic(),
            escaped(&name),
            packet.server,
            packet.transport.as_str(),
            escaped(&words::meaning(packet))
        );
    }
    more(&mut rows, dns.packets.len());
    folded(page, &of("DNS packets", hop), &rows);
}

/// `--route`.
fn route(page: &mut String, hop: &Hop<'_>) {
    let Some((connect, route)) = hop.dialled().and_then(|connect| Some((connect, connect.route.as_ref()?)))
    else {
        return;
    };
    let mut rows = "| hop | address | RTT | answered | name |\n| ---: | --- | ---: | --- | --- |".to_owned();
    for hop in &route.hops {
        let rtt = hop.rtt.map_or_else(String::new, units::duration);
        let (address, name) = (escaped(&path::address(hop)), escaped(&path::about(hop)));
        let _ = write!(rows, "\n| {} | {address} | {rtt} | {} | {name} |", hop.ttl, path::answered(hop));
    }
    for note in path::notes(connect, route) {
        let _ = write!(rows, "\n\n{}", escaped(&note));
    }
    folded(page, &of("Route", hop), &rows);
}

fn certificates(page: &mut String, hop: &Hop<'_>) {
    let Some(tls) = hop.tls.ran().filter(|tls| !tls.chain.is_empty()) else { return };
    let mut rows =
        "| certificate of | issued by | valid until | days left |\n| --- | --- | --- | ---: |".to_owned();
    for certificate in tls.chain.iter().take(MOST) {
        let _ = write!(
            rows,
            "\n| {} | {} | {} | {} |",
            escaped(&certificate.subject),
            escaped(&certificate.issuer),
            words::date(certificate.not_after),
            certificate.days_left
        );
    }
    for fault in tls.verification.iter().flat_map(|verification| &verification.faults) {
        let _ = write!(rows, "\n\n{}", escaped(&words::fault(fault).1));
    }
    folded(page, &of("Certificates", hop), &rows);
}

/// What `--tls-scan` found.
fn scan(page: &mut String, hop: &Hop<'_>) {
    if let Some(why) = hop.request.scan_skipped {
        folded(page, &of("TLS scan", hop), &escaped(&scan_words::skipped(why)));
    }
    let of_hop = hop.tls.ran().filter(|_| hop.reused.is_none());
    let Some(scan) = of_hop.and_then(|tls| tls.scan.as_deref()) else { return };
    let mut rows = format!(
        "{}\n\n| what | name | verdict | why |\n| --- | --- | --- | --- |",
        escaped(&scan_words::head(scan))
    );
    let mut row = |what: &str, name: &str, verdict: &str, why: &str| {
        let _ = write!(rows, "\n| {} | {} | {verdict} | {} |", escaped(what), escaped(name), escaped(why));
    };
    for version in &scan.versions {
        let verdict = scan_words::grade(version).map_or("-", |grade| grade.as_str());
        row("version", version.version.spoken(), verdict, &scan_words::version(version));
    }
    for suite in &scan.suites {
        let what = format!("suite of {}", suite.version.spoken());
        row(&what, &scan_words::both_names(suite), suite.judged.grade.as_str(), suite.judged.why);
    }
    for (what, list) in [("group", &scan.groups), ("signature scheme", &scan.signature_schemes)] {
        for one in list {
            let name = format!("{} ({})", one.name, scan_words::versions(one));
            row(what, &name, one.judged.grade.as_str(), one.judged.why);
        }
    }
    for gap in scan_words::gaps(scan) {
        let _ = write!(rows, "\n\n{}", escaped(&gap));
    }
    folded(page, &of("TLS scan", hop), &rows);
}

/// What a response says of its way and of itself.
fn said(page: &mut String, trace: &Trace, hop: &Hop<'_>) {
    let lines = reading_words::said(trace.started_at, hop);
    let told: Vec<String> =
        lines.iter().map(|line| format!("- {}: {}", escaped(line.label), escaped(&line.text))).collect();
    if !told.is_empty() {
        folded(page, &of("What is said by the response", hop), &told.join("\n"));
    }
}

/// What `--reuse` found.
fn reuse(page: &mut String, hop: &Hop<'_>) {
    let Some(further) = &hop.request.further else { return };
    let names = further_words::COLUMNS.join(" | ");
    let rules = " ---: |".repeat(further_words::COLUMNS.len());
    let mut rows = format!("| request | {names} | status |\n| --- |{rules} --- |");
    for row in further_words::rows(hop, further).iter().take(MOST) {
        let outcome = row.failure.as_ref().unwrap_or(&row.status);
        let _ = write!(rows, "\n| {} | {} | {} |", row.label, row.times.join(" | "), escaped(outcome));
    }
    more(&mut rows, further.exchanges.len() + 1);
    let _ = write!(rows, "\n\n{}", escaped(&further_words::summary(further)));
    folded(page, &of("The same again on the connection", hop), &rows);
}

fn fields(page: &mut String, hop: &Hop<'_>) {
    let Some(http) = hop.http.ran() else { return };
    for (what, headers) in [("Request", &http.request.headers), ("Response", &http.headers)] {
        if headers.is_empty() {
            continue;
        }
        let mut rows = "| field | value |\n| --- | --- |".to_owned();
        for Header { name, value } in headers.iter().take(MOST) {
            let value = escape::bytes(value, Charset::Unicode);
            let _ = write!(rows, "\n| {} | {} |", escaped(name), escaped(&value));
        }
        more(&mut rows, headers.len());
        folded(page, &of(&format!("{what} fields"), hop), &rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secrets;
    use crate::render::testtrace;

    fn ticket(trace: &Trace) -> String {
        let mut out = Vec::new();
        super::trace(&testtrace::report(trace, Secrets::Hide), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_fixture_makes_a_ticket_without_foreign_markup() {
        for (name, trace) in testtrace::all() {
            let text = ticket(&trace);
            assert!(text.starts_with("## ") && text.contains("\n**"), "{name}: {text}");
            let count = |tag: &str| text.matches(tag).count();
            assert_eq!(count("<details>"), count("</details>"), "{name}");
            // Inside fences everything is text.
            let mut plain = true;
            for line in text.lines() {
                if line.starts_with("```") {
                    plain = !plain;
                    continue;
                }
                let tags = ["<details>", "</details>"];
                let own = tags.contains(&line) || line.starts_with("<summary>");
                assert!(!plain || own || !line.contains('<'), "{name}: {line}");
                assert!(!line.chars().any(escape::is_control), "{name}: {line:?}");
            }
            assert!(plain, "{name}: a fence is left open");
        }
    }

    #[test]
    fn rows_of_tables_have_the_columns_of_their_heads() {
        for (name, trace) in testtrace::all() {
            whole_rows(name, &ticket(&trace));
        }
    }

    fn whole_rows(name: &str, ticket: &str) {
        let mut columns = 0;
        for line in ticket.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            if !line.starts_with('|') {
                columns = 0;
            } else if columns == 0 {
                columns = bars;
            } else {
                assert_eq!(bars, columns, "{name}: {line}");
            }
        }
    }

    #[test]
    fn many_runs_and_comparisons_are_tickets_of_whole_rows() {
        let runs = (0..12).map(|ms| testtrace::waited(std::time::Duration::from_millis(ms))).collect();
        let mut tickets = [Vec::new(), Vec::new()];
        super::repeat(&testtrace::repeat(runs), &mut tickets[0]).unwrap();
        super::compare(&testtrace::compare([&[0; 10], &[9; 10]]), &mut tickets[1]).unwrap();
        let [repeat, compare] = tickets.map(|ticket| String::from_utf8(ticket).unwrap());
        assert!(
            repeat.contains("\n| phase | runs | min | p50 |") && repeat.contains("### Run 6, the median run")
        );
        assert!(
            compare.contains("**HTTP/2 takes 9.00 ms more than HTTP/1.1") && compare.contains("\n| total |")
        );
        for ticket in [repeat, compare] {
            assert!(!ticket.contains("geheim"), "{ticket}");
            whole_rows("several runs", &ticket);
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_in_its_text() {
        assert_eq!(fenced("a\n````\nb\n"), "`````text\na\n````\nb\n`````");
        assert_eq!(fenced("a"), "```text\na\n```");
    }
}
