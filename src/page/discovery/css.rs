//! A stylesheet: its imports as its bytes arrive, as Chrome's own scanner has them, and its fonts and images when it
//! is whole.
//!
//! Which fonts and images are needed is a question of layout: they are told as potential.

use cssparser::{ParseError, Parser, Token};
use url::Url;

use super::charset::{Charset, Decoder};
use super::elements::is_image;
use super::resolve::{Resolved, resolve};
use super::supports;
use crate::page::found::{Cors, Found, Wish};
use crate::trace::{InitiatorKind, Left, ResourceKind};

/// Bytes of a stylesheet that are looked through.
const MOST: usize = 4 << 20;
/// Bytes of one statement before the rules.
const LONGEST: usize = 64 << 10;
/// Blocks in blocks that are looked into.
const DEPTH: usize = 32;
/// Findings in one stylesheet.
const MOST_FOUND: usize = 2_000;

/// A stylesheet that is being read.
pub struct Sheet {
    base: Url,
    decoder: Decoder,
    charset: Charset,
    text: String,
    /// What of the text is done with.
    done: usize,
    /// Whether imports may still come: they stand before all else.
    head: bool,
    /// Whether an import has been met: a layer behind one ends them (CSS Cascade 5, section 3), but for Chromium's scanner,
    /// which reads style elements.
    imported: bool,
    is_inline: bool,
    /// Bytes of the document before it, of a style element.
    start: u64,
    count: usize,
}

impl Sheet {
    /// The stylesheet at a URL, with the charset of its Content-Type.
    #[must_use]
    pub fn new(url: &str, charset: Option<&str>) -> Option<Self> {
        let base = Url::parse(url).ok()?;
        // Without a word it is that of the document, which here is taken for UTF-8.
        let decoder = Decoder::new(charset.or(Some("utf-8")));
        let charset = decoder.charset();
        Some(Self { decoder, charset, is_inline: false, ..Self::within(base, charset, 0) })
    }

    /// That of a style element, which begins at a byte of its document.
    pub(super) fn within(base: Url, charset: Charset, start: u64) -> Self {
        let decoder = Decoder::new(Some("utf-8"));
        Self {
            base,
            decoder,
            charset,
            text: String::new(),
            done: 0,
            head: true,
            imported: false,
            is_inline: true,
            start,
            count: 0,
        }
    }

    /// Takes the next decoded bytes, and gives the imports that they made readable.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Found> {
        let (_, bytes) = self.decoder.begin(bytes);
        let text = self.decoder.decode(&bytes);
        self.charset = self.decoder.charset();
        self.take_text(&text)
    }

    pub(super) fn take_text(&mut self, text: &str) -> Vec<Found> {
        let mut room = MOST.saturating_sub(self.text.len()).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.text.push_str(&text[..room]);
        if self.head { self.imports() } else { Vec::new() }
    }

    /// Its fonts and images, when all of it is there; and imports that its end has ended.
    pub fn finish(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        if self.head && !self.text[self.done..].trim().is_empty() && !self.text.ends_with(';') {
            self.text.push(';');
            found.extend(self.imports());
        }
        found.extend(potential(&self.text[self.done..], &self.base, self.charset));
        let at = self.start + self.text.len() as u64;
        found.iter_mut().filter(|one| one.offset.is_none()).for_each(|one| one.offset = Some(at));
        found.truncate(MOST_FOUND.saturating_sub(self.count));
        found
    }

    /// The imports that are whole.
    fn imports(&mut self) -> Vec<Found> {
        let mut all = Vec::new();
        while self.head {
            let rest = &self.text[self.done..];
            match statement(rest) {
                Statement::Import { url, used } => {
                    self.done += used;
                    self.imported = true;
                    if self.count < MOST_FOUND {
                        self.count += 1;
                        all.extend(self.import(&url));
                    }
                }
                Statement::Other { used } => self.done += used,
                Statement::Layer { .. } if self.imported && !self.is_inline => self.head = false,
                Statement::Layer { used } => self.done += used,
                // One so long is none, and is not read over and over.
                Statement::Cut if rest.len() > LONGEST => self.head = false,
                Statement::Cut => break,
                Statement::Rules => self.head = false,
            }
        }
        all
    }

    /// Its media are not looked at: a sheet is not whole in Chromium before all that it imports has come, for whatever
    /// medium that is.
    fn import(&self, url: &str) -> Option<Found> {
        let mut found = found(ResourceKind::Stylesheet, Wish::default());
        found.offset = Some(self.start + self.done as u64);
        resolved(found, &self.base, self.charset, url)
    }
}

