//! The arrival of a body, with `-v`: how it came in time, its moments, rates, and the rounds of slow start.

use super::ink::Ink;
use super::page::Page;
use super::section::{item, title};
use crate::render::arrival_words::{bars, moments, rates, rounds};
use crate::timeline;
use crate::trace::{Hop, Http};
use crate::units;

/// Columns of the line of bars at most.
const WIDTH: usize = 48;

pub(super) fn put(page: &mut Page, hop: &Hop<'_>, http: &Http, of: &str) {
    let Some(moments) = moments(http) else { return };
    title(page, Ink::Receive, &format!("arrival of the body{of}"));
    let (points, slow_start) = (&http.body.arrivals, timeline::slow_start(hop));
    let width = WIDTH.min(page.width().saturating_sub(28));
    if let (Some(bars), Some((first, _)), Some((last, _))) =
        (bars(points, width, page.line().charset()), points.points().next(), points.points().last())
    {
        item(page, "in time", &format!("{bars} {}", units::duration(last.since(first))));
    }
    item(page, "moments", &moments);
    if let Some(rates) = rates(http, slow_start.as_ref()) {
        item(page, "rate", &rates);
    }
    if let Some(found) = &slow_start {
        item(page, "slow start", &rounds(found));
    }
}
