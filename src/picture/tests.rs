//! Rows and arrows of every sample: their times are the trace's, and nothing is lost between them.

use super::*;
use crate::finding::{self, Place};
use crate::timeline::{self, Subject};
use crate::trace::{ConnectionId, LookupId, sample};

fn pictures() -> impl Iterator<Item = (&'static str, Trace, Picture)> {
    sample::all().into_iter().map(|(name, trace)| {
        let picture = Picture::of(&trace, &finding::check(&trace), Depth::Short);
        (name, trace, picture)
    })
}

#[test]
fn every_span_of_every_sample_has_its_row_at_its_time() {
    for (name, trace, picture) in pictures() {
        let spans = timeline::spans(&trace);
        for span in &spans {
            let row = picture.rows.iter().find(|row| row.span == Some(span.id));
            let row = row.unwrap_or_else(|| panic!("{name}: no row for {span:?}"));
            assert_eq!(row.time, Some((span.start, span.end)), "{name}");
            assert_eq!(row.request, span.request, "{name}");
        }
        for (index, row) in picture.rows.iter().enumerate() {
            assert_eq!(row.id, index, "{name}");
            assert!(row.parent.is_none_or(|parent| parent < index), "{name}: {row:?}");
            assert!(row.parent.is_none_or(|parent| picture.rows[parent].depth + 1 == row.depth), "{name}");
            assert!(
                row.time.is_none_or(|(start, end)| start <= end && end <= picture.end),
                "{name}: {row:?}"
            );
        }
    }
}

#[test]
fn the_rows_of_a_hop_sum_to_its_time() {
    for (name, trace, picture) in pictures() {
        for hop in trace.hops() {
            let own = picture.rows.iter().filter(|row| {
                row.request == hop.id && matches!(row.what, What::Phase(_) | What::Unaccounted(_))
            });
            let sum: u64 = own.filter_map(Row::micros).sum();
            assert_eq!(sum, timeline::phases(&hop).total, "{name}");
        }
    }
}

/// The stamps of a packet, an attempt, a flight or an exchange that an arrow may have.
fn stamps(trace: &Trace, source: Source) -> Vec<At> {
    let packet = |lookup: LookupId, id: crate::trace::PacketId| &trace.lookups[lookup.0].packets[id.0];
    let hop = |id: crate::trace::RequestId| trace.hops().nth(id.0).or_else(|| trace.page_hop(id)).unwrap();
    let http = |id: crate::trace::RequestId| hop(id).request.http.as_ref().ran().unwrap();
    let tls = |id: ConnectionId| trace.connections[id.0].tls.as_ref().ran().unwrap();
    match source {
        Source::SetUp(lookup, id) => {
            let packet = packet(lookup, id);
            [Some(packet.sent), packet.tcp_done, packet.connected].into_iter().flatten().collect()
        }
        Source::Question(lookup, id) => {
            let packet = packet(lookup, id);
            vec![packet.connected.unwrap_or(packet.sent)]
        }
        Source::Reply(lookup, id) => vec![packet(lookup, id).received.unwrap()],
        Source::Attempt(id, place) => {
            let attempt = &trace.connections[id.0].tcp.attempts[place];
            vec![attempt.start, attempt.end]
        }
        Source::Datagrams(id, place) => {
            let quic = trace.connections[id.0].quic.as_ref().unwrap();
            quic.flights().nth(place).unwrap().iter().map(|datagram| datagram.at).collect()
        }
        Source::ProxyRound(id, place) => {
            let round = &trace.connections[id.0].proxy.as_ref().unwrap().rounds[place];
            vec![round.start, round.end]
        }
        Source::ProxyFlight(id, place) => {
            let proxy = trace.connections[id.0].proxy.as_ref().unwrap();
            vec![proxy.tls.as_ref().unwrap().flights[place].start]
        }
        Source::Flight(id, place) => vec![tls(id).flights[place].start],
        Source::Request(id) => vec![http(id).sent.unwrap_or(http(id).start)],
        Source::Informational(id, place) => vec![http(id).informational[place].at],
        Source::Response(id) => vec![http(id).first_byte.unwrap()],
        Source::Round(id, place) => {
            vec![crate::timeline::slow_start(&hop(id)).unwrap().rounds[place].start]
        }
        Source::Body(id) => vec![http(id).end],
        Source::Live(id) => {
            let socket = http(id).websocket.as_ref();
            let of_socket = socket.into_iter().flat_map(|socket| [socket.ping, socket.pong]);
            of_socket.chain([http(id).body.events.and_then(|events| events.first_event)]).flatten().collect()
        }
    }
}

