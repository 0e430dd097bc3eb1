//! The palette: what a piece of text means, and the colour that says it.
//!
//! Whether to colour is a value handed in, never a global: only `main` looks at the environment
//! and the terminal.

use colored::Color;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    /// What to read first.
    Strong,
    /// What can be skipped.
    Faint,
    Good,
    Warn,
    Bad,
    Dns,
    Connect,
    Tls,
    Send,
    Wait,
    Receive,
}

impl Ink {
    /// Writes `text` in its colour, or as it is.
    pub(super) fn paint(self, text: &str, color: bool, out: &mut String) {
        let codes = self.codes();
        if !color || codes.is_empty() || text.trim().is_empty() {
            out.push_str(text);
            return;
        }
        out.push_str("\x1b[");
        out.push_str(&codes);
        out.push('m');
        out.push_str(text);
        out.push_str("\x1b[0m");
    }

    fn codes(self) -> String {
        const BOLD: &str = "1";
        const DIMMED: &str = "2";
        let color = match self {
            Self::Plain => return String::new(),
            Self::Strong => return BOLD.to_owned(),
            Self::Faint => return DIMMED.to_owned(),
            Self::Bad => return format!("{BOLD};{}", Color::Red.to_fg_str()),
            Self::Good | Self::Wait => Color::Green,
            Self::Warn | Self::Connect => Color::Yellow,
            Self::Dns => Color::Cyan,
            Self::Tls => Color::Magenta,
            Self::Send => Color::BrightBlue,
            Self::Receive => Color::Blue,
        };
        color.to_fg_str().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_decided_by_the_caller_alone() {
        let painted = |ink: Ink, color| {
            let mut out = String::new();
            ink.paint("dns", color, &mut out);
            out
        };
        assert_eq!(painted(Ink::Dns, false), "dns");
        assert_eq!(painted(Ink::Dns, true), "\x1b[36mdns\x1b[0m");
        assert_eq!(painted(Ink::Bad, true), "\x1b[1;31mdns\x1b[0m");
        assert_eq!(painted(Ink::Plain, true), "dns");
    }
}
