//! What responses say while they come: references in their fields, in their markup and in their stylesheets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Notify;

use super::ask::{is_of_same_site, is_opaque, is_own, own_origin};
use super::revisit::Part;
use crate::clock::Clock;
use crate::http::{self, Hears};
use crate::page::{
    Checker, Cors, Document, Embedder, Fingerprint, Found, LinkSource, Sheet, Terms, Wish, is_javascript,
    is_picture, links,
};
use crate::plan::Visits;
use crate::reading::{AltSvc, alt_svc, security};
use crate::trace::{
    self, Asker, At, CorsCredentials, CorsRole, CorsVerdict, DocumentRead, Header, Http, HttpVersion,
    Informational, Integrity, ResourceKind, Unused, Url, Viewport, header, parameter,
};

/// What was heard, for whoever drives the page.
pub(super) enum Heard {
    /// References.
    Found { of: Asker, found: Vec<Found>, at: At },
    /// The document's head is read.
    HeadRead(At),
    /// How the document was read.
    Document(DocumentRead),
    /// Set-Cookie fields of a response of this URL: they hold from its head on.
    Cookies { of: Asker, url: Box<Url>, fields: Vec<Header> },
    /// What a response of this URL says of other places where its origin may be had.
    Offered { url: Box<Url>, said: AltSvc },
    /// Something of a response.
    Came { of: Asker, part: Part, at: At },
    /// The fingerprint of a whole body.
    Whole { of: Asker, fingerprint: [u8; 32] },
    /// What came of checking what came of a resource.
    Checked { of: Asker, integrity: Option<Integrity>, unused: Option<Unused> },
}

/// Where it is put.
#[derive(Default)]
pub(super) struct Inbox {
    heard: RefCell<Vec<Heard>>,
    pub(super) wake: Notify,
}

impl Inbox {
    pub(super) fn put(&self, heard: Heard) {
        self.heard.borrow_mut().push(heard);
        self.wake.notify_one();
    }

    pub(super) fn take(&self) -> Vec<Heard> {
        self.heard.take()
    }
}

/// Hears of one resource's response, or of the document's and of those before it.
pub(super) struct Ear {
    inbox: Rc<Inbox>,
    of: Asker,
    kind: ResourceKind,
    viewport: Viewport,
    clock: Clock,
    reader: RefCell<Reader>,
    head_told: Cell<bool>,
    last: Cell<At>,
    /// What is asked of it; nothing of the document.
    wish: Option<Wish>,
    integrity: RefCell<Option<Checker>>,
    opaque: Cell<bool>,
    unused: Cell<Option<Unused>>,
    /// A redirect that CORS forbids to be followed.
    refused: Cell<bool>,
    /// What a stylesheet asks for whose integrity is not known yet: it is not read before (SRI, section 3.3).
    withheld: RefCell<Vec<(Vec<Found>, At)>>,
    terms: RefCell<Rc<Terms>>,
    /// Of the body, where it is to be compared with a later one.
    fingerprint: RefCell<Option<Fingerprint>>,
    /// Whether what comes is told as it comes.
    follows: bool,
}

/// Whether all of a body came, and was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Whole,
    InPart,
}

/// What a body is read as.
enum Reader {
    Nothing(Option<&'static str>),
    Document(Box<Document>),
    Sheet(Box<Sheet>),
}

impl Ear {
    pub(super) fn new(
        inbox: &Rc<Inbox>,
        of: Asker,
        kind: ResourceKind,
        viewport: Viewport,
        clock: Clock,
    ) -> Self {
        Self {
            inbox: Rc::clone(inbox),
            of,
            kind,
            viewport,
            clock,
            reader: RefCell::new(Reader::Nothing(None)),
            head_told: Cell::new(false),
            last: Cell::new(At(0)),
            wish: None,
            integrity: RefCell::new(None),
            opaque: Cell::new(false),
            unused: Cell::new(None),
            refused: Cell::new(false),
            withheld: RefCell::default(),
            terms: RefCell::default(),
            fingerprint: RefCell::default(),
            follows: false,
        }
    }

