//! One query to one server: what is to be sent, to whom and why, and what became of it.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::os;
use crate::trace::{
    AddressSource, At, Choice, ConnectionUse, Meaning, Packet, Purpose, RecordType, Transport,
};

/// Everything about a packet that is known before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) parent: Option<usize>,
    pub(crate) purpose: Purpose,
    pub(crate) zone: String,
    pub(crate) qname: Name,
    pub(crate) qtype: RecordType,
    pub(crate) server_name: Option<String>,
    pub(crate) server: SocketAddr,
    pub(crate) source: AddressSource,
    pub(crate) chosen: Choice,
    pub(crate) transport: Transport,
    pub(crate) edns: bool,
    pub(crate) recursion: Recursion,
}

/// How waiting for a reply ended. Everything but a reply is in the packet record already.
#[derive(Debug)]
pub(crate) enum Outcome {
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

/// An error that came back for a datagram: ICMP, in words.
pub(crate) fn refusal(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "port unreachable (ICMP)".to_owned(),
        ErrorKind::HostUnreachable => "host unreachable (ICMP)".to_owned(),
        ErrorKind::NetworkUnreachable => "network unreachable (ICMP)".to_owned(),
        _ => os::words(error),
    }
}

pub(crate) fn error_outcome(error: &io::Error, transport: Transport) -> Outcome {
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

pub(crate) fn packet(ask: &Ask, sent: At, bytes_sent: usize) -> Packet {
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
