//! How findings name the hops that they speak of, and what one of them costs.

use std::time::Duration;

use crate::timeline::{Phase, phases};
use crate::trace::{Hop, Trace};

/// What a hop cost that the next one would not have cost alone: a connection that was used again would have had to
/// be opened then, and name servers that were known already would have had to be found.
pub(super) fn detour(trace: &Trace, hop: &Hop<'_>) -> Duration {
    let whole = hop.end.since(hop.start);
    let Some(next) = trace.hops().nth(hop.id.0 + 1) else { return whole };
    if next.request.connection == hop.request.connection {
        return hop.http.ran().map_or(Duration::ZERO, |http| http.end.since(http.start)).min(whole);
    }
    let walk = |hop: &Hop<'_>| phases(hop).spent[Phase::Dns].map_or(Duration::ZERO, Duration::from_micros);
    whole.saturating_sub(walk(hop).saturating_sub(walk(&next)))
}

/// `hop 3`, `hops 1 and 2`, `hops 1, 2 and 4 to 7`. The numbers rise.
pub(super) fn hop_list(hops: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for hop in hops {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *hop => *last = *hop,
            _ => runs.push((*hop, *hop)),
        }
    }
    let mut words: Vec<String> = Vec::new();
    for (first, last) in runs {
        match last - first {
            0 => words.push(first.to_string()),
            1 => words.extend([first.to_string(), last.to_string()]),
            _ => words.push(format!("{first} to {last}")),
        }
    }
    let noun = if hops.len() == 1 { "hop" } else { "hops" };
    match words.split_last() {
        Some((last, [])) => format!("{noun} {last}"),
        Some((last, before)) => format!("{noun} {} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn a_detour_costs_what_the_next_hop_does_not_need() {
        let mut trace = sample::redirects();
        let of = |trace: &Trace| detour(trace, &trace.hops().next().unwrap());
        let whole = trace.requests[0].end.since(trace.requests[0].start);
        assert_eq!(of(&trace), whole, "the next looks up as long");
        let walk = trace.lookups[1].end.since(trace.lookups[1].start);
        trace.lookups[1].end = trace.lookups[1].start;
        assert_eq!(of(&trace), whole - walk, "or knows the servers from this one");
        trace.requests[1].connection = trace.requests[0].connection.clone();
        let http = trace.requests[0].http.as_ref().ran().unwrap();
        assert_eq!(of(&trace), http.end.since(http.start), "or needs the connection, too");
    }

    #[test]
    fn runs_are_taken_together() {
        for (hops, words) in [
            (&[3][..], "hop 3"),
            (&[1, 2], "hops 1 and 2"),
            (&[1, 3, 4, 5, 9, 10], "hops 1, 3 to 5, 9 and 10"),
            (&[1, 2, 3], "hops 1 to 3"),
        ] {
            assert_eq!(hop_list(hops), words);
        }
    }
}
