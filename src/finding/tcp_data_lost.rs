//! Segments of the request or the handshake were lost, or what acknowledges them.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, connections};
use crate::trace::{StageName, Trace};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "tcp-data-lost",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "the kernel had to send data again that the server did not report to have had twice",
    standard: "RFC 6298 section 5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, connect) in connections(trace) {
        let Some(lost @ 1..) = connect.lost() else { continue };
        let Some(winner) = connect.winner.and_then(|winner| connect.attempts.get(winner)) else { continue };
        let title = format!(
            "packets to or from {} were lost: {} had to be sent again",
            winner.address,
            count(lost as usize, "segment")
        );
        let evidence = vec![Place::Connection(id, InConnection::Retransmits)];
        let advice = "look for packet loss between here and the server: it costs 200 ms or more each time it meets \
                      the last segment; --route shows from which hop on answers are missing";
        findings.push(rule.finding(title, evidence, advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::TcpInfo;

    fn with(syns: u32, again: u32, duplicates: Option<u32>) -> Vec<Finding> {
        let mut trace = sample::sound();
        let connect = sample::connect(&mut trace);
        let first = TcpInfo { retransmits: syns, ..connect.tcp_info.unwrap() };
        (connect.tcp_info, connect.tcp_info_after) =
            (Some(first), Some(TcpInfo { retransmits: again, duplicates, ..first }));
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_data_sent_again_and_not_on_a_syn_or_on_what_arrived_twice() {
        assert!(with(0, 0, Some(0)).is_empty());
        let found = with(0, 2, Some(0));
        assert!(found[0].title.contains("were lost: 2 segments had to be sent again"), "{}", found[0].title);
        assert_eq!(with(0, 2, Some(1)).len(), 1);
        assert!(with(0, 2, Some(2)).is_empty(), "both copies arrived: nothing was lost");
        assert!(with(1, 1, Some(0)).is_empty(), "that was the SYN, which has a rule of its own");
        assert!(with(0, 2, None).is_empty(), "without DSACK nobody knows");
        let mut trace = sample::sound();
        sample::connect(&mut trace).tcp_info_after = None;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
