//! An answer did not fit into a datagram and was fetched again over TCP.

use super::{Finding, Rule, Saving, Severity, hops};
use crate::trace::{Choice, Purpose, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-answer-truncated",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a reply of the walk was truncated and the question was asked again over TCP",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        let over_tcp = |purpose| matches!(purpose, Purpose::Walk | Purpose::NsAddress);
        for (index, packet) in dns
            .packets
            .iter()
            .enumerate()
            .filter(|(_, packet)| packet.chosen == Choice::Truncated && over_tcp(packet.purpose))
        {
            let cost = packet.end.since(packet.sent);
            let size = packet.bytes_received.map_or_else(String::new, |bytes| format!(" of {bytes} bytes"));
            let title = format!(
                "the {} answer{size} for {} did not fit into UDP: TCP cost {} more",
                packet.qtype.mnemonic(),
                packet.qname,
                duration(cost)
            );
            let evidence = vec![
                format!("/hops/{hop}/dns/packets/{index}/transport"),
                format!("/hops/{hop}/dns/packets/{index}/bytes_received"),
            ];
            let mut finding = rule.finding(
                title,
                evidence,
                "keep answers below 1232 bytes: fewer records, or smaller ones",
            );
            finding.saving = Saving::measured(cost, "every lookup of this name that no cache answers");
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Transport};

    #[test]
    fn fires_on_tcp_after_truncation_with_its_cost() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let packet = &mut sample::dns(&mut trace).packets[2];
        packet.chosen = Choice::Truncated;
        packet.transport = Transport::Tcp;
        packet.end = At(29_000);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 9);
    }
}
