//! What is told of a page's second visit in words. Nothing is escaped here.

use super::page_words::name;
use crate::picture::{Paged, PagedRow};
use crate::trace::{Reasked, Reuse, Revisit, SecondVisit};
use crate::units::{self, count};

/// What came of it as a whole, beside the first visit.
pub(super) fn summary(paged: &Paged<'_>, visit: &SecondVisit) -> String {
    let asked = visit.asked().count();
    let first = format!(
        "the first took {}, {} and {}",
        count(paged.rows.len(), "request"),
        units::bytes(paged.bytes()),
        units::micros(paged.end.0)
    );
    if asked == 0 {
        return format!("asks for nothing: all of it is still fresh; {first}");
    }
    format!(
        "{} on {}, {} in {}; {first}",
        count(asked, "request"),
        count(visit.connections, "new connection"),
        units::bytes(visit.bytes()),
        units::micros(visit.end.since(visit.start).as_micros().try_into().unwrap_or(u64::MAX)),
    )
}

/// What became of the requests of the first visit: how many, and what.
pub(super) fn fates(visit: &SecondVisit) -> Vec<(usize, &'static str)> {
    let number = |is: &dyn Fn(&Revisit) -> bool| visit.requests.iter().filter(|row| is(row)).count();
    let status = |row: &Revisit| row.asked.as_ref().and_then(|asked| asked.status);
    let answered = |row: &Revisit| status(row).is_some_and(|status| status != 304);
    [
        (number(&|row| row.reuse == Reuse::Fresh), "fresh: nobody is asked"),
        (number(&|row| status(row) == Some(304)), "asked about and still good (304)"),
        (
            number(&|row| answered(row) && row.asked.as_ref().is_some_and(asks)),
            "asked about and sent once more",
        ),
        (number(&|row| answered(row) && !row.asked.as_ref().is_some_and(asks)), "fetched anew"),
        (number(&|row| row.asked.is_some() && status(row).is_none()), "without an answer"),
        (number(&|row| row.reuse != Reuse::Fresh && row.asked.is_none()), "not come to"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .collect()
}

/// Whether a request says what is there already.
const fn asks(asked: &Reasked) -> bool {
    asked.by_etag || asked.by_date
}

/// A row of the second visit.
pub(super) struct AgainRow<'p> {
    /// The request of the first visit.
    pub(super) row: &'p PagedRow<'p>,
    pub(super) name: String,
    /// What it names of the first response.
    pub(super) by: &'static str,
    pub(super) status: String,
    /// Bytes that came, now and at the first visit.
    pub(super) bytes: Option<u64>,
    pub(super) micros: Option<u64>,
    pub(super) why: String,
    pub(super) is_bad: bool,
}

/// The rows: what was asked for, or all.
pub(super) fn rows<'p>(paged: &'p Paged<'p>, visit: &'p SecondVisit, all: bool) -> Vec<AgainRow<'p>> {
    let told = visit.requests.iter().filter(|row| all || row.asked.is_some());
    told.filter_map(|again| {
        let row = paged.rows.iter().find(|row| row.hop.id == again.of)?;
        let asked = again.asked.as_ref();
        Some(AgainRow {
            row,
            name: name(row),
            by: by(asked),
            status: match asked {
                None if again.reuse == Reuse::Fresh => "fresh".to_owned(),
                None => "-".to_owned(),
                Some(asked) => outcome(asked),
            },
            bytes: asked.map(Reasked::bytes),
            micros: asked.map(|asked| asked.end.0.saturating_sub(asked.start.0)),
            why: why(again),
            is_bad: asked.is_some_and(|asked| asked.status.is_none_or(|status| status >= 400)),
        })
    })
    .collect()
}

fn by(asked: Option<&Reasked>) -> &'static str {
    match asked.map(|asked| (asked.by_etag, asked.by_date)) {
        None => "",
        Some((true, true)) => "ETag, date",
        Some((true, false)) => "ETag",
        Some((false, true)) => "date",
        Some((false, false)) => "anew",
    }
}

fn outcome(asked: &Reasked) -> String {
    match (asked.status, asked.failure) {
        (Some(status), _) => format!("{status:03}"),
        (None, Some(failure)) => failure.as_str().to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// Why it is done, and what came of it that was of no use.
fn why(row: &Revisit) -> String {
    let mut told = row.why.words(row.reuse).to_owned();
    let Some(asked) = row.asked.as_ref().filter(|asked| asked.is_in_vain()) else { return told };
    told.push_str(match asked.same_etag {
        Some(false) => "; another ETag for the same body",
        _ => "; the same body once more",
    });
    told
}
