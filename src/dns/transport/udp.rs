//! One query by UDP (RFC 1035 §4.2.1): the socket, the wait, what comes from elsewhere (RFC 5452 §9.1).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::log::Open;
use crate::dns::wire::message::{Decoded, Reply, decode};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::{EncodedQuery, why_not};
use crate::dns::wire::query_case::{Echo, compare_and_restore, restore_owners};
use crate::timestamp::{self, Datagram};
use crate::trace::{At, Stray};

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
        let elsewhere = (from.ip(), from.port()) != (ask.server.ip(), ask.server.port());
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
                restore_owners(&mut reply, &ask.qname);
                open.keep(bytes);
                return Ok(Ok(reply));
            }
        }
    }
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
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    timestamp::tell_refusals(&socket, server)?;
    timestamp::stamp_arrivals(&socket);
    UdpSocket::from_std(socket)
}
