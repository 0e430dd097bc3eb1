//! The run as an HTTP Archive (HAR 1.2): one entry for each request, for the tools that read that.
//!
//! What the form has no place for stands under `_urltrace`, as in the JSON document: the walk, the attempts, the
//! certificates. Its numbers are those of the document in milliseconds; what did not happen is -1.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{self, Lines};
use super::words;
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline::{self, Phase, Phases};
use crate::trace::{
    Asker, At, Blocking, BodyFraming, Fate, Header, Hop, Http, HttpVersion, Initiator, Left, Marks, Page,
    Resource, StageName, Trace, header,
};

/// The only page there is.
const PAGE: &str = "page_1";
/// What is not known or did not happen, in HAR's way.
const NONE: i64 = -1;

/// Writes the archive of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    let mut entries = trace
        .hops()
        .enumerate()
        // A run that was to end before a request has none to tell of.
        .filter(|(_, hop)| hop.request.until == StageName::Http)
        .map(|(index, hop)| entry(index, &hop, trace))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(page) = &trace.page {
        entries.extend(of_page(trace, page)?);
    }
    let started = words::timestamp(trace.started_at, 6);
    let title = trace.hops().next_back().map_or(trace.input.clone(), |hop| hop.url.href.clone());
    let archive = json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "urltrace", "version": env!("CARGO_PKG_VERSION") },
            "pages": [{
                "startedDateTime": started,
                "id": PAGE,
                "title": title,
                // Nothing is rendered.
                "pageTimings": { "onContentLoad": NONE, "onLoad": NONE },
            }],
            "entries": entries,
            "_urltrace": {
                "verdict": report.verdict.summary,
                "exit_code": report.exit_code,
                "failure": trace.failure().map(|failure| &failure.message),
                "missing": trace.page.as_ref().map(|_| json::MISSING),
                "marks": trace.page.as_ref().map(|page| marks(page)),
            },
        }
    });
    json::write(&archive, Lines::Many, out)
}

