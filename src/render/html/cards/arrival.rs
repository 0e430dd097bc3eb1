//! The curve of a body's arrival: bytes over time, from the first byte to the last.

use crate::render::arrival_words::{moments, rates, rounds};
use crate::render::html::markup::Page;
use crate::timeline;
use crate::trace::{Hop, Http};

/// Units of the drawing.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 100;

pub(super) fn put(page: &mut Page, hop: &Hop<'_>, http: &Http) {
    let Some(moments) = moments(http) else { return };
    page.raw("<h4>Arrival of the body</h4>\n<figure>\n");
    curve(page, http);
    let slow_start = timeline::slow_start(hop);
    page.element("<figcaption>Bytes over time: ", &moments, ".");
    if let Some(rates) = rates(http, slow_start.as_ref()) {
        page.element(" ", &rates, ".");
    }
    if let Some(found) = &slow_start {
        page.element(" Slow start: ", &rounds(found), ".");
    }
    page.raw("</figcaption>\n</figure>\n");
}

/// Steps, as no more is known between two reads; nothing where all came at once.
fn curve(page: &mut Page, http: &Http) {
    let points = || http.body.arrivals.points();
    let (Some((first, _)), Some((last, all))) = (points().next(), points().last()) else { return };
    let whole = u64::try_from(last.since(first).as_micros()).unwrap_or(u64::MAX);
    if whole == 0 {
        return;
    }
    let place = |part: u64, whole: u64, units: u64| {
        let exact = u128::from(part) * u128::from(units) / u128::from(whole.max(1));
        u64::try_from(exact).unwrap_or(units).min(units)
    };
    page.raw(
        "<svg class=\"curve\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    page.raw(
        "<path class=\"grid\" d=\"M0 0V100M250 0V100M500 0V100M750 0V100M1000 0V100M0 50H1000M0 100H1000\"/>",
    );
    page.raw("<path class=\"line\" d=\"M0 100");
    for (at, bytes) in points() {
        let right = place(u64::try_from(at.since(first).as_micros()).unwrap_or(whole), whole, WIDTH);
        page.raw("H").number(right).raw("V").number(HEIGHT - place(bytes, all, HEIGHT));
    }
    page.raw("\"/></svg>\n");
}
