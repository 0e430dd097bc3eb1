//! What DNSSEC says of the answer, or why nobody asked it.

use super::teller::{Teller, clip, list};
use crate::trace::{Dns, DnsLane, Dnssec, DnssecVerdict};
use crate::units;

const STANDARDS: &[&str] = &["RFC 4033 section 5", "RFC 4035 section 4.3"];

/// The chain of trust from the root to the answer.
pub(super) fn put(teller: &mut Teller, dns: &Dns) {
    if matches!(dns.lane, DnsLane::Given | DnsLane::Special) {
        return;
    }
    let Some(dnssec) = &dns.dnssec else {
        let why = dns.unvalidated.as_deref().unwrap_or("they were not asked for in this run");
        let told = [
            "Signatures in DNS (DNSSEC) let everybody check that an answer is its owner's.".to_owned(),
            format!("They were not checked here: {}.", clip(why)),
            match dns.authenticated {
                Some(true) => {
                    "The resolver says that it has checked them (the AD bit); that is its word only."
                }
                Some(false) => "The resolver does not say that it has checked them (the AD bit is 0).",
                None => "",
            }
            .to_owned(),
        ];
        teller.tell("Signatures", &told, STANDARDS, "urltrace --lab https://www.example.test/");
        return;
    };
    let secure = dnssec.verdict == DnssecVerdict::Secure;
    let told = [
        teller
            .once(
                "DNS answers travel in the clear, and anybody on the way could write one. With DNSSEC a zone \
                 signs its records, and its parent vouches for the zone's key by a digest of it (a DS \
                 record), up to the root, whose key is known beforehand: a chain of trust.",
            )
            .to_owned(),
        chain(dnssec),
        verdict(dnssec),
        "What that needed beyond the walk was asked beside it and is not in the counted time. A signature proves \
         where an answer is from, and hides nothing."
            .to_owned(),
    ];
    teller.tell(
        "Signatures",
        &told,
        STANDARDS,
        if secure {
            "urltrace --lab https://www.dnssec-expired.test/"
        } else {
            "urltrace --lab https://www.example.test/"
        },
    );
}

fn chain(dnssec: &Dnssec) -> String {
    let zones: Vec<&str> = dnssec.chain.iter().map(|link| link.zone.as_str()).collect();
    let keys: usize = dnssec.chain.iter().map(|link| link.keys.len()).sum();
    let links = dnssec.chain.iter().flat_map(|link| &link.signatures);
    let signatures: Vec<_> = links.chain(&dnssec.signatures).collect();
    let good = signatures.iter().filter(|signature| signature.ok()).count();
    let soonest =
        signatures.iter().filter(|signature| signature.ok()).map(|signature| signature.days_left).min();
    let soonest =
        soonest.map_or_else(String::new, |days| format!("; the first of those runs out in {days} days"));
    format!(
        "Here the chain has {} ({}), {} and {}, of which {good} fit{soonest}.",
        units::count(zones.len(), "zone"),
        list(&zones),
        units::count(keys, "key"),
        units::count(signatures.len(), "signature")
    )
}

fn verdict(dnssec: &Dnssec) -> String {
    let why = dnssec.why.as_deref().map_or_else(String::new, |why| format!(": {}", clip(why)));
    match dnssec.verdict {
        DnssecVerdict::Secure => "The answer is secure: no link is missing.".to_owned(),
        DnssecVerdict::Insecure => format!(
            "The answer is insecure, which is no fault: the chain ends above it, and that it does is proven{why}."
        ),
        DnssecVerdict::Indeterminate => format!("Whether the answer is genuine cannot be told here{why}."),
        DnssecVerdict::Bogus => format!(
            "The answer is bogus{why}. This run went on all the same, to show the rest; a resolver that checks \
             signatures gives no answer at all (SERVFAIL), and a browser behind one shows nothing."
        ),
    }
}
