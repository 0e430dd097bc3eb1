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

use std::rc::Rc;

use self::body::Sink;
use self::framing::Persistence;
use self::request::Draft;
pub use self::request::{basic_credentials, validate_field, validate_method};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::{HttpPlan, VersionChoice};
use crate::stop::Stop;
use crate::stream::Stream;
use crate::trace::{At, Body, Failure, FailureCode, Http, HttpVersion, SentRequest, Url};

/// Interim responses (1xx) that are read at most.
pub const MAX_INFORMATIONAL: usize = 32;

/// An HTTP connection that can carry a further request.
pub struct Session {
    wire: Wire,
    /// What ALPN chose, when the connection is over TLS.
    negotiated: Option<Option<String>>,
}

enum Wire {
    /// One request at a time.
    Http1(Stream),
    /// Any number of requests at a time.
    Http2(Rc<h2::Link>),
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
        let wire = if http2 { Wire::Http2(Rc::new(h2::Link::new(stream))) } else { Wire::Http1(stream) };
        Self { wire, negotiated }
    }

    /// The version this connection speaks.
    #[must_use]
    pub fn version(&self) -> HttpVersion {
        match self.wire {
            Wire::Http1(_) => HttpVersion::Http11,
            Wire::Http2(_) => HttpVersion::Http2,
        }
    }

    /// A second hold of the same connection, for a request beside others; `None` where requests have
    /// to wait for each other. The connection ends with its last hold.
    #[must_use]
    pub fn share(&self) -> Option<Self> {
        match &self.wire {
            Wire::Http1(_) => None,
            Wire::Http2(link) => {
                Some(Self { wire: Wire::Http2(Rc::clone(link)), negotiated: self.negotiated.clone() })
            }
        }
    }

    /// Whether the connection still stands, as far as can be seen without waiting. To be asked
    /// before a further request: a server may close an idle connection at any time (RFC 9112 §9.3).
    pub async fn is_open(&mut self) -> bool {
        match &mut self.wire {
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
/// a further request. Of HTTP/2 the connection is a task of its own: this has to run in a
/// [`LocalSet`](tokio::task::LocalSet).
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
    let Session { wire, negotiated } = &mut session;
    let mut line = match wire {
        Wire::Http1(stream) => Line::Http1(stream),
        Wire::Http2(link) => Line::Http2(link, link.watch()),
    };
    let outcome = stop.within(None, exchange(&mut line, negotiated, &scene, &mut record)).await;
    if let Line::Http2(_, watch) = &line {
        watch.settle(&mut record);
    }
    drop(line);
    let result = match outcome {
        Ok(result) => result,
        Err(why) => Err(fault::stopped(why, &record, clock.now(), stop.max_time())),
    };
    match result {
        Ok(Persistence::Keep) => (record, Ok(Some(session))),
        Ok(Persistence::Close) => (record, Ok(None)),
        Err(fault) => {
            record.end = clock.now();
            let failure = fault.after(record.end.since(start));
            (record, Err(failure))
        }
    }
}

/// A connection, as one exchange has it.
enum Line<'a> {
    /// For itself.
    Http1(&'a mut Stream),
    /// With others; its own part is seen from the tap.
    Http2(&'a h2::Link, tap::Watch),
}

async fn exchange(
    line: &mut Line<'_>,
    negotiated: &Option<Option<String>>,
    scene: &Scene<'_>,
    record: &mut Http,
) -> Result<Persistence, Fault> {
    let draft = Draft::new(scene.url, scene.ask, scene.plan)
        .map_err(|why| fault::new(FailureCode::InvalidRequest, why))?;
    if let (VersionChoice::Http2, Some(alpn)) = (scene.plan.version, negotiated)
        && alpn.as_deref() != Some("h2")
    {
        let chose = alpn.as_deref().map_or("no protocol".to_owned(), |alpn| words::escape(alpn.as_bytes()));
        let message = format!("HTTP/2 was asked for and the server chose {chose} by ALPN");
        return Err(fault::new(FailureCode::VersionNotNegotiated, message).hint("leave --http2 away"));
    }
    match line {
        Line::Http1(stream) => h1::exchange(*stream, scene, &draft, record).await,
        Line::Http2(link, watch) => link.exchange(scene, &draft, watch, record).await,
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