    /// One of the second visit: it reads nothing, and tells what comes.
    pub(super) fn following(inbox: &Rc<Inbox>, of: Asker, clock: Clock) -> Self {
        let ear = Self::new(inbox, of, ResourceKind::Other, Viewport::default(), clock);
        Self { follows: true, ..ear }.comparing(Visits::Two)
    }

    /// The same, with a fingerprint of the body, where there are two visits to compare.
    pub(super) fn comparing(self, visits: Visits) -> Self {
        self.fingerprint.replace((visits == Visits::Two).then(Fingerprint::default));
        self
    }

    /// The same, with what a resource is asked for with.
    pub(super) fn checking(mut self, wish: &Wish) -> Self {
        if matches!(self.kind, ResourceKind::Stylesheet | ResourceKind::Script) {
            self.integrity = RefCell::new(wish.integrity.as_deref().and_then(Checker::new));
        }
        self.wish = Some(wish.clone());
        self
    }

    /// The response has ended: what its end alone makes readable. Of one that is not whole nothing is judged, and what
    /// was kept back is not used.
    pub(super) fn end(&self, came: Came) {
        let at = self.last.get();
        if let (Came::Whole, Some(fingerprint)) = (came, self.fingerprint.take()) {
            self.inbox.put(Heard::Whole { of: self.of, fingerprint: fingerprint.finish() });
        }
        if came == Came::InPart {
            self.integrity.replace(None);
            self.withheld.replace(Vec::new());
        }
        match std::mem::replace(&mut *self.reader.borrow_mut(), Reader::Nothing(None)) {
            Reader::Sheet(mut sheet) => {
                let found = self.under(sheet.finish());
                self.judge();
                self.release();
                return self.found(found, at);
            }
            Reader::Document(document) => self.read(document.into_read(), at),
            Reader::Nothing(left) => self.read(DocumentRead { left, ..DocumentRead::default() }, at),
        }
        self.judge();
    }

    /// Whether the response is a redirect that browsers do not follow, since CORS does not allow it to the page (Fetch
    /// section 4.3).
    pub(super) fn has_refused(&self) -> bool {
        self.refused.get()
    }

    /// What the whole of it comes to, told once.
    fn judge(&self) {
        let checker = self.integrity.take();
        let opaque = self.opaque.get();
        let integrity = checker.map(|checker| if opaque { Integrity::Unreadable } else { checker.finish() });
        let broken = integrity.is_some_and(|integrity| integrity != Integrity::Holds);
        if broken && self.unused.get().is_none() {
            self.unused.set(Some(Unused::Integrity));
        }
        let unused = self.unused.get();
        if integrity.is_some() || unused.is_some() {
            self.inbox.put(Heard::Checked { of: self.of, integrity, unused });
        }
    }

    /// What was kept back, where it is used after all.
    fn release(&self) {
        self.withheld.take().into_iter().for_each(|(found, at)| self.found(found, at));
    }

    fn read(&self, read: DocumentRead, at: At) {
        if self.of == Asker::Document {
            if !self.head_told.replace(true) {
                self.inbox.put(Heard::HeadRead(at));
            }
            self.inbox.put(Heard::Document(read));
        }
    }

    fn found(&self, found: Vec<Found>, at: At) {
        if !found.is_empty() && self.integrity.borrow().is_some() {
            self.withheld.borrow_mut().push((found, at));
        } else if !found.is_empty() && self.unused.get().is_none() {
            self.inbox.put(Heard::Found { of: self.of, found, at });
        }
    }

    /// References of fields.
    fn links(&self, (url, headers, source): (&str, &[Header], LinkSource), at: At) {
        let mut found = links(url, headers, source, self.viewport);
        if source == LinkSource::EarlyHints {
            let terms = Rc::new(Terms::of(url, headers));
            found.iter_mut().for_each(|found| found.wish.terms = Rc::clone(&terms));
            return self.found(found, at);
        }
        self.found(self.under(found), at);
    }

