//! The report of `urltrace dns NAME`: the way down, the answer, what the machine's resolver said.

use std::collections::BTreeSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::alias::is_on_the_way;
use super::fact::fact_text;
use super::ink::Ink;
use super::page::{Line, Page};
use super::{dnssec, evidence, findings, ladder, story, survey, verbose};
use crate::explain::dns_error;
use crate::picture::{self, Depth};
use crate::redact::Redacted;
use crate::render::style::{Diagram, Style};
use crate::render::words;
use crate::report::DnsReport;
use crate::timeline;
use crate::trace::{
    At, Cut, Dns, DnsLane, DnssecVerdict, Meaning, Packet, Purpose, Record, RecordType, Transport,
};
use crate::units;

/// Writes the report of one `urltrace dns`.
pub(crate) fn dns(run: &Redacted<DnsReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    headline(&mut page, run);
    page.gap();
    let way: Vec<&Packet> = run.dns.critical_path.iter().filter_map(|id| run.dns.packets.get(*id)).collect();
    let cuts = run.dns.cuts.iter().map(|cut| cut.zone.as_str());
    let zones: BTreeSet<&str> = cuts.chain(way.iter().map(|packet| zone(packet))).collect();
    let before = std::iter::once(None).chain(way.iter().map(|packet| Some(zone(packet))));
    let labels: Vec<String> =
        way.iter().zip(before).map(|(packet, before)| branch(&page, &zones, zone(packet), before)).collect();
    let known: Vec<&Cut> = run.dns.cuts.iter().filter(|cut| is_reused(cut, &way)).collect();
    let known_labels: Vec<String> = known.iter().map(|cut| branch(&page, &zones, &cut.zone, None)).collect();
    let width = labels.iter().chain(&known_labels).map(|label| label.width()).max().unwrap_or(0);
    let width = width.min(page.width() / 3);
    for (cut, label) in known.iter().zip(&known_labels) {
        reused(&mut page, label, width, Trust::of(&run.dns, &cut.zone));
    }
    for (packet, label) in way.into_iter().zip(&labels) {
        step(&mut page, &run.dns, packet, label, width);
    }
    if style.diagram == Diagram::Ladder {
        let (most, end) = (ladder::most_lanes(page.width()), At(0).after(run.total));
        let drawn = picture::ladder_of_lookup(&run.dns, end, &run.findings, most);
        ladder::put(&mut page, &drawn, if style.verbose { Depth::Full } else { Depth::Short });
    }
    page.gap();
    answers(&mut page, &run.dns);
    survey::all_servers(&mut page, &run.dns);
    survey::propagation(&mut page, &run.dns);
    page.gap();
    fact_text(&mut page, Ink::Dns, "total", &total(run));
    verbose::notes(&mut page, &run.dns);
    if let Some(record) = &run.dns.dnssec {
        fact_text(&mut page, dnssec::ink(record.verdict), "dnssec", &dnssec::line(&run.dns, record));
    } else if let Some(line) = dnssec::not_validated(&run.dns) {
        fact_text(&mut page, Ink::Faint, "dnssec", &line);
    }
    if let Some(stub) = run.dns.stub.as_ref().filter(|_| run.dns.lane != DnsLane::StubFallback) {
        fact_text(&mut page, Ink::Faint, "resolver", &evidence::stub(stub));
    }
    if style.verbose {
        survey::system(&mut page, &run.dns);
    }
    findings::put(&mut page, &run.findings, style.verbose);
    if style.verbose {
        verbose::packets_section(&mut page, &run.dns);
    }
    if style.explain {
        story::put(&mut page, &crate::story::lookup_story(&run.dns, run.failure.as_ref()));
    }
    out.write_all(page.into_text().as_bytes())
}

