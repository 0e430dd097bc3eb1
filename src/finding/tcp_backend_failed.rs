//! Some addresses of a host do not serve, and others do (`--all-addresses`).

use super::addresses::{broken_family, fault, told_by_the_race};
use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, connections};
use crate::trace::{AddressCheck, StageName, Trace};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "tcp-backend-failed",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "with --all-addresses: some addresses refused, were silent, had no TLS, no good certificate or no good response, and others had",
    standard: "RFC 8305 section 5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, connect) in connections(trace) {
        let checks = connect.addresses.as_deref().unwrap_or_default();
        let family = broken_family(checks);
        let broken: Vec<(usize, String)> = checks
            .iter()
            .enumerate()
            .filter(|(_, check)| family != Some(check.address.is_ipv6()))
            .filter_map(|(place, check)| Some((place, fault(check)?)))
            .collect();
        let all_told = broken.iter().all(|(place, _)| told_by_the_race(connect, &checks[*place]));
        if all_told || !checks.iter().any(AddressCheck::serves) {
            continue;
        }
        let each: Vec<String> =
            broken.iter().map(|(place, fault)| format!("{} {fault}", checks[*place].address)).collect();
        let verb = if broken.len() == 1 { "does" } else { "do" };
        let title =
            format!("{} of {} addresses {verb} not serve: {}", broken.len(), checks.len(), few(&each, "; "));
        let evidence = broken.iter().map(|(place, _)| Place::Connection(id, InConnection::Address(*place)));
        let advice =
            "mend what is behind them, or take them out of DNS: a client that is given one fails or waits";
        findings.push(rule.finding(title, evidence.collect(), advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{AddressOutcome, FailureCode};

    fn checked(address: &str, outcome: AddressOutcome) -> AddressCheck {
        AddressCheck { outcome, ..AddressCheck::untried(address.parse().unwrap()) }
    }

    fn with(checks: Vec<AddressCheck>) -> Vec<Finding> {
        let mut trace = sample::sound();
        sample::connect(&mut trace).addresses = Some(checks);
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_an_address_that_does_worse_than_another_and_blames_none_for_this_machine() {
        use AddressOutcome::{Failed, Ok, Refused, Stopped, TlsFailed, Unreachable, Untried};
        let good = || checked("192.0.2.1:443", Ok);
        assert!(with(vec![good(), good()]).is_empty());
        let found = with(vec![good(), checked("192.0.2.2:443", Refused)]);
        assert_eq!(found[0].title, "1 of 2 addresses does not serve: 192.0.2.2:443 refused the connection");
        for ours in [Unreachable, Failed, Stopped, Untried] {
            assert!(with(vec![good(), checked("192.0.2.2:443", ours)]).is_empty(), "{ours:?}");
        }
        // All alike is no matter of one backend: the trace's failure tells.
        assert!(with(vec![checked("192.0.2.1:443", Refused), checked("192.0.2.2:443", Refused)]).is_empty());
        let bad = |code, error: &str| AddressCheck {
            code: Some(code),
            error: Some(error.to_owned()),
            ..checked("192.0.2.3:443", TlsFailed)
        };
        let expired = bad(FailureCode::CertificateExpired, "the certificate expired");
        assert!(with(vec![good(), expired])[0].title.contains("192.0.2.3:443 (the certificate expired)"));
        assert!(with(vec![good(), bad(FailureCode::CertificateUnchecked, "x")]).is_empty());
        let status = |status| AddressCheck { status: Some(status), ..good() };
        assert!(with(vec![status(200), status(503)])[0].title.contains("answered 503"));
        assert!(with(vec![status(200), status(404)]).is_empty());
    }
}
