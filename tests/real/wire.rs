//! The phases of one run (https, HTTP/1.1, TLS 1.3) by the packets of its capture: each from the packet that begins it to the arrival of the
//! one that ends it, at the client.

use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake};

use crate::pcap::Packets;
use crate::zones::RESOLVER;

/// Session tickets that OpenSSL sends behind its handshake (SSL_CTX_set_num_tickets), to whom they are of use: no part
/// of the response.
const TICKETS: usize = 2;
/// TLS record type of application data (RFC 8446 section 5.1).
const APPLICATION_DATA: u8 = 23;

/// The phases, in their order.
pub(crate) const PHASES: [&str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];

/// What each phase took, in microseconds; `None` where the capture does not say: on a busy machine it, too, may lose
/// packets, and a program may try a second address beside the first.
pub(crate) fn phases(packets: &Packets) -> Option<[u64; 6]> {
    let connections = packets.connections();
    let [connection] = &connections[..] else { return None };
    let syn_ack = connection.syn_ack?;

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
    let asked = counted().map(|one| one.sent).min()?;
    let answered = counted().filter_map(|one| one.received).filter(|at| *at <= connection.syn).max()?;

    let segments = packets.segments(connection.port);
    let side = |is_server: bool| -> Vec<(u64, &[u8])> {
        let of = segments.iter().filter(|(_, theirs, _)| *theirs == is_server);
        of.map(|(at, _, data)| (*at, *data)).collect()
    };
    let (ours, theirs) = (side(false), side(true));
    // A ClientHello, which may take two segments; ChangeCipherSpec, which is no message, and Finished; the request.
    let own: Vec<u64> = of_data(&records(&ours)).collect();
    let (hello, finished) = (ours.first()?.0, *own.first()?);
    let handshake = theirs.iter().map(|(at, _)| *at).filter(|at| *at < finished).max()?;
    let data: Vec<u64> = of_data(&records(&theirs)).filter(|at| *at > finished).collect();
    let tickets = if takes_tickets(&ours) { TICKETS } else { 0 };
    let response = *data.get(tickets)?;
    let request = own.iter().copied().filter(|at| *at < response).max()?;
    // What the client sends after it is its good-bye, which the server may answer.
    let bye = own.iter().copied().find(|at| *at > response).unwrap_or(u64::MAX);
    let end = data.iter().copied().filter(|at| *at < bye).max()?;
    // The request is one packet: it begins and ends.
    let request_ends = request;
    // On a busy machine packets can be stamped in another order than they were sent in: then the capture does not say.
    let [dns, connect, tls, send, wait, receive] = [
        (asked, answered),
        (connection.syn, syn_ack),
        (hello, handshake),
        (request, request_ends),
        (request, response),
        (response, end),
    ]
    .map(|(begin, end): (u64, u64)| end.checked_sub(begin));
    Some([dns?, connect?, tls?, send?, wait?, receive?])
}

/// When the records of application data were there: in TLS 1.3 all that is encrypted looks like them.
fn of_data(records: &[(u64, u8)]) -> impl Iterator<Item = u64> {
    records.iter().filter(|(_, kind)| *kind == APPLICATION_DATA).map(|(at, _)| *at)
}

/// Whether a ClientHello says how a session may be resumed: without that a ticket is of no use (RFC 8446 section 4.2.9).
fn takes_tickets(ours: &[(u64, &[u8])]) -> bool {
    let bytes: Vec<u8> = ours.iter().flat_map(|(_, data)| data.iter().copied()).collect();
    let Ok((_, hello)) = tls_parser::parse_tls_plaintext(&bytes) else { return false };
    let extensions = hello.msg.iter().find_map(|message| match message {
        TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) => hello.ext,
        _ => None,
    });
    let parsed = tls_parser::parse_tls_client_hello_extensions(extensions.unwrap_or_default());
    parsed.is_ok_and(|(_, all)| all.iter().any(|one| matches!(one, TlsExtension::PskExchangeModes(_))))
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