/// What the page asks for, as it began: so HAR wants its entries. What browsers block on a page over TLS is among them,
/// as Chrome has it, without a response and without a time; nobody was asked for it.
fn of_page(trace: &Trace, page: &Page) -> serde_json::Result<Vec<Value>> {
    let asker = |of: Asker| match of {
        Asker::Document => trace.hops().next_back().map(|hop| hop.url.href.as_str()),
        Asker::Resource(id) => page.resources.get(id.0).map(|asker| asker.url.as_str()),
    };
    let mut entries = Vec::new();
    for resource in &page.resources {
        let (at, mut entry) = match resource.fate {
            Fate::Requested(id) => match trace.page_hop(id) {
                Some(hop) => (hop.start, entry(id.0, &hop, trace)?),
                None => continue,
            },
            Fate::Left(Left::MixedContent) => (resource.discovered, blocked(trace, resource)),
            // What hints ask for is no request.
            Fate::Prepared(_) | Fate::Left(_) | Fate::Unstarted => continue,
        };
        // As Chrome names them.
        entry["_priority"] = resource.priority.as_str().into();
        entry["_resourceType"] = resource.kind.as_str().into();
        entry["_renderBlocking"] = match resource.blocking {
            Blocking::Render => "blocking",
            Blocking::Parser => "in_body_parser_blocking",
            Blocking::None => "non_blocking",
        }
        .into();
        let Initiator { kind, of, offset } = resource.initiator;
        entry["_initiator"] = json!({ "type": kind.as_str(), "url": asker(of), "_offset": offset });
        entries.push((at, entry));
    }
    entries.sort_by_key(|(at, _)| *at);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Something that was not asked for, since browsers would not.
fn blocked(trace: &Trace, resource: &Resource) -> Value {
    let url = without_fragment(&resource.url);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    json!({
        "pageref": PAGE,
        "startedDateTime": stamp(trace, resource.discovered),
        "time": 0,
        "request": {
            "method": "GET", "url": url, "httpVersion": "", "cookies": [], "headers": [],
            "queryString": query_string(query), "headersSize": NONE, "bodySize": NONE,
        },
        "response": response(None),
        "cache": {},
        "timings": {
            "blocked": NONE, "dns": NONE, "connect": NONE, "ssl": NONE, "send": NONE, "wait": NONE, "receive": NONE,
        },
        "_error": format!("not asked for: {}", Left::MixedContent.words()),
    })
}

/// The time of the wall clock.
fn stamp(trace: &Trace, at: At) -> String {
    words::timestamp(trace.started_at + std::time::Duration::from_micros(at.0), 6)
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

fn query_string(query: &str) -> Vec<Value> {
    let pairs = ::url::form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// What stands out on a page's time axis, in milliseconds from t0; null where it is not known.
fn marks(page: &Page) -> Value {
    let at = |at: Option<At>| at.map(|at| milliseconds(at.0));
    let Marks { first_byte, start_render, end, .. } = page.marks;
    json!({ "first_byte": at(first_byte), "start_render_bound": at(start_render), "end": at(end) })
}

fn entry(index: usize, hop: &Hop<'_>, trace: &Trace) -> serde_json::Result<Value> {
    let http = hop.http.ran();
    let phases = timeline::phases(hop);
    let mut entry = json!({
        "pageref": PAGE,
        "startedDateTime": stamp(trace, hop.start),
        "time": milliseconds(phases.total - phases.unaccounted),
        "request": request(hop, http),
        "response": response(http),
        "cache": {},
        "timings": timings(&phases),
        // Beside the timings, which some readers sum.
        "_unaccounted": milliseconds(phases.unaccounted),
        "_urltrace": json::hop(trace, index, *hop)?,
    });
    let connection = hop.connection.filter(|connection| connection.proxy.is_none());
    // Behind a proxy nobody here knows which address the server has.
    if let Some(attempt) =
        connection.and_then(|connection| connection.tcp.attempts.get(connection.tcp.winner?))
    {
        entry["serverIPAddress"] = attempt.address.ip().to_string().into();
    }
    if let Some(id) = hop.request.connection.ran() {
        entry["connection"] = id.0.to_string().into();
    }
    if let Some(failure) = hop.failure {
        entry["_error"] = failure.message.clone().into();
    }
    Ok(entry)
}

fn request(hop: &Hop<'_>, http: Option<&Http>) -> Value {
    let sent = http.map(|http| &http.request);
    let headers = sent.map_or(&[][..], |sent| &sent.headers);
    // In HTTP/2 pseudo-fields stand among them, which are no fields of HAR's.
    let fields: Vec<&Header> = headers.iter().filter(|header| !header.name.starts_with(':')).collect();
    let is_plain = http.is_some_and(is_plain);
    let is_chunked = header(headers, "transfer-encoding").is_some();
    let head = http.zip(sent).filter(|(http, _)| is_plain && !is_chunked && http.sent.is_some());
    let query = hop.url.query.as_deref().unwrap_or_default();
    json!({
        "method": sent.map_or("", |sent| &sent.method),
        "url": without_fragment(&hop.url.href),
        "httpVersion": version(http),
        "cookies": fields
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("cookie"))
            .flat_map(|header| header.text().split(';').filter_map(pair).collect::<Vec<_>>())
            .collect::<Vec<_>>(),
        "headers": fields.iter().map(|header| field(header)).collect::<Vec<_>>(),
        "queryString": query_string(query),
        "headersSize": head.map_or(NONE, |(http, sent)| signed(http.bytes_sent.saturating_sub(sent.body_bytes))),
        "bodySize": sent.map_or(NONE, |sent| signed(sent.body_bytes)),
    })
}

fn response(http: Option<&Http>) -> Value {
    let Some((http, status)) = http.and_then(|http| Some((http, http.status?))) else {
        // As Chrome writes it: there was none.
        return json!({
            "status": 0, "statusText": "", "httpVersion": version(http), "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": "", "headersSize": NONE, "bodySize": NONE,
            "_transferSize": http.map_or(0, |http| http.bytes_received),
        });
    };
    let body = &http.body;
    let size = body.decoded_bytes.unwrap_or(body.encoded_bytes);
    let mut content = json!({
        "size": size,
        "mimeType": header(&http.headers, "content-type").unwrap_or_else(|| "x-unknown".into()),
    });
    if body.decoded_bytes.is_some() {
        content["compression"] = (signed(size) - signed(body.encoded_bytes)).into();
    }
    json!({
        "status": status,
        "statusText": http.reason.as_deref().unwrap_or_default(),
        "httpVersion": version(Some(http)),
        "cookies": http
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|header| set_cookie(&header.text()))
            .collect::<Vec<_>>(),
        "headers": http.headers.iter().filter(|header| header.is_readable()).map(field).collect::<Vec<_>>(),
        "content": content,
        "redirectURL": http.redirect.as_ref().map_or("", |redirect| &redirect.location),
        "headersSize": if is_plain(http) { signed(http.head_bytes) } else { NONE },
        "bodySize": if body.framing == BodyFraming::None { 0 } else { signed(body.encoded_bytes) },
        "_transferSize": http.bytes_received,
    })
}

/// `connect` has TLS and the tunnel through a proxy in it, as HAR wants it.
fn timings(phases: &Phases) -> Value {
    let sum = |of: &[Phase]| {
        let spent: Vec<u64> = of.iter().filter_map(|phase| phases.spent[*phase]).collect();
        if spent.is_empty() { NONE.into() } else { milliseconds(spent.iter().sum()) }
    };
    json!({
        "blocked": sum(&[Phase::Queue]),
        "dns": sum(&[Phase::Dns]),
        "connect": sum(&[Phase::Connect, Phase::Proxy, Phase::Tls, Phase::Quic]),
        "ssl": sum(&[Phase::Tls, Phase::Quic]),
        "send": sum(&[Phase::Send]),
        "wait": sum(&[Phase::Wait]),
        "receive": sum(&[Phase::Receive]),
    })
}

/// Whether heads are text as HAR counts it: those of HTTP/2 and 3 are compressed.
const fn is_plain(http: &Http) -> bool {
    matches!(http.version, HttpVersion::Http10 | HttpVersion::Http11)
}

/// As Chrome writes it.
const fn version(http: Option<&Http>) -> &'static str {
    match http {
        None => "",
        Some(http) => match http.version {
            HttpVersion::Http2 => "h2",
            HttpVersion::Http3 => "h3",
            version @ (HttpVersion::Http10 | HttpVersion::Http11) => version.as_str(),
        },
    }
}

