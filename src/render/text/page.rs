//! Lines that fit a page: every piece of text escaped, measured in columns, inked by its meaning.
//!
//! This is the only way to text output. A [`Line`] escapes what is pushed onto it and a [`Page`]
//! lets no line grow wider than it is, so that no caller can forget either.

use super::ink::Ink;
use crate::render::escape;
use crate::render::shorten::{columns, shorten, take};
use crate::render::style::{Charset, Style};

/// Narrower than this, columns cannot be kept.
const LEAST_WIDTH: usize = 40;

/// Wider than this, text is not set.
const MEASURE: usize = 100;

/// Columns that a label must leave for text beside it.
const LEAST_TEXT: usize = 12;

/// The signs that differ between UTF-8 and ASCII.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) ellipsis: &'static str,
    pub(super) failed: &'static str,
    pub(super) sent: &'static str,
    pub(super) received: &'static str,
    pub(super) leads_to: &'static str,
    pub(super) bullet: &'static str,
    /// Before a branch of a tree.
    pub(super) branch: &'static str,
}

const UNICODE: Signs =
    Signs {
        ellipsis: "…", failed: "✗", sent: "→", received: "←", leads_to: "→", bullet: "·", branch: "└ "
    };
const ASCII: Signs = Signs {
    ellipsis: "..",
    failed: "x",
    sent: ">",
    received: "<",
    leads_to: "->",
    bullet: "-",
    branch: "`-",
};

/// One line: pieces of escaped text, each with its ink.
#[derive(Clone, Debug)]
pub(super) struct Line {
    charset: Charset,
    pieces: Vec<(Ink, String)>,
}

impl Line {
    pub(super) const fn new(charset: Charset) -> Self {
        Self { charset, pieces: Vec::new() }
    }

    /// Adds text, escaped.
    pub(super) fn push(&mut self, ink: Ink, text: impl AsRef<str>) -> &mut Self {
        let text = escape::text(text.as_ref(), self.charset);
        if !text.is_empty() {
            self.pieces.push((ink, text.into_owned()));
        }
        self
    }

    /// Adds bytes, escaped.
    pub(super) fn push_bytes(&mut self, ink: Ink, bytes: &[u8]) -> &mut Self {
        self.pieces.push((ink, escape::bytes(bytes, self.charset)));
        self
    }

    /// Adds spaces up to a column.
    pub(super) fn pad_to(&mut self, column: usize) -> &mut Self {
        let gap = column.saturating_sub(self.width());
        self.push(Ink::Plain, " ".repeat(gap))
    }

    /// Adds text that takes exactly `width` columns: cut in its middle or filled up.
    pub(super) fn column(&mut self, ink: Ink, text: &str, width: usize) -> &mut Self {
        let end = self.width() + width;
        let text = shorten(&escape::text(text, self.charset), width, self.signs().ellipsis);
        self.push(ink, text).pad_to(end)
    }

    /// Adds text at the right end of `width` columns.
    pub(super) fn right(&mut self, ink: Ink, text: &str, width: usize) -> &mut Self {
        let text = shorten(&escape::text(text, self.charset), width, self.signs().ellipsis);
        let gap = width - columns(&text).min(width);
        self.push(Ink::Plain, " ".repeat(gap)).push(ink, text)
    }

    pub(super) const fn charset(&self) -> Charset {
        self.charset
    }

    pub(super) const fn signs(&self) -> Signs {
        match self.charset {
            Charset::Unicode => UNICODE,
            Charset::Ascii => ASCII,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| columns(text)).sum()
    }

    /// Adds another line's pieces.
    pub(super) fn append(&mut self, mut other: Self) -> &mut Self {
        self.pieces.append(&mut other.pieces);
        self
    }

