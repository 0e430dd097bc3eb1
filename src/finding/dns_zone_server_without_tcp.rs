//! A server of the zone does not answer by TCP (`--all-ns`).

use super::asked::of_zone_servers;
use super::dns_tcp_broken::is_told;
use super::found::{Finding, Severity};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{ServerFault, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-tcp",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone answered by UDP and not by TCP",
    standard: "RFC 7766 section 5",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    of_zone_servers(rule, lookups, |dns, server| {
        let is_met = server.faults.contains(&ServerFault::NoTcp) && !is_told(dns, server.address);
        is_met.then(|| {
            (
                "does not answer by TCP: long answers cannot be had there".to_owned(),
                "open port 53 for TCP at the server and every firewall in front of it: RFC 7766 demands it"
                    .to_owned(),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Choice, Meaning, Transport};

    #[test]
    fn fires_on_a_server_without_tcp_unless_the_walk_needed_it() {
        let mut trace = sample::with_faulty_server(&RULE, ServerFault::NoTcp, ") does not answer by TCP");
        sample::walk_met(&mut trace, Meaning::Timeout);
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "a lost datagram says nothing of TCP");
        let packet = sample::walk_met(&mut trace, Meaning::Timeout);
        (packet.transport, packet.chosen) = (Transport::Tcp, Choice::Truncated);
        assert!(sample::of(&RULE, &trace).is_empty(), "told by dns-tcp-broken");
    }
}
