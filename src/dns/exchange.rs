//! One question to one server: exact bytes, exact stamps, one packet record.
//!
//! The socket work that can be done before the send is done before its stamp; a datagram has the
//! kernel's stamp of its arrival, a reply by TCP is stamped as soon as it is read. What a reply means is decided by the caller.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout_at;

use super::arrival::{self, Datagram};
use super::case::{Echo, Spelling, compare_and_restore, restore_owners};
use super::log::{Log, Open};
use super::message::{Decoded, EncodedQuery, Form, Recursion, Reply, decode, encode, is_reply_to, why_not};
use super::presentation::name_text;
use crate::os;
use crate::trace::{
    AddressSource, At, Choice, ConnectionUse, Meaning, Packet, Purpose, RecordType, Stray, Transport,
};

/// How long the server's own answer is awaited after one from elsewhere.
const AFTER_A_STRAY: Duration = Duration::from_millis(150);

/// Everything about a packet that is known before it is sent.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) parent: Option<usize>,
    pub(super) purpose: Purpose,
    pub(super) zone: String,
    pub(super) qname: Name,
    pub(super) qtype: RecordType,
    pub(super) server_name: Option<String>,
    pub(super) server: SocketAddr,
    pub(super) source: AddressSource,
    pub(super) chosen: Choice,
    pub(super) transport: Transport,
    pub(super) edns: bool,
    pub(super) recursion: Recursion,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: usize,
    /// When it was handed to the kernel, or the connect was started.
    pub(super) sent: At,
    ask: Ask,
    query: EncodedQuery,
    open: Open,
    link: Link,
}

impl InFlight {
    /// Whether the machine has sent a datagram: it has a way to the server, or to a router.
    pub(super) fn has_left(&self) -> bool {
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
pub(super) struct Exchanged {
    pub(super) id: usize,
    pub(super) ask: Ask,
    pub(super) outcome: Outcome,
    /// From the send to the reply; TCP without its connect.
    pub(super) rtt: Option<Duration>,
    /// How the reply repeated the question.
    pub(super) echo: Echo,
}

/// How waiting for a reply ended. Everything but a reply is in the packet record already.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(Box<Reply>),
    Malformed(String),
    Timeout,
    /// Only somebody else answered.
    WrongSource {
        from: SocketAddr,
    },
    /// The system's words, and whether they mean that this machine has no route to the server.
    Error {
        reason: String,
        no_route: bool,
    },
}

/// Sends the question (UDP), or readies it (TCP). The packet is recorded from here on.
pub(super) fn send(log: &Rc<Log>, ask: Ask) -> InFlight {
    send_spelled(log, ask, Spelling::Plain)
}

/// The same, with the name spelled so.
pub(super) fn send_spelled(log: &Rc<Log>, ask: Ask, spelling: Spelling) -> InFlight {
    let form = Form { edns: ask.edns, signatures: log.wants_signatures(ask.purpose) };
    let query = encode(&spelling.of(&ask.qname), ask.qtype, ask.recursion, form).unwrap_or_else(|reason| {
        // A name that was read can be written; should it not be so, the packet record says why.
        log.note(format!("the question could not be encoded: {reason}"));
        EncodedQuery { bytes: Vec::new() }
    });
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
    }
    let bytes = if matches!(link, Link::Failed(_)) { 0 } else { query.bytes.len() };
    let open = log.open(packet(&ask, sent, bytes));
    InFlight { id: open.id(), sent, ask, query, open, link }
}

