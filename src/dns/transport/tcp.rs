//! One query by TCP on a connection of its own (RFC 7766).

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::log::Open;
use crate::dns::wire::message::{Decoded, Reply, decode};
use crate::dns::wire::query::{EncodedQuery, is_reply_to};
use crate::trace::At;

/// `wait` holds for the connect and for the exchange, each: they are two round trips.
pub(crate) async fn exchange_tcp(
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    sent: At,
    wait: Duration,
) -> io::Result<Outcome> {
    let clock = open.clock();
    let length = u16::try_from(query.bytes.len()).unwrap_or(u16::MAX);
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&query.bytes);
    let deadline = clock.instant(sent.after(wait)).into();
    let Ok(stream) = timeout_at(deadline, TcpStream::connect(ask.server)).await else {
        return Ok(Outcome::Timeout);
    };
    let connected = clock.now();
    let mut stream = stream?;
    open.connected(connected);
    stream.set_nodelay(true)?;
    let exchange = async {
        stream.write_all(&framed).await?;
        let length = usize::from(stream.read_u16().await?);
        let mut bytes = vec![0_u8; length];
        stream.read_exact(&mut bytes).await?;
        Ok::<_, io::Error>((clock.now(), bytes))
    };
    let Ok(read) = timeout_at(clock.instant(connected.after(wait)).into(), exchange).await else {
        return Ok(Outcome::Timeout);
    };
    let (received, bytes) = read?;
    let header = |reply: &Reply| Some(reply.header.clone());
    let (header, outcome) = if is_reply_to(query, &bytes) {
        match decode(&ask.qname, ask.qtype, &bytes) {
            Decoded::Reply(reply) => (header(&reply), Outcome::Reply(reply)),
            Decoded::OtherQuestion => (None, Outcome::Malformed("it answers another question".to_owned())),
            Decoded::Malformed(reason) => (None, Outcome::Malformed(reason)),
        }
    } else {
        (None, Outcome::Malformed("it is no reply to the question sent on this connection".to_owned()))
    };
    open.received(received, bytes.len(), header);
    open.keep(&bytes);
    Ok(outcome)
}