    /// Under the terms of this response.
    fn under(&self, mut found: Vec<Found>) -> Vec<Found> {
        found.iter_mut().for_each(|found| found.wish.terms = Rc::clone(&self.terms.borrow()));
        found
    }

    /// Why a browser would not use what comes, as far as its head tells.
    fn unusable(&self, url: &Url, record: &Http) -> Option<Unused> {
        let wish = self.wish.as_ref()?;
        self.opaque.set(is_opaque(wish, url));
        if self.is_frame(record) {
            let terms = self.terms.borrow();
            let is_isolated = wish.terms.embedder != Embedder::Unsafe && !terms.apart;
            let is_isolated = is_isolated && terms.embedder == Embedder::Unsafe;
            return match () {
                () if is_frame_barred(wish, url, record, &terms) => Some(Unused::Framing),
                () if is_isolated => Some(Unused::EmbedderPolicy),
                () => None,
            };
        }
        // What is no picture by its name browsers go to as to a document, which no such policy is about.
        let is_gone_to = self.kind == ResourceKind::Object && !is_picture(&url.path);
        if !is_gone_to && is_kept_from(wish, url, record) {
            return Some(Unused::ResourcePolicy);
        }
        if record.status.is_none_or(|status| !(200..300).contains(&status)) {
            return None;
        }
        if is_refused(wish, url, record) {
            return Some(Unused::Cors);
        }
        let is_used = !wish.preload && !wish.prefetch;
        (is_used && is_of_other_type(self.kind, wish, url, record)).then_some(Unused::MediaType)
    }

    /// Whether what comes is shown as a document in the page: also an `object` and an `embed` show one, where it is HTML
    /// (HTML section 4.8.7).
    fn is_frame(&self, record: &Http) -> bool {
        let is_html = || matches!(media_type(record).1.as_str(), "text/html" | "application/xhtml+xml");
        let came = record.status.is_some_and(|status| (200..300).contains(&status));
        match self.kind {
            ResourceKind::Frame => true,
            ResourceKind::Object => came && is_html(),
            _ => false,
        }
    }

    /// How the body of a response is read.
    fn reader(&self, url: &Url, record: &Http) -> Reader {
        let (kind, essence) = media_type(record);
        let charset = parameter(&kind, "charset");
        match self.kind {
            // What nobody may show asks for nothing.
            _ if self.is_frame(record) && self.unused.get().is_some() => Reader::Nothing(None),
            // Nobody goes to another page by a response that has none (HTML section 7.4.2.2).
            ResourceKind::Frame if matches!(record.status, Some(204 | 205)) => Reader::Nothing(None),
            kind if kind == ResourceKind::Document || self.is_frame(record) => {
                // One without a word is looked into by browsers; so it is here (MIME Sniffing standard).
                if !matches!(essence.as_str(), "text/html" | "application/xhtml+xml" | "") {
                    return Reader::Nothing(Some("it is not HTML"));
                }
                let terms = self.terms.borrow().clone();
                let document = Document::new(&url.href, charset.as_deref(), self.viewport, terms);
                let is_xml = essence == "application/xhtml+xml";
                let document = document.map(|it| if is_xml { it.of_xml() } else { it });
                document.map_or(Reader::Nothing(None), |document| Reader::Document(Box::new(document)))
            }
            // What is fetched ahead for another page is not read.
            ResourceKind::Stylesheet if self.wish.as_ref().is_some_and(|wish| wish.prefetch) => {
                Reader::Nothing(None)
            }
            ResourceKind::Stylesheet if record.status.is_some_and(|status| status < 300) => {
                let sheet = Sheet::new(&url.href, charset.as_deref());
                sheet.map_or(Reader::Nothing(None), |sheet| Reader::Sheet(Box::new(sheet)))
            }
            _ => Reader::Nothing(None),
        }
    }
}

/// The Set-Cookie fields that browsers heed: SameSite=None wants Secure (RFC 6265bis section 5.7).
fn cookies_taken(headers: &[Header]) -> Vec<Header> {
    let said = security(headers).cookies;
    let is_refused = |place: usize| said.iter().any(|one| one.field == place && one.refused.is_some());
    let all = headers.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case("set-cookie"));
    all.filter(|(place, _)| !is_refused(*place)).map(|(_, field)| field.clone()).collect()
}

