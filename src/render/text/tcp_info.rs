//! TCP_INFO in words: what the kernel knew of a connection when all that was measured on it was over.

use crate::trace::TcpInfo;
use crate::units;

/// Segments that have to be sent before their rate is told.
const TO_TELL: u64 = 10;

/// Each fact with its name, those that the kernel does not give left out.
pub(crate) fn facts(info: &TcpInfo) -> Vec<(&'static str, String)> {
    let least =
        info.min_rtt.map_or_else(String::new, |least| format!(", at least {}", units::duration(least)));
    let mut facts = vec![
        ("RTT", format!("{}, varies by {}{least}", units::duration(info.rtt), units::duration(info.rtt_var))),
        (
            "segments",
            format!(
                "MSS {} B, path MTU {} B, congestion window {}",
                info.mss,
                info.path_mtu,
                units::count(info.congestion_window as usize, "segment")
            ),
        ),
    ];
    let mut lost =
        vec![format!("{} sent again, SYNs included", units::count(info.retransmits as usize, "segment"))];
    lost.extend(
        info.duplicates
            .filter(|count| *count > 0)
            .map(|count| format!("{count} of them for nothing (DSACK)")),
    );
    lost.extend(info.out_of_order.map(|count| format!("{count} received out of order")));
    lost.extend(info.reordering.map(|count| format!("one that {count} have overtaken counts as lost")));
    facts.push(("loss", lost.join(", ")));
    if let (Some(sent), Some(received)) = (info.bytes_sent, info.bytes_received) {
        let acked = info
            .bytes_acked
            .map_or_else(String::new, |acked| format!(" ({} acknowledged)", units::bytes(acked)));
        let again = info.bytes_retransmitted.filter(|again| *again > 0);
        let again = again.map_or_else(String::new, |again| format!(", {} of it again", units::bytes(again)));
        facts.push((
            "data",
            format!("{} sent{again}{acked}, {} received", units::bytes(sent), units::bytes(received)),
        ));
    }
    // A request of a few packets says nothing of what the path can carry.
    let told = info.bytes_sent >= Some(TO_TELL * u64::from(info.mss));
    facts.extend(
        info.delivery_rate
            .filter(|_| told)
            .map(|rate| ("delivery", format!("{} a second of what was sent arrived", units::bytes(rate)))),
    );
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_what_was_sent_is_told_of_more_than_a_request() {
        let names = |sent| {
            let info = TcpInfo { mss: 1_460, delivery_rate: Some(9), bytes_sent: sent, ..TcpInfo::default() };
            facts(&info).iter().any(|(name, _)| *name == "delivery")
        };
        assert_eq!([None, Some(1_700), Some(14_600)].map(names), [false, false, true]);
    }
}