#[test]
fn every_arrow_stands_at_a_stamp_of_the_trace_and_in_order() {
    for (name, trace, picture) in pictures() {
        let Ladder { lanes, arrows, .. } = &picture.ladder;
        assert!(arrows.is_sorted_by_key(Arrow::at), "{name}");
        for (index, arrow) in arrows.iter().enumerate() {
            assert_eq!(arrow.id, index);
            assert!(arrow.sent.is_some() != arrow.received.is_some(), "{name}: one stamp each, {arrow:?}");
            assert!(stamps(&trace, arrow.source).contains(&arrow.at()), "{name}: {arrow:?}");
            assert!((arrow.from == 0) != (arrow.to == 0), "{name}: this machine is one end of it, {arrow:?}");
            assert!(arrow.from.max(arrow.to) < lanes.len(), "{name}");
        }
        let far: Vec<usize> = arrows.iter().map(|arrow| arrow.from.max(arrow.to)).collect();
        assert!((1..lanes.len()).all(|lane| far.contains(&lane)), "{name}: only who took part has a lane");
    }
}

#[test]
fn every_packet_attempt_and_flight_has_its_arrow() {
    for (name, trace, picture) in pictures() {
        let has = |wanted: Source| picture.ladder.arrows.iter().any(|arrow| arrow.source == wanted);
        for (index, dns) in trace.lookups.iter().enumerate() {
            for (id, packet) in dns.packets.iter().enumerate() {
                let (lookup, id) = (LookupId(index), crate::trace::PacketId(id));
                assert!(has(Source::Question(lookup, id)) || packet.connected.is_none(), "{name}");
                assert_eq!(has(Source::Reply(lookup, id)), packet.received.is_some(), "{name}");
            }
        }
        for (index, connection) in trace.connections.iter().enumerate() {
            if let Some(quic) = &connection.quic {
                for place in 0..quic.flights().count() {
                    assert!(has(Source::Datagrams(ConnectionId(index), place)), "{name}");
                }
                continue;
            }
            for place in 0..connection.tcp.attempts.len() {
                assert!(has(Source::Attempt(ConnectionId(index), place)), "{name}");
            }
            let flights = connection.tls.as_ref().ran().map_or(0, |tls| tls.flights.len());
            for place in 0..flights {
                assert!(has(Source::Flight(ConnectionId(index), place)), "{name}");
            }
        }
    }
}

#[test]
fn the_parties_stand_in_the_order_of_textbooks() {
    let ladder = ladder(&sample::success(), &[], MOST_LANES, Depth::Short);
    let lanes: Vec<(Party, &str)> =
        ladder.lanes.iter().map(|lane| (lane.party, lane.name.as_str())).collect();
    assert_eq!(
        lanes,
        [
            (Party::Client, "this machine"),
            (Party::Resolver, "127.0.0.53"),
            (Party::Root, "."),
            (Party::Tld, "test."),
            (Party::Authoritative, "example.test."),
            (Party::Web, "www.example.test"),
        ]
    );
}

#[test]
fn many_hops_share_lanes_and_none_is_lost() {
    let mut trace = sample::success();
    for host in 0..30 {
        let mut request = trace.requests[0].clone();
        request.url.host_ascii = format!("host{host}.test");
        let mut connection = trace.connections[0].clone();
        connection.opened_for = crate::trace::RequestId(trace.requests.len());
        request.connection = crate::trace::Stage::Ran(trace.add_connection(connection));
        trace.add_request(request);
    }
    for most in [1, 2, 3] {
        let ladder = ladder(&trace, &[], most, Depth::Short);
        let web: Vec<&Lane> = ladder.lanes.iter().filter(|lane| lane.party == Party::Web).collect();
        assert_eq!(web.len(), most);
        assert_eq!(web[most - 1].name, format!("{} hosts", 31 - (most - 1)));
        let requests = ladder.arrows.iter().filter(|arrow| matches!(arrow.source, Source::Request(_)));
        assert_eq!(requests.count(), 31);
    }
}