/// What stands first in a stylesheet.
enum Statement {
    Import {
        url: String,
        used: usize,
    },
    /// One that imports may stand behind.
    Other {
        used: usize,
    },
    /// Names of layers.
    Layer {
        used: usize,
    },
    /// One that is not whole yet.
    Cut,
    /// Rules: imports behind them are void.
    Rules,
}

/// Reads the first statement; it is whole where a semicolon ends it.
fn statement(text: &str) -> Statement {
    // The marks of a comment in markup, of which more may come.
    if ["<!--", "-->"].iter().any(|mark| text.len() < mark.len() && mark.starts_with(text)) {
        return Statement::Cut;
    }
    let mut parser = Parser::new(text);
    let first = parser.next_including_whitespace_and_comments().cloned();
    let word = match first {
        Ok(Token::WhiteSpace(_) | Token::CDO | Token::CDC) => None,
        Ok(Token::Comment(_)) if parser.position().byte_index() == text.len() && !text.ends_with("*/") => {
            return Statement::Cut;
        }
        Ok(Token::Comment(_)) => None,
        Ok(Token::AtKeyword(word)) => Some(word.to_ascii_lowercase()),
        // What stands at the end may go on.
        Ok(_) if parser.position().byte_index() == text.len() => return Statement::Cut,
        Ok(_) => return Statement::Rules,
        Err(_) => return Statement::Cut,
    };
    let Some(word) = word else { return Statement::Other { used: parser.position().byte_index() } };
    if !matches!(word.as_str(), "import" | "charset" | "layer") {
        // The word may go on.
        return if parser.position().byte_index() == text.len() { Statement::Cut } else { Statement::Rules };
    }
    let mut url = None;
    let mut behind = parser.position();
    loop {
        let token = match parser.next() {
            Ok(token) => token.clone(),
            Err(_) => return Statement::Cut,
        };
        match token {
            Token::Semicolon => break,
            // `@layer a { ... }` is a rule.
            Token::CurlyBracketBlock => return Statement::Rules,
            Token::QuotedString(text) | Token::UnquotedUrl(text) if url.is_none() => {
                url = Some(text.to_string());
                behind = parser.position();
            }
            Token::Function(name) if url.is_none() && name.eq_ignore_ascii_case("url") => {
                let inner = parser.parse_nested_block(|inner| {
                    let text = inner.expect_string()?.to_string();
                    Ok::<_, ParseError<()>>(text)
                });
                url = inner.ok();
                behind = parser.position();
            }
            _ => {}
        }
    }
    let used = parser.position().byte_index();
    if word == "layer" {
        return Statement::Layer { used };
    }
    match url.filter(|_| word == "import") {
        Some(url) => {
            let is_supported = is_supported(parser.slice(behind..parser.position()));
            if is_supported { Statement::Import { url, used } } else { Statement::Other { used } }
        }
        None => Statement::Other { used },
    }
}

/// Whether the supports() behind an import's URL holds.
fn is_supported(text: &str) -> bool {
    let mut text = text.trim_end_matches(';').trim();
    if let Some(rest) = text.strip_prefix("layer") {
        text = match rest.strip_prefix('(') {
            Some(inner) => inner.get(closing(inner) + 1..).unwrap_or_default(),
            // It may stand alone.
            None => rest,
        }
        .trim();
    }
    let inner = text.strip_prefix("supports(");
    inner.is_none_or(|inner| supports::holds(&inner[..closing(inner)]))
}

