//! What the kernel learns late of segments that were sent again: whether the server has had them twice (DSACK, RFC 2883),
//! so that nothing was lost. Its word comes a round trip after the second copy, when what is measured may be over.

use std::time::Duration;

use crate::stop::Stop;
use crate::tcp::Watch;
use crate::trace::{Connect, ConnectionId, Trace};

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
        let Some(after) = &mut trace.connections[id.0].tcp.tcp_info_after else { continue };
        // What was not waited for is not known.
        after.duplicates = watch.read().filter(|_| waited).and_then(|info| info.duplicates);
    }
}
