//! One query by UDP (RFC 1035 §4.2.1): the socket, the wait, what comes from elsewhere (RFC 5452 §9.1).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, NoReply, any};
use crate::dns::transport::log::Open;
use crate::dns::wire::message::{Decoded, Reply, decode};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::{EncodedQuery, PAYLOAD, why_not};
use crate::dns::wire::query_case::{Echo, compare_and_restore, restore_owners};
use crate::timestamp::{self, Datagram};
use crate::trace::{At, Stray};

/// The most that a question without EDNS allows.
const PLAIN: u16 = 512;

/// How long the server's own answer is awaited after one from elsewhere.
const AFTER_A_STRAY: Duration = Duration::from_millis(150);

pub(crate) async fn receive_udp(
    socket: &UdpSocket,
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    sent: At,
    wait: Duration,
    echo: &mut Echo,
) -> io::Result<Result<Box<Reply>, NoReply>> {
    let clock = open.clock();
    let mut deadline = sent.after(wait);
    let mut stray = None;
    loop {
        let next = timestamp::receive(socket, &clock);
        let Ok(read) = timeout_at(clock.instant(deadline).into(), next).await else {
            return Ok(Err(stray.map_or(NoReply::Timeout { limit: wait, resent: None }, |from| {
                NoReply::WrongSource { from }
            })));
        };
        let Datagram { mut bytes, from, at } = read?;
        // The two stamps come from two clocks, each rounded to a microsecond of its own.
        let received = at.max(sent);
        let bytes = &mut bytes[..];
        let elsewhere = !is_of(ask.server, from);
        if let Some(kind) = why_not(query, bytes) {
            open.drop_one(if elsewhere { Stray::WrongSource } else { kind });
            continue;
        }
        if elsewhere {
            open.drop_one(Stray::WrongSource);
            if stray.is_none() {
                open.note(wrong_source(ask, from));
                // The server's own answer, if there is one, is not far behind.
                deadline = deadline.min(received.after(AFTER_A_STRAY));
            }
            stray = Some(from);
            continue;
        }
        *echo = compare_and_restore(&query.bytes, bytes, &ask.qname);
        match decode(&ask.qname, ask.qtype, bytes) {
            Decoded::NotOurs(stray) => open.drop_one(stray),
            Decoded::Malformed(reason) => {
                open.received(received, bytes.len(), None);
                return Ok(Err(NoReply::Malformed(reason)));
            }
            Decoded::Reply(mut reply) => {
                open.received(received, bytes.len(), Some(reply.header.clone()));
                if let Some(words) = too_large(ask, bytes.len()) {
                    open.note(words);
                }
                restore_owners(&mut reply, &ask.qname);
                open.keep(bytes);
                return Ok(Ok(reply));
            }
        }
    }
}

/// A reply that is longer than the question allowed (RFC 6891 §6.2.5, RFC 1035 §4.2.1).
fn too_large(ask: &Ask, bytes: usize) -> Option<String> {
    let most = if ask.edns.is_some() { PAYLOAD } else { PLAIN };
    (bytes > usize::from(most)).then(|| {
        format!(
            "{} sent {bytes} bytes by UDP where the question allowed {most}: what comes in fragments is lost on many networks",
            ask.server
        )
    })
}

/// Whether a datagram comes from where the question went. 0.0.0.0 and :: are this machine itself (RFC 1122 §3.2.1.3), which
/// answers by its own address.
fn is_of(server: SocketAddr, from: SocketAddr) -> bool {
    let is_own = server.ip().is_unspecified() && from.ip().is_loopback();
    (is_own || from.ip() == server.ip()) && from.port() == server.port()
}

fn wrong_source(ask: &Ask, from: SocketAddr) -> String {
    format!(
        "a reply to the question for {} {} came from {from}, not from {}, which was asked: it was dropped",
        name_text(&ask.qname),
        ask.qtype.mnemonic(),
        ask.server
    )
}

/// A socket of our own for each question: port 0 makes the kernel draw a random source port (RFC 5452
/// §9). It is not connected, so that a reply from elsewhere is seen, and dropped here.
pub(crate) fn udp_socket(server: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(any(server))?;
    socket.set_nonblocking(true)?;
    timestamp::tell_refusals(&socket, server)?;
    timestamp::stamp_arrivals(&socket);
    UdpSocket::from_std(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_beyond_what_was_allowed_is_told() {
        let name = hickory_resolver::proto::rr::Name::root();
        let question = (&name, crate::trace::RecordType::A);
        let ask = Ask::to_resolver(crate::trace::Purpose::Walk, question, "192.0.2.1:53".parse().unwrap());
        assert_eq!(too_large(&ask, 1232), None);
        assert!(too_large(&ask, 1233).unwrap().starts_with("192.0.2.1:53 sent 1233 bytes by UDP"));
        let plain = Ask { edns: crate::trace::Edns::None, ..ask };
        assert!(too_large(&plain, 512).is_none() && too_large(&plain, 513).is_some());
    }

    #[test]
    fn this_machine_answers_by_its_own_address() {
        let of = |server: &str, from: &str| is_of(server.parse().unwrap(), from.parse().unwrap());
        assert!(of("192.0.2.1:53", "192.0.2.1:53") && !of("192.0.2.1:53", "192.0.2.2:53"));
        assert!(of("0.0.0.0:53", "127.0.0.1:53") && of("[::]:53", "[::1]:53"));
        assert!(!of("0.0.0.0:53", "127.0.0.1:54") && !of("0.0.0.0:53", "192.0.2.1:53"));
        assert!(of("[fe80::1%2]:53", "[fe80::1%2]:53"));
    }
}
