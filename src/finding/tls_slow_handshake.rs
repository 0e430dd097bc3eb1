//! The server took long over the handshake.

use super::found::{Finding, Load, Saving, Severity};
use super::hops::hop_before;
use super::place::{InConnection, Place};
use super::rule::{Check, Rule};
use crate::timeline::Phase;
use crate::trace::{Hop, StageName, Tls, Trace};
use crate::units::{count, duration};
use std::time::Duration;

use super::place::InRequest;

pub(super) const RULE: Rule = Rule {
    id: "tls-slow-handshake",
    severity: Severity::Warning,
    stage: StageName::Tls,
    fires: "a handshake took more than 100 ms longer than its round trips and this machine's own computing explain",
    standard: "RFC 8446 section 2",
    check: Check::Trace(check),
};

/// What a handshake may take beyond that.
const WORTH: Duration = Duration::from_millis(100);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let (tls, id) = (hop.tls.ran()?, hop.request.connection.ran()?);
    // One that failed waited for something else.
    if hop.failure.is_some_and(|failure| failure.stage == StageName::Tls) {
        return None;
    }
    // Behind a proxy the kernel knows the way to the proxy alone.
    let connect = hop.connect.ran().filter(|_| hop.proxy.is_none())?;
    let winner = connect.attempts.get(connect.winner?)?;
    // After a SYN that was sent again the kernel's figure is no round trip.
    let info = connect.tcp_info.filter(|_| winner.syn_retransmits.unwrap_or(0) == 0)?;
    let trip = info.min_rtt.unwrap_or(info.rtt);
    let took = tls.end.since(tls.start);
    let excess = took.saturating_sub(trip * tls.round_trips + own_work(tls));
    let excess = excess.saturating_sub(connect.waited_to_send_again());
    if excess <= WORTH {
        return None;
    }
    let place = hop_before(trace, hop);
    let title = format!(
        "{place}the TLS handshake with {} took {}, and {} of {} explain {}",
        hop.url.host_ascii,
        duration(took),
        count(tls.round_trips as usize, "round trip"),
        duration(trip),
        duration(trip * tls.round_trips)
    );
    let evidence = vec![
        Place::Request(hop.id, InRequest::Phase(Phase::Tls)),
        Place::Connection(id, InConnection::TlsRoundTrips),
        Place::Connection(id, InConnection::RoundTrip),
    ];
    let advice = "look at the load of the machine that ends TLS, at large RSA keys, and at what it asks others \
                  during the handshake";
    let mut finding = rule.finding(title, evidence, advice);
    "a packet lost on the way looks the same from here, and comes once".clone_into(&mut finding.detail);
    finding.saving = Saving::derived(excess, "on every full handshake, if it was no lost packet", Load::This);
    Some(finding)
}

/// What this machine computed.
fn own_work(tls: &Tls) -> Duration {
    let flights: Duration = tls.flights.iter().map(|flight| flight.cpu).sum();
    let checked = tls.verification.as_ref().map_or(Duration::ZERO, |verification| verification.cpu);
    flights.max(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_beyond_the_round_trips_and_not_on_a_long_way() {
        let mut trace = sample::sound();
        let slow = |trace: &mut Trace, millis: u64| {
            let tls = sample::tls(trace);
            tls.end = At(tls.start.0 + millis * 1_000);
            trace.requests[0].end = At(500_000);
        };
        slow(&mut trace, 110);
        assert!(sample::of(&RULE, &trace).is_empty(), "10 ms are a round trip, and own work is 0.3 ms");
        slow(&mut trace, 112);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.saving.unwrap().amount.as_micros(), 101_700);
        assert!(
            finding.title.ends_with("took 112 ms, and 1 round trip of 10.0 ms explain 10.0 ms"),
            "{}",
            finding.title
        );
        let mut proxied = trace.clone();
        sample::put_behind_proxy(&mut proxied);
        assert!(sample::of(&RULE, &proxied).is_empty(), "the kernel knows the way to the proxy");
        sample::tls(&mut trace).round_trips = 2;
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::tls(&mut trace).round_trips = 1;
        sample::connect(&mut trace).attempts[0].syn_retransmits = Some(1);
        assert!(sample::of(&RULE, &trace).is_empty(), "no round trip is known");
    }
}
