//! The way down from the root: zone by zone, who was asked and what it said.

use super::packets::{known_from, sentence};
use super::teller::{Teller, clip, list};
use crate::timeline;
use crate::trace::{Dns, DnsLane, Hop, Meaning, Packet, Purpose};
use crate::units;

/// Packets of one zone that are told one by one.
const TOLD: usize = 4;

const ROOT: &[&str] = &["RFC 1034 section 5.3.3", "RFC 9609", "RFC 4786"];
const TLD: &[&str] = &["RFC 1034 section 4.2", "RFC 9471"];
const DEEPER: &[&str] = &["RFC 1034 section 4.3.1", "RFC 9499 section 7"];

/// Why a request has no lookup.
pub(super) fn left_out(teller: &mut Teller, hop: &Hop<'_>) {
    let Some(reason) = hop.dns.reason() else { return };
    let spared = match hop.url.host.address() {
        Some(address) => format!("The host is {address}, which is an address already and no name to look up"),
        None => "The name was not looked up for this request".to_owned(),
    };
    let told = format!("{spared} ({reason}). No question went to a name server: 0 packets, 0 ms.");
    teller.tell(
        "No lookup",
        &[told],
        &["RFC 3986 section 3.2.2"],
        "urltrace --lab https://www.example.test/",
    );
}

/// Everything that was asked for the answer, in order.
pub(super) fn put(teller: &mut Teller, dns: &Dns) {
    match dns.lane {
        DnsLane::Given => {
            let given: Vec<String> = dns.addresses.iter().map(ToString::to_string).collect();
            let told = format!(
                "The address of {} was given by hand: {}. Nobody was asked: 0 packets went to name servers.",
                clip(&dns.name),
                list(&given)
            );
            teller.tell("No lookup", &[told], &["RFC 1034 section 5.3.1"], NORMAL);
        }
        DnsLane::Special => {
            let told = format!(
                "{} is a special name that is never asked for in DNS: it always means this machine itself. \
                 0 packets went to name servers.",
                clip(&dns.name)
            );
            teller.tell("No lookup", &[told], &["RFC 6761 section 6.3"], NORMAL);
        }
        DnsLane::Resolver => by_resolver(teller, dns, Purpose::Resolver, RESOLVER),
        DnsLane::StubFallback => {
            zones(teller, dns);
            by_resolver(teller, dns, Purpose::Stub, FALLBACK);
        }
        DnsLane::Walk => zones(teller, dns),
    }
}

const NORMAL: &str = "urltrace --lab https://www.example.test/";
const RESOLVER: &str = "There was no walk from the root in this run: a resolver was asked to do it, as programs \
                        usually do. What it asked of whom, and what it had in memory, cannot be seen from here.";
const FALLBACK: &str = "The walk from the root led to nothing, so this machine's resolver was asked. What it \
                        asked of whom, and what it had in memory, cannot be seen from here.";

fn by_resolver(teller: &mut Teller, dns: &Dns, purpose: Purpose, introduction: &str) {
    let asked: Vec<&Packet> = dns.packets.iter().filter(|it| it.purpose == purpose).collect();
    let mut told = vec![introduction.to_owned()];
    told.extend(sentences(teller, &asked));
    told.push(format!("In all the lookup took {}.", units::duration(dns.end.since(dns.start))));
    teller.tell("The resolver", &told, &["RFC 1034 section 5.3.1", "RFC 9499 section 6"], NORMAL);
}

/// A paragraph for each zone, in the order in which they were asked.
fn zones(teller: &mut Teller, dns: &Dns) {
    let mut stretches: Vec<Vec<&Packet>> = Vec::new();
    for packet in dns.packets.iter().filter(|packet| packet.purpose == Purpose::Walk) {
        match stretches.last_mut() {
            Some(last) if last[0].zone == packet.zone => last.push(packet),
            _ => stretches.push(vec![packet]),
        }
    }
    known(teller, dns);
    let last = stretches.len().saturating_sub(1);
    for (index, stretch) in stretches.iter().enumerate() {
        zone(teller, dns, stretch);
        if index == last {
            servers(teller, dns);
        }
    }
}

/// Zones that an earlier question of the run had found.
fn known(teller: &mut Teller, dns: &Dns) {
    let known: Vec<&str> = dns.cuts.iter().filter(|cut| cut.cached).map(|cut| cut.zone.as_str()).collect();
    if known.is_empty() {
        return;
    }
    let told = format!(
        "The servers of {} were known from an earlier question of this run, and nobody above them was asked \
         again: that is what a cache spares.",
        list(&known)
    );
    teller.tell("Already known", &[told], &["RFC 1034 section 5.3.3"], "urltrace --lab -L http://shop.test/");
}

