//! The phases as CSV (RFC 4180, lines ending as on Unix): one line a request, with its run where there are many; of a page with
//! what it was for; of a list one line a URL; of what was compared one line a phase.
//!
//! Times are whole microseconds; what did not happen is an empty field, never 0. Phases and `unaccounted_us` sum to
//! `total_us`.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use super::compared::paired;
use super::many::BadLineReport;
use super::words;
use crate::diff::{Diff, Row, Seen};
use crate::picture::Paged;
use crate::redact::Redacted;
use crate::report::{CompareReport, RepeatReport, TraceReport};
use crate::timeline::{self, Phase, Phases};
use crate::trace::{Failure, Hop, Trace};

/// Writes the requests of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(model) = &report.trace.page {
        let paged = Paged::of(&report.trace, model, &report.findings);
        return page(&paged, report.trace.started_at, out);
    }
    head(out)?;
    rows(0, &report.trace, out)
}

/// Writes the requests of a page, in the order of discovery.
fn page(paged: &Paged<'_>, t0: SystemTime, out: &mut dyn Write) -> io::Result<()> {
    let own =
        ["request", "url", "kind", "priority", "blocking", "initiator", "asked_by", "connection", "reused"];
    names(&[&own[..], OUTCOME].concat(), &[], out)?;
    for (place, row) in paged.rows.iter().enumerate() {
        let hop = &row.hop;
        let mut fields = vec![place.to_string(), hop.url.href.clone()];
        fields.extend(
            [row.kind().as_str(), row.priority().as_str(), row.blocking().as_str()].map(str::to_owned),
        );
        fields.push(row.by.map_or_else(String::new, |by| by.kind.as_str().to_owned()));
        fields.push(row.by.and_then(|by| by.row).map_or_else(String::new, |row| row.to_string()));
        fields.push(hop.request.connection.ran().map_or_else(String::new, |id| id.0.to_string()));
        fields.push(hop.reused.is_some().to_string());
        request(hop, t0, fields, out)?;
    }
    Ok(())
}

/// Writes a request behind what is special of it.
fn request(hop: &Hop<'_>, t0: SystemTime, own: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    let mut fields = own;
    fields.push(words::timestamp(t0 + Duration::from_micros(hop.start.0), 6));
    fields.extend(outcome(hop.failure));
    fields.extend(answered(hop));
    fields.extend(times(&timeline::phases(hop)));
    fields.push(hop.http.ran().map_or_else(String::new, |http| http.bytes_received.to_string()));
    line(&fields, out)
}

/// Writes the requests of many runs.
pub(super) fn repeat(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    head(out)?;
    report.runs.iter().enumerate().try_for_each(|(run, one)| rows(run, &one.report.trace, out))
}

/// Writes the names of the columns of a list.
pub(super) fn list_head(out: &mut dyn Write) -> io::Result<()> {
    names(&[&["input"][..], OUTCOME, &["requests"]].concat(), &["exit_code", "message"], out)
}

/// Writes a URL of a list: its phases are summed over its requests, and what came last stands for it.
pub(super) fn url(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    let (last, failure) = (trace.hops().next_back(), trace.failure());
    let mut fields = vec![trace.input.clone(), words::timestamp(trace.started_at, 6)];
    fields.extend(outcome(failure));
    fields.extend(last.as_ref().map_or_else(Default::default, answered));
    fields.push(trace.requests.len().to_string());
    match &last {
        Some(_) => {
            fields.extend(times(&timeline::phases_of_all(trace)));
            let received = trace.hops().filter_map(|hop| Some(hop.http.ran()?.bytes_received));
            let received: Vec<u64> = received.collect();
            let sum = (!received.is_empty()).then(|| received.iter().sum::<u64>().to_string());
            fields.push(sum.unwrap_or_default());
        }
        None => fields.extend(vec![String::new(); TIMES]),
    }
    fields.push(report.exit_code.to_string());
    fields.push(failure.map_or_else(String::new, |failure| failure.message.clone()));
    line(&fields, out)
}

/// Writes a line of a list that cannot be used.
pub(super) fn bad_line(bad: &BadLineReport, exit_code: u8, out: &mut dyn Write) -> io::Result<()> {
    let mut fields = vec![bad.text.0.clone(), String::new(), "failed".to_owned(), String::new()];
    fields.push("usage".to_owned());
    fields.extend(<[String; 3]>::default());
    fields.push("0".to_owned());
    fields.extend(vec![String::new(); TIMES]);
    fields.extend([exit_code.to_string(), bad.sentence()]);
    line(&fields, out)
}

