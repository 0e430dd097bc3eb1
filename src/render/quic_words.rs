//! Words for a QUIC connection, for all renderers.

use super::attempt_words;
use crate::trace::{Connect, Datagram, Direction, Hop, PacketKind, Quic};
use crate::units;

/// One line: `127.0.0.1:443, QUIC version 1, 1 round trip; RTT 20.1 ms, none of 14 packets lost, MTU 1452`.
pub(crate) fn quic(hop: &Hop<'_>) -> Option<String> {
    let (quic, connection) = (hop.quic?, hop.connection?);
    let mut parts = vec![whom(&connection.tcp)];
    if let Some(version) = quic.version {
        parts.push(format!("QUIC version {}", Quic::version_name(version)));
    }
    if quic.retry {
        parts.push("the server asked for a proof of our address first (Retry)".to_owned());
    }
    if let Some(offered) = &quic.offered_versions {
        let names: Vec<String> = offered.iter().map(|version| Quic::version_name(*version)).collect();
        parts.push(format!("the server offers the versions {} (Version Negotiation)", names.join(", ")));
    }
    let mut line = parts.join(", ");
    if let Some(rtt) = quic.rtt {
        line.push_str(&format!("; RTT {}", units::duration(rtt)));
    }
    if let Some(least) = quic.min_rtt {
        line.push_str(&format!(" (least {})", units::duration(least)));
    }
    if let (Some(lost), Some(sent)) = (quic.lost, quic.sent) {
        let lost = if lost == 0 { "none".to_owned() } else { lost.to_string() };
        line.push_str(&format!(
            ", {lost} of {} lost",
            units::count(usize::try_from(sent).unwrap_or(0), "packet")
        ));
    }
    if let Some(mtu) = quic.mtu {
        line.push_str(&format!(", MTU {mtu}"));
    }
    line.extend(attempt_words::rivals(&connection.tcp));
    if let Some(from) = connection.tcp.redirected_from.as_deref().and_then(|from| from.strip_prefix("port "))
    {
        line.push_str(&format!("; the lab's stand-in for port {from}"));
    }
    Some(line)
}

fn whom(race: &Connect) -> String {
    let many = match race.attempts.len() {
        0 | 1 => String::new(),
        more => format!(" after {}", units::count(more - 1, "other address")),
    };
    match race.winner.and_then(|winner| race.attempts.get(winner)) {
        Some(winner) => format!("{}{many}", winner.address),
        None => match race.attempts.first() {
            Some(first) => format!("no connection to {}{many}", first.address),
            None => "no connection".to_owned(),
        },
    }
}

/// A datagram: `Initial, Handshake [1200 bytes]`.
pub(crate) fn datagram(datagram: &Datagram) -> String {
    format!("{} [{}]", datagram.names().join(", "), units::bytes(datagram.bytes as u64))
}

/// What a kind of packet is there for.
pub(crate) const fn purpose(kind: PacketKind) -> &'static str {
    match kind {
        PacketKind::Initial => "ClientHello and ServerHello",
        PacketKind::ZeroRtt => "data along with the ClientHello",
        PacketKind::Handshake => "the rest of the TLS handshake",
        PacketKind::Retry => "come again with this token: it proves your address",
        PacketKind::VersionNegotiation => "another version, please",
        PacketKind::OneRtt => "data, with the keys of the handshake",
        PacketKind::Unreadable => "no header that can be read",
    }
}

/// The datagrams in the rows of the waterfall: those that one side sent in a row together.
pub(crate) fn row(quic: &Quic, place: usize) -> &[Datagram] {
    quic.flights().nth(place).unwrap_or_default()
}

/// `sent` or `received`.
pub(crate) const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}
