//! The verdict: one sentence that names where the time went, or what failed.

use std::time::Duration;

use super::culprit::{Culprit, culprit, error};
use super::found::Finding;
use super::waited::Waited;
use crate::timeline::{Phase, phases, phases_of_all};
use crate::trace::{Dns, FailureCode, Hop, Trace};
use crate::units::{count, duration};

/// One sentence on the whole trace, and the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The sentence.
    pub summary: String,
    /// The phase that took the largest share.
    pub phase: Option<Phase>,
    /// Its share of the total, in percent.
    pub share_percent: Option<u8>,
    /// Its time, over all hops.
    pub duration: Option<Duration>,
    /// The same for programs.
    pub culprit: Culprit,
}

/// The verdict on a trace with these findings.
#[must_use]
pub fn verdict(trace: &Trace, findings: &[Finding]) -> Verdict {
    let largest = largest(trace);
    let culprit = culprit(trace, findings, largest.map(|(phase, _)| phase));
    if let Some(failure) = trace.failure() {
        let summary = match failure.code {
            // The stage did its work; the file is this machine's.
            FailureCode::OutputFailed => failure.message.clone(),
            _ => format!("{} failed: {}", failure.stage.as_str(), failure.message),
        };
        return Verdict { summary, phase: None, share_percent: None, duration: None, culprit };
    }
    let Some((phase, spent)) = largest else {
        let summary = "nothing was measured".to_owned();
        return Verdict { summary, phase: None, share_percent: None, duration: None, culprit };
    };
    let share = share(spent, trace.total);
    let redirects = trace.redirects();
    // What is wrong comes before what is slow.
    let mut summary = error(findings).map(|finding| format!("{}. ", finding.title)).unwrap_or_default();
    summary.push_str(&format!(
        "{} took {share} % of {}: {}",
        subject(phase),
        duration(trace.total),
        duration(spent)
    ));
    if let Some(detail) =
        trace.hops().max_by_key(|hop| phases(hop).spent[phase]).and_then(|hop| detail(phase, &hop))
    {
        summary.push_str("; ");
        summary.push_str(&detail);
    }
    if redirects > 0 {
        let spent = trace.hops().last().map_or(Duration::ZERO, |hop| hop.start.since(crate::trace::At(0)));
        let (total, spent) = (duration(trace.total), duration(spent));
        summary.push_str(&format!("; of the {total}, {spent} in {}", count(redirects, "redirect")));
    }
    Verdict { summary, phase: Some(phase), share_percent: Some(share), duration: Some(spent), culprit }
}

/// The phase with the most time over all hops.
fn largest(trace: &Trace) -> Option<(Phase, Duration)> {
    let all = phases_of_all(trace).spent;
    let spent = |phase: Phase| Some((phase, Duration::from_micros(all[phase]?)));
    Phase::ALL.into_iter().filter_map(spent).max_by_key(|(_, duration)| *duration)
}

/// Percent, rounded to the nearest.
fn share(part: Duration, whole: Duration) -> u8 {
    let whole = whole.as_micros().max(1);
    u8::try_from(((part.as_micros() * 200 + whole) / (2 * whole)).min(100)).unwrap_or(100)
}

const fn subject(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "Name resolution",
        Phase::Connect => "Connecting",
        Phase::Proxy => "The proxy's tunnel",
        Phase::Tls => "The TLS handshake",
        Phase::Quic => "The QUIC handshake",
        Phase::Send => "Sending the request",
        Phase::Wait => "Waiting for the server",
        Phase::Receive => "Receiving the body",
    }
}

/// What this run knows more about the phase.
fn detail(phase: Phase, hop: &Hop<'_>) -> Option<String> {
    match phase {
        Phase::Dns => waited_for(hop.dns.ran()?),
        Phase::Connect => {
            let connect = hop.connect.ran()?;
            let winner = connect.attempts.get(connect.winner?)?;
            let before = winner.start.since(connect.start);
            (connect.winner != Some(0))
                .then(|| format!("{} went by before {} was tried", duration(before), winner.address.ip()))
        }
        Phase::Tls => {
            let tls = hop.tls.ran()?;
            let trips = count(tls.round_trips as usize, "round trip");
            let cpu = tls.verification.as_ref().map_or(Duration::ZERO, |verification| verification.cpu);
            Some(format!("{trips}, {} of our own checking", duration(cpu)))
        }
        Phase::Wait => {
            let info = hop.connect.ran()?.tcp_info?;
            Some(format!("the network round trip is {}", duration(info.min_rtt.unwrap_or(info.rtt))))
        }
        Phase::Receive => Some(format!("{} bytes", hop.http.ran()?.body.wire_bytes)),
        Phase::Proxy | Phase::Quic | Phase::Send => None,
    }
}

/// The part of a lookup that took longest, or where its time went if not to packets.
fn waited_for(dns: &Dns) -> Option<String> {
    let Waited { path, others, own } = Waited::of(dns);
    if path >= others + own {
        return slowest_zone(dns);
    }
    let rest = if own >= others {
        format!("{} this machine's own work", duration(own))
    } else {
        format!("{} on questions beside the way to the answer", duration(others))
    };
    Some(format!("{} of it waiting for servers, {rest}", duration(path)))
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
    use crate::trace::{Failure, StageName};

    #[test]
    fn the_largest_phase_is_named_with_its_share() {
        let verdict = verdict(&sample::sound(), &[]);
        assert_eq!((verdict.phase, verdict.share_percent), (Some(Phase::Dns), Some(45)));
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
        assert_eq!(verdict(&trace, &[]).summary, "tcp failed: connect to 192.0.2.1:443 was refused");
    }
}
