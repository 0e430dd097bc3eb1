//! The card of the connection race: every attempt, and what the kernel knows of the winner.

use super::table;
use crate::render::html::markup::Page;
use crate::render::text::evidence;
use crate::trace::Connect;
use crate::units;

pub(super) fn put(page: &mut Page, connect: &Connect) {
    page.element("<p>", &evidence::connect(connect), "</p>\n");
    if !connect.attempts.is_empty() {
        let rows = connect.attempts.iter().map(|attempt| {
            [
                attempt.address.to_string(),
                units::duration(attempt.start.since(connect.start)),
                units::duration(attempt.end.since(attempt.start)),
                evidence::outcome(attempt),
                attempt.syn_retransmits.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            ]
        });
        table::columns(page, "Attempts", ["address", "begun", "took", "outcome", "SYNs sent again"], rows);
    }
    if let Some(info) = &connect.tcp_info {
        let known = |duration: Option<std::time::Duration>| duration.map(units::duration).unwrap_or_default();
        table::facts(
            page,
            &[
                (
                    "kernel's round trip",
                    format!("{} ± {}", units::duration(info.rtt), units::duration(info.rtt_var)),
                ),
                ("least round trip", known(info.min_rtt)),
                ("maximum segment size", format!("{} B", info.mss)),
                ("congestion window", units::count(info.congestion_window as usize, "segment")),
                ("path MTU", format!("{} B", info.path_mtu)),
                ("segments sent again", info.retransmits.to_string()),
            ],
        );
    }
}
