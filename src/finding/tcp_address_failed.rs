//! An address of the name does not work and made the connection late.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{AttemptField, InConnection, Place};
use super::rule::{Check, Rule};
use crate::trace::{At, Attempt, AttemptOutcome, Connect, ConnectionId, DnsLane, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-address-failed",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "a connection was made, but an address tried before it failed, stayed silent, or had not answered when that one did (error: all of IPv4 or IPv6 said no)",
    standard: "RFC 8305 section 5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let (Some(connect), Some(id)) = (hop.connect.ran(), hop.request.connection.ran()) else { continue };
        let Some(winner) = connect.winner.and_then(|winner| connect.attempts.get(winner)) else { continue };
        // This machine's own addresses for `localhost` are in no zone that could be fixed.
        let is_own_proxy = hop.proxy.is_some_and(|proxy| is_localhost(&proxy.host));
        if is_own_proxy || hop.dns.ran().is_some_and(|dns| dns.lane == DnsLane::Special) {
            continue;
        }
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (place, attempt) in connect.attempts.iter().enumerate() {
            // What another HTTPS record or the URL names has a rule of its own.
            let early = attempt.start < winner.start && attempt.source == winner.source;
            let Some(what) = what(attempt).filter(|_| early) else {
                continue;
            };
            // Until the next was tried: what two had to wait for is counted once.
            let next =
                connect.attempts.iter().map(|other| other.start).filter(|start| *start > attempt.start);
            let until = next.min().unwrap_or(winner.start).min(winner.start);
            let lost = (attempt.start, until);
            let ipv6 = attempt.address.is_ipv6();
            match groups.iter_mut().find(|group| group.what == what && group.first.address.is_ipv6() == ipv6)
            {
                Some(group) => {
                    group.places.push(place);
                    group.lost.push(lost);
                }
                None => groups.push(Group { what, first: attempt, places: vec![place], lost: vec![lost] }),
            }
        }
        findings.extend(groups.iter().map(|group| of_group(rule, id, group, broken(connect, group))));
    }
    findings
}

/// Whether a name is one of this machine (RFC 6761 §6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Addresses of one family that failed alike.
struct Group<'t> {
    what: String,
    first: &'t Attempt,
    places: Vec<usize>,
    lost: Vec<(At, At)>,
}

/// What is said of one that was given up for another before it could be called silent.
const LATE: &str = "had not answered when another address did";

/// What an attempt did in place of connecting.
fn what(attempt: &Attempt) -> Option<String> {
    match &attempt.outcome {
        AttemptOutcome::Refused => Some("refused the connection".to_owned()),
        AttemptOutcome::TimedOut => Some("stayed silent".to_owned()),
        AttemptOutcome::Lost if attempt.syn_retransmits.is_some_and(|syns| syns > 0) => {
            Some("stayed silent".to_owned())
        }
        // It may only be far away: nobody waited for it any longer.
        AttemptOutcome::Lost => Some(LATE.to_owned()),
        AttemptOutcome::Failed(words) => Some(format!("failed ({words})")),
        // No route is a fact of this machine, not of the address; and it costs nothing.
        AttemptOutcome::Unreachable(_) | AttemptOutcome::Won | AttemptOutcome::Stopped => None,
    }
}

