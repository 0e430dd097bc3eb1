//! DNSSEC in words: one line of evidence, and with `-v` the chain of trust as a table.

use super::alias::is_on_the_way;
use super::ink::Ink;
use super::page::Page;
use crate::explain::dnssec as dnssec_names;
use crate::render::words;
use crate::trace::{
    Denial, Denied, Dns, DnsLane, Dnssec, DnssecVerdict, DsState, ProofKind, SignatureInfo, ZoneLink,
};

/// `secure: . (20326) > test. > example.test.`, or the verdict and its reason.
pub(crate) fn line(dns: &Dns, dnssec: &Dnssec) -> String {
    let verdict = dnssec.verdict.as_str();
    let mut said = match &dnssec.why {
        Some(why) => format!("{verdict}: {why}"),
        None => format!("{verdict}: {}", paths(&dnssec.chain)),
    };
    if dnssec.verdict == DnssecVerdict::Secure {
        for denial in dnssec.denials.iter().filter(|denial| is_worth_a_word(dns, denial)) {
            said.push_str(&format!("; {}", denied(denial)));
        }
    }
    if let Some(part) = &dnssec.bogus_in_part {
        said.push_str(&format!("; but {part}"));
    }
    if dnssec.clock_suspected {
        said.push_str("; so is every signature: is this machine's clock right?");
    }
    if matches!(dns.lane, DnsLane::Resolver | DnsLane::StubFallback) {
        said.push_str(match dnssec.verdict {
            DnssecVerdict::Indeterminate => "; asked through the resolver",
            _ => "; validated here, through the resolver",
        });
        said.push_str(match dns.authenticated {
            Some(true) => ", which says that it has validated the answer (AD)",
            Some(false) => ", which does not say that it has validated the answer (no AD)",
            None => "",
        });
    }
    said
}

/// That there is no IPv6 address beside an IPv4 one is not, nor what the first labels of a name have.
fn is_worth_a_word(dns: &Dns, denial: &Denial) -> bool {
    match denial.what {
        Denied::Name | Denied::Ds => true,
        Denied::CloserName => is_on_the_way(dns, &denial.name),
        Denied::Type(_) => dns.negative.is_some() && is_on_the_way(dns, &denial.name),
    }
}

/// Why nothing was validated, and what a resolver says of it.
pub(crate) fn not_validated(dns: &Dns) -> Option<String> {
    let why = dns.unvalidated.as_deref().filter(|why| *why != "--no-dnssec")?;
    let claim = match dns.authenticated {
        Some(true) => "; the resolver says that it has validated the answer (AD)",
        Some(false) => "; nor does the resolver say that it has validated the answer (no AD)",
        None => "",
    };
    Some(format!("not validated: {why}{claim}"))
}

/// The colour of a verdict.
pub(super) fn ink(verdict: DnssecVerdict) -> Ink {
    match verdict {
        DnssecVerdict::Secure => Ink::Dns,
        DnssecVerdict::Insecure => Ink::Faint,
        DnssecVerdict::Indeterminate => Ink::Warn,
        DnssecVerdict::Bogus => Ink::Bad,
    }
}

/// From the anchor to each zone that has no other below it.
fn paths(chain: &[ZoneLink]) -> String {
    let above = |one: &str, other: &str| one == "." || other == one || other.ends_with(&format!(".{one}"));
    let last = |link: &&ZoneLink| {
        !chain.iter().any(|other| other.zone != link.zone && above(&link.zone, &other.zone))
    };
    let path = |leaf: &ZoneLink| {
        let mut links: Vec<&ZoneLink> = chain.iter().filter(|link| above(&link.zone, &leaf.zone)).collect();
        links.sort_by_key(|link| link.zone.len());
        let name = |link: &&ZoneLink| match link.ds.iter().find(|ds| ds.matched) {
            Some(anchor) if link.ds_state == DsState::Anchor => format!("{} ({})", link.zone, anchor.tag),
            _ => link.zone.clone(),
        };
        links.iter().map(name).collect::<Vec<_>>().join(" > ")
    };
    chain.iter().filter(last).map(path).collect::<Vec<_>>().join("; ")
}