fn field(header: &Header) -> Value {
    json!({ "name": header.name, "value": header.text() })
}

fn pair(text: &str) -> Option<Value> {
    let (name, value) = text.trim().split_once('=')?;
    Some(json!({ "name": name, "value": value }))
}

/// A cookie that a response sets (RFC 6265 §4.1). Its end is left out: HAR wants a form that few dates are in.
fn set_cookie(text: &str) -> Option<Value> {
    let mut parts = text.split(';');
    let mut cookie = pair(parts.next()?)?;
    for part in parts {
        let (name, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
        match name.to_ascii_lowercase().as_str() {
            "path" => cookie["path"] = value.into(),
            "domain" => cookie["domain"] = value.into(),
            "httponly" => cookie["httpOnly"] = true.into(),
            "secure" => cookie["secure"] = true.into(),
            "samesite" => cookie["sameSite"] = value.into(),
            _ => {}
        }
    }
    Some(cookie)
}

/// Microseconds as HAR's milliseconds.
fn milliseconds(us: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 us, which are 285 years, nothing is lost")]
    let us = us as f64;
    (us / 1_000.0).into()
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Selection;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;

    fn archive(trace: Trace) -> Value {
        let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
        let mut out = Vec::new();
        super::trace(&report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// What every reader relies on: HAR 1.2 has no null in it, and the time is the sum of its parts.
    fn check(name: &str, log: &Value) {
        assert_eq!(log["version"], "1.2");
        for entry in log["entries"].as_array().unwrap() {
            let is = |path: &str, test: fn(&Value) -> bool| {
                assert!(entry.pointer(path).is_some_and(test), "{name}: {path} of {entry:#}");
            };
            for path in ["/request/method", "/request/url", "/request/httpVersion", "/response/statusText"] {
                is(path, Value::is_string);
            }
            for path in ["/response/redirectURL", "/response/content/mimeType", "/startedDateTime"] {
                is(path, Value::is_string);
            }
            for path in ["/request/headers", "/request/cookies", "/request/queryString", "/response/headers"]
            {
                is(path, Value::is_array);
            }
            for path in ["/time", "/response/status", "/response/content/size", "/response/bodySize"] {
                is(path, Value::is_number);
            }
            let timing = |name: &str| entry["timings"][name].as_f64().unwrap();
            let parts = ["blocked", "dns", "connect", "send", "wait", "receive"].map(timing);
            let sum: f64 = parts.iter().filter(|part| **part >= 0.0).sum();
            let time = entry["time"].as_f64().unwrap();
            assert!((time - sum).abs() < 0.000_5, "{name}: {time} and {sum}");
            assert!(timing("ssl") <= timing("connect"), "{name}: TLS is a part of connecting");
            let fields = entry["request"]["headers"].as_array().unwrap();
            assert!(fields.iter().all(|field| !field["name"].as_str().unwrap().starts_with(':')), "{name}");
            let failed = entry["response"]["status"] == 0;
            assert!(!failed || entry["_error"].is_string(), "{name}: {entry:#}");
        }
    }

    #[test]
    fn every_trace_has_an_archive_that_sums() {
        for (name, trace) in testtrace::all() {
            let hops = trace.hops().filter(|hop| hop.request.until == StageName::Http).count();
            let hops = hops + trace.page_hops().len();
            let archive = archive(trace);
            check(name, &archive["log"]);
            assert_eq!(archive["log"]["entries"].as_array().unwrap().len(), hops, "{name}");
        }
    }

    #[test]
    fn a_request_of_a_page_has_its_wait_as_blocked_and_no_connect_on_an_open_connection() {
        let trace = testtrace::paged();
        let queued = trace.page_hops().nth(1).map(|hop| timeline::phases(&hop)).unwrap();
        let archive = archive(trace);
        let entries = archive["log"]["entries"].as_array().unwrap();
        let [document, style, image] = &entries[..] else { panic!("{entries:#?}") };
        let (connect, ssl) = (&document["timings"]["connect"], &document["timings"]["ssl"]);
        assert!(
            ssl.as_f64() > Some(0.0) && connect.as_f64() > ssl.as_f64(),
            "TLS is a part: {connect}, {ssl}"
        );
        for name in ["dns", "connect", "ssl"] {
            assert_eq!((&style["timings"][name], &image["timings"][name]), (&NONE.into(), &NONE.into()));
        }
        assert_eq!(style["timings"]["blocked"], NONE);
        assert_eq!(image["timings"]["blocked"], milliseconds(queued.spent[Phase::Queue].unwrap()));
        assert_eq!(image["_initiator"]["url"], document["request"]["url"]);
        assert_eq!((&image["connection"], &image["_priority"]), (&document["connection"], &"low".into()));
        let blocking = |entry: &Value| entry["_renderBlocking"].clone();
        assert_eq!((blocking(style), blocking(image)), ("blocking".into(), "non_blocking".into()));
        let started: Vec<&str> =
            entries.iter().map(|entry| entry["startedDateTime"].as_str().unwrap()).collect();
        assert!(started.is_sorted(), "{started:?}");
    }

    #[test]
    fn what_browsers_block_has_an_entry_without_a_response_and_without_a_time() {
        let mut trace = testtrace::paged();
        let late = trace.page.as_mut().unwrap().resources.last_mut().unwrap();
        late.url = "http://clear.example/app.js?v=1#x".to_owned();
        assert_eq!(
            archive(trace.clone())["log"]["entries"].as_array().unwrap().len(),
            3,
            "lazy is no matter of it"
        );
        trace.page.as_mut().unwrap().resources.last_mut().unwrap().fate = Fate::Left(Left::MixedContent);
        let archive = archive(trace);
        check("blocked", &archive["log"]);
        let entries = archive["log"]["entries"].as_array().unwrap();
        let is_it = |entry: &&Value| entry["request"]["url"] == "http://clear.example/app.js?v=1";
        let blocked = entries.iter().find(is_it).unwrap();
        assert_eq!(
            (entries.len(), &blocked["response"]["status"], &blocked["time"]),
            (4, &0.into(), &0.into())
        );
        assert_eq!(blocked["request"]["queryString"], json!([{ "name": "v", "value": "1" }]));
        assert!(blocked["_error"].as_str().unwrap().ends_with("browsers block it"), "{blocked}");
        assert_eq!(blocked["_renderBlocking"], "non_blocking");
    }

    #[test]
    fn cookies_are_taken_apart() {
        let cookie = set_cookie("a=b=c; Path=/x; Secure; HttpOnly; SameSite=Lax; Max-Age=3").unwrap();
        let parts = json!({
            "name": "a", "value": "b=c", "path": "/x", "secure": true, "httpOnly": true, "sameSite": "Lax"
        });
        assert_eq!(cookie, parts);
        assert_eq!(set_cookie("nothing"), None);
    }
}
