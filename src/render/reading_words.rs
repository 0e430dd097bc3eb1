//! What a response says, in lines: the same for text, HTML and Markdown.
//!
//! Nothing is escaped here: the renderers do that with everything they print.

use std::time::{Duration, SystemTime};

use super::grpc_words;
use super::words::timestamp;
use crate::reading::{
    self, CacheResult, Challenge, Confidence, ErrorSource, Flow, Habits, Layer, Limits, Quota, Role, Wait,
    error_source, layers,
};
use crate::trace::{EventStreamEnd, Hop, Http, HttpVersion, Scheme, WebToken};
use crate::units;

/// A line on a response.
pub(crate) struct Said {
    /// What it is about.
    pub(crate) label: &'static str,
    /// The line.
    pub(crate) text: String,
    /// Where it is told.
    pub(crate) told: Told,
}

/// Where a line is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// In each report.
    Always,
    /// Where details are wanted.
    InDetail,
}

/// All that the response of a hop says.
pub(crate) fn said(started_at: SystemTime, hop: &Hop<'_>) -> Vec<Said> {
    let Some(http) = hop.http.ran() else { return Vec::new() };
    let always = |label, text| Said { label, text, told: Told::Always };
    let cors = hop.request.cors.as_ref().map(|cors| always("cors", reading::cors_line(cors)));
    let mut lines: Vec<Said> = cors.into_iter().chain(on_the_way(http)).collect();
    let here = started_at + Duration::from_micros(http.end.0);
    lines.extend(reading::limits(http, here).map(|limits| always("limits", limits_words(&limits))));
    lines
        .extend(reading::wait(hop).and_then(|wait| wait_words(&wait, http)).map(|text| always("wait", text)));
    lines.extend(grpc_words::words(http).map(|text| always("grpc", text)));
    lines.extend(live(http).map(|text| always("live", text)));
    lines.extend(who_asks(hop, http).into_iter().map(|text| always("auth", text)));
    lines.extend(in_the_body(http).into_iter().map(|text| always("body", text)));
    lines.extend(habits_words(&reading::habits(&http.headers)).map(|text| always("api", text)));
    lines.extend(next_visit(hop, http).map(|text| always("alt-svc", text)));
    let said = reading::security(&http.headers);
    if said.nosniff || said.policy != reading::ContentPolicy::Absent || !said.cookies.is_empty() {
        lines.push(Said { label: "security", text: security_words(&said), told: Told::InDetail });
    }
    let trace = reading::sent_trace(&http.request.headers);
    lines.extend(trace.map(|id| always("trace", format!("{id}, sent as traceparent"))));
    let ids: Vec<String> = reading::trace_ids(&http.headers)
        .into_iter()
        .map(|id| match id.time {
            Some(time) => format!("{} {} (of {})", id.field, id.id, timestamp(time, 0)),
            None => format!("{} {}", id.field, id.id),
        })
        .collect();
    if !ids.is_empty() {
        lines.push(Said { label: "ids", text: ids.join(", "), told: Told::InDetail });
    }
    lines
}

/// What Alt-Svc means for the next visit; over HTTP/3 itself, and in the clear, it changes nothing.
fn next_visit(hop: &Hop<'_>, http: &Http) -> Option<String> {
    if http.version == HttpVersion::Http3 || hop.url.scheme != Scheme::Https {
        return None;
    }
    let said = reading::alt_svc(&http.headers)?;
    match said.http3().next() {
        Some(http3) => {
            Some(format!("the next visit may use HTTP/3: {} (--http3 tries it now)", http3.words()))
        }
        None if said.clear => Some("clear: other places that were offered before hold no longer".to_owned()),
        None => None,
    }
}

/// Who stood on the way, and who made an error.
fn on_the_way(http: &Http) -> Vec<Said> {
    let mut lines = Vec::new();
    let all = layers(&http.headers);
    // That there is a server is no news.
    let bare = all.iter().all(|layer| layer.role == Role::Application && layer.vendor.is_none());
    let told = if bare { Told::InDetail } else { Told::Always };
    lines.extend(all.iter().map(|one| Said { label: "layer", text: layer(one), told }));
    if let Some(source) = error_source(http) {
        lines.push(Said { label: "error by", text: source_words(&source), told: Told::Always });
    }
    lines
}

fn layer(layer: &Layer) -> String {
    let mut words = layer.role.as_str().to_owned();
    match (layer.vendor, &layer.name) {
        (Some(vendor), _) => words.push_str(&format!(" {vendor}")),
        (None, Some(name)) => words.push_str(&format!(" that calls itself `{name}`")),
        (None, None) => {}
    }
    if let Some(location) = &layer.location {
        words.push_str(&format!(", {location}"));
    }
    if let Some(cache) = layer.cache {
        words.push_str(&format!(": {}", cache.as_str()));
        if let Some(reason) = &layer.reason {
            words.push_str(&format!(" ({reason})"));
        }
    }
    if let Some(age) = layer.age {
        words.push_str(&format!(", {age} s old"));
    }
    if let Some(took) = layer.upstream_us {
        words.push_str(&format!(", says that what is behind it took {}", units::micros(took)));
    }
    if let Some(id) = &layer.id {
        words.push_str(&format!(", id {id}"));
    }
    words.push_str(&format!("; by {}{}", layer.evidence.join(", "), doubt(layer.confidence)));
    words
}

