//! QUIC: one handshake in place of two.

use super::connect;
use super::teller::{Teller, clip, list};
use crate::trace::{Attempt, AttemptOutcome, Direction, Hop, Quic};
use crate::units;

const STANDARDS: &[&str] = &["RFC 9000 section 7", "RFC 9001", "RFC 9114 section 3"];

/// The QUIC connection of a request.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>) {
    let (Some(quic), Some(connection)) = (hop.quic, hop.connection) else { return };
    let mut told = vec![
        teller
            .once(
                "HTTP/3 does not use TCP. QUIC makes the reliable streams itself out of UDP datagrams (single packets \
                 that may be lost), and has TLS built in: the first datagram carries the ClientHello already, so that \
                 connecting and encrypting share one round trip.",
            )
            .to_owned(),
    ];
    told.extend(connection.tcp.attempts.iter().take(4).map(|attempt| attempted(quic, attempt)));
    told.extend(connect::beside(&connection.tcp));
    if quic.retry {
        told.push(
            "The server first sent a Retry: it does no work for an address that it has not seen an answer from, as \
             senders of UDP can lie about theirs. That costs 1 round trip more."
                .to_owned(),
        );
    }
    if let Some(offered) = &quic.offered_versions {
        let names: Vec<String> = offered.iter().map(|version| Quic::version_name(*version)).collect();
        told.push(format!("The server turned down version 1 and offers {} instead.", list(&names)));
    }
    let count = |direction| quic.datagrams.iter().filter(|datagram| datagram.direction == direction).count();
    told.push(format!(
        "The handshake took {} datagrams from here and {} from there.",
        count(Direction::Sent),
        count(Direction::Received)
    ));
    if let (Some(rtt), Some(lost), Some(sent)) = (quic.rtt, quic.lost, quic.sent) {
        told.push(format!(
            "At the end of the request the round-trip time was {}, smoothed over all that was measured, and {lost} of {sent} \
             packets from here were lost.",
            units::duration(rtt)
        ));
    }
    if let Some(mtu) = quic.mtu {
        told.push(format!(
            "Datagrams of {mtu} bytes are known to get through; the first have 1200, which every path must carry."
        ));
    }
    teller.tell("QUIC", &told, STANDARDS, "urltrace --lab --http3-only https://retry.http3.test/");
}

fn attempted(quic: &Quic, attempt: &Attempt) -> String {
    let took = units::duration(attempt.end.since(attempt.start));
    let address = attempt.address;
    match &attempt.outcome {
        AttemptOutcome::Won if quic.version.is_some() => {
            format!("{address} answered, and the handshake was complete after {took}.")
        }
        AttemptOutcome::Won => format!("{address} answered, and the handshake failed after {took}."),
        AttemptOutcome::Lost => format!("{address} was given up after {took}, as another was faster."),
        AttemptOutcome::Refused => format!(
            "{address} refused after {took}: its machine says (by ICMP) that nobody takes UDP on this port."
        ),
        AttemptOutcome::TimedOut => format!("{address} did not answer within {took}."),
        AttemptOutcome::Unreachable(why) | AttemptOutcome::Failed(why) => {
            format!("{address} could not be reached ({}) after {took}.", clip(why))
        }
        AttemptOutcome::Stopped => {
            format!("{address} was still silent when the run was stopped, after {took}.")
        }
    }
}
