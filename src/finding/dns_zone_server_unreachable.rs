//! A server of the zone does not answer at all (`--all-ns`).

use super::{Finding, Rule, Severity, told_by_the_walk, zone_servers};
use crate::trace::{Dns, ServerCheck, ServerFault, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-unreachable",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: one of several servers of the last zone answered neither by UDP nor by TCP",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns, index, server) in zone_servers(trace) {
        if no_family(dns, server) || told_by_the_walk(dns, server) {
            continue;
        }
        let fault = server.faults.iter().find_map(|fault| match fault {
            ServerFault::Unreachable(why) => Some(why),
            _ => None,
        });
        let Some(fault) = fault else { continue };
        let (name, ip) = (&server.name, server.address.ip());
        findings.push(rule.finding(
            format!("{name} ({ip}) is unreachable, the zone's other servers are not: it {fault}"),
            vec![format!("/hops/{hop}/dns/all_servers/{index}/faults")],
            format!("bring {name} back, or take it out of the zone's NS records: lookups that try it first wait in vain"),
        ));
    }
    findings
}

/// A whole family that cannot be reached says something about this machine, not about a server; so
/// do all servers together.
fn no_family(dns: &Dns, server: &ServerCheck) -> bool {
    let six = server.address.is_ipv6();
    let mut same = dns.all_servers.iter().flatten().filter(|other| other.address.is_ipv6() == six);
    same.all(|other| !other.reachable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_one_dead_server_and_not_on_a_missing_family_or_what_the_walk_met() {
        let mut trace = sample::sound();
        sample::dns(&mut trace).all_servers =
            Some(vec![sample::server("198.51.100.3:53", vec![]), sample::server("198.51.100.4:53", vec![])]);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).all_servers.as_mut().unwrap()[1].faults =
            vec![ServerFault::Unreachable("did not answer".into())];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("198.51.100.4") && findings[0].title.contains("did not answer"),
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
            crate::trace::Meaning::Timeout,
        );
        packet.received = None;
        sample::dns(&mut trace).packets.push(packet);
        assert!(sample::of(&RULE, &trace).is_empty());
        // Without a route to any IPv6 address it is this machine.
        let mut trace = sample::sound();
        let six = |address| {
            sample::server(address, vec![ServerFault::Unreachable("network is unreachable".into())])
        };
        sample::dns(&mut trace).all_servers = Some(vec![
            sample::server("198.51.100.3:53", vec![]),
            six("[2001:db8::1]:53"),
            six("[2001:db8::2]:53"),
        ]);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
