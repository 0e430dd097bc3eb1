//! A name server answered, and its answer was of no use: refused, failed, lame or leading upwards.

use super::asked::{is_of_the_walk, is_told_by_its_zone, name, once_a_server, same_question, server};
use super::case;
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::explain::dns_error;
use crate::explain::dns_words::{NO_AUTHORITY, astray};
use crate::trace::{Choice, Dns, Meaning, Packet, StageName, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-server-failed",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server of a zone refused, failed, was not authoritative or referred elsewhere than down",
    standard: "RFC 1034 section 4.2.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let (dns, packet) = (spot.dns, spot.packet);
        let errors = packet.reply.as_ref().map_or(&[][..], |reply| &reply.extended_errors);
        // What is said of the whole zone is not said again, but for the server's own words.
        let is_lost = is_told_by_its_zone(dns, packet);
        if !is_of_the_walk(packet) || is_lost && errors.is_empty() {
            return None;
        }
        let what = fault(packet).filter(|_| !case::explains(spot))?;
        let served = serves_another_type(dns, packet);
        let of_type =
            served.as_ref().map_or_else(String::new, |_| format!(" for type {}", packet.qtype.mnemonic()));
        let mut finding = rule.finding(
            format!("{}, a server of zone {}, {what}{of_type}", server(packet), packet.zone),
            vec![spot.place(PacketField::Meaning)],
            advice(dns, packet, served, is_lost),
        );
        if !errors.is_empty() {
            finding.detail = dns_error::sentence(errors);
            finding.evidence.push(spot.place(PacketField::ExtendedErrors));
        }
        // Off the critical path a failed server cost nothing.
        if !is_lost {
            finding.saving = spot.cost("on every lookup that asks this server first");
        }
        Some(finding)
    })
}

fn advice(dns: &Dns, packet: &Packet, served: Option<String>, is_lost: bool) -> String {
    let (zone, name) = (&packet.zone, name(packet));
    match &packet.meaning {
        _ if (packet.transport, packet.chosen) == (Transport::Tcp, Choice::Truncated) => {
            format!(
                "make {name} answer by TCP as it does by UDP, where it cuts its replies short: RFC 7766 demands it"
            )
        }
        Meaning::Malformed { .. } => {
            format!("see what makes {name}, or something before it, send such replies: resolvers drop them")
        }
        Meaning::NonAuthoritative => format!(
            "see that {name} has the zone {zone} loaded and sets AA: resolvers may ask another server, or take the \
             zone to be lame"
        ),
        _ => match served {
            Some(served) => format!(
                "{name} serves the zone, and type {served} of that name: make it answer a type that it does not have \
                 with NOERROR, no record and the SOA (RFC 4074 section 4, RFC 8906 section 3.1.2)"
            ),
            None if is_lost => format!("see why {name} does not answer for the zone {zone}"),
            None if answered_later(dns, packet) => {
                format!("see why {name} failed: it answered the same question when asked again")
            }
            // Some refuse the names of no data that a careful resolver asks for on the way.
            None if serves_other_names(dns, packet) => {
                format!(
                    "see why {name} answers for other names and not for {}: RFC 9156 needs both",
                    packet.qname
                )
            }
            None => format!(
                "make {name} serve the zone {zone}, or remove it from the zone's NS records at the parent"
            ),
        },
    }
}

/// Whether the server failed for a time only.
fn answered_later(dns: &Dns, packet: &Packet) -> bool {
    let is_error = matches!(packet.meaning, Meaning::Refused | Meaning::ServerFailure);
    is_error && of_use(dns, packet).any(|other| other.sent >= packet.sent && same_question(other, packet))
}

/// Whether the same server gave an answer of its zone to another question.
fn serves_other_names(dns: &Dns, packet: &Packet) -> bool {
    of_use(dns, packet).any(|other| other.qname != packet.qname)
}

/// Another type of the same name that the same server answered well.
fn serves_another_type(dns: &Dns, packet: &Packet) -> Option<String> {
    let is_other = |other: &&Packet| {
        other.qname.eq_ignore_ascii_case(&packet.qname)
            && other.qtype != packet.qtype
            && !matches!(other.meaning, Meaning::Referral { .. } | Meaning::Truncated | Meaning::CaseChanged)
    };
    of_use(dns, packet).find(is_other).map(|other| other.qtype.mnemonic().into_owned())
}

fn of_use<'t>(dns: &'t Dns, packet: &'t Packet) -> impl Iterator<Item = &'t Packet> {
    dns.packets.iter().filter(|other| {
        (other.server, &other.zone) == (packet.server, &packet.zone)
            && is_of_the_walk(other)
            && other.meaning.is_useful()
    })
}

