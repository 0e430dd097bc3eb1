//! One query to one server and its reply (RFC 1035 §4.2), by UDP or on a TCP connection of its own: exact
//! bytes, exact stamps, one packet record.
//!
//! The socket work that can be done before the send is done before its stamp; a datagram has the
//! kernel's stamp of its arrival, a reply by TCP is stamped as soon as it is read. Nothing is judged here.

use std::io;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use socket2::SockRef;
use tokio::net::UdpSocket;

use crate::dns::transport::ask::{Ask, NoReply, packet};
use crate::dns::transport::log::{Log, Open};
use crate::dns::transport::tcp::exchange_tcp;
use crate::dns::transport::udp::{receive_udp, udp_socket};
use crate::dns::wire::message::Reply;
use crate::dns::wire::query::{EncodedQuery, Form, encode};
use crate::dns::wire::query_case::Echo;
use crate::trace::{At, Spelling, Transport};

/// A question on its way.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) id: usize,
    /// When it was handed to the kernel, or the connect was started.
    pub(crate) sent: At,
    ask: Ask,
    query: EncodedQuery,
    open: Open,
    link: Link,
}

impl InFlight {
    /// How its name came out.
    pub(crate) fn spelling(&self) -> Spelling {
        self.ask.spelling
    }

    /// Whether the machine has sent a datagram: it has a way to the server, or to a router.
    pub(crate) fn has_left(&self) -> bool {
        matches!(self.link, Link::Udp(_))
    }
}

#[derive(Debug)]
enum Link {
    Udp(UdpSocket),
    Tcp,
    Failed(io::Error),
}

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) id: usize,
    pub(crate) ask: Ask,
    pub(crate) outcome: Result<Box<Reply>, NoReply>,
    /// From the send to the reply; TCP without its connect.
    pub(crate) rtt: Option<Duration>,
    /// How the reply repeated the question.
    pub(crate) echo: Echo,
}

/// Sends the question (UDP), or readies it (TCP). The packet is recorded from here on.
pub(crate) fn send(log: &Rc<Log>, mut ask: Ask) -> InFlight {
    let (spelled, own) = ask.spelling.of(&ask.qname);
    ask.spelling = own;
    let query = encoded(log, &ask, &spelled);
    let mut link = match ask.transport {
        Transport::Tcp => Link::Tcp,
        // Those are asked on connections that `transport` makes.
        Transport::Tls | Transport::Https | Transport::Quic => {
            Link::Failed(io::Error::from(ErrorKind::Unsupported))
        }
        Transport::Udp => udp_socket(ask.server).map_or_else(Link::Failed, Link::Udp),
    };
    let sent = log.clock().now();
    if let Link::Udp(socket) = &link {
        // Past tokio, which would first wait to hear that the socket is writable: a fresh one is.
        if let Err(error) = SockRef::from(socket).send_to(&query.bytes, &ask.server.into()) {
            link = Link::Failed(error);
        }
        log.has_left();
    }
    let bytes = if matches!(link, Link::Failed(_)) { 0 } else { query.bytes.len() };
    let open = log.open(packet(&ask, sent, bytes));
    InFlight { id: open.id(), sent, ask, query, open, link }
}

/// The query's bytes, with its name spelled so.
pub(crate) fn encoded(log: &Log, ask: &Ask, spelled: &Name) -> EncodedQuery {
    let form = Form { edns: ask.edns, signatures: log.wants_signatures(ask.purpose) };
    encode(spelled, ask.qtype, ask.recursion, form).unwrap_or_else(|reason| {
        // A name that was read can be written; should it not be so, the packet record says why.
        log.note(format!("the question could not be encoded: {reason}"));
        EncodedQuery { bytes: Vec::new() }
    })
}

/// Waits for the reply, `wait` from the send at most.
pub(crate) async fn receive(flight: InFlight, wait: Duration) -> Exchanged {
    let InFlight { id, sent, ask, query, open, link } = flight;
    let mut echo = Echo::Same;
    let outcome = match link {
        Link::Udp(socket) => {
            let received = receive_udp(&socket, &ask, &query, &open, sent, wait, &mut echo).await;
            open.put_aside(socket);
            received.unwrap_or_else(|error| Err(NoReply::icmp(&error)))
        }
        Link::Tcp => {
            let received = exchange_tcp(&ask, &query, &open, sent, wait).await;
            received.unwrap_or_else(|error| Err(NoReply::of(&error, ask.transport, ask.server)))
        }
        Link::Failed(error) => Err(NoReply::of(&error, ask.transport, ask.server)),
    };
    // A reply is left open for the caller, who knows what it means.
    if let Err(why) = &outcome {
        open.close(why.meaning());
    }
    let rtt = open.round_trip();
    Exchanged { id, ask, outcome, rtt, echo }
}
