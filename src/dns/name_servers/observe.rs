//! What the outcome of one packet adds to the infrastructure cache and to what is known of this network, and the
//! notes that tell it (unbound: infra_update).
//!
//! Nothing is sent here, and nothing is decided about the question itself.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::dns::cache::network::Udp;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::ZoneQuery;
use crate::dns::response::classify::Referral;
use crate::dns::transport::ask::Ask;
use crate::dns::wire::name::name_text;
use crate::explain::dns_words::strays;
use crate::trace::{At, Choice, Edns, MAX_SERVERS, Meaning, Packet, Spelling, Stray, Transport};

/// A reply by TCP to a question that had none by UDP: if none ever came by UDP, the run goes on
/// by TCP.
pub(crate) fn udp(query: &ZoneQuery, ask: &Ask) {
    let udp = &query.context.network.udp;
    match (ask.transport, ask.chosen) {
        (Transport::Udp, _) => udp.set(Udp::Works),
        (Transport::Tcp, Choice::UdpBlocked) if udp.get() == Udp::Unknown => {
            udp.set(Udp::Blocked);
            query.log.note(
                "no reply came by UDP, and one by TCP did: port 53 is blocked for UDP, every question goes by TCP"
                    .to_owned(),
            );
        }
        _ => {}
    }
}

/// An answer with less of EDNS, after the question with more of it was refused: the run goes on so with this server.
pub(crate) fn less_edns(query: &ZoneQuery, ask: &Ask) {
    if matches!(ask.chosen, Choice::WithoutOptions | Choice::WithoutEdns) {
        query.context.infra.less_edns(ask.server, ask.edns);
    }
}

/// A server answers a question in another form than that of all its packets that had no reply: the run goes on in that
/// form with it. The packets end here: they were listened for long enough.
pub(crate) fn form(query: &ZoneQuery, ask: &Ask) {
    let (infra, log) = (&query.context.infra, &query.log);
    let by_udp = |packet: &Packet| packet.transport == Transport::Udp;
    let (dropped, how, other) = match (ask.transport, ask.edns, ask.spelling) {
        (Transport::Udp, Edns::None, _) if infra.edns(ask.server) == Edns::None => return,
        (Transport::Udp, Edns::None, _) => {
            infra.less_edns(ask.server, Edns::None);
            (
                log.unanswered(ask.server, |packet| by_udp(packet) && packet.edns.is_some()),
                "without EDNS",
                "with it",
            )
        }
        (Transport::Udp, Edns::Bare, _) if infra.edns(ask.server) == Edns::Full => {
            infra.less_edns(ask.server, Edns::Bare);
            let with = |packet: &Packet| by_udp(packet) && packet.edns == Edns::Full;
            (log.unanswered(ask.server, with), "without EDNS options", "with one (NSID)")
        }
        (Transport::Udp, ..) if infra.case(ask.server).spelling() == Spelling::Plain => return,
        (Transport::Udp, ..) => {
            infra.case(ask.server).set_matters();
            let drawn = |packet: &Packet| by_udp(packet) && packet.spelling == Spelling::Random;
            (log.unanswered(ask.server, drawn), "names in plain case", "in drawn case (0x20)")
        }
        _ if infra.tcp_only(ask.server) => return,
        _ => {
            infra.set_tcp_only(ask.server);
            (log.unanswered(ask.server, by_udp), "by TCP", "by UDP")
        }
    };
    if let Some(dropped) = dropped {
        let (server, dropped) = (label_of(ask), crate::units::count(dropped, "question"));
        log.note(format!("{server} answered only {how}: {dropped} {other} had no reply"));
    }
}

/// Of the packets to the server that answered, those sent before the one it answered had no reply.
pub(crate) fn lost(query: &ZoneQuery, servers: &HashMap<usize, Candidate>, answered: usize) {
    let Some(server) = servers.get(&answered) else { return };
    for (id, _) in servers.iter().filter(|(id, one)| **id < answered && one.address == server.address) {
        if query.log.with(*id, |packet| packet.received.is_none()) == Some(true) {
            query.log.close(*id, Meaning::Timeout);
        }
    }
}

/// This machine does not know the way to a server: the way to a whole family only if nothing of
/// that family has left it.
pub(crate) fn no_route(query: &ZoneQuery, server: &Candidate) {
    query.context.network.no_route(server.address);
    if !query.context.network.routed(server.address) {
        let family = if server.address.is_ipv4() { "IPv4" } else { "IPv6" };
        query.log.note(left_out(family, server.address));
    }
}

/// One packet to the family is on record: it is not said that nobody was asked.
fn left_out(family: &str, first: SocketAddr) -> String {
    let first = first.ip();
    format!(
        "this machine has no {family} route: the question to {first} could not be sent, and {family} name servers \
         were left out after it"
    )
}

/// Why a packet had no reply in time, in words: what came, and was none, is told.
pub(crate) fn silence(query: &ZoneQuery, id: usize, since: Option<At>) -> String {
    let since = since.or_else(|| query.log.with(id, |packet| packet.sent)).unwrap_or_default();
    let limit = query.log.clock().now().since(since).as_millis();
    let told = query.log.with(id, |packet| {
        let own = packet.dropped_kinds.iter().any(|(kind, _)| *kind != Stray::WrongSource);
        let other = |kind: &Stray| matches!(kind, Stray::WrongId | Stray::WrongQuestion);
        let what = match (packet.dropped, own) {
            (0, _) => return None,
            (_, false) => {
                return Some(format!(
                    "did not answer in {limit} ms ({} dropped: wrong source)",
                    packet.dropped
                ));
            }
            _ if packet.dropped_kinds.iter().all(|(kind, _)| other(kind)) => "replies to other questions",
            _ => "something that is not a reply to the question",
        };
        Some(format!("sent only {what} in {limit} ms ({} dropped: {})", packet.dropped, strays(packet)))
    });
    told.flatten().unwrap_or_else(|| format!("did not answer in {limit} ms"))
}

/// A referral that names more servers than are looked at.
pub(crate) fn limit_of_servers(query: &ZoneQuery, referral: &Referral) {
    let used = referral.servers.len();
    if referral.named > used {
        let (cut, named) = (name_text(&referral.cut), referral.named);
        query.log.note(format!(
            "the limit of {MAX_SERVERS} name servers for one zone was hit: {cut} has {named}, the first {used} are used"
        ));
    }
}

fn label_of(ask: &Ask) -> String {
    format!("{} ({})", ask.server_name.as_deref().unwrap_or_default(), ask.server.ip())
}

pub(crate) fn label(server: &Candidate) -> String {
    format!("{} ({})", name_text(&server.name), server.address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_missing_route_names_the_question_that_showed_it() {
        assert_eq!(
            left_out("IPv6", "[2001:db8::1]:53".parse().unwrap()),
            "this machine has no IPv6 route: the question to 2001:db8::1 could not be sent, and IPv6 name servers \
             were left out after it"
        );
    }
}
