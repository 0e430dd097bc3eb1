//! Validating resolvers refuse this name.

use super::asked::walks;
use super::dns_intercepted::is_intercepted;
use super::found::{Finding, Severity};
use super::place::{InDnssec, InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{DnsLane, Dnssec, DnssecCause, DnssecVerdict, DsState, LookupId, Rcode, StageName};

const SERVFAIL: Rcode = Rcode(2);

pub(super) const RULE: Rule = Rule {
    id: "dns-dnssec-bogus",
    severity: Severity::Error,
    stage: StageName::Dns,
    fires: "DNSSEC says bogus, and not because this machine's clock is suspected; a warning where another server of the zone gives what is not bogus",
    standard: "RFC 4035 section 4.3",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let bogus = |dnssec: &&crate::trace::Dnssec| {
            dnssec.verdict == DnssecVerdict::Bogus && !dnssec.clock_suspected
        };
        if let Some(part) = dns.dnssec.as_ref().and_then(|dnssec| dnssec.bogus_in_part.as_ref()) {
            findings.push(in_part(rule, &dns.name, lookup, part));
            continue;
        }
        let Some(dnssec) = dns.dnssec.as_ref().filter(bogus) else { continue };
        let why = dnssec.why.as_deref().unwrap_or("no chain of trust leads to it");
        // Only one resolver was heard: it may have changed what the zone's servers say.
        let through = matches!(dns.lane, DnsLane::Resolver | DnsLane::StubFallback);
        let bogus = dnssec.chain.iter().find(|link| link.status == DnssecVerdict::Bogus);
        let other_anchor = dnssec.cause == Some(DnssecCause::DsWithoutKey)
            && bogus.is_some_and(|link| link.ds_state == DsState::Anchor);
        let title = if other_anchor {
            format!("{} is bogus by the trust anchor that was used: {why}", dns.name)
        } else if through {
            format!("{} is bogus as the resolver gives it: {why}", dns.name)
        } else {
            format!("{} is bogus, and resolvers that validate answer SERVFAIL: {why}", dns.name)
        };
        let mut evidence = vec![
            Place::Lookup(lookup, InLookup::Dnssec(InDnssec::Verdict)),
            Place::Lookup(lookup, InLookup::Dnssec(InDnssec::Why)),
        ];
        if let Some(link) = dnssec.chain.iter().position(|link| link.status == DnssecVerdict::Bogus) {
            evidence.push(Place::Lookup(lookup, InLookup::Dnssec(InDnssec::LinkWhy(link))));
        }
        let advice = if is_intercepted(dns) {
            "ask over a network that does not redirect port 53: what was validated came from whoever does, not from the zone"
        } else {
            advice(dnssec.cause)
        };
        let advice = if other_anchor {
            "give the anchor of whoever runs this root (--trust-anchor), or validate nothing (--no-dnssec); on the Internet, see who answers in place of the root servers, or whether a newer urltrace knows newer keys".to_owned()
        } else if through {
            format!(
                "ask the zone's own servers, without --resolver: if they give it so, too, {advice}; if not, the resolver changes it"
            )
        } else {
            advice.to_owned()
        };
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail = if dns.rcode == Some(SERVFAIL) {
            "The resolver of this trace refuses it too, so that the trace ends here; it gave the answer that was validated when it was told not to check (CD)."
        } else if other_anchor {
            "This trace went on, as a resolver without validation would."
        } else {
            "This trace went on, as a resolver without validation would. About a third of all users are behind one that validates (APNIC Labs)."
        }
        .to_owned();
        finding.detail += match dnssec.cause {
            Some(DnssecCause::Expired) if expired_today(dnssec) => {
                " Resolvers that allow for clocks that are off still take the signature for a while: unbound for a tenth of its life, an hour at least and a day at most."
            }
            Some(DnssecCause::NotYetValid) => {
                " Resolvers that allow for clocks that are off take a signature early: unbound by a tenth of its life, an hour at least and a day at most."
            }
            _ => "",
        };
        findings.push(finding);
    }
    findings
}

