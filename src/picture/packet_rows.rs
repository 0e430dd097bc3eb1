//! The packets behind one row of a lookup, as rows of their own where there are several.
//!
//! Beside those that the answer waited for stand the ones that were sent meanwhile for the same zone: another
//! type, or a second server because the first was silent.

use super::label;
use super::row::Standing;
use crate::trace::{Choice, Dns, Meaning, Packet, PacketId};

/// The packets of a row of a lookup, each with how it stands; none where the row is one packet. `uncounted`: the
/// row itself is not counted.
pub(super) fn of(dns: &Dns, packets: &[PacketId], uncounted: bool) -> Vec<(PacketId, Standing)> {
    let Some(first) = packets.first().and_then(|id| dns.packets.get(id.0)) else { return Vec::new() };
    let (start, end) = packets
        .iter()
        .filter_map(|id| dns.packets.get(id.0))
        .fold((first.sent, first.end), |(start, end), packet| (start.min(packet.sent), end.max(packet.end)));
    let beside = |packet: &Packet| {
        !uncounted
            && (packet.purpose, &packet.zone) == (first.purpose, &first.zone)
            && (start..=end).contains(&packet.sent)
    };
    let all = dns.packets.iter().enumerate().map(|(id, packet)| (PacketId(id), packet));
    let inside: Vec<(PacketId, Standing)> = all
        .filter(|(id, packet)| packets.contains(id) || !dns.critical_path.contains(&id.0) && beside(packet))
        .map(|(id, packet)| match standing(packet) {
            Standing::Counted if uncounted || !packets.contains(&id) => (id, Standing::Uncounted),
            standing => (id, standing),
        })
        .collect();
    if inside.len() > 1 { inside } else { Vec::new() }
}

/// How a packet stands by itself.
fn standing(packet: &Packet) -> Standing {
    match packet.meaning {
        Meaning::Superseded => Standing::Lost,
        Meaning::Stopped(_) => Standing::Uncounted,
        _ if label::is_of_no_use(&packet.meaning) => Standing::Failed,
        _ if packet.chosen == Choice::Hedge => Standing::Hedged,
        _ => Standing::Counted,
    }
}
