//! The rows of the waterfall, computed once for every renderer that draws it.

use std::collections::HashSet;

use super::{Interval, intervals};
use crate::trace::{
    At, AttemptOutcome, Connect, Direction, Dns, DnsLane, Hop, Packet, Purpose, StageName, Tls, Trace,
};

/// One row of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its index in the list.
    pub id: usize,
    /// The row it lies under.
    pub parent: Option<usize>,
    /// Its hop.
    pub hop: usize,
    /// Its stage. The row of a whole hop carries [`StageName::Url`].
    pub stage: StageName,
    /// What to call it: a zone, an address, `handshake`, `send`, `wait`, `receive`. Names from the
    /// network are as they came: whoever prints them escapes them.
    pub name: String,
    /// Start.
    pub start: At,
    /// End.
    pub end: At,
    /// Whether it is part of the counted time (false for the stub lane, losers of the race, ...).
    pub counted: bool,
}

/// The rows of a trace's waterfall, in the order of drawing.
#[must_use]
pub fn spans(trace: &Trace) -> Vec<Span> {
    let mut rows = Rows { spans: Vec::new(), hop: 0 };
    for (index, hop) in trace.hops().enumerate() {
        rows.hop = index;
        // A row for the hop itself says nothing new when there is only one.
        let parent = (trace.requests.len() > 1).then(|| {
            let name = format!("{}://{}{}", hop.url.scheme.as_str(), hop.url.host_ascii, hop.url.path);
            rows.push(None, StageName::Url, name, hop.start, hop.end)
        });
        rows.hop_rows(&hop, parent);
    }
    rows.spans
}

struct Rows {
    spans: Vec<Span>,
    hop: usize,
}

impl Rows {
    fn push(
        &mut self,
        parent: Option<usize>,
        stage: StageName,
        name: impl Into<String>,
        start: At,
        end: At,
    ) -> usize {
        let id = self.spans.len();
        let end = end.max(start);
        self.spans.push(Span {
            id,
            parent,
            hop: self.hop,
            stage,
            name: name.into(),
            start,
            end,
            counted: true,
        });
        id
    }

    fn push_uncounted(
        &mut self,
        parent: Option<usize>,
        stage: StageName,
        name: impl Into<String>,
        start: At,
        end: At,
    ) {
        let id = self.push(parent, stage, name, start, end);
        self.spans[id].counted = false;
    }

    fn hop_rows(&mut self, hop: &Hop<'_>, parent: Option<usize>) {
        let phase = intervals(hop);
        if let (Some(dns), Some(Interval { start, end })) = (hop.dns.ran(), phase.dns) {
            let row = self.push(parent, StageName::Dns, dns.name.clone(), start, end);
            self.dns_rows(dns, row);
        }
        if let (Some(connect), Some(Interval { start, end })) = (hop.connect.ran(), phase.connect) {
            let row = self.push(parent, StageName::Tcp, "connect", start, end);
            self.attempt_rows(connect, row);
        }
        if let (Some(tls), Some(Interval { start, end })) = (hop.tls.ran(), phase.tls) {
            let row = self.push(parent, StageName::Tls, "handshake", start, end);
            self.flight_rows(tls, row);
        }
        for (name, interval) in [("send", phase.send), ("wait", phase.wait), ("receive", phase.receive)] {
            let Some(Interval { start, end }) = interval else { continue };
            let row = self.push(parent, StageName::Http, name, start, end);
            // Interim responses come while the final one is awaited.
            if name == "wait" {
                for interim in hop.http.ran().map_or(&[][..], |http| &http.informational) {
                    self.push(Some(row), StageName::Http, interim.status.to_string(), interim.at, interim.at);
                }
            }
        }
    }

    fn dns_rows(&mut self, dns: &Dns, parent: usize) {
        for run in runs(dns) {
            self.push(Some(parent), StageName::Dns, run.name, run.start, run.end);
        }
        for run in side_walks(dns) {
            self.push_uncounted(Some(parent), StageName::Dns, run.name, run.start, run.end);
        }
        if let Some(stub) = dns.stub.as_ref().filter(|_| dns.lane != DnsLane::StubFallback) {
            let name = match stub.server.or_else(|| stub.servers.first().copied()) {
                Some(server) => format!("stub {}", server.ip()),
                None => "stub".to_owned(),
            };
            self.push_uncounted(Some(parent), StageName::Dns, name, stub.start, stub.end);
        }
        for packet in dns.packets.iter().filter(|packet| packet.purpose == Purpose::Priming) {
            self.push_uncounted(Some(parent), StageName::Dns, "priming . NS", packet.sent, packet.end);
        }
        let keys = || {
            let of_dnssec =
                |packet: &&Packet| matches!(packet.purpose, Purpose::DnsKey | Purpose::Ds | Purpose::Recheck);
            dns.packets.iter().filter(of_dnssec)
        };
        if let (Some(start), Some(end)) =
            (keys().map(|packet| packet.sent).min(), keys().map(|packet| packet.end).max())
        {
            self.push_uncounted(Some(parent), StageName::Dns, "DNSSEC keys", start, end);
        }
    }

    fn attempt_rows(&mut self, connect: &Connect, parent: usize) {
        for attempt in &connect.attempts {
            let name = attempt.address.ip().to_string();
            let row = self.push(Some(parent), StageName::Tcp, name, attempt.start, attempt.end);
            self.spans[row].counted = attempt.outcome != AttemptOutcome::Lost;
        }
    }