/// Whether none of its signatures expired more than a day ago.
fn expired_today(dnssec: &Dnssec) -> bool {
    let of_chain = dnssec.chain.iter().flat_map(|link| &link.signatures);
    of_chain.chain(&dnssec.signatures).all(|signature| signature.days_left >= -1)
}

/// One server gives what is bogus, and another does not.
fn in_part(rule: &Rule, name: &str, lookup: LookupId, part: &str) -> Finding {
    let mut finding = rule.finding(
        format!("DNSSEC: not all servers give {name} as it is signed: {part}"),
        vec![Place::Lookup(lookup, InLookup::Dnssec(InDnssec::BogusInPart))],
        "bring the zone on that server up to date, with its signatures and keys (zone transfer, signer), or take it out of the NS records until it is",
    );
    finding.severity = Severity::Warning;
    finding.detail = "Resolvers that validate ask another server when they meet the one that is at fault: names take longer, and fail where that one alone answers. The others use what it gives.".to_owned();
    finding
}

/// What ends it, by what it comes from.
const fn advice(cause: Option<DnssecCause>) -> &'static str {
    match cause {
        Some(DnssecCause::Expired) => {
            "sign the zone again, and find out why its signer stopped renewing signatures; then check that every server of the zone has the new copy"
        }
        Some(DnssecCause::NotYetValid) => {
            "set the clock of the machine that signs the zone, then sign the zone again"
        }
        Some(DnssecCause::Unsigned) => {
            "serve the missing signature: sign the zone again, and check that no server or box on the way strips RRSIG records; if the zone is not to be signed, remove its DS from the parent"
        }
        Some(DnssecCause::WrongSignature) => {
            "sign the zone again: these records, or the key, were changed after they were signed"
        }
        Some(DnssecCause::OtherKey) => {
            "publish the DNSKEY that made the signature until the last of its signatures is gone from caches, or sign the zone again with a key it has (RFC 6781 section 4.1)"
        }
        Some(DnssecCause::DsWithoutKey) => {
            "publish the DS of a key the zone has in the parent, or the key of the DS in the zone again; if the zone is not to be signed, remove the DS and wait for its TTL"
        }
        Some(DnssecCause::KeysRefused) => {
            "have the zone's servers answer DNSKEY queries with EDNS and DO set, as any server with DNSSEC does"
        }
        Some(DnssecCause::Unproven) => {
            "serve the NSEC or NSEC3 records that prove it: sign the zone again with a signer that makes them, and check that every server sends them"
        }
        Some(DnssecCause::Unchecked) | None => {
            "validate the name with another validator, such as `delv`, which names the record at fault"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_bogus_and_on_nothing_else() {
        let mut trace = sample::sound();
        for verdict in [DnssecVerdict::Secure, DnssecVerdict::Insecure, DnssecVerdict::Indeterminate] {
            sample::dns(&mut trace).dnssec = Some(sample::dnssec(verdict));
            assert!(sample::of(&RULE, &trace).is_empty());
        }
        sample::dns(&mut trace).dnssec = Some(sample::dnssec(DnssecVerdict::Bogus));
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("the signature over test. DNSKEY expired"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].evidence.len(), 3);
        assert!(findings[0].detail.starts_with("This trace went on"), "{}", findings[0].detail);
        assert!(findings[0].advice.starts_with("sign the zone again"), "{}", findings[0].advice);
        assert!(!findings[0].advice.contains("DS"), "no DS renews a signature: {}", findings[0].advice);
        assert!(!findings[0].detail.contains("unbound"), "for three days: {}", findings[0].detail);
        let chain = &mut sample::dns(&mut trace).dnssec.as_mut().unwrap().chain;
        chain.last_mut().unwrap().signatures.iter_mut().for_each(|one| one.days_left = one.days_left.max(-1));
        let today = &sample::of(&RULE, &trace)[0].detail;
        assert!(today.contains("a day at most"), "{today}");
        sample::dns(&mut trace).rcode = Some(SERVFAIL);
        let detail = &sample::of(&RULE, &trace)[0].detail;
        assert!(detail.starts_with("The resolver of this trace refuses it too"), "{detail}");
    }

    #[test]
    fn an_anchor_for_other_keys_is_no_fault_of_the_zone() {
        let mut trace = sample::sound();
        let mut dnssec = sample::dnssec(DnssecVerdict::Bogus);
        (dnssec.cause, dnssec.chain[0].status) = (Some(DnssecCause::DsWithoutKey), DnssecVerdict::Bogus);
        dnssec.why = Some("zone . has no DNSKEY for trust anchor tag 20326".to_owned());
        sample::dns(&mut trace).dnssec = Some(dnssec);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.contains("bogus by the trust anchor that was used"), "{}", finding.title);
        assert!(
            finding.advice.contains("--trust-anchor") && !finding.advice.contains("publish"),
            "{}",
            finding.advice
        );
        sample::dns(&mut trace).dnssec.as_mut().unwrap().chain[0].status = DnssecVerdict::Secure;
        assert!(sample::of(&RULE, &trace)[0].advice.starts_with("publish the DS"), "of a zone's own DS");
    }

    #[test]
    fn what_one_resolver_gives_is_not_said_of_the_zone() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        (dns.lane, dns.dnssec) = (DnsLane::Resolver, Some(sample::dnssec(DnssecVerdict::Bogus)));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.contains("is bogus as the resolver gives it"), "{}", finding.title);
        assert!(
            finding.advice.starts_with("ask the zone's own servers, without --resolver"),
            "{}",
            finding.advice
        );
    }

    #[test]
    fn one_server_of_several_is_a_warning_and_no_failure_for_those_who_validate() {
        let part = "what ns2.test. (192.0.2.2) gives is bogus (old); ns1.test. (192.0.2.1) gives the same, and there it is secure";
        for verdict in [DnssecVerdict::Secure, DnssecVerdict::Bogus] {
            let mut trace = sample::sound();
            let dnssec = sample::dnssec(verdict);
            sample::dns(&mut trace).dnssec =
                Some(crate::trace::Dnssec { bogus_in_part: Some(part.to_owned()), ..dnssec });
            let findings = sample::of(&RULE, &trace);
            assert_eq!((findings.len(), findings[0].severity), (1, Severity::Warning), "{verdict:?}");
            assert!(findings[0].title.ends_with(part), "{}", findings[0].title);
            assert!(!findings[0].title.contains("SERVFAIL"), "{}", findings[0].title);
            assert!(findings[0].evidence.len() == 1);
        }
    }

    #[test]
    fn leaves_a_wrong_clock_to_its_own_rule() {
        let mut trace = sample::sound();
        let dnssec = crate::trace::Dnssec { clock_suspected: true, ..sample::dnssec(DnssecVerdict::Bogus) };
        sample::dns(&mut trace).dnssec = Some(dnssec);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn the_advice_fits_the_cause() {
        for (cause, says, never) in [
            (DnssecCause::Expired, "renewing signatures", "DS"),
            (DnssecCause::NotYetValid, "clock", "DS"),
            (DnssecCause::Unsigned, "missing signature", "clock"),
            (DnssecCause::WrongSignature, "changed after they were signed", "DS"),
            (DnssecCause::OtherKey, "DNSKEY that made the signature", "DS "),
            (DnssecCause::DsWithoutKey, "publish the DS of a key the zone has", "sign the zone again"),
            (DnssecCause::KeysRefused, "answer DNSKEY queries", "DS "),
            (DnssecCause::Unproven, "NSEC", "DS"),
        ] {
            let mut trace = sample::sound();
            let dnssec = crate::trace::Dnssec { cause: Some(cause), ..sample::dnssec(DnssecVerdict::Bogus) };
            sample::dns(&mut trace).dnssec = Some(dnssec);
            let advice = &sample::of(&RULE, &trace)[0].advice;
            assert!(advice.contains(says) && !advice.contains(never), "{cause:?}: {advice}");
        }
    }
}
