//! A name server cuts its replies short by UDP and cannot be asked by TCP.

use super::{Finding, Rule, Saving, Severity, hops};
use crate::trace::{Choice, Meaning, StageName, Trace, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-tcp-broken",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server's reply was truncated, and the same question by TCP was refused or not answered",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        let mut named = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            let what = match (&packet.meaning, packet.connected) {
                (Meaning::Error { reason }, _) => reason.as_str(),
                (Meaning::Timeout, None) => "no connection in time",
                (Meaning::Timeout, Some(_)) => "no reply on the connection in time",
                _ => continue,
            };
            if (packet.transport, packet.chosen) != (Transport::Tcp, Choice::Truncated)
                || named.contains(&packet.server)
            {
                continue;
            }
            named.push(packet.server);
            let name = packet.server_name.as_deref().unwrap_or("a server");
            let ip = packet.server.ip();
            let title = format!("{name} ({ip}) truncates its reply and cannot be asked by TCP: {what}");
            let evidence = vec![
                format!("/hops/{hop}/dns/packets/{index}/meaning"),
                format!("/hops/{hop}/dns/packets/{index}/transport"),
            ];
            let mut finding = rule.finding(
                title,
                evidence,
                "open port 53 for TCP at the server and every firewall before it: RFC 7766 demands it",
            );
            if dns.critical_path.contains(&index) {
                finding.saving = Saving::measured(
                    packet.end.since(packet.sent),
                    "every lookup of this name at this server",
                );
            }
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_failed_question_by_tcp_after_a_truncated_one() {
        let mut trace = sample::sound();
        let refused = Meaning::Error { reason: "connection refused".to_owned() };
        let packet = &mut sample::dns(&mut trace).packets[2];
        (packet.transport, packet.chosen) = (Transport::Tcp, Choice::Truncated);
        assert!(sample::of(&RULE, &trace).is_empty(), "it was answered");
        sample::dns(&mut trace).packets[2].meaning = refused;
        assert!(sample::of(&RULE, &trace)[0].title.contains("connection refused"));
        sample::dns(&mut trace).packets[2].meaning = Meaning::Timeout;
        assert!(sample::of(&RULE, &trace)[0].title.contains("no connection"));
        sample::dns(&mut trace).packets[2].chosen = Choice::UdpBlocked;
        assert!(sample::of(&RULE, &trace).is_empty(), "not asked by TCP because of truncation");
    }
}