fn fault(packet: &Packet) -> Option<String> {
    match &packet.meaning {
        Meaning::Refused => Some("refused the question".to_owned()),
        Meaning::ServerFailure => {
            let rcode = packet.reply.as_ref().map_or("an error".into(), |reply| reply.rcode.mnemonic());
            Some(format!("answered {rcode}"))
        }
        Meaning::UpwardReferral { to } => {
            Some(format!("does not serve it: it refers {}", astray(&packet.zone, &packet.qname, to)))
        }
        Meaning::NonAuthoritative => Some(format!("{NO_AUTHORITY} (AA)")),
        Meaning::Lame { reason } => Some(format!("does not serve it: it {reason}")),
        Meaning::Malformed { reason } => Some(format!("sent a reply that cannot be read: {reason}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Purpose, Spelling};

    #[test]
    fn fires_once_a_server_and_names_zone_and_cost() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets
            .insert(2, sample::packet("example.test.", "198.51.100.9:53", 20_000, 24_000, Meaning::Refused));
        dns.packets
            .insert(3, sample::packet("example.test.", "198.51.100.9:53", 20_000, 24_000, Meaning::Refused));
        dns.critical_path = vec![0, 1, 2, 4];
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.contains("198.51.100.9), a server of zone example.test., refused"));
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 4);
    }

    /// A question in random case that failed, and so many times the same in plain case that did not.
    fn failed_until_plain(checks: usize) -> crate::trace::Trace {
        let mut trace = sample::sound();
        let packets = &mut sample::dns(&mut trace).packets;
        packets.truncate(3);
        packets[2].spelling = Spelling::Plain;
        for _ in 0..checks {
            let (mut failed, mut check) = (packets[2].clone(), packets[2].clone());
            (failed.spelling, failed.meaning) = (Spelling::Random, Meaning::ServerFailure);
            (check.chosen, check.parent) = (Choice::PlainCase, Some(packets.len()));
            packets.extend([failed, check]);
        }
        trace
    }

    #[test]
    fn what_plain_case_mends_is_told_here_or_by_the_rule_of_the_case() {
        for (checks, own, of_case) in [(1, 1, 0), (2, 0, 1)] {
            let trace = failed_until_plain(checks);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), own);
            assert_eq!(sample::of(&super::super::dns_case_sensitive::RULE, &trace).len(), of_case);
            assert!(findings.iter().all(|one| one.advice.ends_with("when asked again")), "{findings:?}");
        }
        let mut trace = failed_until_plain(2);
        let mut found = sample::dns(&mut trace).packets[2].clone();
        found.spelling = Spelling::Random;
        sample::dns(&mut trace).packets.push(found);
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "the case is not at fault, and the error was there");
    }

    #[test]
    fn a_type_that_fails_where_another_is_served_is_not_the_zone() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut failed = dns.packets[2].clone();
        (failed.meaning, failed.qtype) = (Meaning::ServerFailure, crate::trace::RecordType::HTTPS);
        dns.packets.push(failed.clone());
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].advice.contains("RFC 8906 section 3.1.2"), "{}", findings[0].advice);
        assert!(!findings[0].advice.contains("take it out"), "{}", findings[0].advice);
        assert!(findings[0].title.ends_with("answered an error for type HTTPS"), "{}", findings[0].title);
        // The same type of it, from the same server, that failed at first.
        let dns = sample::dns(&mut trace);
        dns.packets.last_mut().unwrap().qtype = dns.packets[2].qtype;
        assert!(!sample::of(&RULE, &trace)[0].advice.contains("RFC 8906"));
    }

    #[test]
    fn what_is_broken_by_tcp_alone_is_not_the_zone() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut refused =
            sample::packet("example.test.", "198.51.100.9:53", 20_000, 24_000, Meaning::Refused);
        (refused.transport, refused.chosen) = (Transport::Tcp, Choice::Truncated);
        dns.packets.push(refused);
        assert!(sample::of(&RULE, &trace)[0].advice.contains("by TCP as it does by UDP"));
        sample::dns(&mut trace).packets.last_mut().unwrap().chosen = Choice::UdpBlocked;
        assert!(sample::of(&RULE, &trace)[0].advice.contains("serve the zone"));
    }

    #[test]
    fn a_server_that_answers_for_other_names_is_not_to_be_taken_out() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut refused = dns.packets[2].clone();
        refused.meaning = Meaning::Refused;
        "part.example.test.".clone_into(&mut refused.qname);
        dns.packets.push(refused);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].advice.contains("and not for part.example.test."), "{}", findings[0].advice);
    }

    #[test]
    fn an_extended_error_is_explained() {
        let mut trace = sample::sound();
        let mut packet = sample::packet("example.test.", "198.51.100.9:53", 20_000, 24_000, Meaning::Refused);
        let mut header = sample::header();
        header.extended_errors = vec![(20, "zone is not loaded".to_owned())];
        packet.reply = Some(header);
        sample::dns(&mut trace).packets.push(packet);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(
            finding.detail.contains("Not Authoritative") && finding.detail.ends_with("zone is not loaded")
        );
        assert_eq!(finding.evidence.len(), 2);
    }

    #[test]
    fn the_machines_own_resolver_is_none_of_its_business() {
        let mut trace = sample::sound();
        let mut packet = sample::packet("", "198.51.100.9:53", 0, 4_000, Meaning::Refused);
        packet.purpose = Purpose::Stub;
        sample::dns(&mut trace).packets.push(packet);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
