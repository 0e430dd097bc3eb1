//! The server is far away: each round trip of the connection takes long, whoever is at fault.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, of_chain};
use crate::trace::{At, Connection, ConnectionId, StageName, Trace};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-high-rtt",
    severity: Severity::Notice,
    stage: StageName::Tcp,
    fires: "the least round trip that the kernel saw to the server took more than 150 ms, without a lost SYN",
    standard: "RFC 6298 section 2",
    check: Check::Trace(check),
};

/// More than this is another continent, or a detour.
const WORTH: Duration = Duration::from_millis(150);
/// As far away as a server in the visitor's region is.
const NEAR: Duration = Duration::from_millis(30);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, connection) in of_chain(trace) {
        let id = ConnectionId(index);
        let tcp = &connection.tcp;
        let (Some(winner), Some(info)) = (tcp.winner.and_then(|it| tcp.attempts.get(it)), tcp.tcp_info)
        else {
            continue;
        };
        let trip = info.min_rtt.unwrap_or(info.rtt);
        // After a lost SYN the kernel's figure is no round trip.
        // And behind a proxy it is one to the proxy.
        if trip <= WORTH || connection.proxy.is_some() || winner.syn_retransmits != Some(0) {
            continue;
        }
        let host = trace.requests.get(connection.opened_for.0).map_or("", |it| it.url.host_ascii.as_str());
        let title =
            format!("{host} ({}) is far away: a round trip takes {}", winner.address.ip(), duration(trip));
        let place =
            if info.min_rtt.is_some() { InConnection::LeastRoundTrip } else { InConnection::RoundTrip };
        let mut finding = rule.finding(
            title,
            vec![Place::Connection(id, place)],
            "serve from nearer to the visitors (a CDN, a second region), and spare round trips: TLS 1.3, kept connections",
        );
        finding.detail = "no server is slow by that: it is the way, or a detour on it".to_owned();
        finding.saving = Saving::modelled_at(
            &detours(trace, id, connection, trip - NEAR),
            "with a server 30 ms away",
            Load::This,
        );
        findings.push(finding);
    }
    findings
}

/// What each round trip of a connection takes more than a short one, at the end of its phase.
fn detours(trace: &Trace, id: ConnectionId, connection: &Connection, more: Duration) -> Vec<(At, At)> {
    let Connection { tcp, tls, .. } = connection;
    let last = |start: At, end: At, trips: u32| {
        let spent = u64::try_from((more * trips).as_micros()).unwrap_or(u64::MAX);
        (start.max(At(end.0.saturating_sub(spent))), end)
    };
    let mut all = vec![last(tcp.start, tcp.end, 1)];
    all.extend(tls.as_ref().ran().map(|tls| last(tls.start, tls.end, tls.round_trips)));
    for hop in trace.hops().filter(|hop| hop.request.connection.ran() == Some(id)) {
        let waited = hop.http.ran().and_then(|http| http.sent.zip(http.first_byte));
        all.extend(waited.filter(|(sent, first)| sent < first).map(|(sent, first)| last(sent, first, 1)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn far(millis: u64) -> Trace {
        let mut trace = sample::sound();
        let info = sample::connect(&mut trace).tcp_info.as_mut().unwrap();
        (info.rtt, info.min_rtt) = (Duration::from_secs(1), Some(Duration::from_millis(millis)));
        sample::http(&mut trace).first_byte = Some(At(551_100));
        trace
    }

    #[test]
    fn fires_above_150_ms_and_promises_no_more_than_each_phase_took() {
        assert!(sample::of(&RULE, &far(150)).is_empty());
        let findings = sample::of(&RULE, &far(230));
        assert!(findings[0].title.contains("(192.0.2.10) is far away: a round trip takes 230 ms"));
        // All of the 10 ms of connect and the 11 ms of TLS, and 200 ms of the wait.
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 221);
    }

    #[test]
    fn a_connection_of_a_page_is_none_of_its_document() {
        let far = sample::Asked { opening: Some(500_000), ..sample::style("/far.css", 300_000) };
        let mut trace = sample::page_of(&[far]);
        let info = trace.connections.last_mut().unwrap().tcp.tcp_info.as_mut().unwrap();
        (info.rtt, info.min_rtt) = (Duration::from_millis(300), Some(Duration::from_millis(300)));
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_far_proxy_is_no_far_server() {
        let mut trace = far(230);
        sample::put_behind_proxy(&mut trace);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_lost_syn_is_no_distance() {
        for syns in [Some(1), None] {
            let mut trace = far(230);
            sample::connect(&mut trace).attempts[0].syn_retransmits = syns;
            assert!(sample::of(&RULE, &trace).is_empty());
        }
    }
}
