//! A server of the zone does not answer at all (`--all-ns`).

use super::asked::{of_zone_servers, told_by_the_walk};
use super::found::{Finding, Severity};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, ServerCheck, ServerFault, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-unreachable",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: one of several servers of the last zone answered neither by UDP nor by TCP",
    standard: "RFC 2182 section 3",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    of_zone_servers(rule, lookups, |dns, server| {
        let why = server.faults.iter().find_map(|fault| match fault {
            ServerFault::Unreachable(why) => Some(why),
            _ => None,
        })?;
        let name = &server.name;
        let is_told = no_family(dns, server) || told_by_the_walk(dns, server);
        (!is_told).then(|| {
            (
                format!("is unreachable, the zone's other servers are not: it {why}"),
                format!("bring {name} back, or remove it from the zone's NS records: lookups that try it first wait in vain"),
            )
        })
    })
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
    use crate::trace::{Meaning, StoppedBy};

    #[test]
    fn fires_on_one_dead_server_and_not_on_a_missing_family_or_what_the_walk_met() {
        let fault = ServerFault::Unreachable("did not answer".into());
        let mut trace = sample::with_faulty_server(
            &RULE,
            fault,
            ") is unreachable, the zone's other servers are not: it did not answer",
        );
        // An answer of another server came first: nobody has said what became of it.
        for meaning in [Meaning::Superseded, Meaning::Stopped(StoppedBy::MaxTime)] {
            sample::walk_met(&mut trace, meaning);
            assert_eq!(sample::of(&RULE, &trace).len(), 1);
        }
        // What the walk met itself has a rule of its own.
        sample::walk_met(&mut trace, Meaning::Timeout);
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
