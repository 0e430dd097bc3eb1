//! Why no address could be connected to, in words: what happened to each, and what to look at. Tries nothing.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

use super::icmp;
use crate::fault::Fault;
use crate::os;
use crate::plan::{Family, TcpPlan};
use crate::stop::Stopped;
use crate::trace::{AddressKind, Attempt, AttemptOutcome, Connect, FailureCode, StageName};
use crate::units;

/// What to try when no address is of the family asked for.
const FAMILY_HINT: &str = "leave the family option out";

/// What a connection came to that was gone before anything could be done with it.
const RESET: &str = "it was reset as soon as it was made";

/// What an error means that came from outside: this system's own refusals are there at once. `None` for those that
/// mean the same wherever they come from.
pub(super) fn came_late(error: &io::Error, socket: &TcpStream) -> Option<AttemptOutcome> {
    match error.kind() {
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            icmp::heard(socket).map(AttemptOutcome::Unreachable)
        }
        // RFC 4443 §3.1, code 1, comes as this.
        io::ErrorKind::PermissionDenied => {
            let words = icmp::heard(socket).unwrap_or_else(|| format!("{}, {}", icmp::FORBIDDEN, icmp::SAYS));
            Some(AttemptOutcome::Unreachable(words))
        }
        io::ErrorKind::ConnectionReset => Some(AttemptOutcome::Failed(RESET.to_owned())),
        _ => None,
    }
}

/// The same where an address of this machine decides the family.
const SOURCE_HINT: &str = "--interface with an address of the other family connects to the others";

/// The failure that says what happened to each address. `stopped` is what ended the race early, and
/// the time that the whole trace was given.
pub(super) fn explain(
    connect: &Connect,
    found: usize,
    plan: &TcpPlan,
    stopped: Option<(Stopped, Duration)>,
) -> Fault {
    let fault = |code, message: String| Fault::new(StageName::Tcp, code, message);
    let Some(last) = connect.attempts.last() else {
        let by = if plan.source.address.is_some() { SOURCE_HINT } else { FAMILY_HINT };
        let (wanted, hint) = match plan.family {
            Family::Ipv4 => ("IPv4", Some(by)),
            Family::Ipv6 => ("IPv6", Some(by)),
            Family::Any => ("usable", None),
        };
        let message = format!("none of the {found} addresses found is an {wanted} address");
        return fault(FailureCode::NoAddress, message).hint_if(hint);
    };
    if let Some((why, max_time)) = stopped {
        let mut running =
            connect.attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Stopped);
        let attempt = running.next().unwrap_or(last);
        let took = units::duration(attempt.end.since(attempt.start));
        let doing = match running.count() {
            0 => format!("connecting to {} ({took} so far)", attempt.address),
            more => format!("connecting: {} addresses silent, the first for {took}", more + 1),
        };
        return Fault::stopped(StageName::Tcp, why, max_time, &doing);
    }
    let has =
        |wanted: fn(&AttemptOutcome) -> bool| connect.attempts.iter().any(|attempt| wanted(&attempt.outcome));
    let (code, hint) = if has(|outcome| *outcome == AttemptOutcome::Refused) {
        (
            FailureCode::ConnectionRefused,
            "nothing listens on that port: is the service up, is the port right?",
        )
    } else if has(|outcome| *outcome == AttemptOutcome::TimedOut) {
        (
            FailureCode::ConnectTimeout,
            "the address is silent: a firewall that drops packets, or a host that is down",
        )
    } else if has(|outcome| matches!(outcome, AttemptOutcome::Failed(_))) {
        let reset = has(|outcome| matches!(outcome, AttemptOutcome::Failed(words) if words == RESET));
        let hint = if reset {
            "the server, or a firewall before it, takes connections and ends them at once"
        } else {
            "the operating system refused the connection"
        };
        (FailureCode::ConnectFailed, hint)
    } else {
        (FailureCode::Unreachable, unreachable_hint(&connect.attempts))
    };
    let message = if connect.attempts.len() == 1 {
        format!("connect to {} {}", last.address, phrase(last))
    } else {
        let each = by_outcome(&connect.attempts);
        let number = connect.attempts.len();
        format!("none of {number} addresses could be connected: {}", units::few(&each, "; "))
    };
    let kind = connect.attempts.iter().find_map(|attempt| {
        let ip = attempt.address.ip();
        AddressKind::of(ip).map(|kind| format!("{ip} is {}; ", kind.words()))
    });
    fault(code, message).hint(format!("{}{hint}", kind.unwrap_or_default()))
}

/// What to do about a route that lets nothing through.
pub(crate) const OWN_ROUTE_HINT: &str = "nothing was sent: a route of this machine lets nothing through to that address; `ip route get` with the \
     address shows which";

/// What to look at where nothing gets to an address, by whose word that is.
fn unreachable_hint(attempts: &[Attempt]) -> &'static str {
    let says = |words: &str| {
        let has = |outcome: &AttemptOutcome| matches!(outcome, AttemptOutcome::Unreachable(said) if said.contains(words));
        attempts.iter().any(|attempt| has(&attempt.outcome))
    };
    if says(icmp::FORBIDDEN) {
        "a firewall before the host, or the host's own (firewalld answers so), does not let this machine in on that \
         port"
    } else if says(icmp::NOBODY) {
        "where the address is in a network of this machine, no host there has it; else the router on the way to it is down: `ip \
         route get` with the address names that"
    } else if says(icmp::SAYS) {
        "the way ends there: the network behind it, or the host, is down, or the address is another one"
    } else if says(os::OWN_ROUTE) {
        OWN_ROUTE_HINT
    } else {
        "there is no route to that address: is this machine connected to a network?"
    }
}

/// What became of the addresses. Of many that ended alike the first is named.
fn by_outcome(attempts: &[Attempt]) -> Vec<String> {
    const NAMED: usize = 3;
    let mut groups: Vec<(&Attempt, usize)> = Vec::new();
    for attempt in attempts {
        let alike = |first: &Attempt| match (&first.outcome, &attempt.outcome) {
            (AttemptOutcome::TimedOut, AttemptOutcome::TimedOut) => true,
            (one, other) => one == other,
        };
        match groups.iter_mut().find(|(first, _)| attempts.len() > NAMED && alike(first)) {
            Some((_, count)) => *count += 1,
            None => groups.push((attempt, 1)),
        }
    }
    let told = |(first, count): (&Attempt, usize)| match count {
        1 => format!("{} {}", first.address, phrase(first)),
        _ => {
            format!("{} and {} more {}", first.address, count - 1, phrase(first).replacen("was ", "were ", 1))
        }
    };
    groups.into_iter().map(told).collect()
}

fn phrase(attempt: &Attempt) -> String {
    match &attempt.outcome {
        AttemptOutcome::Won => "connected".to_owned(),
        AttemptOutcome::Lost => "was given up".to_owned(),
        AttemptOutcome::Refused => "was refused".to_owned(),
        AttemptOutcome::TimedOut => {
            format!("timed out after {}", units::duration(attempt.end.since(attempt.start)))
        }
        AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => format!("failed: {words}"),
        AttemptOutcome::Stopped => "was stopped".to_owned(),
    }
}
