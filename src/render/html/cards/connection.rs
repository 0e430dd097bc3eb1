//! The card of the connection race: every attempt, and what the kernel knows of the winner.

use super::table;
use crate::render::attempt_words;
use crate::render::html::markup::Page;
use crate::render::text::{addresses, evidence, route, tcp_info};
use crate::trace::Connect;
use crate::units;

pub(super) fn put(page: &mut Page, connect: &Connect) {
    page.element("<p>", &evidence::connect(connect), "</p>\n");
    if !connect.attempts.is_empty() {
        let own = connect.attempts.iter().map(|attempt| (attempt, attempt_words::outcome(attempt)));
        let others = connect.rivals.iter().map(|attempt| (attempt, attempt_words::rival(attempt)));
        let rows = own.chain(others).map(|(attempt, outcome)| {
            [
                if connect.rivals.is_empty() { attempt.address.to_string() } else { attempt.name() },
                units::duration(attempt.start.since(connect.start)),
                units::duration(attempt.end.since(attempt.start)),
                outcome,
                attempt.syn_retransmits.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            ]
        });
        table::columns(page, "Attempts", ["address", "begun", "took", "outcome", "SYNs sent again"], rows);
    }
    if let Some(why) = connect.addresses_skipped {
        page.element("<p>", &format!("All addresses: not tried: {why}"), "</p>\n");
    }
    if let Some(checks) = connect.addresses.as_deref().filter(|checks| !checks.is_empty()) {
        let time = |time: Option<std::time::Duration>| time.map_or_else(|| "-".to_owned(), units::duration);
        let rows = checks.iter().map(|check| {
            let version = check.tls_version.map_or("-", crate::trace::TlsVersion::spoken);
            let word = addresses::word(check.outcome);
            [
                check.address.to_string(),
                time(check.connect),
                time(check.rtt),
                time(check.tls),
                version.to_owned(),
                check.fingerprint.clone().unwrap_or_else(|| "-".to_owned()),
                check.error.as_ref().map_or_else(|| word.to_owned(), |error| format!("{word}: {error}")),
                check.status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
            ]
        });
        let columns =
            ["address", "connect", "RTT", "TLS", "version", "certificate (SHA-256)", "outcome", "status"];
        table::columns(page, "All addresses, tried afterwards and not counted", columns, rows);
    }
    path(page, connect);
    if let Some(info) = &connect.tcp_info {
        let known = |duration: Option<std::time::Duration>| duration.map(units::duration).unwrap_or_default();
        page.raw("<h4>Behind the handshake, by the kernel</h4>\n");
        table::facts(
            page,
            &[
                ("round trip", format!("{} ± {}", units::duration(info.rtt), units::duration(info.rtt_var))),
                ("least round trip", known(info.min_rtt)),
                ("maximum segment size", format!("{} B", info.mss)),
                ("congestion window", units::count(info.congestion_window as usize, "segment")),
                ("path MTU", format!("{} B", info.path_mtu)),
                ("segments sent again", info.retransmits.to_string()),
            ],
        );
    }
    if let Some(info) = &connect.tcp_info_after {
        page.raw("<h4>When all was over, by the kernel</h4>\n");
        table::facts(page, &tcp_info::facts(info));
    }
}

/// `--route`.
pub(super) fn path(page: &mut Page, connect: &Connect) {
    let Some(found) = &connect.route else { return };
    if !found.hops.is_empty() {
        let rows = found.hops.iter().map(|hop| {
            [
                hop.ttl.to_string(),
                route::address(hop),
                hop.rtt.map_or_else(|| "-".to_owned(), units::duration),
                route::answered(hop),
                route::about(hop),
            ]
        });
        let columns = ["hop", "address", "RTT (least)", "answered", "name"];
        table::columns(page, "The path to the address, found afterwards and not counted", columns, rows);
    }
    for note in route::notes(connect, found) {
        page.element("<p>", &note, "</p>\n");
    }
}
