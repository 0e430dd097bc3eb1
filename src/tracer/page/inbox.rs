//! What responses say while they come: references in their fields, in their markup and in their stylesheets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::http::Hears;
use crate::page::{Document, Found, LinkSource, Sheet, links};
use crate::trace::{
    Asker, At, DocumentRead, Http, HttpVersion, Informational, ResourceKind, Url, Viewport, header, parameter,
};

/// What was heard, for whoever drives the page.
pub(super) enum Heard {
    /// References.
    Found { of: Asker, found: Vec<Found>, at: At },
    /// The document's head is read.
    HeadRead(At),
    /// How the document was read.
    Document(DocumentRead),
    /// Decoded bytes of a resource.
    Bytes(usize),
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
        }
    }

    /// The response has ended: what its end alone makes readable.
    pub(super) fn end(&self) {
        let at = self.last.get();
        match std::mem::replace(&mut *self.reader.borrow_mut(), Reader::Nothing(None)) {
            Reader::Sheet(mut sheet) => self.found(sheet.finish(), at),
            Reader::Document(document) => self.read(document.into_read(), at),
            Reader::Nothing(left) => self.read(DocumentRead { left, ..DocumentRead::default() }, at),
        }
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
        if !found.is_empty() {
            self.inbox.put(Heard::Found { of: self.of, found, at });
        }
    }

    /// How the body of a response is read.
    fn reader(&self, url: &Url, record: &Http) -> Reader {
        let kind = header(&record.headers, "content-type").unwrap_or_default().into_owned();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parameter(&kind, "charset");
        match self.kind {
            ResourceKind::Document | ResourceKind::Frame => {
                // One without a word is looked into by browsers; so it is here (MIME Sniffing standard).
                if !matches!(essence.as_str(), "text/html" | "application/xhtml+xml" | "") {
                    return Reader::Nothing(Some("it is no HTML"));
                }
                let document = Document::new(&url.href, charset.as_deref(), self.viewport);
                document.map_or(Reader::Nothing(None), |document| Reader::Document(Box::new(document)))
            }
            ResourceKind::Stylesheet if record.status.is_some_and(|status| status < 300) => {
                let sheet = Sheet::new(&url.href, charset.as_deref(), self.viewport);
                sheet.map_or(Reader::Nothing(None), |sheet| Reader::Sheet(Box::new(sheet)))
            }
            _ => Reader::Nothing(None),
        }
    }
}

impl Hears for Ear {
    fn interim(&self, url: &Url, record: &Http, interim: &Informational) {
        // Browsers heed hints of documents alone, by HTTP/2 and HTTP/3 (RFC 8297, HTML section 2.4.7).
        let is_heeded = matches!(record.version, HttpVersion::Http2 | HttpVersion::Http3);
        if interim.status == 103 && is_heeded && self.of == Asker::Document {
            self.found(links(&url.href, &interim.headers, LinkSource::EarlyHints, self.viewport), interim.at);
        }
    }

    fn head(&self, url: &Url, record: &Http) {
        let at = record.head_end.unwrap_or_else(|| self.clock.now());
        self.last.set(at);
        if record.redirect.as_ref().is_some_and(|redirect| redirect.target.is_some()) {
            return;
        }
        if matches!(self.kind, ResourceKind::Document | ResourceKind::Frame | ResourceKind::Stylesheet) {
            self.found(links(&url.href, &record.headers, LinkSource::Response, self.viewport), at);
        }
        self.reader.replace(self.reader(url, record));
    }

    fn body(&self, bytes: &[u8], arrived: At) {
        self.last.set(arrived);
        if self.of != Asker::Document {
            self.inbox.put(Heard::Bytes(bytes.len()));
        }
        let (found, past_head) = match &mut *self.reader.borrow_mut() {
            Reader::Nothing(_) => return,
            Reader::Sheet(sheet) => (sheet.take(bytes), false),
            Reader::Document(document) => (document.take(bytes), document.is_past_head()),
        };
        self.found(found, arrived);
        if past_head && self.of == Asker::Document && !self.head_told.replace(true) {
            self.inbox.put(Heard::HeadRead(arrived));
        }
    }
}
