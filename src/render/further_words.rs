//! What further requests on one connection took, in rows: the same for text, HTML and Markdown.

use crate::timeline::{Later, Phase, Phases, later, phases, phases_of_exchange};
use crate::trace::{Further, FurtherEnd, FurtherExchange, Hop, Http};
use crate::units;

/// The columns of times; `connect` holds all that opens a connection but TLS.
pub(crate) const COLUMNS: [&str; 7] = ["dns", "connect", "tls", "send", "wait", "receive", "total"];

/// A request.
pub(crate) struct Row {
    /// Which.
    pub(crate) label: String,
    /// Its times, in the order of the columns.
    pub(crate) times: [String; 7],
    /// Its status, where it has one.
    pub(crate) status: String,
    /// How it failed.
    pub(crate) failure: Option<String>,
}

/// The first request and those after it.
pub(crate) fn rows(hop: &Hop<'_>, further: &Further) -> Vec<Row> {
    let Some(first) = hop.http.ran() else { return Vec::new() };
    let mut rows = vec![row("first".to_owned(), &phases(hop), first, None)];
    for (number, FurtherExchange { http, failure }) in (2..).zip(&further.exchanges) {
        let failure = failure.as_ref().map(|failure| failure.message.as_str());
        rows.push(row(number.to_string(), &phases_of_exchange(http), http, failure));
    }
    rows
}

fn row(label: String, phases: &Phases, http: &Http, failure: Option<&str>) -> Row {
    let time = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), units::micros);
    let spent = &phases.spent;
    let opening: Vec<u64> =
        [Phase::Connect, Phase::Proxy, Phase::Quic].into_iter().filter_map(|phase| spent[phase]).collect();
    let opening = (!opening.is_empty()).then(|| opening.iter().sum());
    let times = [
        time(spent[Phase::Dns]),
        time(opening),
        time(spent[Phase::Tls]),
        time(spent[Phase::Send]),
        time(spent[Phase::Wait]),
        time(spent[Phase::Receive]),
        units::micros(phases.total),
    ];
    let status = http.status.map(|status| status.to_string()).unwrap_or_default();
    Row { label, times, status, failure: failure.map(str::to_owned) }
}

/// How it ended, and what the later ones waited.
pub(crate) fn summary(further: &Further) -> String {
    let mut words = Vec::new();
    if let Some(Later { count, wait, least, most }) = later(further) {
        let those = if count == 1 { "the later one".to_owned() } else { format!("the {count} later ones") };
        let range = format!("{} to {}", units::duration(least), units::duration(most));
        let median = if count == 1 { String::new() } else { format!(" (median, {range})") };
        words.push(format!("{those} waited {}{median}", units::duration(wait)));
    }
    match further.end {
        FurtherEnd::Done => {}
        FurtherEnd::Closed if further.exchanges.last().is_some_and(|last| last.failure.is_some()) => {
            words.push("the server ended the connection under the last".to_owned());
        }
        FurtherEnd::Closed => words.push(format!(
            "the server ended the connection after {}",
            units::count(further.exchanges.len() + 1, "request")
        )),
        FurtherEnd::Failed => words.push("the last failed, and none was made after it".to_owned()),
        FurtherEnd::Stopped => words.push("the run was over before there were more".to_owned()),
        FurtherEnd::Untried(why) => words.push(format!("none was made: {why}")),
    }
    words.join("; ")
}
