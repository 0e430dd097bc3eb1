//! The server thought for a long time before it answered.

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_list;
use super::place::{InConnection, InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::Phase;
use crate::trace::{At, ConnectionId, Hop, StageName, Trace};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "http-first-byte-slow",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the first byte came more than 600 ms later than one network round trip, and the way of the request's body, explain (error: more than 1.8 s)",
    standard: "RFC 9111 section 4",
    check: Check::Trace(check),
};

/// From here on a server is slow.
pub(super) const SLOW: Duration = Duration::from_millis(600);
/// From here on visitors leave.
const VERY_SLOW: Duration = Duration::from_millis(1_800);
/// What a server may think.
const FAIR: Duration = Duration::from_millis(100);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut hosts: Vec<(&str, Vec<Slow<'_>>)> = Vec::new();
    for slow in trace.hops().filter_map(slow) {
        match hosts.iter_mut().find(|(host, _)| *host == slow.hop.url.host_ascii) {
            Some((_, hops)) => hops.push(slow),
            None => hosts.push((&slow.hop.url.host_ascii, vec![slow])),
        }
    }
    hosts.into_iter().map(|(host, hops)| of_host(rule, trace, host, &hops)).collect()
}

/// A hop whose server thought for long.
struct Slow<'t> {
    hop: Hop<'t>,
    connection: ConnectionId,
    thinking: Duration,
    round_trip: Duration,
    /// A round trip, or the longer way of the request's body.
    way: Duration,
}

fn slow(hop: Hop<'_>) -> Option<Slow<'_>> {
    let http = hop.http.ran()?;
    let connection = hop.request.connection.ran()?;
    let tcp = &hop.connection?.tcp;
    let info = tcp.tcp_info?;
    let round_trip = info.min_rtt.unwrap_or(info.rtt);
    // A body that is on its way is not thought about; where it is not known how long it was, nobody is blamed.
    let way = round_trip.max(http.body_lag()?);
    let thinking = http.first_byte?.since(http.sent?).saturating_sub(way);
    // What was sent again was not thought about meanwhile.
    let thinking = thinking.saturating_sub(tcp.waited_to_send_again());
    (thinking > SLOW).then_some(Slow { hop, connection, thinking, round_trip, way })
}

/// When its server thought for longer than it may.
fn thought(slow: &Slow<'_>) -> Option<(At, At)> {
    let http = slow.hop.http.ran()?;
    Some((http.sent?.after(slow.way + FAIR), http.first_byte?))
}

/// The slow hops of one host are told as one.
fn of_host(rule: &Rule, trace: &Trace, host: &str, hops: &[Slow<'_>]) -> Finding {
    let least = hops.iter().map(|slow| slow.thinking).min().unwrap_or_default();
    let most = hops.iter().map(|slow| slow.thinking).max().unwrap_or_default();
    let trip = hops.iter().map(|slow| slow.round_trip).min().unwrap_or_default();
    let range = if duration(least) == duration(most) {
        format!("about {}", duration(most))
    } else {
        format!("{} to {}", duration(least), duration(most))
    };
    let numbers: Vec<usize> = hops.iter().map(|slow| slow.hop.id.0 + 1).collect();
    let requests = match numbers.len() {
        _ if trace.requests.len() == 1 => String::new(),
        1 => format!(" in {}", hop_list(&numbers)),
        count => format!(" each of {count} requests ({})", hop_list(&numbers)),
    };
    let title = format!("{host} took {range} to answer{requests} (network round trip {})", duration(trip));
    let proxy = hops.iter().find_map(|slow| slow.hop.connection?.proxy.as_ref());
    let title = match proxy {
        Some(proxy) => format!("{title}, behind the {}", proxy.words()),
        None => title,
    };
    let evidence = hops.iter().flat_map(|slow| {
        [
            Place::Request(slow.hop.id, InRequest::Phase(Phase::Wait)),
            Place::Connection(slow.connection, InConnection::RoundTrip),
        ]
    });
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        match proxy {
            Some(_) => "compare with a run without the proxy (--noproxy '*'), where that is allowed: its own way to the server is in that time",
            None => "look at the application and its database, or put a cache in front of it",
        },
    );
    if most > VERY_SLOW {
        finding.severity = Severity::Error;
    }
    // The time of a redirect that was followed is told with the redirect.
    let followed = |slow: &&Slow<'_>| {
        let http = slow.hop.http.ran();
        http.is_some_and(|http| http.redirect.as_ref().is_some_and(|redirect| redirect.followed))
    };
    let thinking: Vec<_> = hops.iter().filter(|slow| !followed(slow)).filter_map(thought).collect();
    let applies = "on every request that no cache answers, if the server thought for 100 ms";
    // Whose time it is cannot be told behind a proxy.
    finding.saving = if proxy.is_some() { None } else { Saving::modelled_at(&thinking, applies, Load::This) };
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Basis, sample};

    #[test]
    fn fires_on_thinking_time_and_not_on_a_long_way() {
        let mut trace = sample::sound();
        let answered = |trace: &mut Trace, after: u64| {
            sample::http(trace).first_byte = Some(At(51_100 + after));
            trace.requests[0].end = At(52_100 + after);
        };
        answered(&mut trace, 610_000);
        assert!(sample::of(&RULE, &trace).is_empty(), "600 ms and a round trip of 10");
        answered(&mut trace, 610_001);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.severity, Severity::Warning);
        let saving = finding.saving.unwrap();
        assert_eq!(
            (saving.amount.as_millis(), saving.basis),
            (500, Basis::Modelled),
            "what is fair is assumed"
        );
        answered(&mut trace, 1_810_001);
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Error);
        let info = sample::connect(&mut trace).tcp_info.as_mut().unwrap();
        info.min_rtt = Some(Duration::from_millis(1_300));
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_body_on_its_way_is_not_thought_about() {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        http.first_byte = Some(At(2_051_100));
        http.request.body_bytes = 2_000_000;
        trace.requests[0].end = At(2_052_100);
        assert!(sample::of(&RULE, &trace).is_empty(), "it may have been on its way all the time");
        let sent = sample::http(&mut trace).sent.unwrap();
        sample::http(&mut trace).body_acked = Some(sent.after(Duration::from_millis(1_500)));
        assert!(sample::of(&RULE, &trace).is_empty(), "500 ms are left");
        sample::http(&mut trace).body_acked = Some(sent.after(Duration::from_millis(200)));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.contains(" took about 1.80 s to answer"), "{}", finding.title);
        assert_eq!(finding.saving.unwrap().amount.as_millis(), 1_700);
        let http = sample::http(&mut trace);
        (http.body_acked, http.request.body_bytes) = (None, 1_000);
        assert!(sample::of(&RULE, &trace)[0].title.contains("1.99 s"), "a small body is there at once");
    }

    #[test]
    fn behind_a_proxy_nobody_is_blamed() {
        let mut trace = sample::sound();
        sample::put_behind_proxy(&mut trace);
        sample::http(&mut trace).first_byte = Some(At(851_100));
        trace.requests[0].end = At(852_000);
        let finding = &sample::of(&RULE, &trace)[0];
        assert!(
            finding.title.ends_with("behind the http proxy proxy.example.test:3128"),
            "{}",
            finding.title
        );
        assert!(
            finding.saving.is_none() && finding.advice.starts_with("compare with a run without the proxy")
        );
    }
}
