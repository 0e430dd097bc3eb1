//! What `urltrace explain` prints: a topic, or the list of all.

use std::io::{self, Write};

use super::fact::fact_text;
use super::ink::Ink;
use super::page::Page;
use crate::explain::topics::Topic;
use crate::render::escape;
use crate::render::style::Style;

/// Topics whole, one below the other.
///
/// # Errors
/// Only those of `out`.
pub fn topics(topics: &[Topic<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    for topic in topics {
        page.gap();
        let (mut head, mut also) = (page.line(), page.line());
        head.push(Ink::Strong, topic.name);
        if !topic.also.is_empty() {
            head.push(Ink::Plain, "  ");
            also.push(Ink::Faint, format!("also: {}", topic.also.join(", ")));
        }
        page.wrap(head, &also);
        for paragraph in &topic.paragraphs {
            page.gap();
            let mut body = page.line();
            body.push(Ink::Plain, paragraph);
            page.wrap(page.line(), &body);
        }
        page.gap();
        for (label, list) in [("standard", &topic.standards), ("see", &topic.see)] {
            if !list.is_empty() {
                fact_text(&mut page, Ink::Faint, label, &list.join(", "));
            }
        }
        for command in &topic.tries {
            let mut body = page.line();
            body.push(Ink::Faint, "try: ").push(Ink::Plain, *command);
            page.wrap(page.line(), &body);
        }
    }
    out.write_all(page.into_text().as_bytes())
}

/// All topics, one a line, each with its other names as far as they fit.
///
/// # Errors
/// Only those of `out`.
pub fn topic_list(topics: &[Topic<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    for topic in topics {
        let mut line = page.line();
        line.push(Ink::Strong, topic.name);
        for (index, other) in topic.also.iter().enumerate() {
            let lead = if index == 0 { "  also: " } else { ", " };
            if line.width() + lead.len() + other.len() > page.width() {
                break;
            }
            line.push(Ink::Faint, lead).push(Ink::Faint, *other);
        }
        page.put(line);
    }
    out.write_all(page.into_text().as_bytes())
}

/// That there is no such topic, and which may have been meant.
#[must_use]
pub fn no_topic(words: &str, near: &[&str], style: &Style) -> (String, Option<String>) {
    let message = format!("there is no topic `{}`", escape::text(words, style.charset()));
    let meant = match near {
        [] => String::new(),
        names => format!("did you mean {}? ", names.join(", or ")),
    };
    (message, Some(format!("{meant}`urltrace explain` lists all")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::topics::all;

    fn printed(style: &Style, print: fn(&[Topic<'_>], &Style, &mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&all(), style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_topic_stays_on_its_page_and_no_standard_is_broken() {
        for (unicode, width) in [(true, 80), (false, 80), (true, 40), (true, 120)] {
            let text = printed(&Style { unicode, width, ..Style::default() }, topics);
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
                assert!(!line.ends_with("RFC") && !line.ends_with("section"), "{line}");
                assert!(unicode || line.is_ascii(), "{line}");
            }
        }
    }

    #[test]
    fn a_command_stands_on_a_line_of_its_own() {
        let text = printed(&Style::default(), topics);
        for command in all().iter().flat_map(|topic| &topic.tries) {
            assert!(text.lines().any(|line| line == format!("try: {command}")), "{command}");
        }
    }

    #[test]
    fn the_list_has_a_line_for_each_topic() {
        let all = all();
        let text = printed(&Style::default(), topic_list);
        assert_eq!(text.lines().count(), all.len());
        for (line, topic) in text.lines().zip(&all) {
            assert!(line.starts_with(topic.name) && line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn what_was_typed_cannot_move_the_cursor() {
        let (message, hint) = no_topic("a\u{1b}[2Jb", &["glue", "GRE"], &Style::default());
        assert_eq!(message, r"there is no topic `a\x1b[2Jb`");
        assert_eq!(hint.as_deref(), Some("did you mean glue, or GRE? `urltrace explain` lists all"));
    }
}
