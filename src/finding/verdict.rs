//! The verdict: one sentence that names where the time went, or what failed.

use std::time::Duration;

use crate::timeline::{Phases, phases};
use crate::trace::{Dns, Hop, Trace};
use crate::units::duration;

/// One sentence on the whole trace, and the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The sentence.
    pub summary: String,
    /// The phase that took the largest share: `dns`, `connect`, `tls`, `send`, `wait`, `receive`.
    pub stage: Option<&'static str>,
    /// Its share of the total, in percent.
    pub share_percent: Option<u8>,
    /// Its time, over all hops.
    pub duration: Option<Duration>,
}

/// The verdict on a trace.
#[must_use]
pub fn verdict(trace: &Trace) -> Verdict {
    if let Some(failure) = trace.failure() {
        let summary = format!("{} failed: {}", failure.stage.as_str(), failure.message);
        return Verdict { summary, stage: None, share_percent: None, duration: None };
    }
    let Some((name, spent)) = largest(trace) else {
        return Verdict {
            summary: "nothing was measured".to_owned(),
            stage: None,
            share_percent: None,
            duration: None,
        };
    };
    let share = share(spent, trace.total);
    let redirects = trace.requests.len() - 1;
    let mut summary =
        format!("{} took {share} % of {}: {}", subject(name), duration(trace.total), duration(spent));
    if let Some(detail) =
        trace.hops().max_by_key(|hop| of(name, &phases(hop))).and_then(|hop| detail(name, &hop))
    {
        summary.push_str("; ");
        summary.push_str(&detail);
    }
    if redirects > 0 {
        let spent = trace.hops().last().map_or(Duration::ZERO, |hop| hop.start.since(crate::trace::At(0)));
        let word = if redirects == 1 { "redirect" } else { "redirects" };
        summary.push_str(&format!("; {redirects} {word} took {} of it all", duration(spent)));
    }
    Verdict { summary, stage: Some(name), share_percent: Some(share), duration: Some(spent) }
}

const PHASES: [&str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];

fn of(name: &str, phases: &Phases) -> Option<u64> {
    match name {
        "dns" => phases.dns,
        "connect" => phases.connect,
        "tls" => phases.tls,
        "send" => phases.send,
        "wait" => phases.wait,
        _ => phases.receive,
    }
}

/// The phase with the most time over all hops.
fn largest(trace: &Trace) -> Option<(&'static str, Duration)> {
    let all: Vec<_> = trace.hops().map(|hop| phases(&hop)).collect();
    let sum = |name: &'static str| {
        let parts: Vec<u64> = all.iter().filter_map(|phases| of(name, phases)).collect();
        (!parts.is_empty()).then(|| (name, Duration::from_micros(parts.iter().sum())))
    };
    PHASES.into_iter().filter_map(sum).max_by_key(|(_, duration)| *duration)
}

/// Percent, rounded to the nearest.
fn share(part: Duration, whole: Duration) -> u8 {
    let whole = whole.as_micros().max(1);
    u8::try_from(((part.as_micros() * 200 + whole) / (2 * whole)).min(100)).unwrap_or(100)
}

fn subject(name: &str) -> &'static str {
    match name {
        "dns" => "Name resolution",
        "connect" => "Connecting",
        "tls" => "The TLS handshake",
        "send" => "Sending the request",
        "wait" => "Waiting for the server",
        _ => "Receiving the body",
    }
}

/// What this run knows more about the phase.
fn detail(name: &str, hop: &Hop<'_>) -> Option<String> {
    match name {
        "dns" => slowest_zone(hop.dns.ran()?),
        "connect" => {
            let connect = hop.connect.ran()?;
            let winner = connect.attempts.get(connect.winner?)?;
            let before = winner.start.since(connect.start);
            (connect.winner != Some(0))
                .then(|| format!("{} went by before {} was tried", duration(before), winner.address.ip()))
        }
        "tls" => {
            let tls = hop.tls.ran()?;
            let trips = tls.round_trips;
            let word = if trips == 1 { "round trip" } else { "round trips" };
            let cpu = tls.verification.as_ref().map_or(Duration::ZERO, |verification| verification.cpu);
            Some(format!("{trips} {word}, {} of our own checking", duration(cpu)))
        }
        "wait" => {
            let info = hop.connect.ran()?.tcp_info?;
            Some(format!("the network round trip is {}", duration(info.min_rtt.unwrap_or(info.rtt))))
        }
        "receive" => Some(format!("{} bytes", hop.http.ran()?.body.wire_bytes)),
        _ => None,
    }
}

fn slowest_zone(dns: &Dns) -> Option<String> {
    let slowest = dns
        .critical_path
        .iter()
        .filter_map(|index| dns.packets.get(*index))
        .filter(|packet| !packet.zone.is_empty())
        .max_by_key(|packet| packet.end.since(packet.sent))?;
    let zone = if slowest.zone == "." { "the root" } else { &slowest.zone };
    Some(format!("the slowest part was {zone} with {}", duration(slowest.end.since(slowest.sent))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Failure, FailureCode, StageName};

    #[test]
    fn the_largest_phase_is_named_with_its_share() {
        let verdict = verdict(&sample::sound());
        assert_eq!((verdict.stage, verdict.share_percent), (Some("dns"), Some(45)));
        assert_eq!(verdict.duration, Some(Duration::from_millis(30)));
        assert!(
            verdict.summary.starts_with("Name resolution took 45 % of 67.0 ms: 30.0 ms"),
            "{}",
            verdict.summary
        );
    }

    #[test]
    fn a_failure_is_the_verdict() {
        let mut trace = sample::sound();
        trace.requests[0].failure = Some(Failure {
            stage: StageName::Tcp,
            code: FailureCode::ConnectionRefused,
            message: "connect to 192.0.2.1:443 was refused".into(),
            hint: None,
            running: Duration::ZERO,
        });
        assert_eq!(verdict(&trace).summary, "tcp failed: connect to 192.0.2.1:443 was refused");
    }
}
