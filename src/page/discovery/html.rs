//! A document, tag by tag, as its bytes arrive.
//!
//! The tokenizer is fed up to each `>`, so that what a tag asks for is known to the byte that made it readable. It
//! builds no tree: what needs one, such as the end of a head that no tag ends, is told by a rule of thumb.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, DoctypeToken, EndTag, StartTag, Tag, TagToken, Token, TokenSink,
    TokenSinkResult, Tokenizer, TokenizerOpts,
};
use url::Url;

use super::charset::{Charset, Decoder};
use super::css;
use super::doctype::is_quirky;
use super::elements::{Attributes, Chosen, asked, charset, is_of_head, source};
use super::resolve::{MAX_URL, Resolved, resolve};
use crate::page::found::{Cors, Found, Place};
use crate::page::referrer::ReferrerPolicy;
use crate::page::terms::Terms;
use crate::trace::{DocumentRead, Left, ResourceKind, Viewport, few_slashes};

/// Bytes of a document that are looked through.
const MOST: u64 = 8 << 20;
/// Findings in one document.
const MOST_FOUND: usize = 5_000;
/// What may part attributes of one tag; more of it is taken for letters. The tokenizer compares each with all before.
const MOST_PARTS: usize = 1_024;
/// Comparisons of attributes in one document; up to that, a tag may have more: long values hold blanks, too.
const MOST_COMPARED: usize = 1 << 30;
/// Documents in the markup of documents (`srcdoc`).
const DEEPEST: usize = 3;
/// Bytes of text in a style element, or attribute, that are looked through.
const MOST_CSS: usize = 1 << 20;

/// Attributes of SVG that hold what CSS would (SVG 2, section 6.6), and may name another file.
const PAINTED: [&str; 8] =
    ["fill", "stroke", "filter", "mask", "clip-path", "marker-start", "marker-mid", "marker-end"];

/// Why a document is not looked through to its end.
const TOO_LONG: &str = "only its first 8 MB are looked through";
const TOO_MANY: &str = "only its first 5,000 references are listed";

/// A document that is being read.
pub struct Document {
    tokenizer: Tokenizer<Reader>,
    input: BufferQueue,
    decoder: Decoder,
    /// Bytes so far.
    bytes: u64,
    /// Parts of attributes since the last angle bracket.
    parts: usize,
    /// Comparisons that those of earlier tags may have cost.
    compared: usize,
    left: Option<&'static str>,
}

/// Text that is no markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Raw {
    No,
    Style,
    Other,
}

/// What the tokens come to.
struct Reader {
    viewport: Viewport,
    offset: Cell<u64>,
    charset: Cell<Charset>,
    /// What a meta element says of it.
    heard: RefCell<Option<String>>,
    base: RefCell<Url>,
    has_base: Cell<bool>,
    /// The URL of the document is no base for anybody's base.
    own: Url,
    templates: Cell<usize>,
    foreign: Cell<usize>,
    pictures: Cell<usize>,
    media: Cell<usize>,
    /// How the innermost of those is fetched, and its tracks with it.
    media_cors: Cell<Cors>,
    chosen: RefCell<Chosen>,
    raw: Cell<Raw>,
    style: RefCell<(u64, String)>,
    /// What its element says: whether it is CSS, and whether it is for another medium.
    style_says: Cell<(bool, bool)>,
    terms: RefCell<Rc<Terms>>,
    /// Whether it is known to be in quirks mode or not.
    has_mode: Cell<bool>,
    /// It is XHTML: what closes itself has no content, and most text is none that is raw.
    is_xml: Cell<bool>,
    /// Whether a frameset stands in the body's place, and frames are heard; `None` before either has begun.
    is_frameset: Cell<Option<bool>>,
    /// In how many documents' markup it stands.
    depth: usize,
    place: Cell<Place>,
    found: RefCell<Vec<Found>>,
    count: Cell<usize>,
}

impl Document {
    /// A document at a URL, with the charset of its Content-Type.
    #[must_use]
    pub fn new(url: &str, charset: Option<&str>, viewport: Viewport, terms: Rc<Terms>) -> Option<Self> {
        let own = Url::parse(url).ok()?;
        Some(Self::at(own, Decoder::new(charset), viewport, (terms, 0)))
    }

