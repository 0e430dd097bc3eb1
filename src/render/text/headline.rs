//! The first lines: what came of it, and where the time went.

use super::findings::worth;
use super::ink::Ink;
use super::page::{Line, Page};
use crate::explain::status::explain;
use crate::finding::Verdict;
use crate::render::shorten::shorten;
use crate::render::words;
use crate::report::Expected;
use crate::trace::{Failure, FailureCode, Hop, Trace};
use crate::units;

pub(super) fn put(page: &mut Page, trace: &Trace, verdict: &Verdict) {
    let last = trace.hops().next_back();
    let url = match &last {
        Some(hop) => &hop.url.href,
        None => &trace.input,
    };
    let mut facts = page.line();
    match (trace.failure(), &last) {
        (Some(failure), _) => failed(&mut facts, trace, failure),
        (None, Some(hop)) => traced(&mut facts, trace, hop),
        (None, None) => {}
    }
    url_and_facts(page, url, &facts);
    match trace.failure() {
        Some(failure) => {
            let mut message = page.line();
            message.push(Ink::Plain, &failure.message);
            page.wrap(page.line(), &message);
            if let Some(hint) = &failure.hint {
                let (mut label, mut body) = (page.line(), page.line());
                label.push(Ink::Strong, "hint:").push(Ink::Plain, " ");
                body.push(Ink::Plain, hint);
                page.wrap(label, &body);
            }
        }
        None => {
            let mut summary = page.line();
            summary.push(Ink::Plain, &verdict.summary);
            page.wrap(page.line(), &summary);
            if let Some(saving) = &verdict.saving {
                let mut won = page.line();
                won.push(Ink::Faint, format!("to win: {}", worth(saving)));
                page.wrap(page.line(), &won);
            }
        }
    }
}

/// Which statuses were wanted, and whether one came.
pub(super) fn put_expected(page: &mut Page, expected: &Expected) {
    let mut line = page.line();
    line.push(Ink::Plain, format!("expected: status {}, ", expected.statuses));
    match expected.met {
        Some(true) => line.push(Ink::Good, "and so it is"),
        Some(false) => line.push(Ink::Bad, "and it is another"),
        None => line.push(Ink::Bad, "and there is none"),
    };
    page.wrap(page.line(), &line);
}

/// The URL and what came of it: on one line where both fit, else on two.
fn url_and_facts(page: &mut Page, url: &str, facts: &Line) {
    let mut line = page.line();
    line.push(Ink::Strong, url);
    if line.width() + 2 + facts.width() > page.width() {
        let mut cut = page.line();
        let (width, ellipsis) = (page.width(), cut.signs().ellipsis);
        // Shortened after escaping: only then its width is known.
        let mut escaped = page.line();
        escaped.push(Ink::Strong, url);
        cut.push(Ink::Strong, shorten(&escaped.text(), width, ellipsis));
        page.put(cut);
        if facts.width() > page.width() {
            page.wrap(page.line(), facts);
        } else {
            page.put(facts.clone());
        }
        return;
    }
    line.push(Ink::Plain, "  ").append(facts.clone());
    page.put(line);
}

fn failed(facts: &mut Line, trace: &Trace, failure: &Failure) {
    let stage = failure.stage.as_str();
    facts.push(
        Ink::Bad,
        match failure.code {
            FailureCode::OutputFailed => "NOT SAVED".to_owned(),
            FailureCode::RequestBodyFailed => "NOT SENT".to_owned(),
            _ => format!("FAILED in {stage}"),
        },
    );
    facts.push(Ink::Plain, format!(" after {}", units::duration(trace.total)));
    // When a limit ended it, how long the stage had been at it is the news.
    let limit = matches!(
        failure.code,
        FailureCode::MaxTime
            | FailureCode::Interrupted
            | FailureCode::DnsTimeout
            | FailureCode::ConnectTimeout
            | FailureCode::TlsTimeout
    );
    let (total, running) = (units::duration(trace.total), units::duration(failure.running));
    if limit && running != total {
        facts.push(Ink::Plain, format!(" ({stage} had run for {running})"));
    }
    tail(facts, trace);
}

fn traced(facts: &mut Line, trace: &Trace, hop: &Hop<'_>) {
    if let Some(status) = hop.http.ran().and_then(|http| http.status) {
        push_status(facts, status);
        facts.push(Ink::Plain, "  ");
    } else if let Some(reached) = words::reached(hop) {
        facts.push(Ink::Good, reached).push(Ink::Plain, "  ");
    }
    facts.push(Ink::Strong, units::duration(trace.total));
    if let Some(http) = hop.http.ran() {
        facts.push(Ink::Plain, format!("  {}", http.version.as_str()));
    }
    let version = hop.connection.and_then(|used| used.tls.as_ref().ran()?.version);
    if let Some(version) = version {
        facts.push(Ink::Plain, format!("  {}", version.spoken()));
    }
    let proxy = hop.connection.and_then(|used| used.proxy.as_ref());
    match (proxy, winner(hop)) {
        // What it reaches is not seen from here.
        (Some(proxy), _) => {
            facts.push(Ink::Plain, format!("  by {}", proxy.words()));
        }
        (None, Some(address)) => {
            facts.push(Ink::Plain, format!("  {address}"));
        }
        (None, None) => {}
    }
    tail(facts, trace);
}

fn tail(facts: &mut Line, trace: &Trace) {
    if trace.redirects() > 0 {
        facts.push(Ink::Plain, format!("  {}", units::count(trace.redirects(), "redirect")));
    }
    if trace.lab {
        facts.push(Ink::Faint, "  lab");
    }
}

/// The address that a hop is connected to.
fn winner(hop: &Hop<'_>) -> Option<std::net::IpAddr> {
    let connect = &hop.connection?.tcp;
    Some(connect.attempts.get(connect.winner?)?.address.ip())
}

/// `200 OK`, in the colour of its class.
pub(super) fn push_status(line: &mut Line, status: u16) {
    let ink = match status {
        200..=299 => Ink::Good,
        300..=399 => Ink::Warn,
        _ => Ink::Bad,
    };
    line.push(ink, format!("{status:03} {}", explain(status).name));
}
