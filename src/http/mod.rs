//! Stage 5: request and response.
//!
//! [`fetch`] sends one request and reads its response to the end, in HTTP/1 by a small client of
//! our own and in HTTP/2 by the `h2` crate behind a tap. Every stamp is taken above TLS. It opens
//! no connection, follows no redirect and retries nothing: that is the caller's loop.
//!
//! # Layout
//! - `request`: what is sent, for both versions.
//! - `h1`, with `head`, `framing` and `chunked`: HTTP/1.
//! - `h2`, with `tap` and `frames`: HTTP/2.
//! - `body`: counting, decoding, saving.
//! - `redirect`: where a response sends us.
//! - `fault`, with `words`: failures, worded.

mod body;
mod chunked;
mod fault;
mod frames;
mod framing;
mod h1;
mod h2;
mod head;
mod redirect;
mod request;
mod tap;
mod words;

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use self::body::Sink;
use self::fault::Fault;
use self::framing::Persistence;
use self::request::Draft;
pub use self::request::{basic_credentials, validate_field, validate_method};
use crate::clock::Clock;
use crate::plan::{HttpPlan, VersionChoice};
use crate::stop::Stop;
use crate::tls::TlsStream;
use crate::trace::{At, Body, Failure, FailureCode, Http, HttpVersion, SentRequest, Url};

/// Interim responses (1xx) that are read at most.
pub const MAX_INFORMATIONAL: usize = 32;

/// The stream an HTTP connection runs on.
pub enum Stream {
    /// In the clear.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<TlsStream>),
}

/// An HTTP connection that can carry a further request.
pub struct Session {
    wire: Wire,
    tap: tap::Shared,
    /// What ALPN chose, when the connection is over TLS.
    negotiated: Option<Option<String>>,
}

enum Wire {
    Http1(Stream),
    /// HTTP/2 before its first request.
    Fresh2(Stream),
    Http2(Box<h2::Link<Stream>>),
    /// The connection ended.
    Gone,
}

impl Session {
    /// A fresh connection; `alpn` is what TLS negotiated.
    #[must_use]
    pub fn new(stream: Stream, alpn: Option<&str>, plan: &HttpPlan) -> Self {
        let negotiated = match &stream {
            Stream::Plain(_) => None,
            Stream::Tls(_) => Some(alpn.map(str::to_owned)),
        };
        let http2 = match &negotiated {
            None => plan.version == VersionChoice::Http2,
            Some(alpn) => alpn.as_deref() == Some("h2"),
        };
        let wire = if http2 { Wire::Fresh2(stream) } else { Wire::Http1(stream) };
        Self { wire, tap: tap::Shared::default(), negotiated }
    }

    /// The version this connection speaks.
    #[must_use]
    pub fn version(&self) -> HttpVersion {
        match self.wire {
            Wire::Http1(_) | Wire::Gone => HttpVersion::Http11,
            Wire::Fresh2(_) | Wire::Http2(_) => HttpVersion::Http2,
        }
    }

    /// Whether the connection still stands, as far as can be seen without waiting. To be asked
    /// before a further request: a server may close an idle connection at any time (RFC 9112 §9.3).
    pub async fn is_open(&mut self) -> bool {
        match &mut self.wire {
            Wire::Gone => false,
            Wire::Fresh2(_) => true,
            Wire::Http1(stream) => h1::is_idle(stream).await,
            Wire::Http2(link) => link.is_open().await,
        }
    }
}

/// What a request is to be, where a redirect may have changed it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Method.
    pub method: String,
    /// Body.
    pub body: Option<Vec<u8>>,
    /// False once a redirect has left the first origin: then fields with credentials
    /// (`authorization`, `cookie`, `proxy-authorization`) of `-H` and `-u` are not sent.
    pub credentials: bool,
}

/// What an exchange works from.
struct Scene<'a> {
    url: &'a Url,
    ask: &'a Ask,
    plan: &'a HttpPlan,
    clock: Clock,
}