const fn doubt(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => " (weak)",
        Confidence::Medium | Confidence::High => "",
    }
}

fn source_words(source: &ErrorSource) -> String {
    let called = source.called.as_ref().map_or_else(String::new, |called| format!(" ({called})"));
    let code = source.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
    format!(
        "the {}{called}: {}{code}; by {}{}",
        source.maker.as_str(),
        source.meaning,
        source.evidence.join(", "),
        doubt(source.confidence)
    )
}

/// `try again at 12:00:30 (in 30.0 s); 0 of 100 left, window 60 s`.
fn limits_words(limits: &Limits) -> String {
    let mut words = Vec::new();
    if let Some(retry) = &limits.retry {
        words.push(format!("try again at {} (in {})", timestamp(retry.at, 0), units::wait(retry.wait)));
    }
    words.extend(limits.quotas.iter().map(quota));
    words.extend(limits.throttled_by.map(|by| format!("held back by a gateway, says {by}")));
    words.join("; ")
}

fn quota(quota: &Quota) -> String {
    let of = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mut words = match (quota.remaining, quota.limit) {
        (None, limit) => format!("a limit of {}", of(limit)),
        (left, None) => format!("{} left", of(left)),
        (left, limit) => format!("{} of {} left", of(left), of(limit)),
    };
    if let Some(name) = &quota.name {
        words = format!("{name}: {words}");
    }
    if let Some(window) = quota.window {
        words.push_str(&format!(", window {window} s"));
    }
    if let Some(after) = quota.reset_in {
        words.push_str(&format!(", anew in {after} s"));
    }
    words
}

/// What of the wait was whose, where the response tells more than its length.
fn wait_words(wait: &Wait, http: &Http) -> Option<String> {
    let timed: u64 = reading::metrics(http).iter().filter_map(|metric| metric.took_us).max().unwrap_or(0);
    let whole = units::duration(wait.whole);
    let mut words = Vec::new();
    if let (Some(trip), Some(server)) = (wait.round_trip, wait.server) {
        let body = wait
            .body
            .map(|body| format!("{} more of the request's body on its way, ", units::duration(body)));
        words.push(format!(
            "{} of {whole} are a round trip, {}{} the server's",
            units::duration(trip),
            body.unwrap_or_default(),
            units::duration(server)
        ));
    }
    if let Some((took, field)) = wait.upstream {
        words.push(format!("{} of that behind the gateway ({field})", units::duration(took)));
    }
    if let Some(gateway) = wait.gateway {
        words.push(format!("gateway overhead (Latency - IntegrationLatency) {}", units::duration(gateway)));
    }
    let is_copy = |layer: &Layer| layer.cache.is_some_and(CacheResult::is_unasked);
    if timed > 0 && reading::layers(&http.headers).iter().any(is_copy) {
        words.push("the answer is a copy: Server-Timing may tell of the time when it was made".to_owned());
    } else if Duration::from_micros(timed) > wait.whole {
        words.push(format!("Server-Timing tells of {}, more than the wait of {whole}", units::micros(timed)));
    } else if timed > 0 {
        words.push(
            "where in it the parts of Server-Timing lie is not known: each is drawn from its begin on"
                .to_owned(),
        );
    }
    (wait.upstream.is_some() || timed > 0).then(|| words.join("; "))
}

/// What comes as long as somebody listens.
fn live(http: &Http) -> Option<String> {
    let asked = http.sent.unwrap_or(http.start);
    if let Some(socket) = &http.websocket {
        let protocol = socket.protocol.as_ref().map_or_else(String::new, |name| format!(" for {name}"));
        let pong = socket.ping.zip(socket.pong).map_or_else(
            || "no pong came".to_owned(),
            |(ping, pong)| format!("pong {} after the ping", units::duration(pong.since(ping))),
        );
        let before = match socket.messages {
            0 => String::new(),
            messages => format!(
                "; {} with {} before it",
                units::count(messages as usize, "message"),
                units::bytes(socket.bytes)
            ),
        };
        return Some(format!("a WebSocket was opened{protocol}, {pong}{before}"));
    }
    let stream = http.body.events?;
    let events = units::count(usize::try_from(stream.events).unwrap_or(usize::MAX), "event");
    let first = stream.first_event.map_or_else(String::new, |first| {
        format!(", the first {} after the request", units::duration(first.since(asked)))
    });
    let end = match stream.end {
        EventStreamEnd::Server => "; the server ended the stream",
        EventStreamEnd::MaxTime => "; such a stream has no end: --max-time ended it here, and nothing failed",
    };
    let comments = match stream.comments {
        0 => String::new(),
        comments => format!(
            "; {} that keep it open",
            units::count(usize::try_from(comments).unwrap_or(usize::MAX), "comment")
        ),
    };
    let retry = stream.retry.map_or_else(String::new, |retry| {
        format!("; after a break a client is to come back in {}", units::limit(Duration::from_millis(retry)))
    });
    Some(format!("{events}{first}{comments}{retry}{end}"))
}

