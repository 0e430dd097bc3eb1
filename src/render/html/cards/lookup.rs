//! The card of a lookup: what was found, the way down from the root, the chain of trust, every packet.

use super::badge::verdict;
use super::{chain_of_trust, table};
use crate::render::html::markup::Page;
use crate::render::text::{dnssec, evidence};
use crate::render::words;
use crate::trace::{Dns, DnsLane, Packet, Purpose};
use crate::units;

/// Packets that a page has room for.
const MOST: usize = 120;
/// Records.
const RECORDS: usize = 60;

pub(super) fn put(page: &mut Page, dns: &Dns) {
    page.element("<p>", &evidence::dns(dns), "</p>\n");
    for note in &dns.notes {
        page.element("<p class=\"note\">", note, "</p>\n");
    }
    way_down(page, dns);
    if !dns.answers.is_empty() {
        let rows = dns.answers.iter().take(RECORDS).map(|record| {
            [
                record.name.clone(),
                record.ttl.to_string(),
                record.rtype.mnemonic().into_owned(),
                record.data.clone(),
            ]
        });
        table::columns(page, "The answer", ["name", "TTL", "type", "data"], rows);
    }
    if let Some(service) = &dns.service {
        page.element("<p><b>HTTPS record:</b> ", &words::service(service), "</p>\n");
    }
    match &dns.dnssec {
        Some(record) => {
            page.element("<p><b>DNSSEC:</b> ", &dnssec::line(dns, record), "</p>\n");
            chain_of_trust::put(page, record);
        }
        None => {
            if let Some(why) = dnssec::not_validated(dns) {
                page.element("<p><b>DNSSEC:</b> ", &why, "</p>\n");
            }
        }
    }
    if let Some(stub) = dns.stub.as_ref().filter(|_| dns.lane != DnsLane::StubFallback) {
        page.element("<p><b>This machine's resolver:</b> ", &evidence::stub(stub), "</p>\n");
    }
    packets(page, dns);
}

/// The tree of zone cuts: who was asked in each zone, and what it said.
fn way_down(page: &mut Page, dns: &Dns) {
    let way: Vec<&Packet> = dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)).collect();
    if way.is_empty() {
        return;
    }
    page.raw("<h4>The way down</h4>\n<ol class=\"tree\">\n");
    for packet in way.iter().take(MOST) {
        let labels = packet.zone.trim_end_matches('.').split('.').filter(|label| !label.is_empty()).count();
        page.raw("<li class=\"d").number(labels.min(4) as u64).raw("\"><b class=\"zone\"><bdi>");
        page.text(zone(packet)).raw("</bdi></b> ");
        trust(page, dns, &packet.zone);
        page.element("<span class=\"took\">", &units::duration(packet.end.since(packet.sent)), "</span><br>");
        page.raw("<span class=\"who\">");
        if let Some(name) = &packet.server_name {
            page.text(name).raw(" ");
        }
        page.text(&packet.server.ip().to_string()).raw("</span>: <span class=\"said\">");
        page.text(&format!("{} {}: {}", packet.qname, packet.qtype.mnemonic(), words::meaning(packet)));
        page.raw("</span></li>\n");
    }
    page.raw("</ol>\n");
}

/// The zone whose server was asked.
fn zone(packet: &Packet) -> &str {
    match packet.purpose {
        Purpose::Bootstrap => "bootstrap",
        _ if packet.zone.is_empty() => "resolver",
        _ if packet.zone == "." => ". (root)",
        _ => &packet.zone,
    }
}

/// What DNSSEC says of the zone's keys.
fn trust(page: &mut Page, dns: &Dns, zone: &str) {
    let link = dns.dnssec.as_ref().and_then(|dnssec| dnssec.chain.iter().find(|link| link.zone == zone));
    if let Some(link) = link {
        verdict(page, link.status);
    }
}

fn packets(page: &mut Page, dns: &Dns) {
    if dns.packets.is_empty() {
        return;
    }
    page.element("<details>\n<summary>", &units::count(dns.packets.len(), "packet"), "</summary>\n");
    let rows = dns.packets.iter().take(MOST).enumerate().map(|(id, packet)| {
        let counted = if dns.critical_path.contains(&id) { "yes" } else { "" };
        let server = packet.server_name.as_ref().map_or_else(String::new, |name| format!("{name} "));
        let rcode = packet.reply.as_ref().map_or_else(String::new, |reply| {
            let flags = words::flags(reply).join(" ");
            format!("{} {flags}", reply.rcode.mnemonic())
        });
        [
            id.to_string(),
            counted.to_owned(),
            units::duration(packet.sent.since(dns.start)),
            units::duration(packet.end.since(packet.sent)),
            format!("{} {}", packet.qname, packet.qtype.mnemonic()),
            format!("{server}{}", packet.server.ip()),
            format!("{}, {}, {}", packet.transport.as_str(), packet.purpose.as_str(), packet.chosen.as_str()),
            format!(
                "{}/{} B",
                packet.bytes_sent,
                packet.bytes_received.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string())
            ),
            rcode,
            words::meaning(packet),
        ]
    });
    let names = [
        "no.",
        "awaited",
        "sent",
        "took",
        "question",
        "server",
        "how and why",
        "bytes",
        "reply",
        "what it meant",
    ];
    table::columns(page, "Every packet", names, rows);
    if dns.packets.len() > MOST {
        let more = units::count(dns.packets.len() - MOST, "more packet");
        page.element("<p class=\"note\">And ", &more, ": the JSON has all.</p>\n");
    }
    page.raw("</details>\n");
}
