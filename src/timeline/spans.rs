//! The rows of the waterfall, computed once for every renderer that draws it.

use super::lookup_rows::{Row, counted, keys, priming, side_walks};
use super::phase::Phase;
use super::stretch::{Stretch, stretches};
use super::subject::Subject;
use crate::reading;
use crate::trace::{
    At, AttemptOutcome, Connect, Connection, Datagram, Direction, Dns, DnsLane, Expect, ExpectOutcome, Hop,
    Http, Proxy, RequestId, Tls, Trace, Verification,
};

/// One row of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its index in the list.
    pub id: usize,
    /// The row it lies under.
    pub parent: Option<usize>,
    /// The request it belongs to.
    pub request: RequestId,
    /// What it shows.
    pub subject: Subject,
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
    let mut rows = Rows { spans: Vec::new(), request: RequestId(0) };
    for hop in trace.hops() {
        rows.request = hop.id;
        // A row for the hop itself says nothing new when there is only one.
        let parent = (trace.requests.len() > 1).then(|| {
            let name = format!("{}://{}{}", hop.url.scheme.as_str(), hop.url.host_ascii, hop.url.path);
            rows.push(None, Subject::Request, name, hop.start, hop.end)
        });
        rows.hop_rows(&hop, parent);
    }
    rows.spans
}

struct Rows {
    spans: Vec<Span>,
    request: RequestId,
}

impl Rows {
    fn push(
        &mut self,
        parent: Option<usize>,
        subject: Subject,
        name: impl Into<String>,
        start: At,
        end: At,
    ) -> usize {
        let id = self.spans.len();
        let (request, name, end) = (self.request, name.into(), end.max(start));
        self.spans.push(Span { id, parent, request, subject, name, start, end, counted: true });
        id
    }

    fn push_uncounted(&mut self, parent: usize, subject: Subject, name: String, start: At, end: At) {
        let id = self.push(Some(parent), subject, name, start, end);
        self.spans[id].counted = false;
    }

    fn hop_rows(&mut self, hop: &Hop<'_>, parent: Option<usize>) {
        for (phase, stretch) in stretches(hop).iter() {
            let Some(Stretch { start, end }) = *stretch else { continue };
            let name = match (phase, hop.dns.ran()) {
                (Phase::Queue, _) => "retry wait".to_owned(),
                (Phase::Dns, Some(dns)) => dns.name.clone(),
                (Phase::Tls | Phase::Quic, _) => "handshake".to_owned(),
                _ => phase.as_str().to_owned(),
            };
            let row = self.push(parent, Subject::Phase(phase), name, start, end);
            self.parts(hop, phase, row);
        }
    }

    /// What a phase is made of.
    fn parts(&mut self, hop: &Hop<'_>, phase: Phase, row: usize) {
        match phase {
            Phase::Dns => hop.dns.ran().into_iter().for_each(|dns| self.dns_rows(dns, row)),
            Phase::Connect => {
                self.abandoned_rows(hop.abandoned, row);
                if let Some((proxy, lookup)) =
                    hop.proxy.and_then(|proxy| Some((proxy, proxy.lookup.as_ref()?)))
                {
                    let name = format!("lookup of {}", proxy.host);
                    self.push(Some(row), Subject::ProxyLookup, name, lookup.start, lookup.end);
                }
                hop.connect.ran().into_iter().for_each(|it| self.attempt_rows(it, row));
            }
            Phase::Tls => hop.tls.ran().into_iter().for_each(|tls| self.flight_rows(tls, row)),
            Phase::Send => hop.http.ran().into_iter().for_each(|http| {
                self.expect_row(http, Phase::Send, row);
                self.interim_rows(http, Phase::Send, row);
            }),
            Phase::Wait => hop.http.ran().into_iter().for_each(|http| {
                self.expect_row(http, Phase::Wait, row);
                self.interim_rows(http, Phase::Wait, row);
                self.metric_rows(hop, http, row);
            }),
            Phase::Proxy => hop.proxy.into_iter().for_each(|proxy| self.proxy_rows(proxy, row)),
            Phase::Quic => self.quic_rows(hop, row),
            Phase::Queue | Phase::Receive => {}
        }
    }

