//! A server that is named for the zone does not serve it (`--all-ns`).

use super::asked::{of_zone_servers, told_by_the_walk};
use super::dns_intercepted::is_intercepted;
use super::found::{Finding, Severity};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{ServerFault, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-server-lame",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "with --all-ns: a server of the last zone does not serve it (REFUSED, SERVFAIL, not authoritative, ...), or sent what cannot be read",
    standard: "RFC 9499 section 7",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    of_zone_servers(rule, lookups, |dns, server| {
        let name = &server.name;
        let told = server.faults.iter().find_map(|fault| match fault {
            ServerFault::Lame(why) => Some((
                format!("does not serve the zone it is named for: it {why}"),
                format!("make {name} serve the zone, or remove it from the zone's NS records at the parent and in the zone"),
            )),
            ServerFault::Unreadable(why) => Some((
                why.clone(),
                format!("see what makes {name}, or something before it, send such replies: resolvers drop them"),
            )),
            _ => None,
        });
        // Then it is not the server that answered.
        if is_intercepted(dns) {
            return None;
        }
        told.filter(|_| !told_by_the_walk(dns, server))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Meaning;

    #[test]
    fn fires_on_a_lame_server_unless_the_walk_met_it() {
        let fault = ServerFault::Lame("answered REFUSED".into());
        let mut trace = sample::with_faulty_server(
            &RULE,
            fault,
            ") does not serve the zone it is named for: it answered REFUSED",
        );
        // What the walk met itself has a rule of its own.
        sample::walk_met(&mut trace, Meaning::Refused);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn replies_that_cannot_be_read_are_no_refusal_to_serve() {
        let fault =
            ServerFault::Unreadable("sent a reply that cannot be read: unexpected end of input".into());
        let trace = sample::with_faulty_server(&RULE, fault, ") sent a reply that cannot be read");
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].advice.starts_with("see what makes "), "{}", findings[0].advice);
    }

    #[test]
    fn says_nothing_of_a_server_that_somebody_answers_for() {
        let fault = ServerFault::Lame("answered without authority".into());
        let mut trace = sample::with_faulty_server(&RULE, fault, ") does not serve");
        let packet = &mut sample::dns(&mut trace).packets[0];
        packet.meaning = Meaning::Answer { records: Vec::new() };
        packet.reply = Some(crate::trace::ReplyHeader { recursion_available: true, ..sample::header() });
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