/// Writes how each way stands to the first, a line a phase. Times are medians of the rounds in which both came to their end.
pub(super) fn compare(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "first,way,rounds,phase,first_us,way_us,difference_us,seen,chance")?;
    let labels: Vec<&str> = report.rows.iter().map(|row| row.label.as_str()).collect();
    let first = labels.first().map_or_else(String::new, |label| quoted(label));
    for (one, label) in paired(report).iter().zip(labels.iter().skip(1)) {
        for row in &one.rows {
            writeln!(out, "{first},{},{},{}", quoted(label), one.pairs, beside(row))?;
        }
    }
    Ok(())
}

/// Writes two saved documents beside each other, a line a phase.
pub(super) fn diff(diff: &Redacted<Diff>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "phase,a_us,b_us,difference_us,seen,chance")?;
    diff.rows.iter().try_for_each(|row| writeln!(out, "{}", beside(row)))
}

/// A phase on both sides. A difference can be negative, and is a number all the same.
fn beside(row: &Row) -> String {
    fn told(value: Option<impl ToString>) -> String {
        value.map_or_else(String::new, |value| value.to_string())
    }
    let seen = match row.seen {
        Seen::Yes(_) => "true",
        Seen::No(_) => "false",
        Seen::Unjudged => "",
    };
    let (part, difference, chance) = (row.part.as_str(), told(row.difference), told(row.seen.likely()));
    format!("{part},{},{},{difference},{seen},{chance}", told(row.a), told(row.b))
}

/// What a request or a URL came to.
const OUTCOME: &[&str] = &["started_at", "outcome", "stage", "code", "status", "http_version", "address"];
/// Phases, `unaccounted`, the total, and bytes.
const TIMES: usize = Phase::COUNT + 3;

fn head(out: &mut dyn Write) -> io::Result<()> {
    names(&[&["run", "hop", "url"][..], OUTCOME].concat(), &[], out)
}

/// The names of the columns: those before the times, and those behind them.
fn names(before: &[&str], behind: &[&str], out: &mut dyn Write) -> io::Result<()> {
    let phases = Phase::ALL.map(|phase| format!("{}_us", phase.as_str()));
    let times = phases.iter().map(String::as_str).chain(["unaccounted_us", "total_us", "received_bytes"]);
    let names: Vec<&str> = before.iter().copied().chain(times).chain(behind.iter().copied()).collect();
    writeln!(out, "{}", names.join(","))
}

fn rows(run: usize, trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    for (place, hop) in trace.hops().enumerate() {
        let own = vec![run.to_string(), place.to_string(), hop.url.href.clone()];
        request(&hop, trace.started_at, own, out)?;
    }
    // A URL that cannot be traced leads to no request.
    if let Some(failure) = &trace.no_request {
        let mut fields = vec![run.to_string(), String::new(), trace.input.clone()];
        fields.push(words::timestamp(trace.started_at, 6));
        fields.extend(outcome(Some(failure)));
        fields.resize(3 + OUTCOME.len() + TIMES, String::new());
        line(&fields, out)?;
    }
    Ok(())
}

/// Status and version of the response, and the address it came from.
fn answered(hop: &Hop<'_>) -> [String; 3] {
    let http = hop.http.ran();
    let status = http.and_then(|http| http.status).map_or_else(String::new, |status| status.to_string());
    let version = http.filter(|http| http.status.is_some()).map_or("", |http| http.version.as_str());
    [status, version.to_owned(), address(hop)]
}

fn outcome(failure: Option<&Failure>) -> [String; 3] {
    match failure {
        None => ["ok".to_owned(), String::new(), String::new()],
        Some(Failure { stage, code, .. }) => {
            ["failed".to_owned(), stage.as_str().to_owned(), code.as_str().to_owned()]
        }
    }
}

/// The address it went to: behind a proxy nobody here knows it.
fn address(hop: &Hop<'_>) -> String {
    let direct = hop.connection.filter(|connection| connection.proxy.is_none());
    let winner = direct.and_then(|connection| connection.tcp.attempts.get(connection.tcp.winner?));
    winner.map_or_else(String::new, |attempt| attempt.address.ip().to_string())
}

fn times(phases: &Phases) -> Vec<String> {
    let spent = phases.spent.iter().map(|(_, us)| us.map_or_else(String::new, |us| us.to_string()));
    spent.chain([phases.unaccounted.to_string(), phases.total.to_string()]).collect()
}

fn line(fields: &[String], out: &mut dyn Write) -> io::Result<()> {
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    writeln!(out, "{}", fields.join(","))
}