/// The family of a group, where every address of it was tried and said no, and another family's was connected
/// to. Silence that was not waited out proves nothing.
fn broken(connect: &Connect, group: &Group<'_>) -> Option<&'static str> {
    let ipv6 = group.first.address.is_ipv6();
    let said_no = |attempt: &Attempt| {
        matches!(
            attempt.outcome,
            AttemptOutcome::Refused | AttemptOutcome::TimedOut | AttemptOutcome::Failed(_)
        )
    };
    let all = connect.attempts.iter().filter(|attempt| attempt.address.is_ipv6() == ipv6).all(said_no);
    let untried = connect.untried.iter().any(|address| address.is_ipv6() == ipv6);
    (all && !untried).then_some(if ipv6 { "IPv6" } else { "IPv4" })
}

fn of_group(rule: &Rule, id: ConnectionId, group: &Group<'_>, broken: Option<&'static str>) -> Finding {
    let Group { what, first, places, lost } = group;
    let family = if first.address.is_ipv6() { "AAAA" } else { "A" };
    let (who, advice) = match places.len() {
        1 if what == LATE => (
            first.address.to_string(),
            format!(
                "see whether {} answers (--all-addresses): if it does not, fix it, or remove its {family} record from DNS",
                first.address.ip()
            ),
        ),
        1 => {
            let advice = format!("fix {}, or remove its {family} record from DNS", first.address.ip());
            (first.address.to_string(), advice)
        }
        count => {
            let advice = format!("fix them, or remove their {family} records from DNS");
            (format!("{} and {} more", first.address, count - 1), advice)
        }
    };
    let evidence = places
        .iter()
        .map(|place| Place::Connection(id, InConnection::Attempt(*place, AttemptField::Outcome)));
    let late = lost.iter().map(|(from, until)| until.since(*from)).sum();
    let title = format!("{who} {what}: the connection began {} late", duration(late));
    let title = match broken {
        Some(family) => format!("{family} is broken: {title}"),
        None => title,
    };
    let mut finding = rule.finding(title, evidence.collect(), advice);
    if broken.is_some() {
        finding.severity = Severity::Error;
    }
    finding.saving =
        Saving::measured_at(lost, "on every new connection that tries this address first", Load::This);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Carrier, EndpointSource};

    #[test]
    fn fires_on_a_dead_ipv6_address_and_not_on_a_missing_route_or_a_later_loser() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let connect = sample::connect(&mut trace);
        let attempt = |start, outcome| Attempt {
            address: "[2001:db8::1]:443".parse().unwrap(),
            start: At(start),
            end: At(40_000),
            outcome,
            syn_retransmits: None,
            answered: None,
            source: EndpointSource::Host,
            transport: Carrier::Tcp,
        };
        connect.attempts.push(attempt(35_000, AttemptOutcome::Lost));
        assert!(sample::of(&RULE, &trace).is_empty());
        let connect = sample::connect(&mut trace);
        connect.attempts[1] = attempt(10_000, AttemptOutcome::Unreachable("no route".into()));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::connect(&mut trace).attempts[1] = attempt(10_000, AttemptOutcome::Lost);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 20);
        assert!(findings[0].advice.contains("AAAA"));
        assert!(
            findings[0].title.contains("had not answered when another address did"),
            "{}",
            findings[0].title
        );
        let mut own = trace.clone();
        sample::put_behind_proxy(&mut own);
        assert_eq!(sample::of(&RULE, &own).len(), 1);
        own.connections[0].proxy.as_mut().unwrap().host = "localhost".to_owned();
        assert!(sample::of(&RULE, &own).is_empty(), "that name is in no zone");
        let mut silent = trace.clone();
        sample::connect(&mut silent).attempts[1].syn_retransmits = Some(1);
        assert!(sample::of(&RULE, &silent)[0].title.contains("stayed silent"));
        // Many that fail alike are one finding, and no millisecond is counted twice.
        let mut many = trace.clone();
        let connect = sample::connect(&mut many);
        for late in [14_000, 20_000] {
            connect.attempts.push(attempt(late, AttemptOutcome::Lost));
        }
        let grouped = sample::of(&RULE, &many);
        assert_eq!((grouped.len(), grouped[0].evidence.len()), (1, 3));
        assert!(
            grouped[0]
                .title
                .contains("[2001:db8::1]:443 and 2 more had not answered when another address did"),
            "{}",
            grouped[0].title
        );
        assert_eq!(grouped[0].saving.as_ref().unwrap().amount.as_millis(), 20);
        assert_eq!(findings[0].severity, Severity::Warning, "silence proves nothing");
        let mut refusing = trace.clone();
        let connect = sample::connect(&mut refusing);
        connect.attempts[1].outcome = AttemptOutcome::Refused;
        assert_eq!(sample::of(&RULE, &refusing)[0].severity, Severity::Error);
        assert!(
            sample::of(&RULE, &refusing)[0].title.starts_with("IPv6 is broken: [2001:db8::1]:443 refused")
        );
        sample::connect(&mut refusing).untried.push("[2001:db8::2]:443".parse().unwrap());
        assert_eq!(sample::of(&RULE, &refusing)[0].severity, Severity::Warning, "another was not tried");
        sample::dns(&mut trace).lane = DnsLane::Special;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
