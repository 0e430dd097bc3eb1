//! Shapes and text on their way into a picture. All text passes the escaper here, and nowhere else.

use unicode_width::UnicodeWidthStr;

use crate::render::escape;
use crate::render::shorten::shorten;
use crate::render::style::Charset;

/// Width of a character of the pictures' font: six tenths of its 12 pixels.
const CHARACTER: f64 = 7.25;

/// A picture under way, of a given width.
pub(super) struct Canvas {
    markup: String,
    width: f64,
    height: f64,
}

/// At which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub(super) const fn new(width: f64) -> Self {
        Self { markup: String::new(), width, height: 0.0 }
    }

    /// Width and height, in whole pixels.
    pub(super) fn size(&self) -> (String, String) {
        (format!("{:.0}", self.width.ceil()), format!("{:.0}", self.height.ceil()))
    }

    pub(super) fn into_markup(self) -> String {
        self.markup
    }

    /// Says how far down the picture reaches.
    pub(super) const fn reach(&mut self, y: f64) {
        self.height = self.height.max(y);
    }

    /// Begins a group with a tip for whoever points at it or comes to it by keyboard.
    pub(super) fn open(&mut self, class: &str, id: Option<String>, tip: &str) {
        let id = id.map_or_else(String::new, |id| format!(" id=\"{id}\" tabindex=\"0\""));
        self.markup.push_str(&format!(
            "<g class=\"{class}\" role=\"img\"{id}><title>{}</title>",
            escape::markup(tip)
        ));
    }

    /// Ends a group.
    pub(super) fn close(&mut self) {
        self.markup.push_str("</g>\n");
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.markup.push_str(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.markup.push_str(&format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// The head of an arrow that points to the right, or to the left.
    pub(super) fn head(&mut self, class: &str, (x, y): (f64, f64), to_the_right: bool) {
        let back = if to_the_right { x - 8.0 } else { x + 8.0 };
        self.markup.push_str(&format!(
            "<polygon class=\"{class}\" points=\"{x:.1},{y:.1} {back:.1},{:.1} {back:.1},{:.1}\"/>",
            y - 4.0,
            y + 4.0
        ));
    }

    /// A cross: it ended here.
    pub(super) fn cross(&mut self, class: &str, (x, y): (f64, f64)) {
        self.line(class, (x - 4.0, y - 4.0), (x + 4.0, y + 4.0));
        self.line(class, (x - 4.0, y + 4.0), (x + 4.0, y - 4.0));
    }

    /// Text in at most so much room, its middle left out where that is too little.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, room: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.markup.push_str(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{}</text>",
            escape::markup(&cut(text, room))
        ));
    }

    /// A mark that leads to a finding of the page.
    pub(super) fn link(&mut self, finding: usize, place: (f64, f64)) {
        self.markup.push_str(&format!("<a href=\"#finding-{}\">", finding + 1));
        self.text("mark", place, Anchor::Start, CHARACTER * 2.0, "!");
        self.markup.push_str("</a>");
    }
}

/// How wide a text is drawn.
pub(super) fn width(text: &str) -> f64 {
    // A number of characters is far below what a float keeps exactly.
    f64::from(u32::try_from(text.width()).unwrap_or(u32::MAX)) * CHARACTER
}

fn cut(text: &str, room: f64) -> String {
    // What the escaper makes longer is measured as it will be seen.
    let seen = escape::text(text, Charset::Unicode);
    if width(&seen) <= room {
        return seen.into_owned();
    }
    let mut most = 0;
    while f64::from(most) * CHARACTER <= room && most < 4096 {
        most += 1;
    }
    shorten(&seen, usize::try_from(most).unwrap_or(1).saturating_sub(1), "…")
}
