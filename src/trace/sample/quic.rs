//! A trace that goes by QUIC.

use std::time::Duration;

use super::super::*;

/// Turns the connection of the first request into one of QUIC: connect and handshake as one, with the same times.
pub(crate) fn go_by_quic(trace: &mut Trace) {
    let Connection { tcp, tls, quic, .. } = &mut trace.connections[0];
    let Stage::Ran(tls) = tls else { panic!("no handshake") };
    let (start, end) = (tcp.start, tls.end);
    let sent = |at, packets: &[PacketKind]| Datagram {
        direction: Direction::Sent,
        at,
        packets: packets.to_vec(),
        bytes: 1200,
    };
    let received =
        |at, packets: &[PacketKind]| Datagram { direction: Direction::Received, ..sent(at, packets) };
    use PacketKind::{Handshake, Initial, OneRtt};
    let half = At(start.0 + end.since(start).as_micros() as u64 / 2);
    *quic = Some(Quic {
        start,
        end,
        version: Some(1),
        datagrams: vec![
            sent(start, &[Initial]),
            received(half, &[Initial, Handshake]),
            received(At(half.0 + 40), &[Handshake, OneRtt]),
            sent(end, &[Initial, Handshake, OneRtt]),
        ],
        rtt: Some(Duration::from_micros(5_020)),
        min_rtt: Some(Duration::from_micros(4_900)),
        lost: Some(0),
        sent: Some(9),
        mtu: Some(1452),
        ..Quic::default()
    });
    (tcp.end, tcp.tcp_info, tcp.tcp_info_after) = (end, None, None);
    for attempt in &mut tcp.attempts {
        (attempt.start, attempt.end, attempt.transport) = (start, end, Carrier::Quic);
        attempt.syn_retransmits = None;
    }
    tls.start = start;
    tls.alpn = Some("h3".to_owned());
    if let Stage::Ran(http) = &mut trace.requests[0].http {
        (http.version, http.body.framing) = (HttpVersion::Http3, BodyFraming::Http3);
    }
}
