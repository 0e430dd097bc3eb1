//! A server of the zone does not speak EDNS (`--all-ns`).

use super::asked::{of_zone_servers, told_by_the_walk};
use super::found::{Finding, Severity};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{ServerFault, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-without-edns",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone refused or ignored EDNS, or answered only what came without",
    standard: "RFC 6891 section 7",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = of_zone_servers(rule, lookups, |dns, server| {
        let is_met = server.faults.contains(&ServerFault::NoEdns) && !told_by_the_walk(dns, server);
        is_met.then(|| {
            (
                "does not speak EDNS: no DNSSEC, and 512 bytes at most by UDP".to_owned(),
                format!(
                    "update the software of {}, or whatever filters EDNS (RFC 6891) on the way to it",
                    server.name
                ),
            )
        })
    });
    // Of silence the walk knows how long it was, and not that it was for EDNS.
    let dropping = of_zone_servers(rule, lookups, |_, server| {
        server.faults.contains(&ServerFault::EdnsDropped).then(|| {
            (
                "does not answer questions with EDNS, and answers them without".to_owned(),
                format!(
                    "update the software of {}, or whatever drops EDNS (RFC 6891) on the way to it: resolvers ask \
                     with EDNS, and since 2019 many take silence for a dead server",
                    server.name
                ),
            )
        })
    });
    findings.extend(dropping.into_iter().map(|finding| Finding { severity: Severity::Warning, ..finding }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Meaning;

    #[test]
    fn fires_on_a_server_without_edns_unless_the_walk_met_it() {
        let mut trace =
            sample::with_faulty_server(&RULE, ServerFault::NoEdns, ") does not speak EDNS: no DNSSEC");
        sample::walk_met(&mut trace, Meaning::EdnsRefused);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_server_that_drops_edns_is_worse_than_one_without() {
        let says = ") does not answer questions with EDNS, and answers them without";
        let mut trace = sample::with_faulty_server(&RULE, ServerFault::EdnsDropped, says);
        // The walk met silence.
        sample::walk_met(&mut trace, Meaning::Timeout);
        let findings = sample::of(&RULE, &trace);
        assert_eq!((findings.len(), findings[0].severity), (1, Severity::Warning));
        assert!(sample::of(&super::super::dns_zone_server_unreachable::RULE, &trace).is_empty());
    }
}
