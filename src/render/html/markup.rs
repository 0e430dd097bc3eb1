//! Text and markup on their way into a page: markup is what stands in this program, all else is text.

use crate::render::escape;

/// A page under way.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Markup of this program: nothing that was made at run time fits.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, also inside a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&escape::markup(text));
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// An element of text alone.
    pub(super) fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.raw(open).text(text).raw(close)
    }

    /// A drawing, which has escaped all that it was given.
    pub(super) fn drawing(&mut self, drawn: &str) -> &mut Self {
        self.0.push_str(drawn);
        self
    }

    /// A JSON document as the text of a script element, which ends at no `<` of it.
    pub(super) fn json(&mut self, document: &str) -> &mut Self {
        for char in document.chars() {
            match char {
                char if matches!(char, '<' | '>' | '&') || escape::is_noncharacter(char) => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        self.0.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                char => self.0.push(char),
            }
        }
        self
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}
