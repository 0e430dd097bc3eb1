//! Text that is too wide for its place, cut where that hurts least, in columns of a terminal.

use unicode_width::UnicodeWidthStr;

/// How wide a text without control characters is; nearly all is ASCII.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Cuts the middle out of a text that is wider than `width` columns: of names and URLs both ends
/// say most.
pub(super) fn shorten(text: &str, width: usize, ellipsis: &str) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(columns(ellipsis)).filter(|room| *room > 0) else {
        return take(text, width);
    };
    let characters = characters(text);
    let head = fitting(characters.iter().copied(), room.div_ceil(2)).concat();
    let mut tail = fitting(characters.iter().rev().copied(), room - columns(&head));
    tail.reverse();
    format!("{head}{ellipsis}{}", tail.concat())
}

/// The characters of a text; an escape (`\032`, `\.`, `\x1b`, `\u{202e}`) is one.
fn characters(text: &str) -> Vec<&str> {
    let mut characters = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let tail = &rest[first.len_utf8()..];
        let escaped = match tail.as_bytes() {
            _ if first != '\\' => 0,
            [a, b, c, ..] if [a, b, c].into_iter().all(u8::is_ascii_digit) => 3,
            [b'x', a, b, ..] if [a, b].into_iter().all(u8::is_ascii_hexdigit) => 3,
            [b'u', b'{', ..] => tail.find('}').map_or(0, |end| end + 1),
            _ => tail.chars().next().map_or(0, char::len_utf8),
        };
        let (character, more) = rest.split_at(first.len_utf8() + escaped);
        characters.push(character);
        rest = more;
    }
    characters
}

/// As much of a text as fits into `width` columns.
pub(super) fn take(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    fitting(characters(text).into_iter(), width).concat()
}

/// As many characters as fit into `width` columns.
fn fitting<'t>(characters: impl Iterator<Item = &'t str>, width: usize) -> Vec<&'t str> {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += columns(character);
            used <= width
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_loses_its_middle() {
        for (text, width, shown) in [
            ("short", 10, "short"),
            ("abcdefghij", 7, "abc…hij"),
            ("abcdefghij", 6, "abc…ij"),
            ("漢字漢字漢字", 7, "漢…漢字"),
            ("abc", 1, "a"),
            ("abc", 0, ""),
            ("a\\032bcdef\\.xyz", 8, "a…f\\.xyz"),
            ("a\\032bcdef\\.xyz", 10, "a\\032…xyz"),
            ("ab\\x1bcdefgh", 7, "ab…efgh"),
            ("ab\\u{202e}cdefgh", 9, "ab…cdefgh"),
        ] {
            assert_eq!(shorten(text, width, "…"), shown, "{text} {width}");
            assert!(shorten(text, width, "…").width() <= width);
        }
    }
}
