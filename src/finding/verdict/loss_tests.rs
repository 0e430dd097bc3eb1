//! Verdicts on runs in which packets were lost, or may have been: no server is blamed for them.

use std::time::Duration;

use super::tests::{FAR, Run};
use super::{Cause, verdict};
use crate::finding::{check, sample};
use crate::trace::{At, StageName, Trace};

/// A run by QUIC whose handshake took so many milliseconds, of which a second passed until the first flight went out again.
fn unheard(millis: u64, lost: Option<u64>) -> Trace {
    let mut trace = Run { connect: 0, tls: millis, ..FAR }.trace();
    sample::go_by_quic(&mut trace);
    let quic = trace.connections[0].quic.as_mut().unwrap();
    let mut again = quic.datagrams[0].clone();
    again.at = At(quic.start.0 + 1_000_000);
    for datagram in &mut quic.datagrams[1..3] {
        datagram.at = At(again.at.0 + 20_000);
    }
    quic.datagrams.insert(1, again);
    quic.lost = lost;
    trace
}

fn by_quic(run: Run, lost: u64) -> Trace {
    let mut trace = run.trace();
    sample::go_by_quic(&mut trace);
    trace.connections[0].quic.as_mut().unwrap().lost = Some(lost);
    trace
}

/// A run in which the kernel waits so long before it sends something again.
fn patient(run: Run, millis: u64) -> Trace {
    run.bent(|trace| {
        let info = sample::connect(trace).tcp_info.as_mut().unwrap();
        info.rto = Some(Duration::from_millis(millis));
    })
}

#[test]
fn no_server_is_blamed_for_what_was_lost_or_may_have_been() {
    use Cause::{Loss, Queue, Server};
    use StageName::{Http, Tcp, Tls};
    let slow = Run { connect: 0, tls: 500, ..FAR };
    for (name, trace, cause, stage, says) in [
        (
            "as long as a packet that is sent again",
            patient(Run { wait: 247, ..FAR }, 220),
            Server,
            Http,
            "went by before the answer of www.example.test (192.0.2.10): its own time, or one lost packet from it",
        ),
        (
            "the same in the handshake",
            patient(Run { tls: 245, ..FAR }, 220),
            Server,
            Tls,
            "went by in the TLS handshake with www.example.test",
        ),
        ("longer than that", patient(Run { wait: 347, ..FAR }, 220), Server, Http, "thought for 327 of"),
        ("shorter", patient(Run { wait: 200, ..FAR }, 220), Server, Http, "thought for 180 of"),
        (
            "a first flight of QUIC",
            unheard(1_040, Some(2)),
            Loss,
            Tcp,
            "packets to or from www.example.test (192.0.2.10) were lost, and sent again",
        ),
        (
            "one that was sent again for nothing",
            unheard(1_040, Some(0)),
            Queue,
            Tcp,
            "was sent twice, as no acknowledgement came in time",
        ),
        (
            "a request by QUIC",
            by_quic(Run { wait: 70, dns: [1, 1, 1], ..FAR }, 1),
            Loss,
            Http,
            "were lost, and sent again",
        ),
        ("a slow handshake by QUIC", by_quic(slow, 0), Server, Tcp, "over its part of the TLS handshake"),
    ] {
        let verdict = verdict(&trace, &check(&trace));
        let culprit = &verdict.culprit;
        assert_eq!((culprit.cause, culprit.stage), (cause, Some(stage)), "{name}: {}", verdict.summary);
        assert!(verdict.summary.contains(says), "{name}: {}", verdict.summary);
        assert!(!says.contains("lost packet") || verdict.saving.is_none(), "{name}");
    }
}