/// `www.example.test. A, AAAA  NOERROR  28.4 ms`, or what went wrong.
fn headline(page: &mut Page, run: &DnsReport) {
    let types: Vec<_> = run.dns.types.iter().map(|rtype| rtype.mnemonic()).collect();
    let (mut head, mut body) = (page.line(), page.line());
    body.push(Ink::Strong, &run.dns.name).push(Ink::Plain, format!(" {}  ", types.join(", ")));
    match (&run.failure, run.dns.rcode) {
        (Some(_), Some(rcode)) => body.push(Ink::Bad, rcode.mnemonic()),
        (Some(_), None) => body.push(Ink::Bad, "FAILED"),
        (None, rcode) => body.push(Ink::Good, rcode.map_or("".into(), crate::trace::Rcode::mnemonic)),
    };
    body.push(Ink::Plain, "  ").push(Ink::Strong, units::duration(run.total));
    if body.width() <= page.width() {
        page.put(body);
    } else {
        page.wrap(page.line(), &body);
    }
    if let Some(failure) = &run.failure {
        head.push(Ink::Plain, &failure.message);
        page.wrap(page.line(), &head);
        if let Some(hint) = &failure.hint {
            let (mut label, mut body) = (page.line(), page.line());
            label.push(Ink::Strong, "hint:").push(Ink::Plain, " ");
            body.push(Ink::Plain, hint);
            page.wrap(label, &body);
        }
    }
}

/// The zone whose server was asked.
fn zone(packet: &Packet) -> &str {
    match packet.purpose {
        Purpose::Bootstrap => "bootstrap",
        _ if packet.zone.is_empty() => "resolver",
        _ => &packet.zone,
    }
}

/// A zone in the tree of cuts: each under the one that referred to it. Where the line before is of
/// another part of the tree, as after an alias into a zone that is known, it stands by itself.
fn branch(page: &Page, zones: &BTreeSet<&str>, zone: &str, before: Option<&str>) -> String {
    let above: Vec<&str> = zones.iter().copied().filter(|other| is_above(other, zone)).collect();
    let parent = above.iter().max_by_key(|other| other.len());
    let follows = |parent: &&str| before.is_none_or(|before| before == *parent || is_above(parent, before));
    match above.len() {
        _ if zone == "resolver" || zone == "bootstrap" || !parent.is_some_and(follows) => zone.to_owned(),
        depth => format!("{}{}{zone}", "  ".repeat(depth - 1), page.line().signs().branch),
    }
}

