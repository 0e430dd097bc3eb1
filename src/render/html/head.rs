//! The header: what was traced, what came of it, where the time went, and where the page has what.

use super::markup::Page;
use crate::explain::status::explain;
use crate::finding::{Finding, Verdict};
use crate::picture::Paged;
use crate::render::words;
use crate::trace::{FailureCode, Trace};
use crate::units;

/// What the tab of a browser says.
pub(super) fn title(trace: &Trace) -> String {
    format!("{} traced", url(trace))
}

/// The last URL, or what was typed where there is none.
fn url(trace: &Trace) -> &str {
    trace.requests.last().map_or(&trace.input, |request| &request.url.href)
}

pub(super) fn put(
    page: &mut Page,
    trace: &Trace,
    verdict: &Verdict,
    findings: &[Finding],
    paged: Option<&Paged<'_>>,
) {
    page.element("<header>\n<h1>", url(trace), "</h1>\n");
    what_came(page, trace, verdict, paged);
    page.raw("<nav aria-label=\"Sections\">\n");
    links(page, trace, findings, paged);
    page.raw("</nav>\n</header>\n");
}

/// What came of it, and where the time went.
pub(super) fn what_came(page: &mut Page, trace: &Trace, verdict: &Verdict, paged: Option<&Paged<'_>>) {
    page.raw("<ul class=\"facts\">\n");
    outcome(page, trace);
    facts(page, trace, paged);
    page.raw("</ul>\n");
    said(page, &verdict.summary, trace.failure().is_some());
    if let Some(hint) = trace.failure().and_then(|failure| failure.hint.as_ref()) {
        page.element("<p class=\"hint\"><b>Hint:</b> ", hint, "</p>\n");
    }
}

/// The sentence that is read first.
pub(super) fn said(page: &mut Page, sentence: &str, is_failure: bool) {
    page.raw("<p class=\"verdict").raw(if is_failure { " failed" } else { "" });
    page.element("\">", sentence, "</p>\n");
}

/// Links to the sections of a trace.
pub(super) fn links(page: &mut Page, trace: &Trace, findings: &[Finding], paged: Option<&Paged<'_>>) {
    let waterfall = if paged.is_some() { "Waterfall of the document" } else { "Waterfall" };
    if let Some(paged) = paged {
        super::paged::links(page, paged);
    }
    if !trace.requests.is_empty() {
        page.raw("<a href=\"#waterfall\">").raw(waterfall).raw("</a>\n<a href=\"#ladder\">Ladder</a>\n");
    }
    if !findings.is_empty() {
        page.element("<a href=\"#findings\">", &units::count(findings.len(), "finding"), "</a>\n");
    }
    for (index, hop) in trace.hops().enumerate() {
        let number =
            if trace.requests.len() > 1 { format!("Hop {}", index + 1) } else { "Stages".to_owned() };
        page.raw("<a href=\"#hop-").number(hop.id.0 as u64 + 1).raw("\">").text(&number).raw("</a>\n");
    }
    page.raw("<a href=\"#story\">The story</a>\n");
}

/// The status, or the stage that failed.
fn outcome(page: &mut Page, trace: &Trace) {
    if let Some(failure) = trace.failure() {
        let text = match failure.code {
            FailureCode::OutputFailed => "not saved".to_owned(),
            FailureCode::RequestBodyFailed => "not sent".to_owned(),
            _ => format!("failed in {}", failure.stage.as_str()),
        };
        page.element("<li class=\"badge bad\">", &text, "</li>\n");
        page.element("<li><code>", failure.code.as_str(), "</code></li>\n");
    } else if let Some(status) = trace.last_status() {
        let class = match status {
            200..=299 => "badge good",
            300..=399 => "badge warn",
            _ => "badge bad",
        };
        page.element("<li class=\"", class, "\">").text(&format!("{status:03} {}", explain(status).name));
        page.raw("</li>\n");
    } else if let Some(reached) = trace.hops().next_back().as_ref().and_then(words::reached) {
        page.element("<li class=\"badge good\">", reached, "</li>\n");
    }
}

fn facts(page: &mut Page, trace: &Trace, paged: Option<&Paged<'_>>) {
    let mut facts = match paged {
        Some(_) => vec![format!("the document in {}", units::duration(trace.total))],
        None => vec![units::duration(trace.total)],
    };
    if let Some(hop) = trace.hops().next_back() {
        facts.extend(
            hop.http.ran().filter(|http| http.status.is_some()).map(|http| http.version.as_str().to_owned()),
        );
        let version = hop.connection.and_then(|used| used.tls.as_ref().ran()?.version);
        facts.extend(version.map(|version| version.spoken().to_owned()));
        let address = hop.connection.and_then(|used| used.tcp.attempts.get(used.tcp.winner?));
        facts.extend(address.map(|attempt| attempt.address.to_string()));
    }
    if trace.redirects() > 0 {
        facts.push(units::count(trace.redirects(), "redirect"));
    }
    if trace.lab {
        facts.push("in the lab".to_owned());
    }
    for fact in facts {
        page.element("<li>", &fact, "</li>\n");
    }
}
