//! What an exchange works from, and the record it begins with. Decides nothing.

use std::time::Duration;

use super::body::{Sink, Undo};
use super::events;
use super::grpc;
use super::listener::Listener;
use super::redirect;
use super::trace_context::TraceContext;
use super::upload::Upload;
use crate::clock::Clock;
use crate::plan::{Compression, Cookie, ExpectPlan, HttpPlan};
use crate::trace::{At, Body, BodyFraming, Http, HttpVersion, SentRequest, Url, header};

/// Interim responses (1xx) that are read at most: a server that works for minutes may send a 102 each second.
pub const MAX_INFORMATIONAL: usize = 1000;

/// What a request is to be, where a redirect may have changed it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Method.
    pub method: String,
    /// Body.
    pub body: Option<Upload>,
    /// Whether its head goes first, and alone (`Expect: 100-continue`).
    pub expect: ExpectPlan,
    /// What is kept of cookies: each goes to the URLs that it is for.
    pub cookies: Vec<Cookie>,
    /// False once a redirect has left the first origin: then fields with credentials
    /// (`authorization`, `cookie`, `proxy-authorization`) of `-H` and `-u` are not sent.
    pub credentials: bool,
    /// False once a redirect has left the first host: a `Host` of `-H` names that one.
    pub given_host: bool,
    /// For whom.
    pub on_behalf: OnBehalf,
    /// The trace that it belongs to, where it is to say so.
    pub trace: Option<TraceContext>,
    /// Who hears of the response while it comes.
    pub listener: Option<Listener>,
}

/// For whom a request is made (Fetch standard, WHATWG, section 3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnBehalf {
    /// For nobody but who runs this.
    #[default]
    Nobody,
    /// For a page of this origin.
    Page {
        /// The value of Origin.
        origin: String,
    },
    /// The same, as the question before the request.
    Preflight {
        /// The value of Origin.
        origin: String,
        /// The method of the request.
        method: String,
        /// Its fields that are asked for.
        fields: Vec<String>,
    },
}

/// What an exchange works from.
pub(super) struct Scene<'a> {
    pub(super) url: &'a Url,
    pub(super) ask: &'a Ask,
    pub(super) plan: &'a HttpPlan,
    pub(super) clock: Clock,
}

impl Scene<'_> {
    /// Notes where the head in `record` sends us, and opens what its body goes into.
    pub(super) fn open_sink(&self, record: &mut Http, framing: BodyFraming) -> Sink {
        let status = record.status.unwrap_or_default();
        // A call of gRPC follows no redirect, whatever is followed else.
        record.redirect = if record.grpc.is_some() {
            None
        } else {
            redirect::find(self.url, &self.ask.method, status, &record.headers)
        };
        record.body.framing = framing;
        // The body of a hop that is passed through is not what `-o` asks for.
        let passing = self.leads_on(record) || self.is_preflight();
        let output = self.plan.output.clone().filter(|_| !passing);
        let undo = self.undo(status, framing);
        let sink = Sink::new(&record.headers, undo, output, &mut record.body);
        if record.grpc.is_some() && grpc::is_grpc(&record.headers) && framing != BodyFraming::None {
            return sink.count_messages(&mut record.body);
        }
        let json = header(&record.headers, "content-type").is_some_and(|kind| kind.contains("json"));
        let sink = if status >= 400 || json { sink.look() } else { sink };
        let sink = match &self.ask.listener {
            Some(listener) => {
                listener.0.head(self.url, record);
                sink.heard_by(listener.clone(), record.head_end.unwrap_or(record.end))
            }
            None => sink,
        };
        let kind = header(&record.headers, "content-type");
        let kind = kind.as_deref().and_then(|kind| kind.split(';').next()).map(str::trim);
        let is_events = kind.is_some_and(|kind| kind.eq_ignore_ascii_case(events::MEDIA_TYPE));
        if is_events && status < 300 && framing != BodyFraming::None {
            sink.count_events(&mut record.body, record.end)
        } else {
            sink
        }
    }
}

impl Scene<'_> {
    fn is_preflight(&self) -> bool {
        matches!(self.ask.on_behalf, OnBehalf::Preflight { .. })
    }

    /// Whether the response is a redirect that is followed.
    pub(super) fn leads_on(&self, record: &Http) -> bool {
        let leads = record.redirect.as_ref().is_some_and(|redirect| redirect.target.is_some());
        self.plan.follow && leads && !self.is_preflight()
    }

    /// Tells of the last interim response.
    pub(super) fn tell_interim(&self, record: &Http) {
        if let (Some(listener), Some(interim)) = (&self.ask.listener, record.informational.last()) {
            listener.0.interim(self.url, record, interim);
        }
    }

    /// What is undone of a body's codings.
    fn undo(&self, status: u16, framing: BodyFraming) -> Undo {
        let is_asked_by_hand =
            || self.plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"));
        match self.plan.compression {
            // 206: a part of what was packed has no beginning to unpack.
            _ if framing == BodyFraming::None || status == 206 => Undo::No,
            // What is packed in gRPC is the message (grpc-encoding).
            _ if self.url.scheme.is_grpc() => Undo::No,
            Compression::Unasked => Undo::No,
            Compression::Asked if is_asked_by_hand() => Undo::Counted,
            Compression::Asked | Compression::Undone => Undo::Saved,
        }
    }
}

/// A record in which nothing has happened yet.
pub(super) fn blank(version: HttpVersion, start: At) -> Http {
    Http {
        request: SentRequest::default(),
        version,
        start,
        sent: None,
        informational: Vec::new(),
        first_byte: None,
        first_byte_noticed: None,
        stamped_by: None,
        head_end: None,
        end: start,
        status: None,
        reason: None,
        headers: Vec::new(),
        trailers: Vec::new(),
        head_bytes: 0,
        body: Body::default(),
        bursts: Vec::new(),
        bytes_received: 0,
        bytes_sent: 0,
        garbage: None,
        goaway: None,
        unanswered: None,
        redirect: None,
        tokens: Vec::new(),
        websocket: None,
        grpc: None,
        cookies: None,
        expect: None,
        body_wait: Duration::ZERO,
        body_acked: None,
    }
}
