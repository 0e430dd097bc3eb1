//! An HTTP connection that can carry requests: one at a time (RFC 9112 §9.3), or many (RFC 9113, RFC 9114).
//!
//! It is held by whoever keeps connections, and ends with its last hold. It sends nothing by itself.

use std::rc::Rc;

use tokio::io::AsyncWriteExt as _;

use super::{h1, h2, h3};
use crate::plan::{HttpPlan, VersionChoice};
use crate::quic;
use crate::stream::{Bursts, Stream};
use crate::trace::HttpVersion;

/// An HTTP connection that can carry a further request.
pub struct Session {
    pub(super) wire: Wire,
    /// What ALPN chose, when the connection is over TLS.
    pub(super) negotiated: Option<Option<String>>,
    /// Where requests are sent to a proxy that forwards them.
    pub(super) forwarded: Option<Forwarded>,
    /// The bursts in which its bytes come, where it is over TCP.
    pub(super) bursts: Option<Bursts>,
}

/// How requests are sent to a proxy that forwards them (RFC 9112 §3.2.2).
#[derive(Clone)]
pub(super) struct Forwarded {
    /// The fields that are for the proxy; `None` for one that is not to be sent.
    pub(super) fields: Vec<(String, Option<String>)>,
}

pub(super) enum Wire {
    /// One request at a time.
    Http1(Stream),
    /// Any number of requests at a time.
    Http2(Rc<h2::Link>),
    /// The same over QUIC.
    Http3(Rc<h3::Link>),
}

impl Session {
    /// A fresh connection; `alpn` is what TLS negotiated.
    #[must_use]
    pub fn new(stream: Stream, alpn: Option<&str>, plan: &HttpPlan) -> Self {
        let negotiated = stream.is_encrypted().then(|| alpn.map(str::to_owned));
        let http2 = match &negotiated {
            None => plan.version == VersionChoice::Http2,
            Some(alpn) => alpn.as_deref() == Some("h2"),
        };
        let bursts = stream.bursts().cloned();
        let wire = if http2 { Wire::Http2(Rc::new(h2::Link::new(stream))) } else { Wire::Http1(stream) };
        Self { wire, negotiated, forwarded: None, bursts }
    }

    /// A fresh QUIC connection.
    #[must_use]
    pub fn over_quic(connection: quic::Connection) -> Self {
        let wire = Wire::Http3(Rc::new(h3::Link::new(connection)));
        Self { wire, negotiated: Some(Some("h3".to_owned())), forwarded: None, bursts: None }
    }

    /// The same without TLS of the server's own, whatever a tunnel to it goes through.
    #[must_use]
    pub fn in_the_clear(stream: Stream, version: VersionChoice) -> Self {
        let bursts = stream.bursts().cloned();
        let wire = match version {
            VersionChoice::Http2 => Wire::Http2(Rc::new(h2::Link::new(stream))),
            VersionChoice::Auto | VersionChoice::Http11 | VersionChoice::Http3Only => Wire::Http1(stream),
        };
        Self { wire, negotiated: None, forwarded: None, bursts }
    }

    /// A connection to a proxy that forwards requests, in HTTP/1.1; `fields` are for the proxy.
    #[must_use]
    pub fn forwarded(stream: Stream, fields: Vec<(String, Option<String>)>) -> Self {
        let bursts = stream.bursts().cloned();
        let forwarded = Some(Forwarded { fields });
        Self { wire: Wire::Http1(stream), negotiated: None, forwarded, bursts }
    }

    /// The connection itself, where nothing was said on it yet; `None` where it has a protocol that speaks first.
    #[must_use]
    pub fn into_stream(self) -> Option<Stream> {
        match self.wire {
            Wire::Http1(stream) => Some(stream),
            Wire::Http2(_) | Wire::Http3(_) => None,
        }
    }

    /// The version this connection speaks.
    #[must_use]
    pub fn version(&self) -> HttpVersion {
        match self.wire {
            Wire::Http1(_) => HttpVersion::Http11,
            Wire::Http2(_) => HttpVersion::Http2,
            Wire::Http3(_) => HttpVersion::Http3,
        }
    }

    /// A second hold of the same connection, for a request beside others; `None` where requests have
    /// to wait for each other. The connection ends with its last hold.
    #[must_use]
    pub fn share(&self) -> Option<Self> {
        let wire = match &self.wire {
            Wire::Http1(_) => return None,
            Wire::Http2(link) => Wire::Http2(Rc::clone(link)),
            Wire::Http3(link) => Wire::Http3(Rc::clone(link)),
        };
        Some(Self { wire, negotiated: self.negotiated.clone(), forwarded: None, bursts: self.bursts.clone() })
    }

    /// How many requests the server takes at a time, where that is known: by HTTP/2 once it has begun, by HTTP/3 what it
    /// begins with.
    #[must_use]
    pub fn most_streams(&self) -> Option<usize> {
        match &self.wire {
            Wire::Http2(link) => link.most_streams(),
            Wire::Http3(link) => link.most_streams(),
            Wire::Http1(_) => None,
        }
    }

    /// Whether the connection still stands, as far as can be seen without waiting. To be asked
    /// before a further request: a server may close an idle connection at any time (RFC 9112 §9.3).
    pub async fn is_open(&mut self) -> bool {
        match &mut self.wire {
            Wire::Http1(stream) => h1::is_idle(stream).await,
            Wire::Http2(link) => link.is_open().await,
            Wire::Http3(link) => link.is_open().await,
        }
    }

    /// Ends it in good order, as far as that needs no wait: with GOAWAY in HTTP/2 (RFC 9113 §6.8), with close_notify
    /// over TLS (RFC 8446 §6.1). One that others hold, too, ends with them.
    pub async fn close(self) {
        let end = async {
            match self.wire {
                Wire::Http1(mut stream) => drop(stream.shutdown().await),
                Wire::Http2(link) => {
                    if let Some(link) = Rc::into_inner(link) {
                        link.close().await;
                    }
                }
                Wire::Http3(link) => {
                    if let Some(link) = Rc::into_inner(link) {
                        link.close().await;
                    }
                }
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), end).await;
    }
}
