//! What is promised is what the run would be shorter: for traces bent in many ways, and by the model run again.

use proptest::prelude::*;

use super::*;
use crate::finding::found::Load;
use crate::finding::{Severity, check, sample};
use crate::timeline::phases_of_all;
use crate::trace::{AttemptOutcome, ConnectionId, LookupId, Meaning, TlsVersion};

/// The run without these moments: every stamp of its axis earlier by those that lie before it.
fn run_again(trace: &Trace, gone: &Moments) -> Trace {
    let moved = |at: At| {
        let before = Moments::of([(At(0), at)]).and(gone).length();
        At(at.0 - u64::try_from(before.as_micros()).unwrap())
    };
    let mut trace = trace.clone();
    for request in &mut trace.requests {
        (request.start, request.end) = (moved(request.start), moved(request.end));
        let Some(http) = request.http.ran_mut() else { continue };
        (http.start, http.end) = (moved(http.start), moved(http.end));
        (http.sent, http.first_byte) = (http.sent.map(moved), http.first_byte.map(moved));
    }
    for dns in &mut trace.lookups {
        (dns.start, dns.end) = (moved(dns.start), moved(dns.end));
    }
    for connection in &mut trace.connections {
        (connection.tcp.start, connection.tcp.end) = (moved(connection.tcp.start), moved(connection.tcp.end));
        if let Some(tls) = connection.tls.ran_mut() {
            (tls.start, tls.end) = (moved(tls.start), moved(tls.end));
        }
    }
    trace
}

fn gone(findings: &[Finding]) -> Moments {
    Moments::of(savings_of_run(findings).flat_map(|saving| saving.stretches.iter().copied()))
}

#[track_caller]
fn assert_kept(name: &str, trace: &Trace, findings: &[Finding]) {
    let promised = saved_together(findings).unwrap_or_default();
    assert!(promised <= trace.total, "{name}: {promised:?} of {:?}", trace.total);
    let (before, again) = (phases_of_all(trace), phases_of_all(&run_again(trace, &gone(findings))));
    let shorter = Duration::from_micros(before.total - again.total);
    assert_eq!(promised, shorter, "{name}: the run without what is promised");
    for finding in findings {
        let Some(saving) = &finding.saving else { continue };
        assert!(is_worth_telling(saving.amount, trace.total), "{name}: {finding:?}");
        assert!(saving.low <= saving.amount && saving.amount <= saving.high, "{name}: {saving:?}");
        assert!(saving.high <= trace.total, "{name}: {saving:?}");
    }
}

/// Traces in which a good deal goes wrong at once.
fn bent() -> Vec<(&'static str, Trace)> {
    let mut all = sample::all();
    let mut slow = sample::sound();
    let late = sample::http(&mut slow);
    (late.first_byte, late.head_end, late.end) = (Some(At(700_000)), Some(At(700_000)), At(701_000));
    (slow.requests[0].end, slow.total) = (At(701_000), Duration::from_micros(701_000));
    all.push(("slow", slow.clone()));
    let connect = sample::connect(&mut slow);
    let mut dead = connect.attempts[0].clone();
    (dead.address, dead.outcome) = ("[2001:db8::1]:443".parse().unwrap(), AttemptOutcome::Lost);
    connect.attempts[0].start = At(39_000);
    connect.attempts[0].syn_retransmits = Some(1);
    connect.attempts.insert(0, dead);
    connect.winner = Some(1);
    sample::tls(&mut slow).version = Some(TlsVersion::Tls12);
    sample::tls(&mut slow).hello_retry = true;
    all.push(("everything", slow));
    let mut chain = sample::redirects();
    for dns in &mut chain.lookups {
        let mut silent = dns.packets[dns.critical_path[2]].clone();
        (silent.received, silent.meaning, silent.zone) = (None, Meaning::Timeout, "test.".into());
        silent.server = "198.51.100.66:53".parse().unwrap();
        (silent.sent, silent.end) = (dns.start, At(dns.start.0 + 12_000));
        dns.packets.push(silent);
    }
    all.push(("chain", chain));
    all
}

#[test]
fn what_is_promised_is_what_the_run_would_be_shorter() {
    let mut promises = 0;
    for (name, trace) in bent() {
        let findings = check(&trace);
        promises += findings.iter().filter(|finding| finding.saving.is_some()).count();
        assert_kept(name, &trace, &findings);
    }
    assert!(promises > 8, "{promises} promises put nothing to the test");
}

