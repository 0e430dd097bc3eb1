//! An arrow of the ladder diagram: who sent what to whom, and when this machine knew of it.

use crate::timeline::Phase;
use crate::trace::{At, ConnectionId, LookupId, PacketId, RequestId};

/// What one side sent the other. All stamps are this machine's, so that each arrow has one that is known: it
/// was sent then, or it was there then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Its place in the list, which is in the order of time.
    pub id: usize,
    /// The lane it starts from.
    pub from: usize,
    /// The lane it leads to.
    pub to: usize,
    /// When this machine handed it to the kernel; `None` for what came from elsewhere.
    pub sent: Option<At>,
    /// When it was there, its first byte where it has several; `None` for what this machine sent: when that
    /// arrived, nobody here knows.
    pub received: Option<At>,
    /// When its last byte was there or had left; for what was not answered, when waiting ended.
    pub until: Option<At>,
    /// What it is: `A? www.example.test.`, `SYN`, `ClientHello`, `GET /`. As it came from the network.
    pub label: String,
    /// What became of it.
    pub fate: Fate,
    /// Whether the counted time has it.
    pub counted: bool,
    /// Whether all that came later waited for it.
    pub critical: bool,
    /// What of the trace it is.
    pub source: Source,
    /// The findings that rest on it, by their places in the report.
    pub findings: Vec<usize>,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It was answered, needs no answer, or came from the other side.
    Fine,
    /// Nothing came back within the limit.
    Unanswered,
    /// Nobody waited any longer: another one was first, or the run ended.
    NotAwaited,
    /// It was turned down, or is what turned something down, or is of no use.
    Failed,
}

impl Fate {
    /// The word for it, as a class of a drawing.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Unanswered => "unanswered",
            Self::NotAwaited => "not-awaited",
            Self::Failed => "failed",
        }
    }
}

/// What of a trace an arrow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Setting up the connection that a question went out on.
    SetUp(LookupId, PacketId),
    /// A question.
    Question(LookupId, PacketId),
    /// The reply to it.
    Reply(LookupId, PacketId),
    /// A segment of a connection attempt, by the attempt's place in the race.
    Attempt(ConnectionId, usize),
    /// A question to a proxy or its answer, by its place.
    ProxyRound(ConnectionId, usize),
    /// A flight of the handshake with an https proxy, by its place.
    ProxyFlight(ConnectionId, usize),
    /// A flight of the handshake, by its place.
    Flight(ConnectionId, usize),
    /// Datagrams of a QUIC handshake that one side sent in a row, by the place of that row.
    Datagrams(ConnectionId, usize),
    /// A request.
    Request(RequestId),
    /// An interim response, by its place.
    Informational(RequestId, usize),
    /// The head of the final response.
    Response(RequestId),
    /// A round of slow start in which it came, by its place.
    Round(RequestId, usize),
    /// The end of its body.
    Body(RequestId),
    /// The ping of a WebSocket, its pong, or the first event of a stream.
    Live(RequestId),
}

impl Source {
    /// The phase that it falls into.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::SetUp(..) | Self::Question(..) | Self::Reply(..) => Phase::Dns,
            Self::Attempt(..) => Phase::Connect,
            Self::ProxyRound(..) | Self::ProxyFlight(..) => Phase::Proxy,
            Self::Flight(..) => Phase::Tls,
            Self::Datagrams(..) => Phase::Quic,
            Self::Request(_) => Phase::Send,
            Self::Informational(..) | Self::Response(_) => Phase::Wait,
            Self::Round(..) | Self::Body(_) | Self::Live(_) => Phase::Receive,
        }
    }
}

impl Arrow {
    /// Its one time that is known.
    #[must_use]
    pub fn at(&self) -> At {
        self.sent.or(self.received).unwrap_or_default()
    }

    /// Whether this machine sent it.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether it is known to have come to its end. What is not ends short in a drawing.
    #[must_use]
    pub const fn ends_short(&self) -> bool {
        self.sent.is_some() && !matches!(self.fate, Fate::Fine)
    }
}