    fn at(own: Url, decoder: Decoder, viewport: Viewport, (terms, depth): (Rc<Terms>, usize)) -> Self {
        let reader = Reader {
            viewport,
            offset: Cell::new(0),
            charset: Cell::new(decoder.charset()),
            heard: RefCell::default(),
            base: RefCell::new(own.clone()),
            has_base: Cell::new(false),
            own,
            templates: Cell::new(0),
            foreign: Cell::new(0),
            pictures: Cell::new(0),
            media: Cell::new(0),
            media_cors: Cell::default(),
            chosen: RefCell::default(),
            raw: Cell::new(Raw::No),
            style: RefCell::default(),
            style_says: Cell::default(),
            terms: RefCell::new(terms),
            has_mode: Cell::new(false),
            is_xml: Cell::new(false),
            is_frameset: Cell::default(),
            depth,
            place: Cell::new(Place::Head),
            found: RefCell::default(),
            count: Cell::new(0),
        };
        let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
        Self {
            tokenizer: Tokenizer::new(reader, options),
            input: BufferQueue::default(),
            decoder,
            bytes: 0,
            parts: 0,
            compared: 0,
            left: None,
        }
    }

    /// The same, where it is XML.
    #[must_use]
    pub fn of_xml(self) -> Self {
        self.tokenizer.sink.is_xml.set(true);
        self.without_quirks()
    }

    /// The same, where it is XML or stands in an attribute: such documents know no quirks.
    #[must_use]
    fn without_quirks(self) -> Self {
        self.tokenizer.sink.settle(false);
        self
    }

    /// Takes the next decoded bytes, and gives what they made readable.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Found> {
        let mut bytes = bytes;
        if self.left.is_some() {
            return Vec::new();
        }
        let room = usize::try_from(MOST - self.bytes).unwrap_or(usize::MAX);
        if bytes.len() > room {
            bytes = &bytes[..room];
            self.left = Some(TOO_LONG);
        }
        let (mark, begun) = self.decoder.begin(bytes);
        (self.bytes, bytes) = (self.bytes + mark as u64, &begun);
        while !bytes.is_empty() {
            let end = self.next_end(bytes);
            let (piece, rest) = bytes.split_at(end);
            self.bytes += piece.len() as u64;
            let text = self.decoder.decode(piece);
            let reader = &self.tokenizer.sink;
            reader.offset.set(self.bytes);
            reader.charset.set(self.decoder.charset());
            let text = if reader.raw.get() == Raw::No { self.bounded(text) } else { text };
            self.input.push_back(StrTendril::from(text));
            let _ = self.tokenizer.feed(&self.input);
            if let Some(name) = self.tokenizer.sink.heard.take() {
                self.decoder.heard(&name);
            }
            bytes = rest;
        }
        if self.tokenizer.sink.count.get() >= MOST_FOUND {
            self.left = Some(TOO_MANY);
        }
        self.tokenizer.sink.found.take()
    }

    /// Whether what was read leads beyond the head.
    #[must_use]
    pub fn is_past_head(&self) -> bool {
        self.left.is_some() || self.tokenizer.sink.place.get() == Place::Body
    }

    /// What was known of it.
    #[must_use]
    pub fn into_read(self) -> DocumentRead {
        DocumentRead { charset: Some(self.decoder.named), scanned_bytes: self.bytes, left: self.left }
    }

    /// Up to where to feed: behind the next `>`.
    fn next_end(&self, bytes: &[u8]) -> usize {
        let unit = self.decoder.unit();
        if unit == 1 {
            return bytes.iter().position(|byte| *byte == b'>').map_or(bytes.len(), |at| at + 1);
        }
        // Of UTF-16 a bracket's other byte is zero; a cut elsewhere does no harm.
        let at = bytes.windows(2).position(|pair| pair == [b'>', 0] || pair == [0, b'>']);
        at.map_or(bytes.len(), |at| at + 2)
    }

    /// Keeps the attributes of one tag few. Elsewhere what is changed by it is text, which nobody reads.
    fn bounded(&mut self, text: String) -> String {
        let mut over = false;
        for byte in text.bytes() {
            match byte {
                b'<' | b'>' => {
                    self.compared = self.compared.saturating_add(self.parts.saturating_mul(self.parts));
                    self.parts = 0;
                }
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'"' | b'\'' => self.parts += 1,
                _ => {}
            }
            over |= self.parts > MOST_PARTS
                && self.compared.saturating_add(self.parts.saturating_mul(self.parts)) > MOST_COMPARED;
        }
        if !over {
            return text;
        }
        let mut parts = 0;
        let change = |char: char| match char {
            '<' | '>' => {
                parts = 0;
                char
            }
            ' ' | '\t' | '\n' | '\r' | '\x0c' | '/' => {
                parts += 1;
                // Nothing that parts attributes, and yet no text to end the head.
                if parts > MOST_PARTS { '\u{b}' } else { char }
            }
            // A quoted value has to end.
            _ => char,
        };
        text.chars().map(change).collect()
    }
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            DoctypeToken(doctype) => {
                self.settle(is_quirky(&doctype));
                TokenSinkResult::Continue
            }
            TagToken(tag) => {
                self.settle(true);
                self.tag(&tag)
            }
            CharacterTokens(text) => {
                self.text(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.foreign.get() > 0 || self.is_xml.get()
    }
}