/// Where the parenthesis closes that was opened before a text.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return at,
            b')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The images of an inline style.
pub(super) fn declarations(text: &str, base: &Url, charset: Charset) -> Vec<Found> {
    potential(text, base, charset)
}

/// Every `url()` of a text, with what it is for by the rule or the declaration it stands in.
fn potential(text: &str, base: &Url, charset: Charset) -> Vec<Found> {
    if !text.contains("url(") && !text.contains("URL(") && !text.contains("image-set(") {
        return Vec::new();
    }
    let mut parser = Parser::new(text);
    let mut urls = Vec::new();
    walk(&mut parser, Within::Rules, 0, &mut urls);
    let one = |(url, within): (String, Within)| {
        let kind = if within == Within::Font { ResourceKind::Font } else { ResourceKind::Image };
        let cors = if kind == ResourceKind::Font { Cors::Anonymous } else { Cors::No };
        let found = found(kind, Wish { cors, ..Wish::default() });
        resolved(Found { left: Some(Left::Potential), ..found }, base, charset, &url)
    };
    urls.into_iter().filter_map(one).collect()
}

/// What a `url()` stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Rules,
    Font,
    /// What names no resource: `@namespace`, `@import` behind rules.
    Nothing,
}

fn walk(parser: &mut Parser<'_>, within: Within, depth: usize, urls: &mut Vec<(String, Within)>) {
    let mut rule = within;
    while let Ok(token) = parser.next() {
        let token = token.clone();
        if urls.len() >= MOST_FOUND {
            return;
        }
        let is_block = matches!(token, Token::CurlyBracketBlock);
        let nested = match token {
            Token::AtKeyword(name) => {
                rule = match name.to_ascii_lowercase().as_str() {
                    "font-face" => Within::Font,
                    "namespace" | "import" | "document" | "-moz-document" => Within::Nothing,
                    _ => within,
                };
                continue;
            }
            Token::Semicolon => {
                rule = within;
                continue;
            }
            ref token @ (Token::UnquotedUrl(_) | Token::Function(_)) if is_url(token) => {
                urls.extend(url_of(token, parser).filter(|_| rule != Within::Nothing).map(|url| (url, rule)));
                continue;
            }
            Token::Function(name) if name.to_ascii_lowercase().ends_with("image-set") => {
                let chosen = parser.parse_nested_block(|inner| Ok::<_, ParseError<()>>(of_image_set(inner)));
                urls.extend(chosen.ok().flatten().map(|url| (url, rule)).filter(|_| rule != Within::Nothing));
                continue;
            }
            Token::CurlyBracketBlock if rule == Within::Font => {
                let chosen = parser.parse_nested_block(|inner| Ok::<_, ParseError<()>>(of_font_face(inner)));
                urls.extend(chosen.ok().flatten().map(|url| (url, rule)));
                rule = within;
                continue;
            }
            Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock => rule,
            Token::CurlyBracketBlock => rule,
            _ => continue,
        };
        if depth < DEPTH {
            let _ = parser.parse_nested_block(|inner| {
                walk(inner, nested, depth + 1, urls);
                Ok::<_, ParseError<()>>(())
            });
        }
        if is_block {
            rule = within;
        }
    }
}

fn is_url(token: &Token<'_>) -> bool {
    match token {
        Token::UnquotedUrl(_) => true,
        Token::Function(name) => name.eq_ignore_ascii_case("url") || name.eq_ignore_ascii_case("src"),
        _ => false,
    }
}

/// The URL of `url(...)` that a token begins.
fn url_of(token: &Token<'_>, parser: &mut Parser<'_>) -> Option<String> {
    match token {
        Token::UnquotedUrl(url) => Some(url.to_string()),
        Token::Function(_) if is_url(token) => {
            let inner = parser.parse_nested_block(|inner| {
                let text = inner.expect_string()?.to_string();
                while inner.next().is_ok() {}
                Ok::<_, ParseError<()>>(text)
            });
            inner.ok()
        }
        _ => None,
    }
}

