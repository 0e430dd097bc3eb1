//! What results are owed to, in traces changed one by one.

use std::time::Duration;

use super::*;
use crate::finding::{self, sample};
use crate::trace::{At, Attempt, AttemptOutcome, CertificateStatus, FailureCode, Meaning, StageName, Staple};

fn of(trace: &Trace) -> Culprit {
    finding::verdict(trace, &finding::check(trace)).culprit
}

#[test]
fn a_failure_and_an_error_come_before_any_time() {
    let mut trace = sample::sound();
    sample::http(&mut trace).status = Some(503);
    let culprit = of(&trace);
    assert_eq!((culprit.cause, culprit.stage), (Cause::Error, Some(StageName::Http)));
    assert_eq!(culprit.place, Some(Place::Request(RequestId(0), InRequest::Status)));
    assert_eq!(culprit.host.as_deref(), Some("www.example.test"));
    assert!(culprit.server.is_some() && culprit.span.is_some());
    let summary = finding::verdict(&trace, &finding::check(&trace)).summary;
    assert!(summary.starts_with("503 Service Unavailable"), "{summary}");
    for status in [404, 429] {
        sample::http(&mut trace).status = Some(status);
        assert_eq!(of(&trace).cause, Cause::Error, "{status}");
    }
    trace.requests[0].failure = Some(Failure {
        stage: StageName::Tls,
        code: FailureCode::NotTls,
        message: "no".into(),
        hint: None,
        running: Duration::ZERO,
    });
    let culprit = of(&trace);
    assert_eq!(
        (culprit.cause, culprit.stage, culprit.place),
        (Cause::Failure, Some(StageName::Tls), Some(Place::Failure))
    );
}

#[test]
fn what_a_right_response_came_in_spite_of_is_not_convicted() {
    let mut trace = sample::sound();
    let staple = Staple {
        status: CertificateStatus::Revoked(trace.started_at),
        produced_at: None,
        this_update: None,
        next_update: None,
    };
    sample::tls(&mut trace).staple = Some(staple);
    let connect = sample::connect(&mut trace);
    let refused = Attempt {
        address: "[2001:db8::1]:443".parse().unwrap(),
        outcome: AttemptOutcome::Refused,
        start: connect.start,
        ..connect.attempts[0].clone()
    };
    connect.attempts[0].start = connect.start.after(Duration::from_micros(100));
    connect.attempts.insert(0, refused);
    connect.winner = Some(1);
    let findings = finding::check(&trace);
    let errors: Vec<_> =
        findings.iter().filter(|it| it.severity == finding::Severity::Error).map(|it| it.id).collect();
    assert_eq!(errors, ["tcp-address-failed", "tls-ocsp-staple-bad"]);
    assert_ne!(of(&trace).cause, Cause::Error);
    sample::http(&mut trace).status = Some(503);
    let culprit = of(&trace);
    assert_eq!(
        (culprit.cause, culprit.stage),
        (Cause::Error, Some(StageName::Http)),
        "the response is wrong"
    );
}

#[test]
fn a_bogus_zone_is_an_error_of_dns() {
    let mut trace = sample::sound();
    sample::dns(&mut trace).dnssec = Some(sample::dnssec(crate::trace::DnssecVerdict::Bogus));
    let culprit = of(&trace);
    assert_eq!((culprit.cause, culprit.stage, culprit.server), (Cause::Error, Some(StageName::Dns), None));
}

#[test]
fn dns_time_is_a_servers_or_the_ways_or_a_retrys_or_our_own() {
    let mut trace = sample::sound();
    let culprit = of(&trace);
    assert_eq!(
        (culprit.stage, culprit.cause),
        (Some(StageName::Dns), Cause::Distance),
        "three servers alike"
    );
    assert!(culprit.server.is_some() && culprit.span.is_some());
    sample::connect(&mut trace).tcp_info.as_mut().unwrap().min_rtt = Some(Duration::from_millis(1));
    let dns = sample::dns(&mut trace);
    let (last, end) = (*dns.critical_path.last().unwrap(), dns.end);
    dns.packets[last].sent = dns.start;
    dns.packets[last].end = end;
    let name = dns.packets[last].server_name.clone();
    let culprit = of(&trace);
    assert_eq!((culprit.cause, culprit.server), (Cause::Server, name));
    sample::dns(&mut trace).packets[last].meaning = Meaning::Timeout;
    assert_eq!(finding::verdict(&trace, &[]).culprit.cause, Cause::Retry);
    let dns = sample::dns(&mut trace);
    for packet in &mut dns.packets {
        (packet.sent, packet.end) = (dns.start, dns.start.after(Duration::from_micros(100)));
    }
    assert_eq!(finding::verdict(&trace, &[]).culprit.cause, Cause::Us);
    let summary = finding::verdict(&trace, &[]).summary;
    assert!(summary.contains("are this machine's own work, most of it during name resolution"), "{summary}");
}

#[test]
fn a_dead_address_in_front_is_a_retry_and_a_lost_syn_a_loss() {
    let mut trace = sample::sound();
    trace.requests[0].end = trace.requests[0].end.after(Duration::from_secs(1));
    trace.total += Duration::from_secs(1);
    let connect = sample::connect(&mut trace);
    let (start, end) = (connect.start, connect.end.after(Duration::from_secs(1)));
    connect.end = end;
    let dead = Attempt {
        address: "192.0.2.66:443".parse().unwrap(),
        start,
        end,
        outcome: AttemptOutcome::Lost,
        syn_retransmits: None,
        answered: None,
        source: connect.attempts[0].source,
        transport: connect.attempts[0].transport,
    };
    connect.attempts[0].start = At(end.0 - 1_000);
    connect.attempts.insert(0, dead);
    connect.winner = Some(1);
    let culprit = of(&trace);
    assert_eq!((culprit.cause, culprit.server.as_deref()), (Cause::Retry, Some("192.0.2.66")));
    let connect = sample::connect(&mut trace);
    connect.attempts.remove(0);
    (connect.winner, connect.attempts[0].start) = (Some(0), start);
    assert_eq!(of(&trace).cause, Cause::Queue, "what was sent again nobody has seen");
    sample::connect(&mut trace).attempts[0].syn_retransmits = Some(1);
    assert_eq!(of(&trace).cause, Cause::Loss);
}

#[test]
fn nothing_measured_has_no_culprit_but_its_failure() {
    for (name, trace) in sample::all() {
        let culprit = of(&trace);
        let quick = name == "literal";
        assert_eq!(culprit.cause == Cause::None, quick, "{name}");
        assert_eq!(culprit.cause == Cause::Failure, trace.failure().is_some(), "{name}");
    }
}
