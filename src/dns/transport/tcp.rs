//! One query by TCP on a connection of its own (RFC 7766), and what makes bytes on a connection its reply.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, NoReply, reason};
use crate::dns::transport::framed::{Part, no_reply_to_it};
use crate::dns::transport::log::Open;
use crate::dns::transport::stream;
use crate::dns::wire::message::{Decoded, Reply, decode};
use crate::dns::wire::query::{EncodedQuery, PAYLOAD, why_not};
use crate::trace::{At, Choice, Stray, Transport};

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
    let part = Part::default();
    let exchange = async {
        stream.write_all(&query.framed()).await?;
        let bytes = part.read(&mut stream).await?;
        Ok::<_, io::Error>((clock.now(), bytes))
    };
    let read = timeout_at(clock.instant(connected.after(wait)).into(), exchange).await;
    match (read, part.wanting()) {
        (Ok(Ok((received, bytes))), _) => Ok(read_reply(ask, query, open, received, &bytes)),
        (Ok(Err(error)), wanting) => Ok(Err(ended(&error, ask.transport, wanting))),
        (Err(_), Some(wanting)) => Ok(Err(NoReply::Malformed(wanting))),
        (Err(_), None) => timeout(),
    }
}

/// The connection ended, with what had come by then.
pub(crate) fn ended(error: &io::Error, transport: Transport, instead: Option<String>) -> NoReply {
    let instead = instead.map(|words| format!(": {words}")).unwrap_or_default();
    NoReply::Error { reason: reason(error, transport) + &instead, kept: None }
}

/// Reads the reply that came on a connection, where nobody else can write.
pub(crate) fn read_reply(
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    received: At,
    bytes: &[u8],
) -> Result<Box<Reply>, NoReply> {
    let outcome = match why_not(query, bytes) {
        Some(kind) => Err(no_reply_to_it(kind, bytes.len())),
        None => match decode(&ask.qname, ask.qtype, bytes) {
            Decoded::Reply(reply) => Ok(reply),
            Decoded::NotOurs(Stray::NoQuestion) => Err("it has no question section".to_owned()),
            Decoded::NotOurs(_) => Err("it answers another question".to_owned()),
            Decoded::Malformed(reason) => Err(reason),
        },
    };
    open.received(received, bytes.len(), outcome.as_ref().ok().map(|reply| reply.header.clone()));
    if outcome.is_ok() {
        open.keep(bytes);
        if let Some(words) = after_silence(ask, bytes.len()) {
            open.note(words);
        }
    }
    outcome.map_err(NoReply::Malformed)
}

/// What may be behind the silence by UDP before a reply by TCP.
fn after_silence(ask: &Ask, bytes: usize) -> Option<String> {
    let was_silent =
        ask.transport == Transport::Tcp && matches!(ask.chosen, Choice::UdpBlocked | Choice::Again);
    (was_silent && bytes > usize::from(PAYLOAD)).then(|| {
        format!(
            "by TCP {} sent {bytes} bytes, and nothing came by UDP: it may have sent them in fragments there, which were \
             lost on the way",
            ask.server
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Purpose, RecordType};

    #[test]
    fn fragments_are_thought_of_where_only_tcp_brought_a_long_reply() {
        let name = hickory_resolver::proto::rr::Name::root();
        let server = "192.0.2.1:53".parse().unwrap();
        let ask = Ask::to_resolver(Purpose::Walk, (&name, RecordType::A), server);
        let of = |transport, chosen, bytes| after_silence(&Ask { transport, chosen, ..ask.clone() }, bytes);
        assert!(of(Transport::Tcp, Choice::UdpBlocked, 2_606).unwrap().contains("sent 2606 bytes"));
        assert_eq!(of(Transport::Tcp, Choice::UdpBlocked, 1_232), None);
        assert_eq!(of(Transport::Tcp, Choice::Truncated, 2_606), None);
        assert_eq!(of(Transport::Tls, Choice::Again, 2_606), None);
    }
}
