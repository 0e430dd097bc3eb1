//! How a body arrived, in words and as a line of bars: one form for text and HTML.

use crate::render::style::Charset;
use crate::timeline::SlowStart;
use crate::trace::{Arrivals, Http};
use crate::units;

/// The bars of a line, the lowest for nothing.
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// When the first byte and the shares of a body came, counted from the request; `None` of a body that there is none of.
pub(crate) fn moments(http: &Http) -> Option<String> {
    let shares = http.body.arrivals.shares();
    let (first, last) = (shares.first()?, shares.last()?);
    let after = |at: crate::trace::At| units::duration(at.since(http.start));
    if first.at == last.at {
        return Some(format!("all at once, {} after the request", after(first.at)));
    }
    let told: Vec<String> =
        shares[1..].iter().map(|share| format!("{} % {}", share.percent, after(share.at))).collect();
    Some(format!("first byte {} after the request, {}", after(first.at), told.join(", ")))
}

/// Bytes a second: in slow start and behind it, where that shows, else of the whole.
pub(crate) fn rates(http: &Http, slow_start: Option<&SlowStart>) -> Option<String> {
    let told = |rate: u64| format!("{}/s", units::bytes(rate));
    let Some(found) = slow_start else { return http.body.arrivals.rate().map(told) };
    let during = found.rate().map(|rate| format!("{} in slow start", told(rate)));
    let after = found.rate_after().map(|rate| format!("{} when the line was filled", told(rate)));
    let both: Vec<String> = during.into_iter().chain(after).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// The rounds of slow start.
pub(crate) fn rounds(found: &SlowStart) -> String {
    let sizes: Vec<String> = found.rounds.iter().map(|round| units::bytes(round.bytes)).collect();
    let then = found
        .after
        .map_or_else(String::new, |after| format!("; then {} without a pause", units::bytes(after.bytes)));
    format!(
        "{} a round trip apart ({}): {}{then}",
        units::count(found.rounds.len(), "round"),
        units::duration(found.trip),
        units::few(&sizes, ", ")
    )
}

/// How many bytes came in each part of the time from the first byte to the last, as bars; `None` where all came at once.
pub(crate) fn bars(arrivals: &Arrivals, width: usize, charset: Charset) -> Option<String> {
    let (first, last) = (arrivals.points().next()?.0, arrivals.points().last()?.0);
    let whole = last.since(first).as_micros();
    if whole == 0 || width == 0 {
        return None;
    }
    let (mut parts, mut before) = (vec![0_u64; width], 0);
    for (at, bytes) in arrivals.points() {
        let place = at.since(first).as_micros() * width as u128 / whole;
        parts[usize::try_from(place).unwrap_or(width).min(width - 1)] += bytes - before;
        before = bytes;
    }
    let most = parts.iter().copied().max().unwrap_or(0).max(1);
    let bars = match charset {
        Charset::Unicode => UNICODE,
        Charset::Ascii => ASCII,
    };
    // What is something is never shown as nothing.
    let bar = |bytes: &u64| match bytes {
        0 => bars[0],
        some => bars[1 + usize::try_from(u128::from(*some) * 6 / u128::from(most)).unwrap_or(6)],
    };
    Some(parts.iter().map(bar).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::slow_start;
    use crate::trace::{At, sample};

    #[test]
    fn a_body_in_rounds_is_told_with_its_moments_and_rates() {
        let mut trace = sample::slow_start();
        let found = slow_start(&trace.hops().next().unwrap()).unwrap();
        let http = sample::http(&mut trace);
        assert_eq!(
            moments(http).unwrap(),
            "first byte 15.1 ms after the request, 10 % 25.5 ms, 50 % 35.8 ms, 90 % 46.0 ms, 100 % 46.0 ms"
        );
        assert_eq!(
            rounds(&found),
            "4 rounds a round trip apart (10.0 ms): 14.5 kB, 29.0 kB, 57.9 kB, 98.5 kB"
        );
        assert_eq!(rates(http, Some(&found)).unwrap(), "6.4 MB/s in slow start");
        assert_eq!(rates(http, None).unwrap(), "6.0 MB/s");
        assert_eq!(bars(&http.body.arrivals, 10, Charset::Unicode).unwrap(), "▂▁▁▃▁▁▅▁▁█");
        assert_eq!(bars(&http.body.arrivals, 10, Charset::Ascii).unwrap(), ".__:__=__#");
    }

    #[test]
    fn what_came_at_once_has_no_curve_and_what_never_came_no_words() {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        http.body.arrivals = Arrivals::default();
        assert_eq!((moments(http), bars(&http.body.arrivals, 9, Charset::Ascii)), (None, None));
        http.body.arrivals.note(At(http.start.0 + 2_000), 5);
        assert_eq!(moments(http).unwrap(), "all at once, 2.00 ms after the request");
        assert_eq!((rates(http, None), bars(&http.body.arrivals, 9, Charset::Ascii)), (None, None));
    }
}