fn denied(denial: &Denial) -> String {
    let how = match denial.proof {
        ProofKind::Nsec => "NSEC",
        ProofKind::Nsec3 => "NSEC3",
        ProofKind::Nsec3OptOut => "NSEC3 with opt-out",
    };
    let name = &denial.name;
    match denial.what {
        Denied::Name => format!("{how} proves that {name} does not exist"),
        Denied::Type(rtype) => format!("{how} proves that {name} has no {}", rtype.mnemonic()),
        Denied::CloserName => format!("{name} is made from a wildcard, as {how} allows"),
        Denied::Ds => format!("{how} proves that {name} has no DS"),
    }
}

/// The chain of trust: DS, keys and signatures of each zone, then the signatures of the answer.
pub(super) fn table(page: &mut Page, dnssec: &Dnssec) {
    for link in &dnssec.chain {
        let (mut head, mut body) = (page.line(), page.line());
        head.push(Ink::Plain, "  ").push(Ink::Strong, &link.zone).push(Ink::Plain, "  ");
        body.push(ink(link.status), link.status.as_str());
        if let Some(why) = &link.why {
            body.push(Ink::Plain, format!(": {why}"));
        }
        page.wrap(head, &body);
        zone(page, link);
    }
    if !dnssec.signatures.is_empty() {
        let mut head = page.line();
        head.push(Ink::Plain, "  ").push(Ink::Strong, "the answer");
        page.put(head);
        dnssec.signatures.iter().for_each(|signature| signed(page, signature));
    }
    for denial in &dnssec.denials {
        item(page, "proof", Ink::Plain, &denied(denial));
    }
}

fn zone(page: &mut Page, link: &ZoneLink) {
    let label = if link.ds_state == DsState::Anchor { "anchor" } else { "DS" };
    for ds in &link.ds {
        let digest = ds
            .digest_type
            .map_or_else(String::new, |digest| format!(", {}", dnssec_names::digest_type(digest)));
        let found = if ds.matched { "its key is there" } else { "no such key" };
        let (ink, algorithm) = (mark(ds.matched), dnssec_names::algorithm(ds.algorithm));
        item(page, label, ink, &format!("tag {}, {algorithm}{digest}: {found}", ds.tag));
    }
    if let Some(denial) = &link.denial {
        item(page, "no DS", Ink::Plain, &denied(denial));
    }
    for key in &link.keys {
        let bits = key.bits.map_or_else(String::new, |bits| format!(", {bits} bits"));
        let algorithm = dnssec_names::algorithm(key.algorithm);
        let text = format!("tag {}, {algorithm}{bits}, flags {} ({})", key.tag, key.flags, key.role.as_str());
        item(page, "DNSKEY", Ink::Plain, &text);
    }
    link.signatures.iter().for_each(|signature| signed(page, signature));
}

fn signed(page: &mut Page, signature: &SignatureInfo) {
    let (from, until) = (words::date(signature.inception), words::date(signature.expiration));
    let state = match &signature.fault {
        None => format!("ok, {} days left", signature.days_left),
        Some(fault) => fault.clone(),
    };
    let text = format!(
        "{} {} by {} tag {}, {from} to {until}: {state}",
        signature.owner,
        signature.covers.mnemonic(),
        signature.signer,
        signature.tag
    );
    item(page, "RRSIG", mark(signature.ok()), &text);
}

fn mark(ok: bool) -> Ink {
    if ok { Ink::Plain } else { Ink::Warn }
}

fn item(page: &mut Page, name: &str, ink: Ink, text: &str) {
    let mut head = page.line();
    head.push(Ink::Plain, "    ").column(Ink::Faint, name, 7).push(Ink::Plain, " ");
    let mut body = page.line();
    body.push(ink, text);
    page.wrap(head, &body);
}