/// A field, which must not be a formula for a spreadsheet: an apostrophe in front makes it text.
fn quoted(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return quoted(&format!("'{field}"));
    }
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Selection;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;

    #[test]
    fn every_line_has_every_field_and_its_phases_sum() {
        for (name, trace) in testtrace::all() {
            let of_page = trace.page.as_ref().map_or(0, |page| page.requested().count());
            let requests = trace.requests.len().max(1) + of_page;
            let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
            let mut out = Vec::new();
            super::trace(&report, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            // No fixture has a field that needs quotes.
            let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
            assert_eq!(lines.len(), 1 + requests, "{name}\n{text}");
            let at = |column: &str| lines[0].iter().position(|name| *name == column).unwrap();
            for line in &lines[1..] {
                assert_eq!(line.len(), lines[0].len(), "{name}\n{text}");
                let number = |column: usize| line[column].parse::<u64>().ok();
                let parts: u64 = (at("queue_us")..=at("unaccounted_us")).filter_map(number).sum();
                assert_eq!(parts, number(at("total_us")).unwrap_or(0), "{name}\n{text}");
            }
        }
    }

    #[test]
    fn a_page_has_a_line_for_each_request() {
        let report = testtrace::report(&crate::trace::sample::paged(), Secrets::Hide);
        let mut out = Vec::new();
        super::trace(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
        let page = report.trace.page.as_ref().unwrap();
        assert_eq!(lines.len(), 1 + report.trace.requests.len() + page.requested().count(), "{text}");
        let at = |column: &str| lines[0].iter().position(|name| *name == column).unwrap();
        assert_eq!(lines[1][at("initiator")], "", "nobody but who typed it");
        assert!(lines[2..].iter().all(|line| line[at("asked_by")].parse::<usize>().is_ok()), "{text}");
        for line in &lines[1..] {
            let number = |column: usize| line[column].parse::<u64>().ok();
            let parts: u64 = (at("queue_us")..=at("unaccounted_us")).filter_map(number).sum();
            assert_eq!(parts, number(at("total_us")).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_row_of_a_list_has_every_field_and_its_phases_sum() {
        let mut head = Vec::new();
        list_head(&mut head).unwrap();
        let head = String::from_utf8(head).unwrap();
        let names: Vec<&str> = head.trim_end().split(',').collect();
        let at = |column: &str| names.iter().position(|name| *name == column).unwrap();
        for (name, trace) in testtrace::all() {
            let is_traced = !trace.requests.is_empty();
            let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 7), Secrets::Hide);
            let mut out = Vec::new();
            url(&report, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            // The message stands last, and may have commas in quotes.
            let row: Vec<&str> = text.trim_end().splitn(names.len(), ',').collect();
            assert_eq!(row.len(), names.len(), "{name}\n{text}");
            assert_eq!(row[at("exit_code")], "7", "{name}\n{text}");
            let number = |column: usize| row[column].parse::<u64>().ok();
            let parts: u64 = (at("queue_us")..=at("unaccounted_us")).filter_map(number).sum();
            assert_eq!(parts, number(at("total_us")).unwrap_or(0), "{name}\n{text}");
            assert_eq!(number(at("total_us")).is_some(), is_traced, "{name}\n{text}");
        }
        let text = |text: &str| redact(text.to_owned(), Secrets::Hide);
        let typed = redact(crate::redact::Typed("=x".to_owned()), Secrets::Hide);
        let mut out = Vec::new();
        bad_line(&BadLineReport { place: text("line 7"), text: typed, why: text("no") }, 2, &mut out)
            .unwrap();
        let row = String::from_utf8(out).unwrap();
        assert_eq!(row.split(',').count(), names.len(), "{row}");
        assert!(
            row.starts_with("'=x,,failed,,usage,") && row.trim_end().ends_with(",2,line 7: no (=x)"),
            "{row}"
        );
    }

    #[test]
    fn differences_are_numbers_with_their_sign() {
        let compared = |waits| {
            let mut out = Vec::new();
            super::compare(&testtrace::compare(waits), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let text = compared([&[9; 10], &[0; 10]]);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
        let total = lines.iter().find(|line| line[3] == "total").unwrap();
        assert_eq!(
            (total[..3].join(" "), total[6], total[7]),
            ("HTTP/1.1 HTTP/2 10".to_owned(), "-9000", "true")
        );
        assert!(total[8].parse::<f64>().unwrap() < 0.05, "{text}");
        let unjudged = compared([&[9], &[0]]);
        assert!(unjudged.lines().any(|line| line.ends_with(",-9000,,")), "{unjudged}");
    }

    #[test]
    fn fields_that_would_break_a_line_are_quoted() {
        assert_eq!(["=1+1", "-1", "@x,y"].map(quoted), ["'=1+1", "'-1", "\"'@x,y\""]);
        assert_eq!(["a", "a,b", "a\"b", "a\nb"].map(quoted), ["a", "\"a,b\"", "\"a\"\"b\"", "\"a\nb\""]);
    }
}
