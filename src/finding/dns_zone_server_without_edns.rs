//! A server of the zone does not speak EDNS (`--all-ns`).

use super::{Finding, Rule, Severity, told_by_the_walk, zone_servers};
use crate::trace::{ServerFault, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-edns",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone refused or ignored EDNS",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns, index, server) in zone_servers(trace) {
        if told_by_the_walk(dns, server) {
            continue;
        }
        let fault = server.faults.iter().find_map(|fault| match fault {
            ServerFault::NoEdns => Some("does not speak EDNS"),
            _ => None,
        });
        let Some(fault) = fault else { continue };
        let (name, ip) = (&server.name, server.address.ip());
        findings.push(rule.finding(
            format!("{name} ({ip}) {fault}: no DNSSEC, and 512 bytes at most by UDP"),
            vec![format!("/hops/{hop}/dns/all_servers/{index}/faults")],
            format!("update the software of {name}, or whatever filters EDNS (RFC 6891) on the way to it"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_server_without_edns() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).all_servers =
            Some(vec![sample::server("198.51.100.3:53", vec![]), sample::server("198.51.100.4:53", vec![])]);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).all_servers.as_mut().unwrap()[1].faults = vec![ServerFault::NoEdns];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("198.51.100.4") && findings[0].title.contains("EDNS"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].evidence, ["/hops/0/dns/all_servers/1/faults"]);
    }
}
