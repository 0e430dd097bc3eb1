//! A question was answered from another address than the one asked.

use super::asked::once_a_server;
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Meaning, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-reply-misdirected",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "the only reply to a question came from another address than the one asked",
    standard: "RFC 2181 section 4",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let Meaning::WrongSource { from } = &spot.packet.meaning else { return None };
        let asked = spot.packet.server;
        let name = spot.packet.server_name.as_deref().unwrap_or("the resolver");
        let title = if asked.ip() == from.ip() {
            let (address, to, back) = (from.ip(), asked.port(), from.port());
            format!("{name} ({address}) was asked at port {to}, and port {back} answered")
        } else {
            format!("{name} ({}) was asked, and {} answered", asked.ip(), from.ip())
        };
        let mut finding = rule.finding(
            title,
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Detail), spot.place(PacketField::Dropped)],
            "let the server answer from the address it was asked at; if it does, something on the way forges replies",
        );
        finding.detail =
            "resolvers drop such replies (RFC 5452 section 3), and so for them the server is silent; \
            here the question went by TCP"
                .to_owned();
        Some(finding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_once_for_each_server_that_others_answer_for() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets[1].dropped = 1;
        assert!(sample::of(&RULE, &trace).is_empty(), "the server's own answer came as well");
        let dns = sample::dns(&mut trace);
        dns.packets[1].meaning = Meaning::WrongSource { from: "192.0.2.9:53".parse().unwrap() };
        let twice = dns.packets[1].clone();
        dns.packets.push(twice);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.ends_with("and 192.0.2.9 answered"), "{}", findings[0].title);
        let packet = &mut sample::dns(&mut trace).packets[1];
        let mut from = packet.server;
        from.set_port(54);
        packet.meaning = Meaning::WrongSource { from };
        let title = sample::of(&RULE, &trace).remove(0).title;
        assert!(title.ends_with("was asked at port 53, and port 54 answered"), "{title}");
    }
}
