//! The header: what was traced, what came of it, and where the time went.

use super::markup::Page;
use crate::finding::Verdict;
use crate::trace::Trace;
use crate::units;

/// What the tab of a browser says.
pub(super) fn title(trace: &Trace) -> String {
    format!("{} traced", url(trace))
}

/// The last URL, or what was typed where there is none.
fn url(trace: &Trace) -> &str {
    trace.requests.last().map_or(&trace.input, |request| &request.url.href)
}

pub(super) fn put(page: &mut Page, trace: &Trace, verdict: &Verdict) {
    page.element("<header>\n<h1>", url(trace), "</h1>\n");
    page.element("<p class=\"verdict\">", &verdict.summary, "</p>\n");
    if let Some(hint) = trace.failure().and_then(|failure| failure.hint.as_ref()) {
        page.element("<p class=\"hint\"><b>hint:</b> ", hint, "</p>\n");
    }
    page.element("<p>", &units::duration(trace.total), "</p>\n</header>\n");
}
