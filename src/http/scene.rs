//! What an exchange works from, and the record it begins with. Decides nothing.

use bytes::Bytes;

use super::body::Sink;
use super::redirect;
use crate::clock::Clock;
use crate::plan::HttpPlan;
use crate::trace::{At, Body, BodyFraming, Http, HttpVersion, SentRequest, Url, header};

/// Interim responses (1xx) that are read at most: a server that works for minutes may send a 102 each second.
pub const MAX_INFORMATIONAL: usize = 1000;

/// What a request is to be, where a redirect may have changed it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Method.
    pub method: String,
    /// Body.
    pub body: Option<Bytes>,
    /// False once a redirect has left the first origin: then fields with credentials
    /// (`authorization`, `cookie`, `proxy-authorization`) of `-H` and `-u` are not sent.
    pub credentials: bool,
    /// False once a redirect has left the first host: a `Host` of `-H` names that one.
    pub given_host: bool,
    /// For whom.
    pub on_behalf: OnBehalf,
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
        record.redirect = redirect::find(self.url, &self.ask.method, status, &record.headers);
        record.body.framing = framing;
        // The body of a hop that is passed through is not what `-o` asks for.
        let passing = self.plan.follow && record.redirect.as_ref().is_some_and(|r| r.target.is_some());
        let passing = passing || matches!(self.ask.on_behalf, OnBehalf::Preflight { .. });
        let output = self.plan.output.clone().filter(|_| !passing);
        let undo = self.plan.compressed && framing != BodyFraming::None;
        let sink = Sink::new(&record.headers, undo, output, &mut record.body);
        let json = header(&record.headers, "content-type").is_some_and(|kind| kind.contains("json"));
        if status >= 400 || json { sink.look() } else { sink }
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
    }
}