/// A Content-Type, and what of it stands before its parameters.
fn media_type(record: &Http) -> (String, String) {
    let kind = header(&record.headers, "content-type").unwrap_or_default().into_owned();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (kind, essence)
}

/// Whether CORS keeps a response, of a redirect or of what is wanted, from the page.
fn is_refused(wish: &Wish, url: &Url, record: &Http) -> bool {
    let origin = own_origin(wish);
    if wish.cors == Cors::No || origin == http::origin_of(url) {
        return false;
    }
    let credentials = match wish.cors {
        Cors::Credentials => CorsCredentials::Included,
        Cors::No | Cors::Anonymous => CorsCredentials::Omitted,
    };
    let role = CorsRole::Simple;
    let cors = trace::Cors { origin, role, credentials, verdict: None, kept: None, allowed_by: None };
    matches!(http::judge(&cors, record), Some(CorsVerdict::Refused(_)))
}

/// Whether a server keeps what it gives from pages like this one, where these need not ask (Fetch section 3.7).
fn is_kept_from(wish: &Wish, url: &Url, record: &Http) -> bool {
    // What came back to the page's own origin is its own, whoever led there.
    let document = wish.terms.document.as_ref().filter(|_| !wish.terms.is_opaque());
    let is_same = document.is_some_and(|own| own.origin().ascii_serialization() == http::origin_of(url));
    if wish.cors != Cors::No || is_same {
        return false;
    }
    match header(&record.headers, "cross-origin-resource-policy").as_deref() {
        Some("same-origin") => true,
        Some("same-site") => !is_of_same_site(wish, url),
        Some("cross-origin") => false,
        _ => wish.terms.embedder == Embedder::RequireCorp,
    }
}

/// Whether browsers take a response for no stylesheet, or for no script, by its Content-Type.
fn is_of_other_type(kind: ResourceKind, wish: &Wish, url: &Url, record: &Http) -> bool {
    let (_, essence) = media_type(record);
    let nosniff = header(&record.headers, "x-content-type-options").is_some_and(|value| {
        value.split(',').next().unwrap_or_default().trim().eq_ignore_ascii_case("nosniff")
    });
    match kind {
        _ if essence.is_empty() => false,
        // In quirks mode one of the document's own origin is one all the same (HTML section 4.2.4).
        ResourceKind::Stylesheet => {
            essence != "text/css" && (nosniff || !(wish.terms.quirks && is_own(wish, url)))
        }
        // Fetch section 2.9 and, where the server wants nothing guessed, section 2.8.
        ResourceKind::Script => {
            let (family, _) = essence.split_once('/').unwrap_or_default();
            matches!(family, "audio" | "image" | "video")
                || essence == "text/csv"
                || nosniff && !is_javascript(&essence)
        }
        _ => false,
    }
}

