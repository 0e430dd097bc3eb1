//! None of a host's addresses of one family takes a connection, and those of the other do (`--all-addresses`).

use super::addresses::{broken_family, fault, told_by_the_race};
use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, connections};
use crate::trace::{AddressCheck, StageName, Trace};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "tcp-family-failed",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "with --all-addresses: every address of IPv4, or of IPv6, refused or was silent, and one of the other family served",
    standard: "RFC 8305 section 5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, connect) in connections(trace) {
        let checks = connect.addresses.as_deref().unwrap_or_default();
        let Some(ipv6) = broken_family(checks) else { continue };
        let of_it: Vec<(usize, &AddressCheck)> =
            checks.iter().enumerate().filter(|(_, check)| check.address.is_ipv6() == ipv6).collect();
        if of_it.iter().all(|(_, check)| told_by_the_race(connect, check)) {
            continue;
        }
        let (family, other) = if ipv6 { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
        let each: Vec<String> = of_it
            .iter()
            .filter_map(|(_, check)| Some(format!("{} {}", check.address, fault(check)?)))
            .collect();
        let title =
            format!("no {family} address takes a connection from here, {other} does: {}", few(&each, "; "));
        let evidence = of_it.iter().map(|(place, _)| Place::Connection(id, InConnection::Address(*place)));
        let advice = format!(
            "try it from another network: if every host shows this here, this machine's own {family} is broken; else \
             mend the server's, or remove its {} records",
            if ipv6 { "AAAA" } else { "A" }
        );
        findings.push(rule.finding(title, evidence.collect(), advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{sample, tcp_backend_failed};
    use crate::trace::{AddressOutcome, Attempt, AttemptOutcome};

    #[test]
    fn fires_on_a_dead_family_and_not_on_one_that_this_machine_has_no_route_to() {
        use AddressOutcome::{Ok, Refused, TimedOut, Unreachable};
        let with = |outcomes: [AddressOutcome; 3]| {
            let mut trace = sample::sound();
            let addresses = ["[2001:db8::1]:443", "[2001:db8::2]:443", "192.0.2.1:443"];
            let checks = addresses.iter().zip(outcomes).map(|(address, outcome)| AddressCheck {
                outcome,
                ..AddressCheck::untried(address.parse().unwrap())
            });
            sample::connect(&mut trace).addresses = Some(checks.collect());
            trace
        };
        let dead = with([Refused, TimedOut, Ok]);
        let found = sample::of(&RULE, &dead);
        assert!(found[0].title.starts_with("no IPv6 address takes a connection from here, IPv4 does: [2001"));
        assert!(sample::of(&tcp_backend_failed::RULE, &dead).is_empty(), "one fault, one finding");
        for quiet in
            [[Unreachable; 3], [Unreachable, Refused, Ok], [Ok, Refused, Ok], [Refused, Refused, Refused]]
        {
            assert!(sample::of(&RULE, &with(quiet)).is_empty(), "{quiet:?}");
        }
        // The race has told it already.
        let mut told = with([Refused, Refused, Ok]);
        let race = &mut sample::connect(&mut told).attempts;
        for address in ["[2001:db8::1]:443", "[2001:db8::2]:443"] {
            let attempt = Attempt {
                address: address.parse().unwrap(),
                outcome: AttemptOutcome::Refused,
                ..race[0].clone()
            };
            race.push(attempt);
        }
        assert!(sample::of(&RULE, &told).is_empty());
    }
}
