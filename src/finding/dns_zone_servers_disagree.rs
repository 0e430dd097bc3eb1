//! The servers of one zone do not hold the same zone (`--all-ns`): serials or answers differ.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{ServerCheck, ServerFault, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-servers-disagree",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: servers of the last zone have different SOA serials or answer the question differently",
    standard: "RFC 1034 section 4.3.5",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let servers: Vec<&ServerCheck> = dns.all_servers.iter().flatten().collect();
        let differ = |server: &ServerCheck| server.faults.contains(&ServerFault::AnswerDiffers);
        let behind: Vec<(usize, u32)> = servers
            .iter()
            .enumerate()
            .filter_map(|(index, server)| {
                server.faults.iter().find_map(|fault| match fault {
                    ServerFault::SerialDiffers { newest } => Some((index, *newest)),
                    _ => None,
                })
            })
            .collect();
        let others: Vec<usize> = (0..servers.len()).filter(|index| differ(servers[*index])).collect();
        let name = |index: usize| format!("{} ({})", servers[index].name, servers[index].address.ip());
        let is_same = |index: usize| {
            let mut rest = servers.iter().enumerate().filter(|(other, _)| *other != index);
            let serial = servers[index].serial;
            serial.is_some() && rest.any(|(_, other)| other.serial == serial)
        };
        let what = match (behind.first(), others.first()) {
            (Some((index, newest)), _) => {
                let serial = servers[*index].serial.unwrap_or_default();
                let more = and_more(behind.len());
                let and = if others.is_empty() { "the answers are the same" } else { "answers differ, too" };
                format!("{}{more} has serial {serial}, the newest is {newest}; {and}", name(*index))
            }
            (None, Some(index)) => {
                let more = and_more(others.len());
                let serial = if is_same(*index) { ", with the same serial" } else { "" };
                let is_lame =
                    |fault: &ServerFault| matches!(fault, ServerFault::Lame(_) | ServerFault::Unreadable(_));
                let answers =
                    |server: &ServerCheck| server.rcode.is_some() && !server.faults.iter().any(is_lame);
                let rest: Vec<usize> = (0..servers.len())
                    .filter(|index| !others.contains(index) && answers(servers[*index]))
                    .collect();
                if let ([one], [_]) = (&rest[..], &others[..]) {
                    // Neither is alone.
                    format!("{} and {} give different answers{serial}", name(*one), name(*index))
                } else {
                    format!("{}{more} gives another answer than the others{serial}", name(*index))
                }
            }
            (None, None) => continue,
        };
        let mut indexes: Vec<usize> =
            behind.iter().map(|(index, _)| *index).chain(others.iter().copied()).collect();
        indexes.sort_unstable();
        indexes.dedup();
        let place = |index: &usize| Place::Lookup(lookup, InLookup::ServerFaults(*index));
        let mut finding = rule.finding(
            format!("the servers of one zone do not agree: {what}"),
            indexes.iter().map(place).collect(),
            if behind.is_empty() && others.iter().all(|index| !is_same(*index)) {
                "no serial says which is newer: ask the servers for the zone's SOA, and see whether they hold the same zone"
            } else if behind.is_empty() {
                "the same serial with other data does not come from a zone transfer: look for servers that make answers up, or a \
                 serial that was not raised"
            } else {
                "look at the zone transfer (NOTIFY, AXFR, TSIG) to the servers that are behind; soon after a change this is usual"
            },
        );
        // A secondary that is behind for a moment is every secondary after every change.
        if others.is_empty() {
            finding.severity = Severity::Notice;
        }
        findings.push(finding);
    }
    findings
}

fn and_more(count: usize) -> String {
    if count > 1 { format!(" and {} more", count - 1) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_once_on_serials_and_answers_that_differ() {
        let behind = || ServerFault::SerialDiffers { newest: 7 };
        for (faults, says, severity, count) in [
            (vec![vec![], vec![]], "", Severity::Info, 0),
            (vec![vec![], vec![ServerFault::NoTcp]], "", Severity::Info, 0),
            (
                vec![vec![], vec![behind()]],
                "198.51.100.1) has serial 6, the newest is 7; the answers are the same",
                Severity::Notice,
                1,
            ),
            (
                vec![vec![], vec![behind(), ServerFault::AnswerDiffers]],
                "answers differ, too",
                Severity::Warning,
                1,
            ),
            (
                vec![vec![], vec![], vec![ServerFault::AnswerDiffers]],
                "198.51.100.2) gives another answer than the others, with the same serial",
                Severity::Warning,
                1,
            ),
            // Of two neither is alone.
            (
                vec![vec![], vec![ServerFault::AnswerDiffers]],
                "198.51.100.1) give different answers, with the same serial",
                Severity::Warning,
                1,
            ),
            (vec![vec![behind()], vec![behind()], vec![]], "and 1 more has serial 6", Severity::Notice, 2),
        ] {
            let mut trace = sample::sound();
            let server = |(index, faults)| sample::server(&format!("198.51.100.{index}:53"), faults);
            sample::dns(&mut trace).all_servers = Some(faults.into_iter().enumerate().map(server).collect());
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(count > 0), "{says}");
            if let Some(finding) = findings.first() {
                assert!(finding.title.contains(says), "{}", finding.title);
                assert_eq!((finding.severity, finding.evidence.len()), (severity, count), "{says}");
            }
        }
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
        // Of a server without a serial nobody knows whether it is the same.
        let mut trace = sample::sound();
        let other = sample::server("198.51.100.2:53", vec![ServerFault::AnswerDiffers]);
        sample::dns(&mut trace).all_servers =
            Some(vec![sample::server("198.51.100.1:53", vec![]), ServerCheck { serial: None, ..other }]);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.ends_with("give different answers"), "{}", findings[0].title);
        assert!(findings[0].advice.starts_with("no serial says"), "{}", findings[0].advice);
    }
}
