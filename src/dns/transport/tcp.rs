//! One query by TCP on a connection of its own (RFC 7766), and what makes bytes on a connection its reply.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::log::Open;
use crate::dns::transport::stream;
use crate::dns::wire::message::{Decoded, Reply, decode};
use crate::dns::wire::query::{EncodedQuery, is_reply_to};
use crate::trace::{At, Stray};

/// `wait` holds for the connect and for the exchange, each: they are two round trips.
pub(crate) async fn exchange_tcp(
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    sent: At,
    wait: Duration,
) -> io::Result<Result<Box<Reply>, NoReply>> {
    let clock = open.clock();
    let timeout = || Ok(Err(NoReply::Timeout { limit: wait, resent: None }));
    let connecting = stream::connect(ask.server, &clock);
    let Ok(connection) = timeout_at(clock.instant(sent.after(wait)).into(), connecting).await else {
        return timeout();
    };
    let (mut stream, connected) = connection?;
    open.connected(connected);
    let exchange = async {
        stream.write_all(&query.framed()).await?;
        let length = usize::from(stream.read_u16().await?);
        let mut bytes = vec![0_u8; length];
        stream.read_exact(&mut bytes).await?;
        Ok::<_, io::Error>((clock.now(), bytes))
    };
    let Ok(read) = timeout_at(clock.instant(connected.after(wait)).into(), exchange).await else {
        return timeout();
    };
    let (received, bytes) = read?;
    Ok(read_reply(ask, query, open, received, &bytes))
}

/// Reads the reply that came on a connection, where nobody else can write.
pub(crate) fn read_reply(
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    received: At,
    bytes: &[u8],
) -> Result<Box<Reply>, NoReply> {
    let outcome = if is_reply_to(query, bytes) {
        match decode(&ask.qname, ask.qtype, bytes) {
            Decoded::Reply(reply) => Ok(reply),
            Decoded::NotOurs(Stray::NoQuestion) => Err("it has no question section".to_owned()),
            Decoded::NotOurs(_) => Err("it answers another question".to_owned()),
            Decoded::Malformed(reason) => Err(reason),
        }
    } else {
        Err("it is not a reply to the question sent on this connection".to_owned())
    };
    open.received(received, bytes.len(), outcome.as_ref().ok().map(|reply| reply.header.clone()));
    if outcome.is_ok() {
        open.keep(bytes);
    }
    outcome.map_err(NoReply::Malformed)
}
