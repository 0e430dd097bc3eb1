//! A trace that is dropped, at whatever await, leaves nothing behind: no socket and no task.
//!
//! It counts the descriptors of the whole process, so it is a test program of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::task::LocalSet;
use urltrace::clock::Clock;
use urltrace::lab::{Lab, SCENARIOS};
use urltrace::plan::{Endpoint, EndpointHost, Plan, ResolverChoice};
use urltrace::stop::Stop;
use urltrace::trace::Transport;
use urltrace::tracer::{Run, Tracer};

const TRACES: usize = 1_000;
/// Traces of one tracer that run side by side.
const AT_ONCE: usize = 50;
/// Within this a task that was given up has ended: less than any limit that one might wait for.
const AT_THE_LATEST: Duration = Duration::from_millis(500);

/// Within this everything of a trace is gone.
const AT_LAST: Duration = Duration::from_secs(15);

/// A trace that is waiting is given up after this.
const LONGEST: Duration = Duration::from_millis(400);

/// Traces until the work was polled so often or has lasted so long, then drops it; whether it was at its
/// end before.
async fn cut_off(tracer: &Tracer, url: &str, polls: usize, longest: Duration) -> bool {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(20));
    let run = Run { clock: &clock, stop: &stop, setup: Duration::ZERO, on_stage: &|_, _| {} };
    let mut trace = pin!(tracer.trace(url, run));
    let mut left = polls;
    let work = poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        trace.as_mut().poll(context).map(|_| true)
    });
    tokio::time::timeout(longest, work).await.unwrap_or(false)
}

/// The descriptors of this process, once the lab has seen that its peers are gone.
async fn descriptors() -> usize {
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let (mut last, mut same) = (count(), 0);
    while same < 20 {
        tokio::time::sleep(Duration::from_millis(25)).await; // between two looks: nothing tells of a closed socket
        let now = count();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

/// Every other tracer asks a resolver on a connection, which it keeps.
fn plan(lab: &Lab, batch: usize) -> Plan {
    let mut plan = Plan::default();
    plan.http.follow = true;
    lab.apply(&mut plan);
    if batch % 2 == 1 {
        let resolver = plan.dns.stub_servers[0];
        plan.dns.lane = ResolverChoice::Endpoint(Endpoint {
            transport: Transport::Tcp,
            host: EndpointHost::Address(resolver.ip()),
            port: resolver.port(),
            text: String::new(),
            certificate_name: String::new(),
            path: String::new(),
        });
    }
    plan
}

#[test]
fn a_dropped_trace_leaves_no_descriptor_and_no_task() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lab = Lab::start().await.unwrap();
        let warm = async {
            let tracer = Tracer::new(plan(&lab, 0)).unwrap();
            assert!(cut_off(&tracer, "https://www.example.test/", usize::MAX, Duration::from_secs(20)).await);
        };
        LocalSet::new().run_until(warm).await;
        let before = descriptors().await;
        let mut finished = 0;
        for batch in 0..TRACES / AT_ONCE {
            let (mut tasks, tracer) = (LocalSet::new(), Tracer::new(plan(&lab, batch)).unwrap());
            let traces = (0..AT_ONCE).map(|index| {
                let number = batch * AT_ONCE + index;
                let url = SCENARIOS[number % SCENARIOS.len()].url;
                // From the first await to the last, the early ones more often.
                cut_off(&tracer, url, index * index / 12, LONGEST)
            });
            let ends = tasks.run_until(join_all(traces)).await;
            finished += ends.iter().filter(|finished| **finished).count();
            // What is kept for the next trace is the tracer's, and goes with it.
            drop(tracer);
            let over = tokio::time::timeout(AT_THE_LATEST, &mut tasks).await;
            assert!(over.is_ok(), "a task has outlived the traces of batch {batch}");
        }
        // How many reach their end depends on the machine; the early awaits are left by all that are to.
        assert!(finished < TRACES * 9 / 10, "{finished} came to their end");
        // The lab sees at its next piece that a peer is gone, and QUIC stays for three of its timeouts after a close
        // (RFC 9000 section 10.2): seconds, and no more.
        let all = Instant::now();
        while (descriptors().await, runtime_tasks()) != (before, 0) && all.elapsed() < AT_LAST {}
        assert_eq!((descriptors().await, runtime_tasks()), (before, 0));
    });
}

/// Tasks of the runtime itself, those that are not local.
fn runtime_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
