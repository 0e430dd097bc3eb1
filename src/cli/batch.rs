//! The names of `urltrace dns -`, out of whatever bytes standard input has: one a line, comments left out.
//!
//! What is no name is not asked for; it keeps its place, with its line and the reason.

use std::collections::BTreeMap;

use super::syntax::question;
use crate::plan::{Batch, BatchLine, Question, Reuse};
use crate::trace::RecordType;

/// The longest word that can be a name: 253 octets, each escaped.
const MAX_WORD: usize = 4 * 253;

/// Characters of a word that are shown of one that is refused.
const SHOWN: usize = 60;

/// Reads the names.
pub(super) fn batch(bytes: &[u8], types: &[RecordType], reuse: Reuse) -> Batch {
    let text = decode(bytes);
    let (mut questions, mut all) = (Vec::new(), BTreeMap::new());
    for (number, word) in lines(&text).enumerate().filter_map(|(index, line)| Some((index + 1, word(line)?)))
    {
        let (question, refused) = match read(word, types) {
            Ok(question) => (question, None),
            Err(why) => {
                let name = word.chars().take(SHOWN).flat_map(shown).collect();
                (Question { name, types: types.to_vec() }, Some(why))
            }
        };
        all.insert(questions.len(), BatchLine { number, refused });
        questions.push(question);
    }
    Batch { questions, lines: all, reuse }
}

/// A character of a word that is refused: of a control character its octets, as RFC 1035 §5.1 writes them.
fn shown(char: char) -> Vec<char> {
    if !char.is_control() {
        return vec![char];
    }
    let octets =
        char.encode_utf8(&mut [0; 4]).bytes().map(|octet| format!("\\{octet:03}")).collect::<String>();
    octets.chars().collect()
}

/// UTF-8, or UTF-16 as some editors and shells write it; what is no text is marked.
fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| read(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        // A letter and a NUL in turn are no list of one-letter names.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => wide(bytes, u16::from_le_bytes),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => wide(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The lines, whoever has ended them: also those of `find -print0`, and of Unicode.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let is_end =
        |char| matches!(char, '\n' | '\r' | '\0' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let Some(at) = all.find(is_end) else { return rest.take() };
        let (line, end) = all.split_at(at);
        let end = end.strip_prefix("\r\n").or_else(|| end.strip_prefix(is_end));
        rest = end;
        Some(line)
    })
}

/// The first word of a line, up to a comment.
fn word(line: &str) -> Option<&str> {
    let word = line.trim_start_matches('\u{feff}').split_whitespace().next()?;
    let is_escaped = |at: usize| word[..at].ends_with('\\');
    let comment = word.match_indices(['#', ';']).find(|(at, _)| !is_escaped(*at)).map(|(at, _)| at);
    Some(&word[..comment.unwrap_or(word.len())]).filter(|word| !word.is_empty())
}

/// A question, or why there is none.
fn read(word: &str, types: &[RecordType]) -> Result<Question, String> {
    if word.len() > MAX_WORD {
        return Err(format!("no name has {} octets", word.len()));
    }
    if word.contains('\u{fffd}') {
        return Err("it is not text in UTF-8".to_owned());
    }
    if let Some(char) = word.chars().find(|char| char.is_control()) {
        return Err(format!("it has the control character U+{:04X}", u32::from(char)));
    }
    question(word, types).ok_or_else(|| "it is not a domain name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let Batch { questions, lines, .. } = batch(bytes, &[RecordType::A], Reuse::Shared);
        let told = |line: BatchLine| Some(format!("line {}: {}", line.number, line.refused?));
        (questions.into_iter().map(|one| one.name).collect(), lines.into_values().filter_map(told).collect())
    }

    #[test]
    fn a_list_may_have_comments_and_bad_names() {
        let text =
            "# all of them\n\nwww.Example.test\n  b\u{fc}cher.test  # mine\na..b\n#x\n; y\nz.test;mine\n";
        let (list, refused) = names(text.as_bytes());
        assert_eq!(list, ["www.example.test", "xn--bcher-kva.test", "a..b", "z.test"]);
        assert!(refused.is_empty(), "a..b is told by the one who asks: {refused:?}");
        assert_eq!(names(b"a\\;b.test").0, ["a\\;b.test"], "it is escaped");
    }

    #[test]
    fn lines_end_in_many_ways() {
        for end in ["\n", "\r\n", "\r", "\0", "\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}"] {
            let text = format!("a.test{end}b.test{end}");
            assert_eq!(names(text.as_bytes()).0, ["a.test", "b.test"], "{end:?}");
        }
    }

    #[test]
    fn text_comes_in_many_encodings() {
        let wide = |text: &str, write: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(write).collect()
        };
        let text = "# x\r\na.test\r\nb\u{fc}cher.test\r\n";
        for mark in ["\u{feff}", ""] {
            let text = format!("{mark}{text}");
            let want = ["a.test", "xn--bcher-kva.test"];
            assert_eq!(names(text.as_bytes()).0, want, "{mark:?}");
            assert_eq!(names(&wide(&text, u16::to_le_bytes)).0, want, "{mark:?}");
            assert_eq!(names(&wide(&text, u16::to_be_bytes)).0, want, "{mark:?}");
        }
    }

    #[test]
    fn what_is_no_name_keeps_its_place_and_says_its_line() {
        let long = format!("a.test\n{}\nc.test\n", "x".repeat(100_000));
        let (list, refused) = names(long.as_bytes());
        assert_eq!((list.len(), list[1].len(), list[2].as_str()), (3, 60, "c.test"));
        assert_eq!(refused, ["line 2: no name has 100000 octets"]);
        let (list, refused) = names(b"a\x1b[31m.test\n\nb\xff.test\n\x07\n");
        assert_eq!((list[0].as_str(), list[2].as_str()), ("a\\027[31m.test", "\\007"));
        let want = [
            "line 1: it has the control character U+001B",
            "line 3: it is not text in UTF-8",
            "line 4: it has the control character U+0007",
        ];
        assert_eq!(refused, want);
    }
}