fn finding(stage: StageName, evidence: Vec<Place>, saving: Option<Saving>) -> Finding {
    let (id, severity, standard) = ("x", Severity::Notice, "RFC 9110 section 1");
    let [title, detail, advice] = [(); 3].map(|()| String::new());
    Finding { id, severity, stage, standard, title, detail, evidence, advice, saving }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_saving_is_clipped_to_its_phase_and_told_from_five_milliseconds_and_two_percent_on() {
    let wait = || vec![Place::Request(RequestId(0), InRequest::Phase(Phase::Wait))];
    let settled = |trace: &Trace, amount: Duration| {
        let saving = Saving::derived(amount, "", Load::This);
        settle(vec![finding(StageName::Http, wait(), saving)], &Axis::of(trace)).remove(0).saving
    };
    let mut trace = sample::sound();
    // The wait of the sample is 14.9 ms.
    assert_eq!(settled(&trace, millis(500)).unwrap().amount, Duration::from_micros(14_900));
    assert_eq!(settled(&trace, millis(500)).unwrap().high, Duration::from_micros(14_900));
    assert_eq!(settled(&trace, millis(5)).unwrap().amount, millis(5));
    assert_eq!(settled(&trace, Duration::from_micros(4_999)), None);
    trace.total = millis(500);
    assert_eq!(settled(&trace, millis(10)).unwrap().amount, millis(10));
    assert_eq!(settled(&trace, Duration::from_micros(9_999)), None, "less than 2 % of 500 ms");
}

#[test]
fn what_two_would_save_at_once_is_the_first_ones() {
    let trace = sample::sound();
    let dns = || vec![Place::Lookup(LookupId(0), crate::finding::InLookup::Rcode)];
    let at = |from, to| Saving::measured_at(&[(At(from), At(to))], "", Load::Cold);
    let both = settle(
        vec![
            finding(StageName::Dns, dns(), at(0, 12_000)),
            finding(StageName::Dns, dns(), at(6_000, 20_000)),
            finding(StageName::Dns, dns(), at(10_000, 21_000)),
            // What flew beside the lookup was not waited for.
            finding(StageName::Dns, dns(), at(25_000, 90_000)),
            finding(StageName::Tcp, vec![Place::Connection(ConnectionId(0), InConnection::Duration)], None),
        ],
        &Axis::of(&trace),
    );
    let amounts: Vec<_> = both.iter().map(|it| it.saving.as_ref().map(|it| (it.amount, it.high))).collect();
    assert_eq!(
        amounts,
        [
            Some((millis(12), millis(12))),
            Some((millis(8), millis(14))),
            None,
            Some((millis(5), millis(5))),
            None,
        ]
    );
}

#[test]
fn what_a_later_load_saves_is_neither_added_to_this_ones_nor_taken_from_it() {
    let trace = sample::sound();
    let wait = || vec![Place::Request(RequestId(0), InRequest::Phase(Phase::Wait))];
    let http = |load| finding(StageName::Http, wait(), Saving::derived(millis(10), "", load));
    let all = settle(vec![http(Load::Repeat), http(Load::This), http(Load::Repeat)], &Axis::of(&trace));
    let amounts: Vec<_> = all.iter().map(|it| it.saving.as_ref().map(|it| it.amount)).collect();
    assert_eq!(amounts, [Some(millis(10)), Some(millis(10)), None]);
    assert_eq!(saved_together(&all), Some(millis(10)));
    assert_eq!(saved_together(&all[..1]), None, "this load would be no shorter");
}

proptest! {
    #[test]
    fn no_set_of_savings_promises_more_than_the_run_spent(
        cuts in prop::collection::vec((0u64..80_000, 0u64..80_000, 0u64..90_000, 0usize..4), 0..9)
    ) {
        let trace = sample::sound();
        let findings = cuts.into_iter().map(|(from, to, amount, stage)| {
            let stage = [StageName::Dns, StageName::Tcp, StageName::Tls, StageName::Http][stage];
            let saving = if from < to {
                Saving::measured_at(&[(At(from), At(to))], "", Load::This)
            } else {
                Saving::derived(Duration::from_micros(amount), "", Load::This)
            };
            finding(stage, Vec::new(), saving)
        });
        assert_kept("any", &trace, &settle(findings.collect(), &Axis::of(&trace)));
    }
}
