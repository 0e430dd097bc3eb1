//! Verdicts on requests with a large body, and on heads that take long.

use std::time::Duration;

use super::{Cause, verdict};
use crate::finding::{check, sample};

/// A request's body that is on its way is no thinking of the server's, and no round trip.
#[test]
fn a_body_on_its_way_is_the_way() {
    let uploaded = |sent: u64, acked: Option<u64>| {
        let mut trace = sample::sound();
        let more = Duration::from_millis(2_000);
        let http = sample::http(&mut trace);
        let start = http.start;
        http.request.body_bytes = 5_000_000;
        (http.first_byte, http.head_end) =
            (http.first_byte.map(|at| at.after(more)), http.head_end.map(|at| at.after(more)));
        http.end = http.end.after(more);
        http.sent = Some(start.after(Duration::from_millis(sent)));
        http.body_acked = acked.map(|millis| start.after(Duration::from_millis(millis)));
        trace.requests[0].end = trace.requests[0].end.after(more);
        trace.total += more;
        trace
    };
    for (sent, acked, cause, says) in [
        (
            1_900,
            Some(1_960),
            Cause::Distance,
            "are the way: the request's body (5.0 MB) took 1.95 s to get to",
        ),
        (10, Some(1_960), Cause::Distance, "are the way: the request's body (5.0 MB) took 1.95 s to get to"),
        (10, None, Cause::Server, "how long its body was on its way cannot be told here"),
        (10, Some(60), Cause::Server, " thought for "),
    ] {
        let trace = uploaded(sent, acked);
        let told = verdict(&trace, &check(&trace));
        assert!(told.summary.contains(says), "{sent} {acked:?}: {}", told.summary);
        assert_eq!(told.culprit.cause, cause, "{sent} {acked:?}");
        assert_eq!(told.saving.is_some(), acked == Some(60), "{sent} {acked:?}");
        assert!(!told.summary.contains("round trips of"), "{}", told.summary);
    }
}

/// A head alone fits the kernel's buffer: who sends it late is this machine.
#[test]
fn a_head_that_is_sent_late_is_our_own_work() {
    let mut trace = sample::sound();
    let more = Duration::from_millis(400);
    let http = sample::http(&mut trace);
    (http.first_byte, http.head_end) =
        (http.first_byte.map(|at| at.after(more)), http.head_end.map(|at| at.after(more)));
    (http.sent, http.end) = (http.sent.map(|at| at.after(more)), http.end.after(more));
    trace.requests[0].end = trace.requests[0].end.after(more);
    trace.total += more;
    let told = verdict(&trace, &check(&trace));
    assert_eq!(told.culprit.cause, Cause::Us, "{}", told.summary);
    assert!(told.summary.contains("this machine's own work"), "{}", told.summary);
}

/// A response whose head drips in has no slow body.
#[test]
fn a_slow_head_is_no_slow_body() {
    let mut trace = sample::sound();
    let more = Duration::from_millis(900);
    let http = sample::http(&mut trace);
    (http.head_end, http.end) = (http.head_end.map(|at| at.after(more)), http.end.after(more));
    http.head_bytes = 102;
    trace.requests[0].end = trace.requests[0].end.after(more);
    trace.total += more;
    let told = verdict(&trace, &check(&trace));
    assert!(
        told.summary.starts_with("the head of the response of www.example.test (102 B) took "),
        "{}",
        told.summary
    );
    assert_eq!(told.culprit.cause, Cause::Server);
}
