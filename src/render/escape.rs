//! The one escaper between bytes from the network and a terminal, a page, a picture or a ticket.
//!
//! A peer may put anything into a header, a certificate or a DNS record: sequences that move the
//! cursor, letters that turn the reading direction, line breaks that forge a line of the report, markup.
//! All output for people passes here. Nothing is lost: what is not shown as itself is shown as `\x1b`
//! (a byte or a character up to U+00FF) or `\u{202e}` (any other character).

use std::borrow::Cow;

use super::style::Charset;

/// `text` with everything escaped that a terminal would obey instead of show.
pub(crate) fn text(text: &str, charset: Charset) -> Cow<'_, str> {
    if text.chars().all(|char| is_plain(char, charset)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        push(&mut out, char, charset);
    }
    Cow::Owned(out)
}

/// `text` for HTML and XML, between tags and inside quoted attributes: what a terminal would obey is no
/// more than text there, either, and what neither may contain (noncharacters) is shown escaped.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char if is_noncharacter(char) => push_escape(&mut out, u32::from(char)),
            char => push(&mut out, char, Charset::Unicode),
        }
    }
    out
}

/// `text` for Markdown (CommonMark, GitHub's tables): no character of it marks anything up.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => {
                out.extend(['\\', char]);
            }
            char if is_noncharacter(char) => out.push_str(&format!("\\\\u{{{:x}}}", u32::from(char))),
            char if is_plain(char, Charset::Unicode) => out.push(char),
            char => {
                out.push('\\');
                push_escape(&mut out, u32::from(char));
            }
        }
    }
    out
}

/// A code point that no document may contain (Unicode 23.7).
pub(crate) const fn is_noncharacter(char: char) -> bool {
    let number = char as u32;
    number & 0xfffe == 0xfffe || matches!(number, 0xfdd0..=0xfdef)
}

/// Bytes that should be UTF-8: what is not is shown byte by byte.
pub(crate) fn bytes(bytes: &[u8], charset: Charset) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            push(&mut out, char, charset);
        }
        for byte in chunk.invalid() {
            push_escape(&mut out, u32::from(*byte));
        }
    }
    out
}

/// Whether a terminal takes the character as an order rather than as a sign: C0, DEL and C1
/// controls, line and paragraph separators, and characters that change the direction of writing or
/// cannot be seen.
pub(crate) const fn is_control(char: char) -> bool {
    matches!(char,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' // soft hyphen
        | '\u{61c}' | '\u{200b}'..='\u{200f}' // zero-width characters and direction marks
        | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides
        | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated controls
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' // variation selectors, which change widths
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' // tags
    )
}

const fn is_plain(char: char, charset: Charset) -> bool {
    match charset {
        Charset::Unicode => !is_control(char),
        Charset::Ascii => matches!(char, ' '..='~'),
    }
}

fn push(out: &mut String, char: char, charset: Charset) {
    if is_plain(char, charset) {
        out.push(char);
    } else {
        push_escape(out, u32::from(char));
    }
}

fn push_escape(out: &mut String, number: u32) {
    out.push_str(&if number <= 0xff { format!("\\x{number:02x}") } else { format!("\\u{{{number:x}}}") });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_to_a_terminal_become_text() {
        for (raw, unicode, ascii) in [
            ("plain text ~", "plain text ~", "plain text ~"),
            ("\u{1b}[31m", r"\x1b[31m", r"\x1b[31m"),
            ("a\r\nb\tc\u{7f}", r"a\x0d\x0ab\x09c\x7f", r"a\x0d\x0ab\x09c\x7f"),
            ("\u{9b}2J", r"\x9b2J", r"\x9b2J"),
            ("\u{202e}cod.exe\u{2069}", r"\u{202e}cod.exe\u{2069}", r"\u{202e}cod.exe\u{2069}"),
            ("\u{2028}\u{200f}\u{feff}", r"\u{2028}\u{200f}\u{feff}", r"\u{2028}\u{200f}\u{feff}"),
            ("bücher 漢", "bücher 漢", r"b\xfccher \u{6f22}"),
        ] {
            assert_eq!(text(raw, Charset::Unicode), unicode);
            assert_eq!(text(raw, Charset::Ascii), ascii);
        }
    }

    #[test]
    fn no_text_is_markup() {
        for (raw, html, ticket) in [
            (
                "</script><img onerror=\"x\">'&",
                "&lt;/script&gt;&lt;img onerror=&quot;x&quot;&gt;&#39;&amp;",
                "&lt;/script&gt;&lt;img onerror=\"x\"&gt;'&amp;",
            ),
            ("\u{1b}[31m\0\u{202e}", r"\x1b[31m\x00\u{202e}", r"\\x1b\[31m\\x00\\u{202e}"),
            ("\u{fffe}\u{1ffff}\u{fdd0}", r"\u{fffe}\u{1ffff}\u{fdd0}", r"\\u{fffe}\\u{1ffff}\\u{fdd0}"),
            ("a|b *c* `d` [e](f) @g", "a|b *c* `d` [e](f) @g", r"a\|b \*c\* \`d\` \[e\]\(f\) &#64;g"),
        ] {
            assert_eq!(markup(raw), html);
            assert_eq!(markdown(raw), ticket);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_one_by_one() {
        assert_eq!(bytes(b"ok\xff\xfe\x1b", Charset::Unicode), r"ok\xff\xfe\x1b");
        assert_eq!(bytes("é".as_bytes(), Charset::Unicode), "é");
        assert_eq!(bytes("é".as_bytes(), Charset::Ascii), r"\xe9");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_obeys_comes_through(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let shown = bytes(&raw, Charset::Unicode);
            prop_assert!(!shown.chars().any(is_control));
            prop_assert!(bytes(&raw, Charset::Ascii).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