impl Scene<'_> {
    /// Notes where the head in `record` sends us, and opens what its body goes into.
    fn open_sink(&self, record: &mut Http, framing: &'static str) -> Sink {
        let status = record.status.unwrap_or_default();
        record.redirect = redirect::find(self.url, &self.ask.method, status, &record.headers);
        record.body.framing = framing;
        // The body of a hop that is passed through is not what `-o` asks for.
        let passing = self.plan.follow && record.redirect.as_ref().is_some_and(|r| r.target.is_some());
        let output = self.plan.output.clone().filter(|_| !passing);
        let undo = self.plan.compressed && framing != "none";
        Sink::new(&record.headers, undo, output, &mut record.body)
    }
}

/// Sends one request and reads its response to the end. Gives the session back when it can carry
/// a further request.
///
/// The record is whole also on failure: it holds what was seen until then. A session that comes
/// back may be closed by the server at any time: see [`Session::is_open`].
pub async fn fetch(
    mut session: Session,
    url: &Url,
    ask: &Ask,
    plan: &HttpPlan,
    clock: &Clock,
    stop: &Stop,
) -> (Http, Result<Option<Session>, Failure>) {
    let start = clock.now();
    let mut record = blank(session.version(), start);
    let scene = Scene { url, ask, plan, clock: *clock };
    session.tap.borrow_mut().begin();
    let outcome = stop.within(None, exchange(&mut session, &scene, &mut record)).await;
    if record.version == HttpVersion::Http2 {
        session.tap.borrow().settle(&mut record);
    }
    let result = match outcome {
        Ok(result) => result,
        Err(why) => Err(fault::stopped(why, &record, clock.now(), stop.max_time())),
    };
    match result {
        Ok(Persistence::Keep) => (record, Ok(Some(session))),
        Ok(Persistence::Close) => (record, Ok(None)),
        Err(fault) => {
            record.end = clock.now();
            let failure = fault.into_failure(record.end.since(start));
            (record, Err(failure))
        }
    }
}

async fn exchange(session: &mut Session, scene: &Scene<'_>, record: &mut Http) -> Result<Persistence, Fault> {
    let draft = Draft::new(scene.url, scene.ask, scene.plan)
        .map_err(|why| Fault::new(FailureCode::InvalidRequest, why))?;
    if let (VersionChoice::Http2, Some(alpn)) = (scene.plan.version, &session.negotiated)
        && alpn.as_deref() != Some("h2")
    {
        let chose = alpn.as_deref().map_or("no protocol".to_owned(), |alpn| words::escape(alpn.as_bytes()));
        let message = format!("HTTP/2 was asked for and the server chose {chose} by ALPN");
        return Err(Fault::new(FailureCode::VersionNotNegotiated, message).hint("leave --http2 away"));
    }
    if let Wire::Fresh2(_) = session.wire
        && let Wire::Fresh2(stream) = std::mem::replace(&mut session.wire, Wire::Gone)
    {
        let link = h2::Link::open(stream, scene, &session.tap, record).await?;
        session.wire = Wire::Http2(Box::new(link));
    }
    match &mut session.wire {
        Wire::Http1(stream) => h1::exchange(stream, scene, &draft, record).await,
        Wire::Http2(link) => link.exchange(scene, &draft, record).await,
        Wire::Fresh2(_) | Wire::Gone => {
            Err(Fault::new(FailureCode::ConnectionReset, "the connection had ended before the request"))
        }
    }
}

/// A record in which nothing has happened yet.
fn blank(version: HttpVersion, start: At) -> Http {
    Http {
        request: SentRequest::default(),
        version,
        start,
        sent: None,
        informational: Vec::new(),
        first_byte: None,
        head_end: None,
        end: start,
        status: None,
        reason: None,
        headers: Vec::new(),
        trailers: Vec::new(),
        head_bytes: 0,
        body: Body { framing: "none", ..Body::default() },
        bytes_received: 0,
        bytes_sent: 0,
        garbage: None,
        redirect: None,
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, parts),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