fn zone(teller: &mut Teller, dns: &Dns, asked: &[&Packet]) {
    let Some(first) = asked.first() else { return };
    let zone = first.zone.as_str();
    let known = dns.cuts.iter().find(|cut| cut.zone == zone).map_or(0, |cut| cut.servers.len());
    let labels = zone.split('.').filter(|label| !label.is_empty()).count();
    let (heading, mut told, standards, command) = match labels {
        0 => {
            ("The root".to_owned(), root(teller, dns), ROOT, "urltrace dns --lab www.example.test --explain")
        }
        1 => (
            format!("The top-level domain {}", clip(zone)),
            vec![
                teller
                    .once(
                        "A top-level domain (TLD) is the first level below the root. Its registry keeps the \
                         list of the names below it; an owner's entry comes there through a registrar.",
                    )
                    .to_owned(),
            ],
            TLD,
            "urltrace --lab https://www.shop.intercepted/",
        ),
        _ => (
            format!("The zone {}", clip(zone)),
            vec![
                teller
                    .once(
                        "A zone is a part of the tree of names that one owner answers for; the servers that \
                         have the original of its records are called authoritative.",
                    )
                    .to_owned(),
            ],
            DEEPER,
            match first.meaning {
                Meaning::Answer { .. } => "urltrace --lab https://www.lame.test/",
                _ => "urltrace --lab https://www.silent.test/",
            },
        ),
    };
    if labels > 0 && known > 0 {
        told.push(format!(
            "{} {} of {} {} known; the address of the one asked is known {}.",
            known,
            if known == 1 { "server" } else { "servers" },
            clip(zone),
            if known == 1 { "is" } else { "are" },
            known_from(first.source)
        ));
    }
    told.extend(sentences(teller, asked));
    teller.tell(heading, &told, standards, command);
}

fn root(teller: &mut Teller, dns: &Dns) -> Vec<String> {
    let known = dns.cuts.iter().find(|cut| cut.zone == ".").map_or(0, |cut| cut.servers.len());
    let date = dns.hints.date.as_ref().map_or_else(String::new, |date| format!(", dated {}", clip(date)));
    vec![
        format!(
            "With nothing in memory only one thing is known: the root servers' addresses, {} of them from \
             a list shipped beforehand (the root hints: {}{date}).",
            units::count(known, "name"),
            clip(&dns.hints.source)
        ),
        teller
            .once(
                "The Internet has 13 names of root servers, and behind each stand many machines that share \
                 its address (anycast: the network leads to one that is near). They know who serves each \
                 top-level domain, and no more.",
            )
            .to_owned(),
        match &dns.hints.drift {
            Some(drift) if drift.is_empty() => {
                "The root itself was asked for that list, too, and says the same (priming).".to_owned()
            }
            Some(drift) => {
                format!("The root itself says otherwise of {}.", units::count(drift.len(), "server"))
            }
            None => String::new(),
        },
    ]
}

fn sentences(teller: &mut Teller, asked: &[&Packet]) -> Vec<String> {
    let mut told: Vec<String> = asked.iter().take(TOLD).map(|packet| sentence(teller, packet)).collect();
    if asked.len() > TOLD {
        told.push(format!("{} more followed.", units::count(asked.len() - TOLD, "question")));
    }
    told
}

/// Lookups of name servers' own addresses, and what the whole walk cost.
fn servers(teller: &mut Teller, dns: &Dns) {
    let own: Vec<&Packet> = dns.packets.iter().filter(|it| it.purpose == Purpose::NsAddress).collect();
    let mut names: Vec<&str> = own.iter().map(|packet| packet.qname.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut told = vec![format!(
        "The lookup took {}: {} that had to wait for each other, {} in all.",
        units::duration(dns.end.since(dns.start)),
        units::count(timeline::round_trips(dns), "round trip"),
        units::count(timeline::counted_packets(dns), "packet")
    )];
    told.push(teller.once("A round trip is the way of one packet there and of its answer back.").to_owned());
    if !own.is_empty() {
        told.push(format!(
            "Of some servers no address had come along, so that {} had to be looked up first, with {}.",
            list(&names),
            units::count(own.len(), "packet")
        ));
    }
    teller.tell(
        "What the way cost",
        &told,
        &["RFC 1034 section 5.3.3"],
        if own.is_empty() { "urltrace --lab https://www.glueless.test/" } else { NORMAL },
    );
}
