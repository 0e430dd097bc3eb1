//! What the lookup found: aliases on the way, the records, and what was asked for beside them.

use super::caches::TTL;
use super::teller::{Teller, clip, list};
use crate::trace::{Dns, DnsLane, Meaning, RecordType, ServiceBinding};
use crate::units;

/// Aliases, then the answer.
pub(super) fn put(teller: &mut Teller, dns: &Dns) {
    if matches!(dns.lane, DnsLane::Given | DnsLane::Special) {
        return;
    }
    aliases(teller, dns);
    answer(teller, dns);
}

fn aliases(teller: &mut Teller, dns: &Dns) {
    let is_alias = |rtype: RecordType| [RecordType::CNAME, RecordType::DNAME].contains(&rtype);
    let steps: Vec<String> = dns
        .answers
        .iter()
        .filter(|record| is_alias(record.rtype))
        .map(|record| format!("{} to {} (for {} s)", clip(&record.name), clip(&record.data), record.ttl))
        .collect();
    if dns.answers.is_empty() && dns.rcode.is_none() {
        return;
    }
    let mut told = Vec::new();
    if steps.is_empty() {
        told.push(format!(
            "0 aliases stood in the way: {} itself was answered for. An alias (CNAME record) says that a \
             name is another name's, and the question begins anew with that, which can cost another walk.",
            clip(&dns.name)
        ));
    } else {
        told.push(format!(
            "{} had to be followed: {}. An alias (CNAME record; DNAME for a whole subtree) says that a name \
             is another name's, and the question begins anew with that. Each has a time to live of its own.",
            units::count(steps.len(), "alias step"),
            list(&steps)
        ));
    }
    teller.tell(
        "Aliases",
        &told,
        &["RFC 1034 section 3.6.2", "RFC 6672"],
        "urltrace --lab https://www.cname.test/",
    );
}

fn answer(teller: &mut Teller, dns: &Dns) {
    let found: Vec<String> = dns
        .answers
        .iter()
        .filter(|record| ![RecordType::CNAME, RecordType::DNAME].contains(&record.rtype))
        .map(|record| {
            format!("{} {} (may be kept for {} s)", record.rtype.mnemonic(), record.data, record.ttl)
        })
        .collect();
    let mut told = Vec::new();
    if !found.is_empty() {
        told.push(format!("The answer: {}.", list(&found)));
        told.push(teller.once(TTL).to_owned());
        told.push(
            teller
                .once("An A record holds an address of IPv4, an AAAA record one of IPv6, and both are asked for.")
                .to_owned(),
        );
    }
    if let Some(negative) = &dns.negative {
        let what = negative.rtype.map_or_else(
            || format!("{} does not exist", clip(&dns.name)),
            |rtype| format!("{} exists, but has no {} record", clip(&dns.name), rtype.mnemonic()),
        );
        let zone =
            negative.zone.as_ref().map_or_else(String::new, |zone| format!(", says the zone {}", clip(zone)));
        told.push(format!("{}{zone}.", super::teller::capital(&what)));
        if let Some(ttl) = negative.ttl {
            told.push(format!(
                "That is remembered, too, for {ttl} s (negative caching): a record added now is not seen \
                 before by those who have asked."
            ));
        }
    }
    told.push(beside(teller, dns));
    if told.iter().any(|sentence| !sentence.is_empty()) {
        let command = if dns.negative.is_some() && found.is_empty() {
            "urltrace --lab https://www.example.test/"
        } else {
            "urltrace --lab https://missing.example.test/"
        };
        teller.tell("The answer", &told, &["RFC 2308 section 5", "RFC 3596", "RFC 9460"], command);
    }
}

/// HTTPS records, which are asked for beside the addresses.
fn beside(teller: &mut Teller, dns: &Dns) -> String {
    if let Some(service) = &dns.service {
        return format!("{}{}", bound(service), teller.once(HTTPS_RECORD));
    }
    let mut asked = dns.packets.iter().filter(|packet| packet.qtype == RecordType::HTTPS);
    let denied = asked.any(|it| matches!(it.meaning, Meaning::NoData(_) | Meaning::NxDomain(_)));
    if denied && !dns.types.contains(&RecordType::HTTPS) {
        return format!(
            "An HTTPS record was asked for in the same breath: there is none.{}",
            teller.once(HTTPS_RECORD)
        );
    }
    String::new()
}

const HTTPS_RECORD: &str =
    " (Such a record can name protocol, port and address before the first connection.)";

fn bound(service: &ServiceBinding) -> String {
    let records = units::count(service.records.len(), "HTTPS record");
    let used = match service.used() {
        Some(record) => {
            format!("; the one of priority {} is used, for {}", record.priority, clip(&record.target))
        }
        None if service.aliases.is_empty() => "; none of them is used".to_owned(),
        None => format!("; {} followed", units::count(service.aliases.len(), "alias step")),
    };
    format!("There are {records} for {}{used}.", clip(&service.name))
}
