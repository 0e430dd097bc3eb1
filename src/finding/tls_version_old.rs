//! The server does not speak TLS 1.3, which costs a round trip.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{Direction, StageName, Tls, TlsVersion, Trace};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "tls-version-old",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "TLS 1.2 was negotiated although TLS 1.3 was offered",
    standard: "RFC 9325 section 3.1.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let is_newest = |version: &String| version == TlsVersion::Tls13.as_str();
        let offered = tls.offer.as_ref().is_none_or(|offer| offer.versions.iter().any(is_newest));
        if tls.version != Some(TlsVersion::Tls12) || !offered {
            continue;
        }
        let saved = second_wait(tls).min(tls.end.since(tls.start));
        let title = format!("the server speaks TLS 1.2 only: a second round trip of {}", duration(saved));
        let evidence = vec![
            Place::Connection(id, InConnection::TlsVersion),
            Place::Connection(id, InConnection::TlsRoundTrips),
        ];
        let mut finding = rule.finding(title, evidence, "enable TLS 1.3 on the server");
        finding.saving = Saving::derived(saved, "on every full handshake", Load::This);
        findings.push(finding);
    }
    findings
}

/// How long the second flight of the server was waited for.
fn second_wait(tls: &Tls) -> Duration {
    let mut waits = tls.flights.windows(2).filter_map(|pair| match pair {
        [sent, received]
            if sent.direction == Direction::Sent && received.direction == Direction::Received =>
        {
            Some(received.start.since(sent.end))
        }
        _ => None,
    });
    waits.nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Offer};

    #[test]
    fn fires_on_a_choice_of_the_server_and_not_on_tls_max() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let tls = sample::tls(&mut trace);
        tls.version = Some(TlsVersion::Tls12);
        let mut flight = tls.flights[1].clone();
        flight.start = At(61_000);
        tls.flights.push(flight);
        tls.end = At(61_000);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 10);
        sample::tls(&mut trace).offer = Some(Offer { versions: vec!["TLSv1.2".into()], ..Offer::default() });
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
