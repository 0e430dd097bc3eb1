//! The promise on accuracy: each delay that the lab injects is found within 2 ms or 5 %, in its own
//! phase and nowhere else.
//!
//! A test binary of its own, with one test, so that no other test runs beside it. What other
//! programs on the machine do can only make a phase longer: so each scenario is traced a few times
//! and a phase is held to its bounds by its shortest (not too late) and longest (not too early) run.
//! A stamp at the wrong place is wrong in every run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a test that cannot go on has failed

#[path = "it/support.rs"]
#[allow(dead_code)]
mod support;

use std::collections::BTreeMap;

use urltrace::lab::{SCENARIOS, Scenario};

const PHASES: [&str; 8] = ["dns", "connect", "proxy", "tls", "quic", "send", "wait", "receive"];
/// Tries before a bound that does not hold is a failure.
const RUNS: usize = 20;

/// Shortest and longest run of each phase, in milliseconds.
type Ranges = BTreeMap<&'static str, (f64, f64)>;

/// Traces a scenario until `enough` says so, at most [`RUNS`] times.
fn measure(scenario: &Scenario, enough: impl Fn(&Ranges) -> bool) -> Ranges {
    let mut ranges: Ranges = PHASES.map(|phase| (phase, (f64::INFINITY, 0.0))).into();
    for _ in 0..RUNS {
        let (_, document) = support::json(&[&["--lab"], scenario.options, &[scenario.url]].concat());
        let hop = document["hops"].as_array().unwrap().last().unwrap();
        for phase in PHASES {
            let took = phase_ms(hop, phase);
            let (least, most) = ranges[phase];
            ranges.insert(phase, (took.min(least), took.max(most)));
        }
        if enough(&ranges) {
            break;
        }
    }
    ranges
}

/// A phase of a hop in milliseconds; zero when it did not happen.
fn phase_ms(hop: &serde_json::Value, name: &str) -> f64 {
    hop["phases"][format!("{name}_us")].as_f64().unwrap_or(0.0) / 1000.0
}

/// What the scenario puts into a phase, in milliseconds.
fn injected(scenario: &Scenario, phase: &str) -> f64 {
    let sum: u64 =
        scenario.expect.injected.iter().filter(|(name, _)| *name == phase).map(|(_, ms)| *ms).sum();
    f64::from(u32::try_from(sum).unwrap())
}

#[test]
fn every_injected_delay_is_found_in_its_own_phase_and_nowhere_else() {
    // What each phase costs by itself, on this machine and profile.
    let normal = SCENARIOS.iter().find(|scenario| scenario.id == "normal").unwrap();
    let own = measure(normal, |_| false);
    let delayed: Vec<_> = SCENARIOS.iter().filter(|scenario| !scenario.expect.injected.is_empty()).collect();
    assert!(delayed.len() >= 5);
    println!("{:<20} {:<8} {:>9} {:>9} {:>9}", "scenario", "phase", "injected", "least", "most");
    for scenario in delayed {
        let holds = |ranges: &Ranges, phase: &str| {
            let injected = injected(scenario, phase);
            let (least, most) = ranges[phase];
            let late = injected + own[phase].0 + (injected * 0.05).max(2.0);
            let early = injected - (injected * 0.05).min(2.0);
            least <= late && most >= early
        };
        let ranges = measure(scenario, |ranges| PHASES.iter().all(|phase| holds(ranges, phase)));
        for phase in PHASES {
            let (least, most) = ranges[phase];
            let injected = injected(scenario, phase);
            println!("{:<20} {phase:<8} {injected:>9.3} {least:>9.3} {most:>9.3}", scenario.id);
            assert!(
                holds(&ranges, phase),
                "{}: {phase} took {least} to {most} ms, injected {injected}, own {}",
                scenario.id,
                own[phase].0
            );
        }
    }
}
