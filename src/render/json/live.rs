//! Views of what comes as long as somebody listens: WebSockets and streams of events.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{EventStream, EventStreamEnd, WebSocket, WebSocketClose};

/// A WebSocket from its upgrade to the first pong (RFC 6455).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct WebSocketView<'a> {
    /// The subprotocol that the server chose.
    protocol: Option<&'a str>,
    /// The ping was handed to the kernel.
    ping_us: Option<u64>,
    /// The frame with its pong arrived; null where none came.
    pong_us: Option<u64>,
    /// Frames that came until then.
    frames: u32,
    /// Messages among them.
    messages: u32,
    /// Bytes of their payloads.
    bytes: u64,
    /// What the server said when it closed the WebSocket.
    close: Option<WebSocketCloseView<'a>>,
}

impl<'a> From<&'a WebSocket> for WebSocketView<'a> {
    fn from(socket: &'a WebSocket) -> Self {
        Self {
            protocol: socket.protocol.as_deref(),
            ping_us: socket.ping.map(|at| at.0),
            pong_us: socket.pong.map(|at| at.0),
            frames: socket.frames,
            messages: socket.messages,
            bytes: socket.bytes,
            close: socket.close.as_ref().map(Into::into),
        }
    }
}

/// A close frame.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WebSocketCloseView<'a> {
    /// The code; null where there is none.
    code: Option<u16>,
    /// Its registered meaning.
    meaning: Option<&'static str>,
    /// The reason.
    reason: &'a str,
}

impl<'a> From<&'a WebSocketClose> for WebSocketCloseView<'a> {
    fn from(close: &'a WebSocketClose) -> Self {
        Self {
            code: close.code,
            meaning: close.code.and_then(WebSocketClose::meaning),
            reason: &close.reason,
        }
    }
}

/// A stream of events.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct EventStreamView {
    /// The bytes arrived that ended the first event; null where none was whole.
    first_event_us: Option<u64>,
    /// Whole events.
    events: u64,
    /// Comments: lines that keep a quiet stream open.
    comments: u64,
    /// How long a client is to wait before it comes back after a break (retry); null where nothing is said.
    retry_ms: Option<u64>,
    /// Who ended the stream: the server (or the connection), or `--max-time`, which is no failure.
    #[cfg_attr(test, schemars(extend("enum" = ["server", "max-time"])))]
    end: &'static str,
}

impl From<EventStream> for EventStreamView {
    fn from(stream: EventStream) -> Self {
        Self {
            first_event_us: stream.first_event.map(|at| at.0),
            events: stream.events,
            comments: stream.comments,
            retry_ms: stream.retry,
            end: EventStreamEnd::as_str(stream.end),
        }
    }
}