    fn dns_rows(&mut self, dns: &Dns, parent: usize) {
        for Row { packets, name, start, end } in counted(dns) {
            self.push(Some(parent), Subject::Packets(packets), name, start, end);
        }
        for Row { packets, name, start, end } in side_walks(dns) {
            self.push_uncounted(parent, Subject::Packets(packets), name, start, end);
        }
        if let Some(stub) = dns.stub.as_ref().filter(|_| dns.lane != DnsLane::StubFallback) {
            let name = match stub.server.or_else(|| stub.servers.first().copied()) {
                Some(server) => format!("resolver {}", server.ip()),
                None => "resolver".to_owned(),
            };
            self.push_uncounted(parent, Subject::Stub, name, stub.start, stub.end);
        }
        for Row { packets, name, start, end } in priming(dns).chain(keys(dns)) {
            self.push_uncounted(parent, Subject::Packets(packets), name, start, end);
        }
    }

    fn abandoned_rows(&mut self, abandoned: &[Connection], parent: usize) {
        for (place, Connection { tcp, tls, .. }) in abandoned.iter().enumerate() {
            let name = tcp.winner.and_then(|winner| tcp.attempts.get(winner));
            let name = name.map_or_else(String::new, |winner| winner.address.to_string());
            let end = tls.as_ref().ran().map_or(tcp.end, |tls| tls.end);
            self.push(Some(parent), Subject::Abandoned(place), name, tcp.start, end);
        }
    }

    fn proxy_rows(&mut self, proxy: &Proxy, parent: usize) {
        if let Some(tls) = &proxy.tls {
            self.push(Some(parent), Subject::ProxyTls, "TLS with the proxy", tls.start, tls.end);
        }
        for (place, round) in proxy.rounds.iter().enumerate() {
            self.push(Some(parent), Subject::ProxyRound(place), round.asked.clone(), round.start, round.end);
        }
    }

    /// Datagrams of the handshake in a row that one side sent are one row, as a flight is.
    fn quic_rows(&mut self, hop: &Hop<'_>, parent: usize) {
        let (Some(quic), Some(connection)) = (hop.quic, hop.connection) else { return };
        if connection.tcp.attempts.len() + connection.tcp.rivals.len() > 1 {
            self.attempt_rows(&connection.tcp, parent);
        }
        let mut verified = hop.tls.ran().and_then(|tls| tls.verification.as_ref());
        for (place, flight) in quic.flights().enumerate() {
            let (Some(first), Some(last)) = (flight.first(), flight.last()) else { continue };
            let before = verified.take_if(|it| first.direction == Direction::Sent && it.start <= first.at);
            if let Some(verification) = before {
                self.verification_row(verification, parent);
            }
            let mut names: Vec<&str> = flight.iter().flat_map(Datagram::names).collect();
            names.dedup();
            self.push(Some(parent), Subject::Datagrams(place), names.join(", "), first.at, last.at);
        }
        if let Some(verification) = verified {
            self.verification_row(verification, parent);
        }
    }

    fn attempt_rows(&mut self, connect: &Connect, parent: usize) {
        for (place, attempt) in connect.attempts.iter().chain(&connect.rivals).enumerate() {
            let address = attempt.address.ip();
            let name = match connect.rivals.is_empty() {
                true => address.to_string(),
                false => format!("{address} by {}", attempt.transport.spoken()),
            };
            let row = self.push(Some(parent), Subject::Attempt(place), name, attempt.start, attempt.end);
            let is_rival = place >= connect.attempts.len();
            self.spans[row].counted = attempt.outcome != AttemptOutcome::Lost && !is_rival;
        }
    }

    fn flight_rows(&mut self, tls: &Tls, parent: usize) {
        let mut verified = tls.verification.as_ref();
        for (place, flight) in tls.flights.iter().enumerate() {
            // The certificate is checked between the server's flight and our answer to it.
            if flight.direction == Direction::Sent
                && let Some(verification) = verified.take_if(|it| it.start <= flight.start)
            {
                self.verification_row(verification, parent);
            }
            let name = if flight.messages.is_empty() { "data".to_owned() } else { flight.names().join(", ") };
            self.push(Some(parent), Subject::Flight(place), name, flight.start, flight.end);
        }
        if let Some(verification) = verified {
            self.verification_row(verification, parent);
        }
    }

    fn verification_row(&mut self, verification: &Verification, parent: usize) {
        let end = verification.start.after(verification.cpu);
        self.push(Some(parent), Subject::Verification, "verify", verification.start, end);
    }

    /// The wait of the body for a 100: one that a final response ended is part of the wait for that.
    fn expect_row(&mut self, http: &Http, phase: Phase, parent: usize) {
        let Some(Expect { asked, end, outcome, .. }) = http.expect else { return };
        let of = if outcome == ExpectOutcome::Final { Phase::Wait } else { Phase::Send };
        if of == phase {
            self.push(Some(parent), Subject::Expect, "wait for 100", asked, end);
        }
    }

