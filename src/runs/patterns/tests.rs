//! Series with a pattern, and series of noise, made by hand.

use std::time::Duration;

use super::*;
use crate::timeline::Phase;
use crate::trace::{Header, sample};

/// A run whose response came so much later, in microseconds, from this server.
fn run(later: u64, server: &str) -> Trace {
    let mut trace = sample::waited(Duration::from_micros(later));
    let http = trace.requests.last_mut().unwrap().http.ran_mut().unwrap();
    http.headers.push(Header { name: "X-Served-By".to_owned(), value: server.into() });
    trace
}

fn told(runs: &[Trace]) -> Vec<Pattern> {
    patterns(&runs.iter().collect::<Vec<_>>())
}

/// Numbers without a pattern, from 0 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[allow(clippy::cast_precision_loss)]
        let part = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        part
    }

    /// In microseconds, below this.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn below(&mut self, most: f64) -> u64 {
        (self.next() * most) as u64
    }
}

#[test]
fn every_third_run_is_named_and_its_two_levels_are_not() {
    let mut noise = Noise(7);
    let runs: Vec<Trace> =
        (0..21).map(|at| run(noise.below(3_000.0) + u64::from(at % 3 == 2) * 300_000, "a")).collect();
    let [pattern] = &told(&runs)[..] else { panic!("{:?}", told(&runs)) };
    assert_eq!(pattern.kind, PatternKind::Flapping { period: 3 });
    assert_eq!((pattern.phase, &pattern.slow_runs[..3]), (Phase::Wait, &[2, 5, 8][..]));
    assert!(pattern.words().starts_with("every 3rd run is slow, from run 3 on: "), "{}", pattern.words());
    assert_eq!(told(&runs[..9]), [], "nine are too few");
}

#[test]
fn two_levels_in_no_order_are_bimodal() {
    let mut noise = Noise(3);
    let runs: Vec<Trace> = (0..30)
        .map(|_| {
            let level = u64::from(noise.next() < 0.4) * 150_000;
            run(noise.below(4_000.0) + level, "a")
        })
        .collect();
    let [pattern] = &told(&runs)[..] else { panic!("{:?}", told(&runs)) };
    assert_eq!((&pattern.kind, pattern.of), (&PatternKind::Bimodal, 30));
    assert!(pattern.slow - pattern.fast > 140_000, "{pattern:?}");
    assert_eq!(told(&runs[..15]), [], "fifteen are too few");
    // The same times in another order are an episode: something was slow for a while.
    let mut ordered = runs;
    ordered.sort_by_key(|trace| trace.total);
    ordered.rotate_left(7);
    assert!(told(&ordered).iter().all(|pattern| pattern.kind != PatternKind::Bimodal));
}

#[test]
fn a_drift_is_no_step_and_a_step_no_drift() {
    let mut noise = Noise(5);
    let rising: Vec<Trace> = (0..20).map(|at| run(at * 5_000 + noise.below(4_000.0), "a")).collect();
    let [pattern] = &told(&rising)[..] else { panic!("{:?}", told(&rising)) };
    assert!(matches!(pattern.kind, PatternKind::Drift { per_run: 4_500..=5_500 }), "{pattern:?}");
    let falling: Vec<Trace> = rising.iter().rev().cloned().collect();
    assert!(told(&falling)[0].words().contains(" less than the one before"), "{}", told(&falling)[0].words());
    let step: Vec<Trace> =
        (0..20).map(|at| run(u64::from(at >= 10) * 90_000 + noise.below(9_000.0), "a")).collect();
    assert!(told(&step).iter().all(|pattern| !matches!(pattern.kind, PatternKind::Drift { .. })));
}

#[test]
fn one_bad_server_of_three_is_named_and_explains_the_rest() {
    let mut noise = Noise(11);
    // In no order, and in turn: then it is every third run, too.
    for in_turn in [false, true] {
        let runs: Vec<Trace> = (0..24)
            .map(|at| {
                let server = if in_turn { at % 3 } else { noise.below(3.0) };
                let name = ["one", "two", "three"][usize::try_from(server).unwrap()];
                run(noise.below(3_000.0) + u64::from(server == 1) * 90_000, name)
            })
            .collect();
        let [pattern] = &told(&runs)[..] else { panic!("{:?}", told(&runs)) };
        let by = NamedBy::Field("x-served-by");
        assert_eq!(pattern.kind, PatternKind::BadBackend { by, server: "two".to_owned(), servers: 3 });
        assert!(
            pattern.words().contains("one of 3 servers is slow, x-served-by: two: "),
            "{}",
            pattern.words()
        );
    }
}

#[test]
fn failed_runs_keep_their_turn_and_have_no_time() {
    let mut runs: Vec<Trace> = (0..20).map(|at| run((at % 2) * 300_000 + at, "a")).collect();
    runs[4].requests.last_mut().unwrap().failure = Some(crate::trace::Failure {
        stage: crate::trace::StageName::Http,
        code: crate::trace::FailureCode::EmptyResponse,
        message: String::new(),
        hint: None,
        running: Duration::ZERO,
    });
    let [pattern] = &told(&runs)[..] else { panic!("{:?}", told(&runs)) };
    assert_eq!((&pattern.kind, pattern.of), (&PatternKind::Flapping { period: 2 }, 19));
    assert_eq!(pattern.slow_runs, (0..10).map(|at| at * 2 + 1).collect::<Vec<_>>());
}

/// Noise of every kind, with three servers at random, several times over: hardly ever is anything told of it. Sixty times
/// each, by hand, had no more than 3 of 60.
#[test]
fn nothing_is_told_of_noise() {
    type Kind = (&'static str, fn(&mut Noise) -> f64);
    const KINDS: [Kind; 5] = [
        ("even", |noise| noise.next() * 100_000.0),
        ("normal", |noise| (0..12).map(|_| noise.next()).sum::<f64>() * 10_000.0),
        ("long tail", |noise| -noise.next().max(1e-12).ln() * 40_000.0),
        ("heavy tail", |noise| 10_000.0 / noise.next().max(1e-6).powf(0.6)),
        ("stragglers", |noise| {
            20_000.0 + if noise.next() < 0.05 { 400_000.0 } else { noise.next() * 3_000.0 }
        }),
    ];
    let mut noise = Noise(42);
    for (name, kind) in KINDS {
        for (many, times) in [(12, 12), (20, 10), (30, 6), (50, 2)] {
            let mut wrong = Vec::new();
            for _ in 0..times {
                let runs: Vec<Trace> = (0..many)
                    .map(|_| {
                        let server = ["one", "two", "three"][usize::try_from(noise.below(3.0)).unwrap()];
                        let later = kind(&mut noise);
                        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                        run(later as u64, server)
                    })
                    .collect();
                wrong.extend(told(&runs).into_iter().map(|pattern| pattern.kind));
            }
            assert!(wrong.len() <= 1, "{name}, {many} runs: {} of {times}: {wrong:?}", wrong.len());
        }
    }
}
