//! What the time of a lookup was waited for: packets on the way to the answer, other packets, or nothing
//! that was sent.

use std::time::Duration;

use crate::trace::{At, Dns, Packet};

/// A lookup's time by what was waited for. The three sum to all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waited {
    /// Packets on the way to the answer.
    pub(super) path: Duration,
    /// Other packets of this lookup, while none of those was under way.
    pub(super) others: Duration,
    /// No packet: this machine's own work, and what else it was busy with.
    pub(super) own: Duration,
}

impl Waited {
    pub(super) fn of(dns: &Dns) -> Self {
        let whole = dns.end.since(dns.start);
        let path = covered(dns, dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)));
        let all = covered(dns, dns.packets.iter());
        Self { path, others: all.saturating_sub(path), own: whole.saturating_sub(all) }
    }
}

/// The part of a lookup's time in which one of these packets was under way.
fn covered<'p>(dns: &Dns, packets: impl Iterator<Item = &'p Packet>) -> Duration {
    let inside = |at: At| at.max(dns.start).min(dns.end);
    let mut stretches: Vec<(At, At)> =
        packets.map(|packet| (inside(packet.sent), inside(packet.end))).collect();
    stretches.sort();
    let (mut sum, mut from) = (Duration::ZERO, dns.start);
    for (start, end) in stretches {
        sum += end.since(start.max(from).min(end));
        from = from.max(end);
    }
    sum
}
