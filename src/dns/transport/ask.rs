//! One query to one server: what is to be sent, to whom and why, and why it had no reply.

use std::io;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::transport::error::plain;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::os;
use crate::trace::{
    AddressSource, At, Choice, ConnectionUse, Edns, Meaning, Packet, Purpose, RecordType, Spelling, Transport,
};

/// Everything about a packet that is known before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) parent: Option<usize>,
    pub(crate) purpose: Purpose,
    /// The zone the server is asked as a server of; the root for a resolver, which answers for all names.
    pub(crate) zone: Name,
    pub(crate) qname: Name,
    pub(crate) qtype: RecordType,
    pub(crate) server_name: Option<String>,
    pub(crate) server: SocketAddr,
    pub(crate) source: AddressSource,
    pub(crate) chosen: Choice,
    pub(crate) transport: Transport,
    pub(crate) edns: Edns,
    /// In which case its name is written; once sent, how the lot fell.
    pub(crate) spelling: Spelling,
    pub(crate) recursion: Recursion,
}

impl Ask {
    /// A query to a name server of a zone: by UDP, with EDNS, without recursion.
    pub(crate) fn of(
        purpose: Purpose,
        zone: &Name,
        (qname, qtype): (&Name, RecordType),
        (name, server, source): (&Name, SocketAddr, AddressSource),
    ) -> Self {
        Self {
            zone: zone.clone(),
            server_name: Some(name_text(name)),
            source,
            recursion: Recursion::No,
            ..Self::to_resolver(purpose, (qname, qtype), server)
        }
    }

    /// A query to a recursive resolver: by UDP, with EDNS.
    pub(crate) fn to_resolver(
        purpose: Purpose,
        (qname, qtype): (&Name, RecordType),
        server: SocketAddr,
    ) -> Self {
        Self {
            parent: None,
            purpose,
            zone: Name::root(),
            qname: qname.clone(),
            qtype,
            server_name: None,
            server,
            source: AddressSource::Configured,
            chosen: Choice::First,
            transport: Transport::Udp,
            edns: Edns::Full,
            spelling: Spelling::Plain,
            recursion: Recursion::Desired,
        }
    }
}

/// Why a query has no reply that can be read; its packet's record says so already.
#[derive(Debug)]
pub(crate) enum NoReply {
    /// Nothing came in time.
    Timeout {
        limit: Duration,
        resent: Option<Resent>,
    },
    /// Only somebody else answered.
    WrongSource {
        from: SocketAddr,
    },
    Malformed(String),
    /// The system's words, and what they mean where the question has not left this machine.
    Error {
        reason: String,
        kept: Option<Kept>,
    },
    /// Why it could not be sent.
    NotSent(Vec<String>),
}

/// Why a question has not left this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    NoRoute,
    /// A route of its own lets nothing through to that address.
    Barred,
    /// By a firewall of its own.
    Forbidden,
}

/// A query that was sent several times by UDP, and once by TCP, in vain.
#[derive(Debug)]
pub(crate) struct Resent {
    /// The datagrams.
    pub(crate) by_udp: usize,
    /// Whether the last of them was without EDNS.
    pub(crate) without_edns: bool,
    /// What TCP ended with, other than silence.
    pub(crate) by_tcp: Option<String>,
}

impl NoReply {
    /// What the packet's record says.
    pub(crate) fn meaning(&self) -> Meaning {
        match self {
            Self::Timeout { .. } => Meaning::Timeout,
            Self::WrongSource { from } => Meaning::WrongSource { from: *from },
            Self::Malformed(reason) => Meaning::Malformed { reason: reason.clone() },
            Self::Error { reason, .. } => Meaning::Error { reason: reason.clone() },
            Self::NotSent(why) => Meaning::Error { reason: why.join("; ") },
        }
    }

    /// An error of the system.
    pub(crate) fn of(error: &io::Error, transport: Transport, server: SocketAddr) -> Self {
        if let Some(words) = os::barred(error, server.ip()).filter(|_| is_own(error, server)) {
            return Self::Error { reason: words, kept: Some(Kept::Barred) };
        }
        let kept = match (error.kind(), transport) {
            (ErrorKind::AddrNotAvailable, _) | (ErrorKind::NetworkUnreachable, Transport::Udp) => {
                Some(Kept::NoRoute)
            }
            // By TCP it may be a router's word (ICMP).
            (ErrorKind::NetworkUnreachable, _) if is_own(error, server) => Some(Kept::NoRoute),
            _ if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => Some(Kept::NoRoute),
            (ErrorKind::PermissionDenied, Transport::Udp) => Some(Kept::Forbidden),
            _ => None,
        };
        Self::Error { reason: reason(error, transport), kept }
    }

    /// An error that came back for a datagram. What a router on the way says of one server says nothing of
    /// this machine's routes.
    pub(crate) fn icmp(error: &io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::ConnectionRefused => "port unreachable (ICMP)".to_owned(),
            ErrorKind::HostUnreachable => "host unreachable (ICMP)".to_owned(),
            ErrorKind::NetworkUnreachable => "network unreachable (ICMP)".to_owned(),
            _ => os::words(error),
        };
        Self::Error { reason, kept: None }
    }
}

/// Whether this machine itself gives an error: the connect of a datagram's socket asks its routes and sends nothing.
fn is_own(error: &io::Error, server: SocketAddr) -> bool {
    route(server).err().is_some_and(|own| own.raw_os_error() == error.raw_os_error())
}

/// Asks this machine's routes for a way to a server; nothing is sent.
pub(crate) fn route(server: SocketAddr) -> io::Result<()> {
    UdpSocket::bind(any(server))?.connect(server)
}

/// An address of this machine, whichever, of the same family.
pub(crate) fn any(server: SocketAddr) -> SocketAddr {
    if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() }
}

/// The reason of an error, for people.
pub(crate) fn reason(error: &io::Error, transport: Transport) -> String {
    match (error.kind(), transport) {
        (ErrorKind::UnexpectedEof, Transport::Tcp) => "connection closed before the whole reply".to_owned(),
        // TLS, HTTP/2 and QUIC have words of their own inside.
        _ if error.get_ref().is_some() => plain(&error.to_string()),
        // The machine itself would not send it: no router has said anything.
        (_, Transport::Udp) => os::words(error),
        (ErrorKind::ConnectionRefused, _) => "connection refused".to_owned(),
        (ErrorKind::UnexpectedEof, _) => "connection closed before the whole reply".to_owned(),
        _ => os::words(error),
    }
}

pub(crate) fn packet(ask: &Ask, sent: At, bytes_sent: usize) -> Packet {
    Packet {
        parent: ask.parent,
        purpose: ask.purpose,
        zone: if ask.recursion == Recursion::No { name_text(&ask.zone) } else { String::new() },
        qname: name_text(&ask.qname),
        qtype: ask.qtype,
        server_name: ask.server_name.clone(),
        server: ask.server,
        source: ask.source,
        chosen: ask.chosen,
        transport: ask.transport,
        edns: ask.edns,
        spelling: ask.spelling,
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