#[test]
fn a_short_drawing_says_how_much_it_leaves_out() {
    for (name, _, picture) in pictures() {
        let ladder = &picture.ladder;
        let told: usize = ladder
            .steps(Depth::Short)
            .iter()
            .map(|step| match step {
                Step::Arrow(_) => 1,
                Step::Folded(fold) => fold.sent + fold.received,
            })
            .sum();
        let left = ladder.arrows.iter().filter(|arrow| !ladder.is_drawn(arrow));
        assert_eq!(told + left.count(), ladder.arrows.len(), "{name}");
        assert_eq!(ladder.steps(Depth::Full).len(), ladder.arrows.len(), "{name}");
    }
}

#[test]
fn a_long_run_of_questions_is_folded_with_its_counts() {
    let mut trace = sample::success();
    let dns = &mut trace.lookups[0];
    let again: Vec<_> = std::iter::repeat_n(dns.packets[0].clone(), 60).collect();
    dns.packets.extend(again);
    let ladder = ladder(&trace, &[], MOST_LANES, Depth::Short);
    let steps = ladder.steps(Depth::Short);
    let folds: Vec<&Fold> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Folded(fold) => Some(fold),
            Step::Arrow(_) => None,
        })
        .collect();
    assert!(steps.len() < 60 && !folds.is_empty(), "{steps:#?}");
    let folded: usize = folds.iter().map(|fold| fold.sent + fold.received).sum();
    let drawn = ladder.arrows.iter().filter(|arrow| ladder.is_drawn(arrow)).count();
    assert_eq!(folded + steps.len() - folds.len(), drawn);
}

#[test]
fn what_was_not_answered_ends_short() {
    let fallback = sample::all().into_iter().find(|(name, _)| *name == "stub-fallback").unwrap().1;
    let ladder = ladder(&fallback, &[], MOST_LANES, Depth::Short);
    let short: Vec<&Arrow> = ladder.arrows.iter().filter(|arrow| arrow.ends_short()).collect();
    assert_eq!(short.len(), 1, "{short:#?}");
    assert_eq!((short[0].fate, short[0].until), (Fate::Unanswered, Some(At(20_060))));
}

#[test]
fn findings_stand_at_what_they_rest_on() {
    let trace = sample::success();
    let findings = finding::check(&trace);
    let picture = Picture::of(&trace, &findings, Depth::Short);
    for (index, finding) in findings.iter().enumerate() {
        assert!(picture.rows.iter().any(|row| row.findings.contains(&index)), "{}", finding.id);
        for place in &finding.evidence {
            if let Place::Connection(_, finding::InConnection::Attempt(place, _)) = place {
                let row = picture.rows.iter().find(|row| row.what == What::Part(Subject::Attempt(*place)));
                assert!(row.unwrap().findings.contains(&index), "{}", finding.id);
            }
        }
    }
}

#[test]
fn the_requests_of_a_page_are_drawn_behind_its_document() {
    let trace = sample::paged();
    let requests = |depth| {
        let ladder = ladder(&trace, &[], MOST_LANES, depth);
        let shown = ladder.page.unwrap();
        let is_request =
            |arrow: &&Arrow| matches!(arrow.source, Source::Request(id) if id.0 >= trace.requests.len());
        let drawn: Vec<bool> = ladder.arrows.iter().filter(is_request).map(|arrow| arrow.counted).collect();
        assert_eq!(drawn.len(), shown.drawn, "{ladder:#?}");
        assert!(ladder.end >= ladder.arrows.last().unwrap().at());
        (drawn, shown.of)
    };
    let (short, all) = requests(Depth::Short);
    assert!(!short.is_empty() && short.iter().all(|counted| *counted), "what was waited for");
    let (full, same) = requests(Depth::Full);
    assert_eq!((full.len(), all), (all, same));
    assert!(full.contains(&false), "and what was not");
    let alone = ladder(&sample::success(), &[], MOST_LANES, Depth::Full);
    assert!(alone.page.is_none());
}
