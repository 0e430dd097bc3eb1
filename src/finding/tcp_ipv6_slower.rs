//! The way by IPv6 is longer than that by IPv4 (`--all-addresses`).

use std::time::Duration;

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, connections};
use crate::trace::{AddressCheck, StageName, Trace};
use crate::units;

pub(super) const RULE: Rule = Rule {
    id: "tcp-ipv6-slower",
    severity: Severity::Notice,
    stage: StageName::Tcp,
    fires: "with --all-addresses: the kernel's least round trip by IPv6 was more than 50 ms longer than that by IPv4",
    standard: "RFC 8305 section 4",
    check: Check::Trace(check),
};

/// What two ways may differ by.
const TOLERATED: Duration = Duration::from_millis(50);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, connect) in connections(trace) {
        let checks = connect.addresses.as_deref().unwrap_or_default();
        let (Some((six, by_six)), Some((four, by_four))) = (nearest(checks, true), nearest(checks, false))
        else {
            continue;
        };
        let Some(more) = by_six.checked_sub(by_four).filter(|more| *more > TOLERATED) else { continue };
        let title = format!(
            "by IPv6 the server is {} further away than by IPv4: {} against {}",
            units::duration(more),
            units::duration(by_six),
            units::duration(by_four)
        );
        let evidence = [six, four].map(|place| Place::Connection(id, InConnection::Address(place)));
        findings.push(rule.finding(
            title,
            evidence.to_vec(),
            "where other hosts show no such difference from here, ask the server's provider about its IPv6 peering; \
             clients prefer IPv6",
        ));
    }
    findings
}

/// The address of a family with the least round trip. One whose SYN was sent again has none.
fn nearest(checks: &[AddressCheck], ipv6: bool) -> Option<(usize, Duration)> {
    let of_it = checks.iter().enumerate().filter(|(_, check)| check.address.is_ipv6() == ipv6);
    of_it.filter_map(|(place, check)| Some((place, check.rtt?))).min_by_key(|(_, rtt)| *rtt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::AddressOutcome;

    #[test]
    fn fires_where_both_families_were_measured_and_the_best_of_each_differ() {
        let with = |six: [Option<u64>; 2], four: Option<u64>| {
            let mut trace = sample::sound();
            let check = |(address, rtt): (&str, Option<u64>)| AddressCheck {
                outcome: AddressOutcome::Ok,
                rtt: rtt.map(Duration::from_millis),
                ..AddressCheck::untried(address.parse().unwrap())
            };
            let [first, second] = six;
            let all = [("[2001:db8::1]:443", first), ("[2001:db8::2]:443", second), ("192.0.2.1:443", four)];
            sample::connect(&mut trace).addresses = Some(all.into_iter().map(check).collect());
            sample::of(&RULE, &trace)
        };
        let found = with([Some(90), Some(120)], Some(20));
        assert!(
            found[0].title.ends_with("70.0 ms further away than by IPv4: 90.0 ms against 20.0 ms"),
            "{found:?}"
        );
        for (six, four) in [
            ([Some(70), Some(120)], Some(20)),
            ([Some(20), Some(20)], Some(120)),
            ([Some(70), Some(300)], Some(20)),
            ([None, None], Some(20)),
            ([Some(300), None], None),
        ] {
            assert!(with(six, four).is_empty(), "{six:?} {four:?}");
        }
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "without --all-addresses");
    }
}
