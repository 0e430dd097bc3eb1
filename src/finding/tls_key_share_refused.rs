//! The server asked for another key share, which costs a round trip.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{Direction, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-key-share-refused",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "the server answered the ClientHello with HelloRetryRequest",
    standard: "RFC 8446 section 4.1.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        if !tls.hello_retry {
            continue;
        }
        let group = tls.group.as_deref().unwrap_or("another group");
        let title = format!(
            "the server takes none of the key shares sent and asked for {group}: one more round trip"
        );
        let mut finding = rule.finding(
            title,
            vec![Place::Connection(id, InConnection::HelloRetry)],
            "let the server accept X25519, which every browser sends",
        );
        let mut flights = tls.flights.iter();
        let sent = flights.find(|flight| flight.direction == Direction::Sent);
        let retry = flights.find(|flight| flight.direction == Direction::Received);
        if let (Some(sent), Some(retry)) = (sent, retry) {
            finding.saving = Saving::measured(
                retry.end.since(sent.end),
                "every full handshake of a client that sends these shares",
                Load::This,
            );
        }
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_retry_with_the_round_trip_it_cost() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::tls(&mut trace).hello_retry = true;
        assert_eq!(sample::of(&RULE, &trace)[0].saving.as_ref().unwrap().amount.as_micros(), 10_100);
    }
}
