//! Words for attempts at a connection, for all renderers.

use crate::trace::{Attempt, AttemptOutcome, Carrier, Connect};
use crate::units;

/// What became of the other transport: `; beside it QUIC to 192.0.2.1 was not complete after 20.1 ms`.
pub(crate) fn rivals(connect: &Connect) -> Option<String> {
    let told = |attempt: &Attempt| {
        format!("{} to {} {}", attempt.transport.spoken(), attempt.address.ip(), rival(attempt))
    };
    let all: Vec<String> = connect.rivals.iter().take(4).map(told).collect();
    let again = connect.udp_check.as_ref().map_or_else(String::new, |check| {
        let how = if check.answered.is_some() {
            "it was answered".to_owned()
        } else {
            format!("it {}", outcome(check))
        };
        format!("; tried again afterwards, {how}")
    });
    let when = if connect.is_led_by_quic() { "before" } else { "beside" };
    (!all.is_empty()).then(|| format!("; {when} it {}{again}", all.join(", ")))
}

/// What became of an attempt whose handshake was not the first to be complete: it may have been answered.
pub(crate) fn rival(attempt: &Attempt) -> String {
    match attempt.outcome {
        AttemptOutcome::Lost if attempt.transport == Carrier::Quic && attempt.answered.is_none() => {
            outcome(attempt)
        }
        AttemptOutcome::Lost => {
            format!("was not complete after {}", units::duration(attempt.end.since(attempt.start)))
        }
        _ => outcome(attempt),
    }
}

/// What became of an attempt.
pub(crate) fn outcome(attempt: &Attempt) -> String {
    let took = units::duration(attempt.end.since(attempt.start));
    match &attempt.outcome {
        AttemptOutcome::Won => "connected".to_owned(),
        AttemptOutcome::Lost => format!("had not answered after {took}"),
        AttemptOutcome::Refused => format!("refused after {took}"),
        AttemptOutcome::TimedOut => format!("did not answer in {took}"),
        AttemptOutcome::Unreachable(words) => format!("is unreachable ({words})"),
        AttemptOutcome::Failed(words) => format!("failed ({words})"),
        AttemptOutcome::Stopped => format!("was stopped after {took}"),
    }
}
