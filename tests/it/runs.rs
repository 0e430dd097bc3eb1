//! Many traces in one process: one tracer serves them side by side and one after another.

use std::time::Duration;

use tokio::task::LocalSet;
use urltrace::clock::Clock;
use urltrace::lab::Lab;
use urltrace::plan::Plan;
use urltrace::stop::Stop;
use urltrace::timeline::phases;
use urltrace::trace::Trace;
use urltrace::tracer::{Run, Tracer};

async fn trace(tracer: &Tracer, url: &str) -> Trace {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    tracer.trace(url, Run { clock: &clock, stop: &stop, setup: Duration::ZERO, on_stage: &|_, _| {} }).await
}

/// Whether a trace reached the end of its last URL, and its phases are its time.
fn is_whole(trace: &Trace, last: &str) {
    assert_eq!(trace.failure(), None);
    let mut total = 0;
    for hop in trace.hops() {
        let phases = phases(&hop);
        let named: u64 = phases.spent.iter().filter_map(|(_, time)| *time).sum();
        assert_eq!(named + phases.unaccounted, phases.total, "{}", hop.url.href);
        total += phases.total;
    }
    assert_eq!(u128::from(total), trace.total.as_micros());
    let hop = trace.hops().next_back().unwrap();
    assert_eq!((hop.url.href.as_str(), hop.http.ran().unwrap().status), (last, Some(200)));
}

#[test]
fn one_tracer_serves_traces_side_by_side_and_one_after_another() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let lab = Lab::start().await.unwrap();
        let mut plan = Plan::default();
        plan.http.follow = true;
        lab.apply(&mut plan);
        let tracer = Tracer::new(plan).unwrap();
        let (www, shop) = ("https://www.example.test/", "http://shop.test/");
        let (one, two, same) = tokio::join!(trace(&tracer, www), trace(&tracer, shop), trace(&tracer, www));
        is_whole(&one, www);
        is_whole(&two, "https://www.shop.test/");
        is_whole(&same, www);
        assert_eq!(two.hops().count(), 3);
        // What was answered is known by now, and each run still connects for itself.
        let later = trace(&tracer, www).await;
        is_whole(&later, www);
        let hop = later.hops().next().unwrap();
        let dns = hop.dns.ran().unwrap();
        assert!(dns.notes.iter().any(|note| note.contains("from an earlier run")), "{:?}", dns.notes);
        assert!(hop.connect.ran().is_some() && hop.reused.is_none());
    });
}