/// Whether a zone lies below another.
fn is_above(above: &str, zone: &str) -> bool {
    match above {
        "." => zone != ".",
        above => zone.strip_suffix(above).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// Whether a cut was known before and nobody had to be asked there.
fn is_reused(cut: &Cut, way: &[&Packet]) -> bool {
    cut.cached && !way.iter().any(|packet| packet.zone == cut.zone)
}

/// What DNSSEC says of a zone's keys: the column beside the tree of cuts.
#[derive(Clone, Copy)]
struct Trust {
    verdict: Option<DnssecVerdict>,
    width: usize,
}

impl Trust {
    fn of(dns: &Dns, zone: &str) -> Self {
        // A resolver is no zone: it has no keys.
        let walked = dns.dnssec.as_ref().filter(|_| dns.lane == DnsLane::Walk);
        let Some(dnssec) = walked else { return Self { verdict: None, width: 0 } };
        let link = dnssec.chain.iter().find(|link| link.zone == zone);
        let width = dnssec.chain.iter().map(|link| Self::word(link.status).len()).max().unwrap_or(0);
        Self { verdict: link.map(|link| link.status), width }
    }

    const fn word(verdict: DnssecVerdict) -> &'static str {
        match verdict {
            DnssecVerdict::Indeterminate => "unknown",
            verdict => verdict.as_str(),
        }
    }

    fn put(self, line: &mut Line) {
        if self.width > 0 {
            let (ink, word) =
                self.verdict.map_or((Ink::Faint, "-"), |verdict| (dnssec::ink(verdict), Self::word(verdict)));
            line.column(ink, word, self.width).push(Ink::Plain, "  ");
        }
    }
}

fn reused(page: &mut Page, label: &str, width: usize, trust: Trust) {
    let mut line = page.line();
    line.column(Ink::Dns, label, width).push(Ink::Plain, "  ");
    line.right(Ink::Faint, "cached", 8).push(Ink::Plain, "  ");
    trust.put(&mut line);
    page.put(line);
}

/// One question of the way down: zone, time, DNSSEC, server, what came of it.
fn step(page: &mut Page, dns: &Dns, packet: &Packet, label: &str, width: usize) {
    let (mut head, mut body) = (page.line(), page.line());
    head.column(Ink::Dns, label, width).push(Ink::Plain, "  ");
    head.right(Ink::Plain, &units::duration(packet.end.since(packet.sent)), 8).push(Ink::Plain, "  ");
    Trust::of(dns, zone(packet)).put(&mut head);
    if let Some(name) = &packet.server_name {
        body.push(Ink::Plain, name).push(Ink::Plain, " ");
    }
    body.push(Ink::Plain, packet.server.ip().to_string());
    if packet.transport == Transport::Tcp && packet.purpose != Purpose::Resolver {
        body.push(Ink::Plain, " by TCP");
    }
    body.push(Ink::Plain, ": ");
    match &packet.meaning {
        // What the answer is stands below.
        Meaning::Answer { records } => body.push(Ink::Plain, units::count(records.len(), "record")),
        Meaning::NxDomain(_) => body.push(Ink::Plain, "no such name"),
        Meaning::NoData(_) => body.push(Ink::Plain, "no such record"),
        Meaning::Referral { cut, .. } => {
            // One line a hop: where it leads stands in the next.
            let whole = format!("refers to {cut}");
            let fits = head.width() + body.width() + whole.width() <= page.width();
            body.push(Ink::Plain, if fits { whole.as_str() } else { "referral" })
        }
        meaning => {
            let ink = if meaning.is_useful() { Ink::Plain } else { Ink::Warn };
            body.push(ink, words::meaning(packet))
        }
    };
    let says = packet.meaning.is_useful() && !matches!(packet.meaning, Meaning::Referral { .. });
    if says && !is_on_the_way(dns, &packet.qname) {
        body.push(Ink::Plain, format!(" for {}", packet.qname));
    }
    // A resolver says so why it failed.
    let is_shown = packet.meaning.is_useful() || packet.server_name.is_none();
    let reply = packet.reply.as_ref().filter(|_| is_shown);
    for (code, text) in reply.iter().flat_map(|reply| &reply.extended_errors) {
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        body.push(Ink::Warn, format!("; {}{text} (EDE {code})", dns_error::name(*code)));
    }
    if let Some(nsid) = reply.and_then(|reply| reply.nsid.as_deref()) {
        let mut site = page.line();
        site.push(Ink::Plain, "; nsid ").push_bytes(Ink::Plain, nsid);
        // Which of an anycast server's machines it was; one line a hop.
        if head.width() + body.width() + site.width() <= page.width() {
            body.push(Ink::Faint, "; nsid ").push_bytes(Ink::Faint, nsid);
        }
    }
    if let (Purpose::Resolver, Some(set_up)) = (packet.purpose, words::set_up(packet)) {
        let rtt = packet.received.map(|at| at.since(packet.connected.unwrap_or(packet.sent)));
        let rtt = rtt.map_or_else(String::new, |rtt| format!(", answered in {}", units::duration(rtt)));
        body.push(Ink::Plain, format!("; {} {set_up}{rtt}", packet.transport.as_str()));
    }
    page.wrap(head, &body);
}

/// The final answer, a record a line, as `dig +noall +answer` prints it.
fn answers(page: &mut Page, dns: &Dns) {
    let columns = |column: fn(&Record) -> usize| dns.answers.iter().map(column).max().unwrap_or(0);
    let owner = columns(|record| record.name.width()).min(page.width() * 2 / 5);
    let rtype = columns(|record| record.rtype.mnemonic().len());
    let ttl = columns(|record| record.ttl.to_string().len() + 2).max(8);
    for record in &dns.answers {
        let (mut head, mut body) = (page.line(), page.line());
        head.column(Ink::Strong, &record.name, owner);
        head.right(Ink::Plain, &record.ttl.to_string(), ttl).push(Ink::Plain, "  ");
        head.column(Ink::Plain, &record.rtype.mnemonic(), rtype).push(Ink::Plain, "  ");
        body.push(Ink::Plain, &record.data);
        page.wrap(head, &body);
    }
    if let Some(negative) = dns.negative.as_ref().filter(|_| dns.answers.is_empty()) {
        let rtype = negative.rtype.map_or("any".into(), RecordType::mnemonic);
        let mut body = page.line();
        body.push(Ink::Plain, words::absence(&dns.name, negative, &rtype));
        page.wrap(page.line(), &body);
    }
}

fn total(run: &DnsReport) -> String {
    let (trips, packets) = (timeline::round_trips(&run.dns), timeline::counted_packets(&run.dns));
    format!(
        "{}, critical path of {}, {}",
        units::duration(run.total),
        units::count(trips, "round trip"),
        units::count(packets, "packet")
    )
}
