//! The model of a WebSocket (RFC 6455) from its upgrade to the first pong, and of a stream of events (HTML standard).

use super::at::At;

/// A WebSocket that the server has opened. It is pinged once and closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSocket {
    /// The subprotocol that the server chose (RFC 6455 §1.9).
    pub protocol: Option<String>,
    /// The ping was handed to the kernel.
    pub ping: Option<At>,
    /// The frame with its pong arrived.
    pub pong: Option<At>,
    /// Frames that came until then.
    pub frames: u32,
    /// Messages among them.
    pub messages: u32,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// What the server said when it closed it.
    pub close: Option<WebSocketClose>,
}

/// A close frame (RFC 6455 §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketClose {
    /// The code; `None` where there is none.
    pub code: Option<u16>,
    /// The reason.
    pub reason: String,
}

impl WebSocketClose {
    /// The registered meaning of a code (RFC 6455 §7.4.1).
    #[must_use]
    pub const fn meaning(code: u16) -> Option<&'static str> {
        Some(match code {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unacceptable data",
            1007 => "data that fits no type",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "an extension is missing",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            _ => return None,
        })
    }
}

/// Events in a body of `text/event-stream` (HTML standard, WHATWG, section 9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventStream {
    /// The bytes arrived that ended the first event.
    pub first_event: Option<At>,
    /// Whole events.
    pub events: u64,
    /// Comments (lines that begin with a colon): what keeps proxies from ending a quiet stream.
    pub comments: u64,
    /// How many milliseconds a client is to wait before it comes back (`retry:`), as it was told last.
    pub retry: Option<u64>,
    /// How it ended.
    pub end: EventStreamEnd,
}

/// How a stream of events ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStreamEnd {
    /// The server ended it, or it broke off.
    Server,
    /// `--max-time`: most such streams have no end.
    MaxTime,
}

impl EventStreamEnd {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::MaxTime => "max-time",
        }
    }
}
