//! What is told of a page's requests and connections in words. Nothing is escaped here.

use super::attempt_words;
use super::json::MISSING;
use super::shorten::shorten;
use crate::picture::{Ahead, ConnectionLane, Paged, PagedRow};
use crate::timeline::{self, Phase};
use crate::trace::{
    Asker, At, Blocking, Fate, InitiatorKind, Left, Page, Priority, Resource, ResourceKind, header,
};
use crate::units::{self, count};

/// Columns of a name from the network beyond which its middle is left out.
const LONGEST: usize = 120;
/// The same of a field's value.
const LONGEST_VALUE: usize = 300;

/// Hosts that can be told apart by a class of their own; all others share one.
pub(super) const MOST_HOSTS: usize = 24;

/// What stands for what is left out of these: every charset has it.
const ELLIPSIS: &str = "...";

/// What a request is called: its file, or its host where its path ends with a slash.
pub(super) fn name(row: &PagedRow<'_>) -> String {
    let url = row.hop.url;
    let file = url.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let name = match (row.resource, file) {
        (None, _) | (Some(_), "") => format!("{}/", url.host_ascii),
        (Some(_), file) => file.to_owned(),
    };
    shorten(&name, LONGEST, ELLIPSIS)
}

/// The same with its host, where a file of another host is called the same.
pub(super) fn name_among(paged: &Paged<'_>, row: &PagedRow<'_>) -> String {
    let own = name(row);
    let is_shared = paged.rows.iter().any(|other| other.host != row.host && name(other) == own);
    if is_shared { shorten(&format!("{}/{own}", row.hop.url.host_ascii), LONGEST, ELLIPSIS) } else { own }
}

/// A priority in four letters at most.
pub(super) const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::VeryHigh => "top",
        Priority::High => "high",
        Priority::Medium => "med",
        Priority::Low => "low",
        Priority::VeryLow => "idle",
    }
}

/// What waits for a request; empty where nothing does.
pub(super) const fn blocking(blocking: Blocking) -> &'static str {
    match blocking {
        Blocking::Render => "blocks rendering",
        Blocking::Parser => "blocks the parser",
        Blocking::None => "",
    }
}

