//! A server of the zone does not answer by TCP (`--all-ns`).

use super::{Finding, Rule, Severity, zone_servers};
use crate::trace::{ServerFault, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-tcp",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone answered by UDP and not by TCP",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, _, index, server) in zone_servers(trace) {
        let fault = server.faults.iter().find_map(|fault| match fault {
            ServerFault::NoTcp => Some("does not answer by TCP"),
            _ => None,
        });
        let Some(fault) = fault else { continue };
        let (name, ip) = (&server.name, server.address.ip());
        findings.push(rule.finding(
            format!("{name} ({ip}) {fault}: long answers cannot be had there"),
            vec![format!("/hops/{hop}/dns/all_servers/{index}/faults")],
            "open port 53 for TCP at the server and every firewall before it: RFC 7766 demands it",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_server_without_tcp() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).all_servers =
            Some(vec![sample::server("198.51.100.3:53", vec![]), sample::server("198.51.100.4:53", vec![])]);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).all_servers.as_mut().unwrap()[1].faults = vec![ServerFault::NoTcp];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("198.51.100.4") && findings[0].title.contains("by TCP"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].evidence, ["/hops/0/dns/all_servers/1/faults"]);
    }
}
