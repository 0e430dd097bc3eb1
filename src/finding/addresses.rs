//! What speaks against an address that `--all-addresses` has tried, for the rules on it. No rule of its own.

use crate::trace::{AddressCheck, AddressOutcome, Connect, FailureCode};
use crate::units::duration;

/// What is wrong with an address that another may do better; nothing that could be this machine's own fault.
pub(super) fn fault(check: &AddressCheck) -> Option<String> {
    let took = || check.connect.map_or_else(String::new, |took| format!(" for {}", duration(took)));
    match check.outcome {
        AddressOutcome::Refused => Some("refused the connection".to_owned()),
        AddressOutcome::TimedOut => Some(format!("stayed silent{}", took())),
        // A limit of ours says nothing against the server.
        AddressOutcome::TlsFailed if check.code == Some(FailureCode::CertificateUnchecked) => None,
        AddressOutcome::TlsFailed | AddressOutcome::HttpFailed => {
            Some(check.error.as_ref().map_or_else(|| "failed".to_owned(), |error| format!("({error})")))
        }
        AddressOutcome::Ok if check.verified == Some(false) => Some("(no good certificate)".to_owned()),
        AddressOutcome::Ok => match check.status {
            Some(status @ 500..) => Some(format!("answered {status}")),
            _ => None,
        },
        AddressOutcome::Unreachable
        | AddressOutcome::Failed
        | AddressOutcome::Stopped
        | AddressOutcome::Untried => None,
    }
}

/// Whether `tcp-address-failed` speaks of this address: it said no in the race that another has won.
pub(super) fn told_by_the_race(connect: &Connect, check: &AddressCheck) -> bool {
    use crate::trace::AttemptOutcome::{Refused, TimedOut};
    let same = connect.attempts.iter().find(|attempt| attempt.address == check.address);
    connect.winner.is_some() && same.is_some_and(|attempt| matches!(attempt.outcome, Refused | TimedOut))
}

/// The family, whether IPv6, none of whose addresses took a connection, while one of the other family serves. That
/// this machine has no route proves nothing, nor does what was not tried to its end.
pub(super) fn broken_family(checks: &[AddressCheck]) -> Option<bool> {
    [true, false].into_iter().find(|ipv6| {
        let (own, others): (Vec<&AddressCheck>, Vec<&AddressCheck>) =
            checks.iter().partition(|check| check.address.is_ipv6() == *ipv6);
        let said_no = |check: &&AddressCheck| {
            matches!(check.outcome, AddressOutcome::Refused | AddressOutcome::TimedOut)
        };
        !own.is_empty() && own.iter().all(said_no) && others.iter().any(|check| check.serves())
    })
}