/// The status, or why there is none.
pub(super) fn outcome(row: &PagedRow<'_>) -> String {
    match (row.status(), row.hop.failure) {
        (Some(status), _) => format!("{status:03}"),
        (None, Some(failure)) => failure.code.as_str().to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// What came of a page as a whole.
pub(super) fn summary(paged: &Paged<'_>) -> String {
    format!(
        "{} to {} on {}, {} in {}",
        count(paged.rows.len(), "request"),
        count(paged.hosts.len(), "host"),
        count(paged.connections(), "connection"),
        units::bytes(paged.bytes()),
        units::micros(paged.end.0)
    )
}

/// What stands out on the time axis: a word for its class, what it is, and when it was.
pub(super) const fn marks(page: &Page) -> [(&'static str, &'static str, Option<At>); 3] {
    // Of what is not known nothing can be said to come before.
    let paint = if page.marks.start_render.is_some() { "no paint before" } else { "first paint" };
    [
        ("first-byte", "first byte", page.marks.first_byte),
        ("start-render", paint, page.marks.start_render),
        ("page-end", "static page ends", page.marks.end),
    ]
}

/// A time that may not be known.
pub(super) fn time(at: Option<At>) -> String {
    at.map_or_else(|| "unknown".to_owned(), |at| units::micros(at.0))
}

/// What is missing in every report of a page, as a sentence.
pub(super) fn missing() -> String {
    format!("Not seen, because no script is run and nothing is laid out: {}.", MISSING.join("; "))
}

/// What was found and not asked for: how many, and why.
pub(super) fn left_out(page: &Page) -> Vec<(usize, &'static str)> {
    let stopped = page.resources.iter().filter(|resource| resource.fate == Fate::Unstarted).count();
    let all = Left::ALL.iter().map(|why| (page.left_for(*why), why.words()));
    all.chain([(stopped, "the run ended before their turn")]).filter(|(number, _)| *number > 0).collect()
}

/// The same one by one, with the word for the reason.
pub(super) fn each_left_out(page: &Page) -> impl Iterator<Item = (&Resource, &'static str)> {
    page.resources.iter().filter_map(|resource| match resource.fate {
        Fate::Left(why) => Some((resource, why.as_str())),
        Fate::Unstarted => Some((resource, "stopped")),
        Fate::Requested(_) | Fate::Prepared(_) => None,
    })
}

/// Who asked for a request, and where.
pub(super) fn asked_by(paged: &Paged<'_>, row: &PagedRow<'_>) -> String {
    let Some(by) = row.by else { return "whoever typed it".to_owned() };
    let asker = by.row.and_then(|asker| paged.rows.get(asker));
    place(by.kind, asker.map(name).as_deref(), by.offset)
}

/// The same of something that was not asked for.
pub(super) fn named_by(paged: &Paged<'_>, resource: &Resource) -> String {
    let asker = match resource.initiator.of {
        Asker::Document => paged.rows.iter().rfind(|row| row.resource.is_none()),
        Asker::Resource(id) => paged.rows.iter().find(|row| row.resource.is_some_and(|(own, _)| own == id)),
    };
    place(resource.initiator.kind, asker.map(name).as_deref(), resource.initiator.offset)
}

fn place(kind: InitiatorKind, asker: Option<&str>, offset: Option<u64>) -> String {
    let asker = asker.unwrap_or("a file that was not asked for");
    let byte = offset.map_or_else(String::new, |offset| format!(", byte {offset}"));
    match kind {
        InitiatorKind::Parser => format!("the markup of {asker}{byte}"),
        InitiatorKind::Css => format!("the CSS in {asker}{byte}"),
        InitiatorKind::Header => format!("a Link field of {asker}"),
        InitiatorKind::EarlyHint => format!("a 103 (Early Hints) before {asker}"),
        InitiatorKind::Redirect => format!("a redirect of {asker}"),
        InitiatorKind::Retry => format!("nobody: {asker} is sent once more, on another connection"),
    }
}

/// Where a request's time went.
pub(super) fn phases(row: &PagedRow<'_>) -> String {
    let phases = timeline::phases(&row.hop);
    let spent = Phase::ALL.into_iter().filter_map(|phase| Some((phase.as_str(), phases.spent[phase]?)));
    let own = Some(("own work", phases.unaccounted)).filter(|(_, micros)| *micros > 0);
    let told: Vec<String> =
        spent.chain(own).map(|(name, micros)| format!("{name} {}", units::micros(micros))).collect();
    told.join(", ")
}

/// The connection of a request: its number, its version, and whether it had been open; and what became of QUIC beside
/// TCP, or of TCP beside QUIC.
pub(super) fn connection(row: &PagedRow<'_>) -> String {
    let Some(id) = row.hop.request.connection.ran() else { return "none".to_owned() };
    let version = row.hop.http.ran().filter(|http| http.status.is_some());
    let version = version.map_or_else(String::new, |http| format!(" {},", http.version.as_str()));
    let opened = if row.hop.reused.is_some() { "was open" } else { "opened for it" };
    let used = row.hop.connection.filter(|used| used.proxy.is_none());
    let attempt = used.and_then(|used| used.tcp.attempts.get(used.tcp.winner?));
    let address = attempt.map_or_else(String::new, |attempt| format!(", {}", attempt.address));
    let beside = used.filter(|_| row.hop.reused.is_none()).and_then(|used| attempt_words::rivals(&used.tcp));
    format!("{},{version} {opened}{address}{}", id.0, beside.unwrap_or_default())
}

/// What a cache may do with a response, by its fields.
pub(super) fn caching(row: &PagedRow<'_>) -> Option<String> {
    let http = row.hop.http.ran().filter(|http| http.status.is_some())?;
    let field = |name| header(&http.headers, name);
    let policy = field("cache-control").unwrap_or_else(|| "no Cache-Control".into());
    let mut told = vec![shorten(&policy, LONGEST_VALUE, ELLIPSIS)];
    told.extend(field("age").map(|age| format!("Age {}", shorten(&age, LONGEST, ELLIPSIS))));
    told.extend(field("etag").map(|_| "ETag".to_owned()));
    told.extend(field("last-modified").map(|_| "Last-Modified".to_owned()));
    Some(told.join("; "))
}

/// How much came for a request.
pub(super) fn sizes(row: &PagedRow<'_>) -> Option<String> {
    let http = row.hop.http.ran().filter(|http| http.status.is_some())?;
    let body = &http.body;
    let mut told = format!("{} head, {} body", units::bytes(http.head_bytes), units::bytes(body.wire_bytes));
    if let (Some(decoded), Some(coding)) = (body.decoded_bytes, &body.encoding) {
        told.push_str(&format!(", {} without {}", units::bytes(decoded), shorten(coding, LONGEST, ELLIPSIS)));
    }
    Some(told)
}

/// All that is told of a request, each with its label.
pub(super) fn facts(paged: &Paged<'_>, row: &PagedRow<'_>) -> Vec<(&'static str, String)> {
    let level = [row.kind().as_str(), row.priority().as_str(), blocking(row.blocking())];
    let level: Vec<&str> = level.into_iter().filter(|word| !word.is_empty()).collect();
    let http = row.hop.http.ran().filter(|http| http.status.is_some());
    let field = |name| {
        let value = http.and_then(|http| header(&http.headers, name));
        value.map(|value| shorten(&value, LONGEST_VALUE, ELLIPSIS))
    };
    let (start, end) = (units::micros(row.hop.start.0), units::micros(row.hop.end.0));
    let mut facts = vec![("asked for by", asked_by(paged, row)), ("as", level.join(", "))];
    if row.discovered() != row.hop.start {
        facts.push(("known since", units::micros(row.discovered().0)));
    }
    facts.push(("time", format!("{}, from {start} to {end}", units::micros(row.micros()))));
    facts.push(("phases", phases(row)));
    facts.push(("connection", connection(row)));
    facts.extend(sizes(row).map(|sizes| ("size", sizes)));
    facts.extend(field("content-type").map(|kind| ("type", kind)));
    facts.extend(caching(row).map(|told| ("cache", told)));
    facts.extend(field("location").map(|target| ("leads to", target)));
    facts.extend(field("server-timing").map(|told| ("server says", told)));
    facts.extend(row.resource.and_then(|(_, resource)| Some(("note", resource.note.clone()?))));
    facts.extend(row.hop.failure.map(|failure| ("failure", failure.message.clone())));
    facts
}

/// A connection: its number, whom it leads to, and what it carried.
pub(super) fn lane(paged: &Paged<'_>, lane: &ConnectionLane) -> String {
    let opener = lane.opened_for.and_then(|row| paged.rows.get(row)).map(|row| row.hop.url);
    let url = opener.or_else(|| opened_ahead(paged, lane).map(|ahead| ahead.hop.url));
    let host = url.map_or("", |url| &url.host_ascii);
    format!("{} {}", lane.id.0, shorten(host, LONGEST, ELLIPSIS))
}

/// What is told of a connection beside its name.
pub(super) fn lane_facts(paged: &Paged<'_>, lane: &ConnectionLane) -> String {
    let first = lane.runs.first().and_then(|run| paged.rows.get(run.row));
    let version = first.and_then(|row| row.hop.http.ran()).filter(|http| http.status.is_some());
    let version = version.map_or("", |http| http.version.as_str());
    let carried = match lane.runs.len() {
        0 => "not used".to_owned(),
        number => count(number, "request"),
    };
    let ahead = match opened_ahead(paged, lane) {
        Some(_) => ", opened ahead",
        None if lane.is_spare => ", left to others",
        None => "",
    };
    if version.is_empty() { format!("{carried}{ahead}") } else { format!("{version}, {carried}{ahead}") }
}

fn opened_ahead<'p, 't>(paged: &'p Paged<'t>, lane: &ConnectionLane) -> Option<&'p Ahead<'t>> {
    paged.ahead.iter().find(|ahead| ahead.hop.request.connection.ran() == Some(lane.id))
}

/// What was done ahead for hints, each in a line.
pub(super) fn ahead(paged: &Paged<'_>) -> Vec<String> {
    let told = paged.ahead.iter().map(|ahead| {
        let hop = &ahead.hop;
        let took = units::micros(hop.end.0.saturating_sub(hop.start.0));
        let is_name = ahead.resource.kind == ResourceKind::DnsPrefetch;
        let what = match (hop.failure, &ahead.resource.note) {
            (Some(failure), _) => format!("failed after {took}: {}", failure.code.as_str()),
            (None, Some(note)) => note.clone(),
            (None, None) if is_name => format!("looked up in {took}"),
            (None, None) => format!(
                "connected in {took}, {}",
                match ahead.used {
                    0 => "not used by what was asked for here".to_owned(),
                    number => format!("used by {}", count(number, "request")),
                }
            ),
        };
        format!("{}: {what}", shorten(&hop.url.host_ascii, LONGEST, ELLIPSIS))
    });
    told.collect()
}