/// The first word or string in a function.
fn word_of(parser: &mut Parser<'_>) -> Option<String> {
    let word = parser.parse_nested_block(|inner| {
        let word = inner.expect_ident_or_string()?.to_ascii_lowercase();
        while inner.next().is_ok() {}
        Ok::<_, ParseError<()>>(word)
    });
    word.ok()
}

/// The font that browsers take of a face: the first of its last `src` whose format they know (CSS Fonts 4, section 4.3).
/// Which of them this machine has under a `local()` name is not known.
fn of_font_face(parser: &mut Parser<'_>) -> Option<String> {
    let (mut chosen, mut candidate, mut in_src) = (None, None, false);
    let mut begins = true;
    while let Ok(token) = parser.next() {
        let token = token.clone();
        match &token {
            Token::Semicolon => {
                (chosen, candidate, in_src, begins) = (candidate.or(chosen), None, false, true);
                continue;
            }
            Token::Ident(name) if begins => in_src = name.eq_ignore_ascii_case("src"),
            Token::Comma if in_src && candidate.is_some() => in_src = false,
            Token::Function(name) if in_src && name.eq_ignore_ascii_case("format") => {
                let format = word_of(parser);
                if !format.is_some_and(|format| is_known_format(&format)) {
                    candidate = None;
                }
            }
            token if in_src && candidate.is_none() => candidate = url_of(token, parser),
            _ => {}
        }
        begins = false;
    }
    candidate.or(chosen)
}

fn is_known_format(format: &str) -> bool {
    let format = format.strip_suffix("-variations").unwrap_or(format);
    matches!(format, "woff2" | "woff" | "truetype" | "opentype" | "collection")
}

/// The image that browsers take of a set at one device pixel a CSS pixel: of the types that they know the one of the
/// least resolution that is enough (CSS Images 4, section 2.4).
fn of_image_set(parser: &mut Parser<'_>) -> Option<String> {
    let mut options: Vec<(String, f32)> = Vec::new();
    let mut begins = true;
    while let Ok(token) = parser.next() {
        let token = token.clone();
        match &token {
            Token::Comma => {
                begins = true;
                continue;
            }
            Token::QuotedString(url) if begins => options.push((url.to_string(), 1.0)),
            Token::Dimension { value, unit, .. } => {
                let scale = match unit.to_ascii_lowercase().as_str() {
                    "x" | "dppx" => 1.0,
                    "dpi" => 1.0 / 96.0,
                    "dpcm" => 2.54 / 96.0,
                    _ => continue,
                };
                if let Some(last) = options.last_mut() {
                    last.1 = value * scale;
                }
            }
            Token::Function(name) if name.eq_ignore_ascii_case("type") => {
                let is_shown = word_of(parser).is_some_and(|kind| is_image(&kind));
                if !is_shown {
                    options.pop();
                }
            }
            token if begins && options.len() < MOST_FOUND => {
                options.extend(url_of(token, parser).map(|url| (url, 1.0)));
            }
            _ => {}
        }
        begins = false;
    }
    let better = |one: &(String, f32), other: &(String, f32)| {
        if other.1 >= 1.0 { one.1 >= 1.0 && one.1 < other.1 } else { one.1 > other.1 }
    };
    options.into_iter().reduce(|best, one| if better(&one, &best) { one } else { best }).map(|(url, _)| url)
}

fn found(kind: ResourceKind, wish: Wish) -> Found {
    Found { url: String::new(), kind, by: InitiatorKind::Css, offset: None, wish, left: None, note: None }
}

fn resolved(mut found: Found, base: &Url, charset: Charset, written: &str) -> Option<Found> {
    match resolve(base, charset, written) {
        Resolved::Url(url) => found.url = url,
        Resolved::Left(url, why) => (found.url, found.left) = (url, Some(why)),
        Resolved::Nothing => return None,
    }
    Some(found)
}