/// Challenges, the login that is begun, and tokens.
fn who_asks(hop: &Hop<'_>, http: &Http) -> Vec<String> {
    let challenges = |name: &str| reading::challenges(&http.headers, name);
    let mut lines: Vec<String> = challenges("www-authenticate")
        .iter()
        .chain(&challenges("proxy-authenticate"))
        .map(challenge)
        .collect();
    lines.extend(reading::flow(http).map(|flow| flow_words(&hop.url.host_ascii, &flow)));
    lines.extend(http.tokens.iter().map(token));
    lines
}

fn challenge(challenge: &Challenge) -> String {
    let realm = challenge.parameter("realm").map_or_else(String::new, |realm| format!(" for `{realm}`"));
    format!("{}{realm}: {}", challenge.scheme, challenge.meaning())
}

fn flow_words(host: &str, flow: &Flow) -> String {
    let mut words = format!("{host} begins a login by {} at {}", flow.kind.spoken(), flow.provider);
    if let Some(back) = &flow.returns_to {
        words.push_str(&format!(", which leads back to {back}"));
    }
    if !flow.missing.is_empty() {
        words.push_str(&format!("; without {}", flow.missing.join(", ")));
    }
    for fault in &flow.faults {
        words.push_str(match *fault {
            "implicit-flow" => "; the token comes in the URL (implicit flow)",
            _ => "; back by http, in the clear",
        });
    }
    words
}

fn token(token: &WebToken) -> String {
    let mut words = format!("a {} web token in the {}", token.form.as_str(), token.place);
    for (name, value) in [("alg", &token.algorithm), ("kid", &token.key), ("iss", &token.issuer)] {
        if let Some(value) = value {
            words.push_str(&format!(", {name} {value}"));
        }
    }
    if !token.audience.is_empty() {
        words.push_str(&format!(", aud {}", token.audience.join(" ")));
    }
    match token.left {
        Some(left @ 0..) => words.push_str(&format!(", holds for {left} s more")),
        Some(left) => words.push_str(&format!(", expired {} s ago", left.unsigned_abs())),
        None => {}
    }
    let others = units::count(token.others, "claim");
    words.push_str(&format!(", {others} not told; not verified"));
    let faults: Vec<&str> = token.faults.iter().map(|fault| fault.as_str()).collect();
    if !faults.is_empty() {
        words.push_str(&format!("; {}", faults.join(", ")));
    }
    words
}

/// What the beginning of the body says.
fn in_the_body(http: &Http) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(problem) = &http.body.said.problem {
        let parts = [problem.title.clone(), problem.kind.clone(), problem.detail.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        lines.push(format!("problem details: {}", parts.join("; ")));
    }
    if let Some(errors) = &http.body.said.graphql {
        lines.push(format!(
            "{} of GraphQL, the first: {}",
            units::count(errors.count, "error"),
            errors.first
        ));
    }
    lines
}

/// `nosniff, no content policy; sets id (Secure, HttpOnly, SameSite=lax)`.
fn security_words(said: &reading::Security) -> String {
    let policy = match said.policy {
        reading::ContentPolicy::Absent => "no content policy",
        reading::ContentPolicy::ReportOnly => "a content policy that only reports",
        reading::ContentPolicy::Enforced => "a content policy",
    };
    let mut words = format!("{}, {policy}", if said.nosniff { "nosniff" } else { "no nosniff" });
    let flags = |cookie: &reading::CookieFlags| {
        let same_site = cookie.same_site.as_ref().map(|word| format!("SameSite={word}"));
        let flags = [
            cookie.secure.then(|| "Secure".to_owned()),
            cookie.http_only.then(|| "HttpOnly".to_owned()),
            same_site,
        ];
        let flags: Vec<String> = flags.into_iter().flatten().collect();
        let name = if cookie.name.is_empty() { "a cookie without a name" } else { &cookie.name };
        format!("{name} ({})", if flags.is_empty() { "no flags".to_owned() } else { flags.join(", ") })
    };
    let cookies: Vec<String> = said.cookies.iter().take(8).map(flags).collect();
    if !cookies.is_empty() {
        let more = said.cookies.len() - cookies.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        words.push_str(&format!("; sets {}{more}", cookies.join(", ")));
    }
    words
}

fn habits_words(habits: &Habits) -> Option<String> {
    let mut words = Vec::new();
    if !habits.allow.is_empty() {
        words.push(format!("takes {}", habits.allow.join(", ")));
    }
    words.extend(habits.version.as_ref().map(|version| format!("version {version}")));
    words.extend(habits.links.iter().map(|(relation, target)| format!("{relation} page {target}")));
    words.extend(habits.deprecated.map(|it| match it.at {
        Some(at) => format!("deprecated by {}", timestamp(at, 0)),
        None => "deprecated".to_owned(),
    }));
    words.extend(habits.sunset.map(|at| format!("switched off on {}", timestamp(at, 0))));
    (!words.is_empty()).then(|| words.join("; "))
}
