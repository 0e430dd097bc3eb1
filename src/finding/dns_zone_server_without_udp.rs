//! A server of the zone does not answer by UDP (`--all-ns`).

use super::asked::{of_zone_servers, told_by_the_walk};
use super::found::{Finding, Severity};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, ServerCheck, ServerFault, StageName, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-udp",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone answered by TCP and not by UDP, and other servers answer by UDP",
    standard: "RFC 1035 section 4.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    of_zone_servers(rule, lookups, |dns, server| {
        let why = server.faults.iter().find_map(|fault| match fault {
            ServerFault::NoUdp(why) => Some(why),
            _ => None,
        })?;
        let is_told = nothing_comes_by_udp(dns, server) || told_by_the_walk(dns, server);
        (!is_told).then(|| {
            (
                format!("answers by TCP and not by UDP: it {why}"),
                "open port 53 for UDP at the server and every firewall in front of it: lookups that try it first wait in vain"
                    .to_owned(),
            )
        })
    })
}

/// When no reply comes by UDP from any address of its family, that says something about this
/// machine's network, not about a server.
fn nothing_comes_by_udp(dns: &Dns, server: &ServerCheck) -> bool {
    let six = server.address.is_ipv6();
    let mut same = dns.packets.iter().filter(|packet| packet.server.is_ipv6() == six);
    !same.any(|packet| packet.transport == Transport::Udp && packet.received.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Meaning;

    #[test]
    fn fires_on_a_server_without_udp_unless_the_walk_met_it_or_nobody_has_udp() {
        let fault = ServerFault::NoUdp("did not answer in 2 s".into());
        let mut trace = sample::with_faulty_server(
            &RULE,
            fault,
            ") answers by TCP and not by UDP: it did not answer in 2 s",
        );
        let mut met = trace.clone();
        sample::walk_met(&mut met, Meaning::Timeout);
        assert!(sample::of(&RULE, &met).is_empty());
        for packet in &mut sample::dns(&mut trace).packets {
            packet.transport = Transport::Tcp;
        }
        assert!(sample::of(&RULE, &trace).is_empty(), "UDP is blocked from here");
    }
}
