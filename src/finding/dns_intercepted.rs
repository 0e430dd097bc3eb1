//! Somebody answers in the place of a root or top-level server.

use super::{Finding, Rule, Severity, hops};
use crate::trace::{Meaning, Packet, Purpose, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-intercepted",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a server of the root or of a top-level zone gave a final answer with recursion on offer and without authority",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, dns) in hops(trace).filter_map(|(index, hop)| Some((index, hop.dns.ran()?))) {
        // One is enough: what is on the way is on the way of all.
        let found = dns.packets.iter().enumerate().find(|(_, packet)| is_intercepted(packet));
        let Some((index, packet)) = found else { continue };
        let name = packet.server_name.as_deref().unwrap_or("a server");
        let title = format!(
            "{name} ({}), a server of zone {}, answered as a resolver does: DNS is intercepted on the way",
            packet.server.ip(),
            packet.zone
        );
        let pointer = |field: &str| format!("/hops/{hop}/dns/packets/{index}/{field}");
        let mut finding = rule.finding(
            title,
            vec![pointer("flags"), pointer("meaning")],
            "a router, a firewall or the provider redirects port 53: ask over another network, or an encrypted resolver",
        );
        finding.detail =
            "such servers offer no recursion (RA) and never have the whole answer; the answer is taken \
            as it came, and the walk shows the interceptor, not the zones"
                .to_owned();
        findings.push(finding);
    }
    findings
}

fn is_intercepted(packet: &Packet) -> bool {
    let at_the_top = packet.zone.matches('.').count() == 1;
    let is_final = matches!(
        packet.meaning,
        Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::NoData(_) | Meaning::NxDomain(_)
    );
    let walked = matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress);
    let forwarded =
        packet.reply.as_ref().is_some_and(|reply| reply.recursion_available && !reply.authoritative);
    at_the_top && is_final && walked && forwarded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_final_answer_of_the_root_with_recursion() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets[0].reply = Some(sample::header());
        assert!(sample::of(&RULE, &trace).is_empty(), "a referral");
        let dns = sample::dns(&mut trace);
        let mut header = sample::header();
        header.recursion_available = true;
        dns.packets[0].meaning = Meaning::Answer { records: Vec::new() };
        dns.packets[0].reply = Some(header.clone());
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        header.authoritative = true;
        sample::dns(&mut trace).packets[0].reply = Some(header.clone());
        assert!(sample::of(&RULE, &trace).is_empty(), "with authority it is the zone's own");
        header.authoritative = false;
        let dns = sample::dns(&mut trace);
        dns.packets[0].zone = "deep.test.".to_owned();
        dns.packets[0].reply = Some(header);
        assert!(sample::of(&RULE, &trace).is_empty(), "zones further down may be served by anything");
    }
}