    fn flight_rows(&mut self, tls: &Tls, parent: usize) {
        let mut verified = tls.verification.as_ref();
        for flight in &tls.flights {
            // The certificate is checked between the server's flight and our answer to it.
            if flight.direction == Direction::Sent
                && let Some(verification) = verified.take_if(|it| it.start <= flight.start)
            {
                let end = verification.start.after(verification.cpu);
                self.push(Some(parent), StageName::Tls, "verify", verification.start, end);
            }
            let name =
                if flight.messages.is_empty() { "data".to_owned() } else { flight.messages.join(", ") };
            self.push(Some(parent), StageName::Tls, name, flight.start, flight.end);
        }
        if let Some(verification) = verified {
            let end = verification.start.after(verification.cpu);
            self.push(Some(parent), StageName::Tls, "verify", verification.start, end);
        }
    }
}

/// Packets of one zone, or for one name server's address, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run<'a> {
    purpose: Purpose,
    key: &'a str,
    name: String,
    start: At,
    end: At,
}

/// The counted packets, with those that ask the same zone one behind the other taken together.
fn runs(dns: &Dns) -> Vec<Run<'_>> {
    let counted: Vec<&Packet> = if dns.critical_path.is_empty() {
        // A walk that never came to an end has no critical path: then everything it sent counts.
        let lane = match dns.lane {
            DnsLane::Resolver => Purpose::Resolver,
            DnsLane::StubFallback => Purpose::Stub,
            _ => Purpose::Walk,
        };
        dns.packets.iter().filter(|packet| packet.purpose == lane).collect()
    } else {
        dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)).collect()
    };
    let mut runs = Vec::new();
    for packet in counted {
        extend(&mut runs, packet);
    }
    runs
}

/// Walks for name servers' addresses that the counted walk did not wait for: a row a server.
fn side_walks(dns: &Dns) -> Vec<Run<'_>> {
    let awaited: HashSet<&str> = dns
        .critical_path
        .iter()
        .filter_map(|id| dns.packets.get(*id))
        .filter(|packet| packet.purpose == Purpose::NsAddress)
        .map(|packet| packet.qname.as_str())
        .collect();
    let mut sides: Vec<Run<'_>> = Vec::new();
    for packet in &dns.packets {
        if packet.purpose != Purpose::NsAddress || awaited.contains(packet.qname.as_str()) {
            continue;
        }
        match sides.iter_mut().find(|run| run.key == packet.qname) {
            Some(run) => run.end = run.end.max(packet.end),
            None => extend(&mut sides, packet),
        }
    }
    sides
}

fn extend<'a>(runs: &mut Vec<Run<'a>>, packet: &'a Packet) {
    let by_name = matches!(packet.purpose, Purpose::NsAddress | Purpose::Bootstrap);
    let key = if by_name { &packet.qname } else { &packet.zone };
    if let Some(run) = runs.last_mut().filter(|run| run.purpose == packet.purpose && run.key == key) {
        run.start = run.start.min(packet.sent);
        run.end = run.end.max(packet.end);
        return;
    }
    let name = match packet.purpose {
        Purpose::Resolver => format!("resolver {}", packet.server.ip()),
        Purpose::Stub => format!("stub {}", packet.server.ip()),
        Purpose::Bootstrap => format!("bootstrap {}", packet.qname),
        Purpose::Walk
        | Purpose::NsAddress
        | Purpose::Priming
        | Purpose::AllServers
        | Purpose::Propagation
        | Purpose::DnsKey
        | Purpose::Ds
        | Purpose::Recheck => key.clone(),
    };
    runs.push(Run { purpose: packet.purpose, key, name, start: packet.sent, end: packet.end });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::testtrace;

    fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no row {name} in {spans:#?}"))
    }

    #[test]
    fn every_zone_attempt_and_flight_has_a_row_under_its_stage() {
        let spans = spans(&testtrace::success());
        let dns = named(&spans, "www.example.test.");
        assert_eq!((dns.parent, dns.stage), (None, StageName::Dns));
        for zone in [".", "test.", "example.test."] {
            assert_eq!(named(&spans, zone).parent, Some(dns.id));
        }
        let zones: u64 = [".", "test.", "example.test."]
            .iter()
            .map(|zone| named(&spans, zone).end.0 - named(&spans, zone).start.0)
            .sum();
        assert!(zones <= dns.end.0 - dns.start.0);
        assert!(!named(&spans, "stub 127.0.0.53").counted);
        assert!(!named(&spans, "priming . NS").counted);
        assert!(!named(&spans, "2001:db8:53::1").counted, "the loser of the race");
        assert!(named(&spans, "127.53.1.1").counted);
        assert_eq!(named(&spans, "ClientHello").parent, Some(named(&spans, "handshake").id));
    }

    #[test]
    fn ids_are_indices_and_parents_come_first() {
        for (name, trace) in testtrace::all() {
            for (index, span) in spans(&trace).iter().enumerate() {
                assert_eq!(span.id, index, "{name}");
                assert!(span.parent.is_none_or(|parent| parent < index), "{name}");
                assert!(span.end >= span.start, "{name}");
            }
        }
    }

    #[test]
    fn a_chain_has_a_row_a_hop_without_its_secrets() {
        let spans = spans(&testtrace::redirects());
        let hops: Vec<_> =
            spans.iter().filter(|span| span.parent.is_none()).map(|span| span.name.as_str()).collect();
        assert_eq!(hops, ["http://shop.test/", "https://shop.test/", "https://www.shop.test/cart"]);
        assert!(spans.iter().all(|span| !span.name.contains("abc123")));
    }

    #[test]
    fn a_walk_without_an_end_still_shows_what_it_sent() {
        let mut trace = testtrace::success();
        trace.lookups[0].critical_path.clear();
        let spans = spans(&trace);
        assert_eq!(named(&spans, "test.").stage, StageName::Dns);
    }
}