    /// Interim responses come while the final one is awaited, or while the request is still being sent.
    fn interim_rows(&mut self, http: &Http, phase: Phase, parent: usize) {
        let is_early = |at: At| http.sent.is_none_or(|sent| at < sent);
        for (place, interim) in http.informational.iter().enumerate() {
            if is_early(interim.at) != (phase == Phase::Send) {
                continue;
            }
            let name = interim.status.to_string();
            self.push(Some(parent), Subject::Informational(place), name, interim.at, interim.at);
        }
    }

    /// What the server says of where its time went. Where in the wait that was is not said: each begins where
    /// the server can first have begun, and is as long as is told, longer than the wait or not.
    fn metric_rows(&mut self, hop: &Hop<'_>, http: &Http, parent: usize) {
        let (Some(sent), Some(first)) = (http.sent, http.first_byte) else { return };
        let start = sent.after(reading::round_trip(hop).unwrap_or_default()).min(first);
        let timed =
            reading::metrics(http).into_iter().filter_map(|metric| Some((metric.took_us?, metric.name)));
        for (place, (took, name)) in timed.enumerate() {
            self.push_uncounted(parent, Subject::Metric(place), name, start, At(start.0 + took));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no row {name} in {spans:#?}"))
    }

    #[test]
    fn every_zone_attempt_and_flight_has_a_row_under_its_stage() {
        let spans = spans(&sample::success());
        let dns = named(&spans, "www.example.test.");
        assert_eq!((dns.parent, &dns.subject), (None, &Subject::Phase(Phase::Dns)));
        for zone in [".", "test.", "example.test."] {
            assert_eq!(named(&spans, zone).parent, Some(dns.id));
        }
        let zones: u64 = [".", "test.", "example.test."]
            .iter()
            .map(|zone| named(&spans, zone).end.0 - named(&spans, zone).start.0)
            .sum();
        assert!(zones <= dns.end.0 - dns.start.0);
        assert!(!named(&spans, "resolver 127.0.0.53").counted);
        assert!(!named(&spans, "priming . NS").counted);
        assert!(!named(&spans, "2001:db8:53::1").counted, "the loser of the race");
        assert!(named(&spans, "127.53.1.1").counted);
        assert_eq!(named(&spans, "ClientHello").parent, Some(named(&spans, "handshake").id));
    }

    #[test]
    fn ids_are_indices_and_parents_come_first() {
        for (name, trace) in sample::all() {
            for (index, span) in spans(&trace).iter().enumerate() {
                assert_eq!(span.id, index, "{name}");
                assert!(span.parent.is_none_or(|parent| parent < index), "{name}");
                assert!(span.end >= span.start, "{name}");
            }
        }
    }

    #[test]
    fn a_chain_has_a_row_a_hop_without_its_secrets() {
        let spans = spans(&sample::redirects());
        let hops: Vec<_> =
            spans.iter().filter(|span| span.parent.is_none()).map(|span| span.name.as_str()).collect();
        assert_eq!(hops, ["http://shop.test/", "https://shop.test/", "https://www.shop.test/cart"]);
        assert!(spans.iter().all(|span| !span.name.contains("abc123")));
    }

    #[test]
    fn metrics_of_the_server_lie_in_the_wait_as_long_as_they_are_told() {
        let mut trace = sample::sound();
        sample::field(&mut trace, "server-timing", "db;dur=53.2, miss, app;dur=900000;desc=x, db;dur=1");
        let spans = spans(&trace);
        let http = sample::http(&mut trace);
        let wait = named(&spans, "wait");
        let rows: Vec<&Span> =
            spans.iter().filter(|span| matches!(span.subject, Subject::Metric(_))).collect();
        let told: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.end.0 - row.start.0)).collect();
        assert_eq!(told, [("db", 53_200), ("app", 900_000_000), ("db", 1_000)]);
        for row in rows {
            assert!(!row.counted && row.parent == Some(wait.id));
            assert!(row.start > http.sent.unwrap() && row.start <= http.first_byte.unwrap());
        }
    }

    #[test]
    fn a_walk_without_an_end_still_shows_what_it_sent() {
        let mut trace = sample::success();
        trace.lookups[0].critical_path.clear();
        let spans = spans(&trace);
        assert!(matches!(named(&spans, "test.").subject, Subject::Packets(_)));
    }
}
