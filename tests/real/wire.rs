//! The phases of one run (https, HTTP/1.1, TLS 1.3) by the packets of its capture: each from the packet that begins it to the arrival of the
//! one that ends it, at the client.

use crate::pcap::Packets;
use crate::zones::RESOLVER;

/// Session tickets that OpenSSL sends behind its handshake (SSL_CTX_set_num_tickets): no part of the response.
const TICKETS: usize = 2;
/// TLS record type of application data (RFC 8446 section 5.1).
const APPLICATION_DATA: u8 = 23;

/// The phases, in their order.
pub(crate) const PHASES: [&str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];

/// What each phase took, in microseconds.
pub(crate) fn phases(packets: &Packets) -> [Option<u64>; 6] {
    let connections = packets.connections();
    let [connection] = &connections[..] else { panic!("one connection: {connections:?}") };
    let syn_ack = connection.syn_ack.unwrap();

    // A walk asks servers of zones and lets the resolver and the root's own name alone; who has no walk asks
    // the resolver.
    let exchanges = packets.dns();
    let is_walk = |server: &std::net::IpAddr| !RESOLVER.contains(server);
    let has_walk = exchanges.iter().any(|one| is_walk(&one.server));
    let counted = || {
        exchanges
            .iter()
            .filter(|one| one.sent <= connection.syn && one.qname != "." && is_walk(&one.server) == has_walk)
    };
    let asked = counted().map(|one| one.sent).min().unwrap();
    let answered = counted().filter_map(|one| one.received).filter(|at| *at <= connection.syn).max().unwrap();

    let segments = packets.segments(connection.port);
    let side = |is_server: bool| -> Vec<(u64, &[u8])> {
        let of = segments.iter().filter(|(_, theirs, _)| *theirs == is_server);
        of.map(|(at, _, data)| (*at, *data)).collect()
    };
    let (ours, theirs) = (side(false), side(true));
    // A ClientHello, which may take two segments; ChangeCipherSpec and Finished; the request.
    let own: Vec<u64> = records(&ours).into_iter().map(|(at, _)| at).collect();
    let (hello, finished) = (ours[0].0, own[1]);
    let handshake = theirs.iter().map(|(at, _)| *at).filter(|at| *at < finished).max().unwrap();
    let after = records(&theirs).into_iter().filter(|(at, _)| *at > finished);
    let data: Vec<u64> = after.filter(|(_, kind)| *kind == APPLICATION_DATA).map(|(at, _)| at).collect();
    let response = data[TICKETS];
    let request = own.iter().copied().filter(|at| *at < response).max().unwrap();
    // What the client sends after it is its good-bye, which the server may answer.
    let bye = own.iter().copied().find(|at| *at > response).unwrap_or(u64::MAX);
    let end = data.iter().copied().filter(|at| *at < bye).max().unwrap();
    [
        Some(answered - asked),
        Some(syn_ack - connection.syn),
        Some(handshake - hello),
        // Of one packet: it begins and ends.
        Some(0),
        Some(response - request),
        Some(end - response),
    ]
}

/// The TLS records of a stream: when the last byte of each arrived, and its type.
fn records(segments: &[(u64, &[u8])]) -> Vec<(u64, u8)> {
    let bytes: Vec<(u64, u8)> =
        segments.iter().flat_map(|(at, data)| data.iter().map(move |byte| (*at, *byte))).collect();
    let mut records = Vec::new();
    let mut rest = &bytes[..];
    while let [(_, kind), _, _, (_, high), (_, low), ..] = rest {
        let length = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((last, _)) = rest.get(length - 1) else { break };
        records.push((*last, *kind));
        rest = &rest[length..];
    }
    records
}