    /// The text without its ink.
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The lines of a report.
pub(super) struct Page {
    charset: Charset,
    color: bool,
    width: usize,
    /// Where wrapped text ends: lines that are too long are hard to read.
    measure: usize,
    text: String,
}

impl Page {
    pub(super) fn new(style: &Style) -> Self {
        Self {
            charset: style.charset(),
            color: style.color,
            width: style.width.max(LEAST_WIDTH),
            measure: style.width.clamp(LEAST_WIDTH, MEASURE),
            text: String::new(),
        }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn charset(&self) -> Charset {
        self.charset
    }

    /// A line to be filled and [`put`](Self::put).
    pub(super) const fn line(&self) -> Line {
        Line::new(self.charset)
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// An empty line; never two in a row, none at the top.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Writes one line. What does not fit is cut off.
    pub(super) fn put(&mut self, mut line: Line) {
        while let Some((_, text)) = line.pieces.last_mut() {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() {
                break;
            }
            line.pieces.pop();
        }
        let mut room = self.width;
        for (ink, text) in &line.pieces {
            let text = take(text, room);
            room -= columns(&text).min(room);
            ink.paint(&text, self.color, &mut self.text);
        }
        self.text.push('\n');
    }

    /// Writes `body` behind `label`, on as many lines as it takes, each begun under the first.
    pub(super) fn wrap(&mut self, label: Line, body: &Line) {
        // A body behind a label that lies beyond the measure still gets its room.
        let width = self.measure.max(label.width() + 2 * LEAST_TEXT).min(self.width);
        // A label that leaves no room for text must not push it off the page.
        let indent = label.width().min(width / 2);
        let mut line = label;
        if line.width() + LEAST_TEXT > width {
            self.put(std::mem::replace(&mut line, self.line()));
            line.pad_to(indent);
        }
        let mut fresh = true;
        for mut word in words(body) {
            let gap = usize::from(!fresh);
            if line.width() + gap + width_of(&word) > width && !fresh {
                self.put(std::mem::replace(&mut line, self.line()));
                line.pad_to(indent);
                fresh = true;
            }
            if !fresh {
                line.push(Ink::Plain, " ");
            }
            // A word wider than the page is cut wherever the page ends.
            while line.width() + width_of(&word) > width && line.width() < width {
                let rest = split(&mut word, width - line.width());
                line.pieces.append(&mut word);
                self.put(std::mem::replace(&mut line, self.line()));
                line.pad_to(indent);
                word = rest;
            }
            line.pieces.append(&mut word);
            fresh = false;
        }
        self.put(line);
    }
}

/// Pieces without a space between them.
type Word = Vec<(Ink, String)>;

fn width_of(word: &Word) -> usize {
    word.iter().map(|(_, text)| columns(text)).sum()
}

/// Takes what does not fit into `room` columns off a word. At least one character stays.
fn split(word: &mut Word, mut room: usize) -> Word {
    for index in 0..word.len() {
        let width = columns(&word[index].1);
        if width <= room {
            room -= width;
            continue;
        }
        let (ink, text) = &mut word[index];
        let mut keep = take(text, room).len();
        if keep == 0 && index == 0 {
            keep = text.chars().next().map_or(0, char::len_utf8);
        }
        let mut rest = vec![(*ink, text.split_off(keep))];
        rest.extend(word.drain(index + 1..));
        return rest;
    }
    Word::new()
}

/// The words of a line. A number and its unit are one word, as are `TTL 300` and its like, so that
/// no line ends between them.
fn words(body: &Line) -> Vec<Word> {
    const NAMES: &[&str] = &["TTL", "RTT", "MSS", "TLS", "RFC", "section", "port", "hop"];
    const UNITS: &[&str] = &["ms", "s", "%", "B", "kB", "MB", "GB", "TB", "days", "bits"];
    let mut words: Vec<Word> = vec![Word::new()];
    for (ink, text) in &body.pieces {
        for (index, part) in text.split(' ').enumerate() {
            if index > 0 {
                words.push(Word::new());
            }
            if let (Some(word), false) = (words.last_mut(), part.is_empty()) {
                word.push((*ink, part.to_owned()));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    let mut glued: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let bare = word[0].1.trim_end_matches([',', '.', ';', ':', ')']);
        let number = word[0].1.starts_with(|char: char| char.is_ascii_digit());
        let belongs = |before: &Word| {
            let last = before.last().map_or("", |(_, text)| text);
            UNITS.contains(&bare) && last.ends_with(|char: char| char.is_ascii_digit())
                || number && NAMES.contains(&last.trim_start_matches('('))
        };
        match glued.last_mut() {
            Some(before) if word.len() == 1 && belongs(before) => {
                before.push((Ink::Plain, " ".to_owned()));
                before.extend(word);
            }
            _ => glued.push(word),
        }
    }
    glued
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(width: usize) -> Page {
        Page::new(&Style { width, ..Style::default() })
    }

    #[test]
    fn numbers_stay_with_their_units() {
        let mut page = page(40);
        let mut label = page.line();
        label.push(Ink::Plain, "label  ");
        let mut body = page.line();
        body.push(Ink::Plain, "it took a whole lot of time: 12.3 ms, and so on");
        page.wrap(label, &body);
        assert_eq!(page.into_text(), "label  it took a whole lot of time:\n       12.3 ms, and so on\n");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_page(text in "[ a-z漢\\PC]{0,300}", width in 40usize..120, label in "[a-z]{0,60}") {
            let mut page = page(width);
            let (mut head, mut body) = (page.line(), page.line());
            head.push(Ink::Plain, label);
            body.push(Ink::Strong, &text);
            page.wrap(head, &body);
            for line in page.into_text().lines() {
                prop_assert!(columns(line) <= width, "{line:?}");
            }
        }

        #[test]
        fn wrapping_loses_no_letter(text in "[ a-z]{0,300}") {
            let mut page = page(40);
            let mut body = page.line();
            body.push(Ink::Plain, &text);
            page.wrap(page.line(), &body);
            let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
            prop_assert_eq!(letters(&page.into_text()), letters(&text));
        }
    }
}
