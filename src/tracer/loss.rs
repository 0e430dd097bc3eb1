//! What the kernel learns late of segments that were sent again: whether the server has had them twice (DSACK, RFC 2883),
//! so that nothing was lost. Its word comes a round trip after the second copy, when what is measured may be over.

use std::time::Duration;

use crate::stop::Stop;
use crate::tcp::Watch;
use crate::trace::{Connect, ConnectionId, Failure, FailureCode, Hop, StageName, Trace};
use crate::units::{bytes, count, duration};

/// How long such a word is waited for at most.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most that a server puts an acknowledgement off by (RFC 9293 §3.8.6.3), and clocks in ticks.
const DELAYED: Duration = Duration::from_millis(50);

/// Whether something was sent again on a connection.
pub(super) fn is_doubted(tcp: &Connect) -> bool {
    tcp.tcp_info_after.is_some_and(|info| info.retransmits > 0)
}

/// Looks once more at those of these connections on which something was sent again. Nothing of it is counted.
pub(super) async fn settle(watches: Vec<(ConnectionId, Watch)>, trace: &mut Trace, stop: &Stop) {
    let mut watches = watches;
    watches.retain(|(id, _)| is_doubted(&trace.connections[id.0].tcp));
    let round_trip = watches.iter().filter_map(|(_, watch)| Some(watch.read()?.rtt)).max();
    let Some(round_trip) = round_trip else { return };
    let pause = (round_trip * 2 + DELAYED).min(PATIENCE);
    let waited = stop.within(None, tokio::time::sleep(pause)).await.is_ok(); // the kernel learns of a loss after a round trip and a delayed ACK
    for (id, watch) in watches {
        let tcp = &mut trace.connections[id.0].tcp;
        let Some(after) = &mut tcp.tcp_info_after else { continue };
        // What was sent again and nothing of it acknowledged is no copy of what was.
        let is_known = waited || after.timeouts.is_some_and(|timeouts| timeouts > 0);
        // What was not waited for is not known.
        after.duplicates = watch.read().filter(|_| is_known).and_then(|info| info.duplicates);
    }
}

/// A request that got no answer in time, where what was sent again and again was never acknowledged: then nobody has
/// taken it and been silent. What is merely on its way, as in any upload, is no such thing, whatever was lost before.
pub(super) fn told(failure: Failure, hop: &Hop<'_>) -> Failure {
    let http = hop.http.ran().filter(|http| http.first_byte.is_none() && http.informational.is_empty());
    let (Some(http), StageName::Http, FailureCode::MaxTime) = (http, failure.stage, failure.code) else {
        return failure;
    };
    let Some(tcp) = hop.connection.map(|connection| &connection.tcp) else { return failure };
    let Some(winner) = tcp.winner.and_then(|winner| tcp.attempts.get(winner)) else { return failure };
    let timeouts = tcp.tcp_info_after.and_then(|info| info.timeouts);
    let (Some(left @ 1..), again @ 1.., Some(1..)) = (tcp.unacknowledged(), tcp.sent_again(), timeouts)
    else {
        return failure;
    };
    let message = format!(
        "no answer came in {}: {} sent to {} were not acknowledged, and sent again {} in vain",
        duration(http.end.since(http.start)),
        bytes(left),
        winner.address,
        count(again as usize, "time")
    );
    let hint = "the way there loses packets, or what acknowledges them (those of full size alone: an MTU black hole); \
                --route shows from which hop on answers are missing";
    Failure { message, hint: Some(hint.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn what_was_never_acknowledged_is_no_silence_of_the_servers() {
        let mut trace = sample::sound();
        let failure = Failure {
            stage: StageName::Http,
            code: FailureCode::MaxTime,
            message: "the server took the request and sent nothing".to_owned(),
            hint: None,
            running: Duration::ZERO,
        };
        let say = |trace: &Trace| told(failure.clone(), &trace.hops().next().unwrap()).message;
        sample::http(&mut trace).first_byte = None;
        assert_eq!(say(&trace), failure.message);
        let tcp = sample::connect(&mut trace);
        let mut info = tcp.tcp_info.unwrap();
        (info.bytes_sent, info.bytes_retransmitted, info.bytes_acked) = (Some(3_500), Some(1_500), Some(501));
        let after = |timeouts| {
            Some(crate::trace::TcpInfo {
                retransmits: info.retransmits + 3,
                timeouts: Some(timeouts),
                ..info
            })
        };
        tcp.tcp_info_after = after(0);
        assert_eq!(tcp.unacknowledged(), Some(1_500));
        assert_eq!(say(&trace), failure.message, "it is on its way");
        sample::connect(&mut trace).tcp_info_after = after(2);
        assert!(
            say(&trace).contains("1.5 kB sent to 192.0.2.10:443 were not acknowledged"),
            "{}",
            say(&trace)
        );
        sample::http(&mut trace).first_byte = Some(crate::trace::At(1));
        assert_eq!(say(&trace), failure.message, "it has answered");
    }
}
