//! The card of the request and its response: what the status means, and both as they went over the wire.

use super::{arrival, table};
use crate::explain::status::explain;
use crate::render::html::markup::Page;
use crate::render::style::Charset;
use crate::render::text::evidence;
use crate::render::{escape, method_words, request_words};
use crate::trace::{Header, Hop, Http, HttpVersion};
use crate::units;

/// Fields of one message that are shown.
const FIELDS: usize = 200;
/// Bytes of a field that are shown.
const BYTES: usize = 2_000;

pub(super) fn put(page: &mut Page, hop: &Hop<'_>, http: &Http) {
    match http.status {
        Some(status) => {
            let text = explain(status);
            page.raw("<p><b>").text(&format!("{status:03} {}", text.name)).raw(":</b> ");
            page.text(text.meaning).raw(" ").text(&evidence::body(http)).raw("</p>\n");
            if status >= 400 {
                page.element("<p>", text.check_next, "</p>\n");
            }
        }
        None => {
            page.element("<p>No response; ", &units::bytes(http.bytes_sent), " sent.</p>\n");
        }
    }
    if let Some(redirect) = &http.redirect {
        let to = redirect.target.as_ref().unwrap_or(&redirect.location);
        page.element("<p>Leads to <bdi>", &table::shortened(to), "</bdi>");
        page.raw(match (redirect.followed, hop.failure.is_some()) {
            (true, _) => ".</p>\n",
            (false, true) => " (not followed).</p>\n",
            (false, false) => " (not followed; <code>-L</code> follows).</p>\n",
        });
    }
    request(page, http);
    response(page, http);
    arrival::put(page, hop, http);
}

fn request(page: &mut Page, http: &Http) {
    // The record has the version of the response; a request in HTTP/1.0 is never sent.
    let version = match http.version {
        HttpVersion::Http10 => HttpVersion::Http11,
        other => other,
    };
    page.raw("<h4>Request</h4>\n<pre tabindex=\"0\"><b>").text(&http.request.method).raw(" ");
    page.text(&table::shortened(&http.request.target)).raw(" ").raw(version.as_str()).raw("</b>\n");
    fields(page, &http.request.headers);
    if let Some(promises) = method_words::promises(&http.request.method) {
        page.element("<i>[", &http.request.method, " is ").text(&promises).raw("]</i>\n");
    }
    if http.request.body_bytes > 0 {
        page.element("<i>[body of ", &units::bytes(http.request.body_bytes), "]</i>\n");
    }
    page.raw("</pre>\n");
}

fn response(page: &mut Page, http: &Http) {
    if http.status.is_none() && http.garbage.is_none() && http.informational.is_empty() {
        return;
    }
    page.raw("<h4>Response</h4>\n<pre tabindex=\"0\">");
    for interim in &http.informational {
        let after = units::duration(interim.at.since(http.start));
        page.raw("<b>").number(interim.status.into()).element("</b> <i>[after ", &after, "]</i>\n");
        fields(page, &interim.headers);
    }
    if let Some(status) = http.status {
        let reason = http.reason.as_ref().map_or_else(String::new, |reason| format!(" {reason}"));
        page.raw("<b>").raw(http.version.as_str()).text(&format!(" {status:03}{reason}")).raw("</b>\n");
    }
    fields(page, &http.headers);
    if let Some(garbage) = &http.garbage {
        value(page, garbage);
        page.raw("\n");
    }
    let body = &http.body;
    let end = http.missing_end();
    let (wire, encoded) = (units::bytes(body.wire_bytes), units::bytes(body.encoded_bytes));
    let what = format!("{encoded}, {wire} on the wire, framing {}{end}", body.framing.as_str());
    page.element("<i>[body of ", &what, "]</i>\n");
    fields(page, &http.trailers);
    if let Some((words, debug)) = request_words::goaway(http) {
        page.element("<i>[", &words, "]</i> ");
        value(page, debug);
        page.raw("\n");
    }
    page.raw("</pre>\n");
}

fn fields(page: &mut Page, headers: &[Header]) {
    for header in headers.iter().take(FIELDS) {
        if header.is_readable() {
            page.element("<span class=\"field\">", &table::shortened(&header.name), "</span>: ");
            value(page, &header.value);
        } else {
            value(page, &header.value);
            page.raw(" <i>[not readable as a field]</i>");
        }
        page.raw("\n");
    }
    if headers.len() > FIELDS {
        let more = units::count(headers.len() - FIELDS, "more field");
        page.element("<i>[and ", &more, ": the JSON has all]</i>\n");
    }
}

/// A value, which may be of any bytes and as long as a server likes.
fn value(page: &mut Page, bytes: &[u8]) {
    let shown = &bytes[..bytes.len().min(BYTES)];
    page.raw("<bdi>").text(&escape::bytes(shown, Charset::Unicode)).raw("</bdi>");
    if bytes.len() > BYTES {
        page.element("<i>... [", &units::bytes(bytes.len() as u64), " in all; the JSON has them]</i>");
    }
}
