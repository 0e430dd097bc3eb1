//! An endpoint that an HTTPS record names cannot be used (RFC 9460 §3): every client that heeds the record tries it
//! first, in vain.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Rule};
use crate::trace::{EndpointSource, Hop, ServiceRecord, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-https-record-failed",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "a connection was made, but the endpoint of an HTTPS record tried before it failed",
    standard: "RFC 9460 section 3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().flat_map(|hop| of_hop(rule, &hop)).collect()
}

fn of_hop(rule: &Rule, hop: &Hop<'_>) -> Vec<Finding> {
    let (Some(connect), Some(lookup)) = (hop.connect.ran(), hop.request.lookup.ran()) else {
        return Vec::new();
    };
    let service = hop.dns.ran().and_then(|dns| dns.service.as_ref());
    let Some((service, winner)) = service.zip(connect.winner.and_then(|at| connect.attempts.get(at))) else {
        return Vec::new();
    };
    let races = hop.abandoned.iter().map(|connection| &connection.tcp).chain([connect]);
    // What QUIC has not heard from may be the way's fault, and has a finding of its own.
    let heard = connect.rivals.iter().filter(|rival| rival.answered.is_some());
    let attempts: Vec<_> = races.flat_map(|race| &race.attempts).chain(heard).collect();
    let records = service.records.iter().enumerate().map(|(index, record)| {
        let (source, place) = (EndpointSource::Record(index), InLookup::ServiceFailed(index));
        (source, place, record.owner.as_str(), endpoint(record), record.failed.as_deref())
    });
    let alias = service.aliases.last().map(|(owner, target)| {
        let (source, failed) = (EndpointSource::Aliases, service.alias_failed.as_deref());
        (source, InLookup::AliasFailed, owner.as_str(), target.clone(), failed)
    });
    let mut findings = Vec::new();
    for (source, place, owner, endpoint, failed) in alias.into_iter().chain(records) {
        let first = attempts.iter().find(|attempt| attempt.source == source);
        let (Some(why), Some(first)) = (failed, first) else { continue };
        let lost = winner.start.since(first.start);
        let title = format!(
            "the HTTPS record of {owner} leads to {endpoint}, which failed: {why}; the connection began {} late",
            duration(lost)
        );
        let evidence = vec![Place::Lookup(lookup, place)];
        let advice = format!("fix that endpoint, or take it out of the HTTPS record of {owner}");
        let mut finding = rule.finding(title, evidence, advice);
        finding.saving =
            Saving::measured(lost, "every new connection of clients that heed HTTPS records", Load::This);
        findings.push(finding);
    }
    findings
}

/// `port 9 of pool.example.test.`
fn endpoint(record: &ServiceRecord) -> String {
    match record.port {
        Some(port) => format!("port {port} of {}", record.target),
        None => record.target.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Attempt, AttemptOutcome, ServiceBinding};

    #[test]
    fn fires_on_a_records_endpoint_that_failed_before_another_was_connected_to() {
        let mut trace = sample::sound();
        let record = |failed: Option<&str>| ServiceRecord {
            owner: "www.example.test.".to_owned(),
            target: "www.example.test.".to_owned(),
            port: Some(9),
            failed: failed.map(str::to_owned),
            ..ServiceRecord::default()
        };
        let dead = record(Some("192.0.2.1:9 refused the connection"));
        let records = vec![dead, record(None)];
        sample::dns(&mut trace).service = Some(ServiceBinding { records, ..ServiceBinding::default() });
        assert!(sample::of(&RULE, &trace).is_empty(), "it was not tried");
        let attempts = &mut sample::connect(&mut trace).attempts;
        let winner = attempts[0].clone();
        let start = At(winner.start.0 - 5_000);
        let outcome = AttemptOutcome::Refused;
        attempts.push(Attempt { start, outcome, source: EndpointSource::Record(0), ..winner });
        let findings = sample::of(&RULE, &trace);
        let title = "the HTTPS record of www.example.test. leads to port 9 of www.example.test., which failed: \
                     192.0.2.1:9 refused the connection; the connection began 5.00 ms late";
        assert_eq!((findings.len(), findings[0].title.as_str()), (1, title));
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 5);
    }
}