/// Whether a frame's server lets the page not show it: frame-ancestors, or else X-Frame-Options (HTML section 7.5.4).
fn is_frame_barred(wish: &Wish, url: &Url, record: &Http, terms: &Terms) -> bool {
    let (Some(page), Some(own)) = (wish.terms.document.as_ref(), terms.document.as_ref()) else {
        return false;
    };
    if terms.policies.says_who_frames() {
        return terms.policies.bars_frame(own, page);
    }
    let fields = record.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("x-frame-options"));
    let mut words: Vec<String> = fields
        .flat_map(|field| {
            field.text().split(',').map(|word| word.trim().to_ascii_lowercase()).collect::<Vec<_>>()
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    match words.as_slice() {
        [word] if word == "deny" => true,
        [word] if word == "sameorigin" => !is_own(wish, url),
        [] | [_] => false,
        several => several.iter().any(|word| matches!(word.as_str(), "deny" | "allowall" | "sameorigin")),
    }
}

impl Hears for Ear {
    fn interim(&self, url: &Url, record: &Http, interim: &Informational) {
        if interim.status == 103 && self.follows {
            self.inbox.put(Heard::Came { of: self.of, part: Part::Hint, at: interim.at });
        }
        // Browsers heed hints of documents alone, by HTTP/2 and HTTP/3 (RFC 8297, HTML section 2.4.7).
        let is_heeded = matches!(record.version, HttpVersion::Http2 | HttpVersion::Http3);
        if interim.status == 103 && is_heeded && self.of == Asker::Document {
            self.links((&url.href, &interim.headers, LinkSource::EarlyHints), interim.at);
        }
    }

    fn head(&self, url: &Url, record: &Http) {
        let at = record.head_end.unwrap_or_else(|| self.clock.now());
        self.last.set(at);
        if self.follows {
            let part = Part::Head(record.status.unwrap_or_default());
            self.inbox.put(Heard::Came { of: self.of, part, at });
        }
        if !url.scheme.is_clear()
            && let Some(said) = alt_svc(&record.headers)
        {
            self.inbox.put(Heard::Offered { url: Box::new(url.clone()), said });
        }
        let fields = cookies_taken(&record.headers);
        if !fields.is_empty() {
            self.inbox.put(Heard::Cookies { of: self.of, url: Box::new(url.clone()), fields });
        }
        // What redirects to a document has a body of its own.
        self.fingerprint.borrow_mut().iter_mut().for_each(|it| *it = Fingerprint::default());
        if record.redirect.as_ref().is_some_and(|redirect| redirect.target.is_some()) {
            if self.wish.as_ref().is_some_and(|wish| is_refused(wish, url, record)) {
                self.refused.set(true);
                self.unused.set(Some(Unused::Cors));
            }
            return;
        }
        let terms = Terms::of(&url.href, &record.headers);
        let frame = self.wish.as_ref().filter(|_| self.is_frame(record));
        let terms = match frame {
            Some(wish) => {
                let apart = wish.apart || wish.terms.apart;
                Terms { apart, ..terms.framed(wish.sandbox.as_deref(), &wish.terms) }
            }
            None => terms,
        };
        self.terms.replace(Rc::new(terms));
        self.unused.set(self.unusable(url, record));
        // Of stylesheets Chromium heeds none.
        if self.kind == ResourceKind::Document || self.is_frame(record) {
            self.links((&url.href, &record.headers, LinkSource::Response), at);
        }
        self.reader.replace(self.reader(url, record));
    }

    fn body(&self, bytes: &[u8], arrived: At) {
        self.last.set(arrived);
        if self.of != Asker::Document {
            self.inbox.put(Heard::Came { of: self.of, part: Part::Bytes(bytes.len()), at: arrived });
        }
        if let Some(fingerprint) = &mut *self.fingerprint.borrow_mut() {
            fingerprint.take(bytes);
        }
        if let Some(checker) = &mut *self.integrity.borrow_mut() {
            checker.take(bytes);
        }
        let (found, past_head) = match &mut *self.reader.borrow_mut() {
            Reader::Nothing(_) => return,
            Reader::Sheet(sheet) => (self.under(sheet.take(bytes)), false),
            Reader::Document(document) => (document.take(bytes), document.is_past_head()),
        };
        self.found(found, arrived);
        if past_head && self.of == Asker::Document && !self.head_told.replace(true) {
            self.inbox.put(Heard::HeadRead(arrived));
        }
    }
}
