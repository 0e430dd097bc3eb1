//! A server that is named for the zone does not serve it (`--all-ns`).

use super::{Finding, Rule, Severity, told_by_the_walk, zone_servers};
use crate::trace::{ServerFault, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-lame",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone answered and does not serve it (REFUSED, SERVFAIL, not authoritative, ...)",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns, index, server) in zone_servers(trace) {
        if told_by_the_walk(dns, server) {
            continue;
        }
        let fault = server.faults.iter().find_map(|fault| match fault {
            ServerFault::Lame(why) => Some(why),
            _ => None,
        });
        let Some(fault) = fault else { continue };
        let (name, ip) = (&server.name, server.address.ip());
        findings.push(rule.finding(
            format!("{name} ({ip}) does not serve the zone it is named for: it {fault}"),
            vec![format!("/hops/{hop}/dns/all_servers/{index}/faults")],
            format!("make {name} serve the zone, or take it out of the zone's NS records at the parent and in the zone"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_lame_server_unless_the_walk_met_it() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).all_servers =
            Some(vec![sample::server("198.51.100.3:53", vec![]), sample::server("198.51.100.4:53", vec![])]);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).all_servers.as_mut().unwrap()[1].faults =
            vec![ServerFault::Lame("answered REFUSED".into())];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("198.51.100.4") && findings[0].title.contains("answered REFUSED"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].evidence, ["/hops/0/dns/all_servers/1/faults"]);
        // What the walk met itself has a rule of its own.
        let mut packet = sample::packet(
            "example.test.",
            "198.51.100.4:53",
            20_000,
            24_000,
            crate::trace::Meaning::Refused,
        );
        packet.received = None;
        sample::dns(&mut trace).packets.push(packet);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