impl Reader {
    /// Says whether it is in quirks mode; what comes first counts.
    fn settle(&self, quirks: bool) {
        if !self.has_mode.replace(true) && self.terms.borrow().quirks != quirks {
            Rc::make_mut(&mut self.terms.borrow_mut()).quirks = quirks;
        }
    }

    fn text(&self, text: &str) {
        if text.contains(|char: char| !char.is_ascii_whitespace() && char != '\u{feff}') {
            self.settle(true);
        }
        if self.raw.get() == Raw::Style {
            let mut style = self.style.borrow_mut();
            if style.1.len() < MOST_CSS {
                style.1.push_str(text);
            }
        } else if self.raw.get() == Raw::No
            && self.templates.get() == 0
            && text
                .contains(|char: char| !char.is_ascii_whitespace() && !matches!(char, '\u{feff}' | '\u{b}'))
        {
            self.place.set(Place::Body);
        }
    }

    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        match tag.kind {
            EndTag => {
                self.end_tag(name);
                TokenSinkResult::Continue
            }
            StartTag => self.start_tag(name, tag),
        }
    }

    fn end_tag(&self, name: &str) {
        let less = |depth: &Cell<usize>| depth.set(depth.get().saturating_sub(1));
        match name {
            "template" => less(&self.templates),
            "svg" | "math" => less(&self.foreign),
            "picture" => {
                less(&self.pictures);
                self.chosen.take();
            }
            "video" | "audio" => less(&self.media),
            "head" if self.templates.get() == 0 => self.place.set(Place::Body),
            "style" if self.raw.get() == Raw::Style => self.end_style(),
            _ => {}
        }
        self.raw.set(Raw::No);
    }

    /// A style element is heard when it has ended.
    fn end_style(&self) {
        let (start, mut text) = self.style.take();
        if self.is_xml.get() {
            text = text.replace("<![CDATA[", "").replace("]]>", "");
        }
        // What a policy has against the element itself, browsers find out when the imports are on their way.
        let (is_css, differs) = self.style_says.get();
        if self.templates.get() > 0 {
            return;
        }
        let mut sheet = css::Sheet::within(self.base.borrow().clone(), self.charset.get(), start);
        let found = sheet.take_text(&text).into_iter().chain(sheet.finish());
        // Chromium's scanner looks for imports in style elements of every type.
        let found = found.filter(|found| is_css || found.kind == ResourceKind::Stylesheet);
        for mut found in found.collect::<Vec<_>>() {
            found.wish.place = self.place.get();
            found.wish.media_differs |= differs || !is_css;
            self.put(found);
        }
    }

    fn start_tag(&self, name: &str, tag: &Tag) -> TokenSinkResult<()> {
        let attributes: Vec<(String, String)> = tag
            .attrs
            .iter()
            .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()))
            .collect();
        let attributes = Attributes(&attributes);
        if self.templates.get() == 0 {
            if !is_of_head(name) && self.foreign.get() == 0 {
                self.place.set(Place::Body);
                self.is_frameset.set(self.is_frameset.get().or(Some(name == "frameset")));
            }
            self.heed(name, &attributes);
        }
        if name == "style" {
            let kind = attributes.value("type").unwrap_or_default();
            let is_css = kind.is_empty() || kind.eq_ignore_ascii_case("text/css");
            let media = attributes.value("media").unwrap_or_default();
            self.style_says.set((is_css, !super::media::holds(media, self.viewport)));
        }
        self.deepen(name, &attributes, tag.self_closing);
        self.switch(name, tag.self_closing)
    }

    fn heed(&self, name: &str, attributes: &Attributes<'_>) {
        match name {
            "base" if self.foreign.get() == 0 => self.set_base(attributes),
            "meta" => {
                if let Some(name) = charset(attributes) {
                    self.heard.borrow_mut().get_or_insert(name);
                }
                self.lay_down(attributes);
            }
            "source" if self.pictures.get() > 0 => {
                let mut chosen = self.chosen.borrow_mut();
                if chosen.is_none() {
                    *chosen = source(attributes, self.viewport);
                }
                return;
            }
            "source" if self.media.get() == 0 => return,
            // In a body there are none (HTML, section 13.2.6.4.7).
            "frame" if self.is_frameset.get() != Some(true) => return,
            _ => {}
        }
        let chosen = if name == "img" { self.chosen.take() } else { None };
        for (written, found) in asked(name, attributes, &chosen, (self.viewport, self.foreign.get() > 0)) {
            self.resolve(name, &written, found, attributes);
        }
        if self.foreign.get() > 0 {
            let painted = PAINTED.iter().filter_map(|name| attributes.value(name));
            painted.for_each(|value| self.declared(value));
        }
        if name == "iframe"
            && let Some(text) = attributes.value("srcdoc")
        {
            self.within(text, attributes.value("sandbox"));
        }
        attributes.value("style").into_iter().for_each(|style| self.declared(style));
    }

    /// What the text of an inline style names.
    fn declared(&self, style: &str) {
        if style.len() > MOST_CSS {
            return;
        }
        let (base, charset) = (self.base.borrow().clone(), self.charset.get());
        css::declarations(style, &base, charset).into_iter().for_each(|mut found| {
            found.offset = Some(self.offset.get());
            self.put(found);
        });
    }

    /// A track that is turned on by its own word is fetched with whatever has it (HTML section 4.8.11.11.3): of another
    /// origin only where that asks for it.
    fn turned_on(&self, found: &mut Found) {
        let cors = self.media_cors.get();
        let is_own = Url::parse(&found.url).is_ok_and(|url| url.origin() == self.own.origin());
        if self.media.get() > 0 && found.left == Some(Left::Media) && (is_own || cors != Cors::No) {
            (found.left, found.wish.cors) = (None, cors);
        }
    }

    fn set_base(&self, attributes: &Attributes<'_>) {
        let Some(href) = attributes.value("href").filter(|_| !self.has_base.get()) else { return };
        self.has_base.set(true);
        if href.len() <= MAX_URL
            && let Ok(base) = self.own.join(&few_slashes(href.trim()))
            && matches!(base.scheme(), "http" | "https")
            && self.terms.borrow().policies.bars_base(&self.own, &base).is_none()
        {
            self.base.replace(base);
        }
    }

    /// What a meta element lays down for all that comes behind it.
    fn lay_down(&self, attributes: &Attributes<'_>) {
        let Some(content) = attributes.value("content") else { return };
        let is = |name: &str, word: &str| {
            attributes.value(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
        };
        let mut terms = self.terms.borrow_mut();
        // A policy is heard in the head alone (HTML, section 4.2.5.3).
        if is("http-equiv", "content-security-policy") && self.place.get() == Place::Head {
            Rc::make_mut(&mut terms).policies.add_meta(content);
        }
        if is("name", "referrer")
            && let Some(policy) = ReferrerPolicy::of_meta(content)
        {
            Rc::make_mut(&mut terms).referrer = Some(policy);
        }
    }

    /// A document in an attribute: its URLs and its terms are those of this one, in its frame's sandbox.
    fn within(&self, text: &str, sandbox: Option<&str>) {
        if self.depth >= DEEPEST {
            return;
        }
        let own = Rc::clone(&self.terms.borrow());
        // The sandboxes around it are among its terms.
        let boxed = |_: &str| Rc::new(Terms::clone(&own).framed(sandbox, &Terms::default()));
        let terms = (sandbox.map_or_else(|| Rc::clone(&own), boxed), self.depth + 1);
        let (base, decoder) = (self.base.borrow().clone(), Decoder::new(Some("utf-8")));
        let mut inner = Document::at(base, decoder, self.viewport, terms).without_quirks();
        for mut found in inner.take(text.as_bytes()) {
            found.offset = Some(self.offset.get());
            found.wish.framed = true;
            self.put(found);
        }
    }

    fn resolve(&self, name: &str, written: &str, mut found: Found, attributes: &Attributes<'_>) {
        match resolve(&self.base.borrow(), self.charset.get(), written) {
            Resolved::Url(url) => found.url = url,
            Resolved::Left(url, why) => (found.url, found.left) = (url, Some(why)),
            Resolved::Nothing => return,
        }
        if name == "track" && attributes.value("default").is_some() {
            self.turned_on(&mut found);
        }
        // Of another origin nobody's use is heard (SVG 2, section 5.6).
        if name == "use" && Url::parse(&found.url).is_ok_and(|url| url.origin() != self.own.origin()) {
            return;
        }
        // A frame of the document in itself has no end.
        if matches!(found.kind, ResourceKind::Frame | ResourceKind::Object)
            && Url::parse(&found.url).is_ok_and(|url| same_page(&url, &self.own))
        {
            found.left = Some(Left::TooDeep);
        }
        found.wish.place = self.place.get();
        found.offset = Some(self.offset.get());
        self.put(found);
    }

    fn put(&self, mut found: Found) {
        if self.count.get() < MOST_FOUND {
            self.count.set(self.count.get() + 1);
            // What stands in a document within has its own.
            if !found.wish.framed {
                found.wish.terms = Rc::clone(&self.terms.borrow());
            }
            self.found.borrow_mut().push(found);
        }
    }

    fn deepen(&self, name: &str, attributes: &Attributes<'_>, self_closing: bool) {
        let more = |depth: &Cell<usize>| depth.set(depth.get().saturating_add(1));
        match name {
            // A shadow tree, whose content is live (HTML section 13.2.6.4.4).
            "template"
                if self.templates.get() == 0
                    && ["open", "closed"].iter().any(|mode| attributes.is("shadowrootmode", mode)) => {}
            "template" => more(&self.templates),
            "svg" | "math" if !self_closing => more(&self.foreign),
            "picture" => {
                more(&self.pictures);
                self.chosen.take();
            }
            "video" | "audio" => {
                more(&self.media);
                self.media_cors.set(Cors::of(attributes.value("crossorigin")));
            }
            _ => {}
        }
    }

    /// The tokenizer's state behind a tag (HTML, section 13.2.6.4), with scripts on.
    fn switch(&self, name: &str, self_closing: bool) -> TokenSinkResult<()> {
        let is_foreign = self.foreign.get() > 0 || self.is_xml.get();
        if is_foreign && (self_closing || !matches!(name, "script" | "style")) {
            return TokenSinkResult::Continue;
        }
        self.raw.set(Raw::Other);
        match name {
            "script" => TokenSinkResult::RawData(ScriptData),
            "style" => {
                self.raw.set(Raw::Style);
                self.style.replace((self.offset.get(), String::new()));
                TokenSinkResult::RawData(Rawtext)
            }
            // Where a sandbox keeps scripts from running, this is markup.
            "noscript" if self.terms.borrow().policies.bars_scripts() => {
                self.raw.set(Raw::No);
                TokenSinkResult::Continue
            }
            "iframe" | "noembed" | "noframes" | "noscript" | "xmp" => TokenSinkResult::RawData(Rawtext),
            "textarea" | "title" => TokenSinkResult::RawData(Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => {
                self.raw.set(Raw::No);
                TokenSinkResult::Continue
            }
        }
    }
}

/// Whether two URLs are the same page, fragments aside.
fn same_page(one: &Url, other: &Url) -> bool {
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_fragment(None);
        url
    };
    bare(one) == bare(other)
}