/// Waits for the reply, `wait` from the send at most.
pub(super) async fn receive(flight: InFlight, wait: Duration) -> Exchanged {
    let InFlight { id, sent, ask, query, open, link } = flight;
    let mut echo = Echo::Same;
    let outcome = match link {
        Link::Udp(socket) => {
            let received = receive_udp(&socket, &ask, &query, &open, sent, wait, &mut echo).await;
            // What a router on the way says of one server says nothing of this machine's routes.
            received.or_else(|error| Ok(Outcome::Error { reason: refusal(&error), no_route: false }))
        }
        Link::Tcp => exchange_tcp(&ask, &query, &open, sent, wait).await,
        Link::Failed(error) => Ok(error_outcome(&error, ask.transport)),
    };
    let outcome = outcome.unwrap_or_else(|error| error_outcome(&error, ask.transport));
    match &outcome {
        // Left open for the caller, who knows what it means.
        Outcome::Reply(_) => {}
        Outcome::Malformed(reason) => open.close(Meaning::Malformed { reason: reason.clone() }),
        Outcome::Timeout => open.close(Meaning::Timeout),
        Outcome::WrongSource { from } => open.close(Meaning::WrongSource { from: *from }),
        Outcome::Error { reason, .. } => open.close(Meaning::Error { reason: reason.clone() }),
    }
    let rtt = open.round_trip();
    Exchanged { id, ask, outcome, rtt, echo }
}

async fn receive_udp(
    socket: &UdpSocket,
    ask: &Ask,
    query: &EncodedQuery,
    open: &Open,
    sent: At,
    wait: Duration,
    echo: &mut Echo,
) -> io::Result<Outcome> {
    let clock = open.clock();
    let mut deadline = sent.after(wait);
    let mut buffer = vec![0_u8; 65_535];
    let mut stray = None;
    loop {
        let next = arrival::receive(socket, &mut buffer, &clock);
        let Ok(read) = timeout_at(clock.instant(deadline).into(), next).await else {
            return Ok(stray.map_or(Outcome::Timeout, |from| Outcome::WrongSource { from }));
        };
        let Datagram { length, from, at } = read?;
        // The two stamps come from two clocks, each rounded to a microsecond of its own.
        let received = at.max(sent);
        let bytes = &mut buffer[..length];
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
            Decoded::OtherQuestion => open.drop_one(Stray::WrongQuestion),
            Decoded::Malformed(reason) => {
                open.received(received, bytes.len(), None);
                return Ok(Outcome::Malformed(reason));
            }
            Decoded::Reply(mut reply) => {
                open.received(received, bytes.len(), Some(reply.header.clone()));
                restore_owners(&mut reply, &ask.qname);
                open.keep(bytes);
                return Ok(Outcome::Reply(reply));
            }
        }
    }
}

/// `wait` holds for the connect and for the exchange, each: they are two round trips.
async fn exchange_tcp(
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
fn udp_socket(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    arrival::learn_refusals(&socket, server)?;
    arrival::stamp_arrivals(&socket);
    UdpSocket::from_std(socket)
}

/// An error that came back for a datagram: ICMP, in words.
fn refusal(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "port unreachable (ICMP)".to_owned(),
        ErrorKind::HostUnreachable => "host unreachable (ICMP)".to_owned(),
        ErrorKind::NetworkUnreachable => "network unreachable (ICMP)".to_owned(),
        _ => os::words(error),
    }
}

pub(super) fn error_outcome(error: &io::Error, transport: Transport) -> Outcome {
    let no_route = matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable)
        || error.raw_os_error() == Some(libc::EAFNOSUPPORT);
    let reason = match (error.kind(), transport) {
        // The machine itself would not send it: no router has said anything.
        (_, Transport::Udp) => os::words(error),
        (ErrorKind::ConnectionRefused, _) => "connection refused".to_owned(),
        (ErrorKind::UnexpectedEof, _) => "connection closed before the whole reply".to_owned(),
        _ => os::words(error),
    };
    Outcome::Error { reason, no_route }
}

pub(super) fn packet(ask: &Ask, sent: At, bytes_sent: usize) -> Packet {
    Packet {
        parent: ask.parent,
        purpose: ask.purpose,
        zone: ask.zone.clone(),
        qname: name_text(&ask.qname),
        qtype: ask.qtype,
        server_name: ask.server_name.clone(),
        server: ask.server,
        source: ask.source,
        chosen: ask.chosen,
        transport: ask.transport,
        edns: ask.edns,
        connection: (ask.transport != Transport::Udp).then_some(ConnectionUse::Opened),
        sent,
        connected: None,
        tcp_done: None,
        received: None,
        end: sent,
        bytes_sent,
        bytes_received: None,
        dropped: 0,
        dropped_kinds: Vec::new(),
        reply: None,
        meaning: Meaning::Timeout,
        untrusted: Vec::new(),
    }
}
