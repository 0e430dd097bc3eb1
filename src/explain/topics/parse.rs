//! The form of a file of topics: `# NAME`, header lines (`also:`, `std:`, `see:`, `try:`), an empty line, and
//! paragraphs. Finds nothing and prints nothing.

/// One topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic<'t> {
    /// Its name, as it is written in the field.
    pub name: &'t str,
    /// Other words for it.
    pub also: Vec<&'t str>,
    /// The standards it rests on.
    pub standards: Vec<&'t str>,
    /// Names or other words of related topics.
    pub see: Vec<&'t str>,
    /// Commands that show it.
    pub tries: Vec<&'t str>,
    /// What it is, why it matters, how it fails.
    pub paragraphs: Vec<String>,
}

impl<'t> Topic<'t> {
    /// Every word it is found by: its name, and the others.
    pub fn names(&self) -> impl Iterator<Item = &'t str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

/// The topics of a file.
pub(super) fn topics(text: &str) -> Vec<Topic<'_>> {
    let mut topics: Vec<Topic<'_>> = Vec::new();
    // An empty line ends the header, and each paragraph.
    let mut header = true;
    let mut fresh = true;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("# ") {
            topics.push(Topic { name: name.trim(), ..Topic::default() });
            (header, fresh) = (true, true);
            continue;
        }
        let Some(topic) = topics.last_mut() else { continue };
        if line.is_empty() {
            (header, fresh) = (false, true);
        } else if header && read_header(topic, line) {
        } else if fresh {
            topic.paragraphs.push(line.to_owned());
            fresh = false;
        } else if let Some(paragraph) = topic.paragraphs.last_mut() {
            paragraph.push(' ');
            paragraph.push_str(line);
        }
    }
    topics
}

/// Reads a header line, if it is one.
fn read_header<'t>(topic: &mut Topic<'t>, line: &'t str) -> bool {
    let Some((word, value)) = line.split_once(':') else { return false };
    let list = match word {
        "also" => &mut topic.also,
        "std" => &mut topic.standards,
        "see" => &mut topic.see,
        "try" => {
            topic.tries.push(value.trim());
            return true;
        }
        _ => return false,
    };
    list.extend(value.split(';').map(str::trim).filter(|part| !part.is_empty()));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_topics_with_headers_and_paragraphs() {
        let text = "ignored\n# One\nalso: 1; uno ;\nstd: RFC 1; RFC 2 section 3\ntry: urltrace a; b\n\nFirst\n\
                    line.\n\nsee: this is text.\n# Two\n\nMore.\n";
        let [one, two] = &topics(text)[..] else { panic!("two topics") };
        assert_eq!(
            *one,
            Topic {
                name: "One",
                also: vec!["1", "uno"],
                standards: vec!["RFC 1", "RFC 2 section 3"],
                see: Vec::new(),
                tries: vec!["urltrace a; b"],
                paragraphs: vec!["First line.".to_owned(), "see: this is text.".to_owned()],
            }
        );
        assert_eq!((two.name, &two.paragraphs[..]), ("Two", &["More.".to_owned()][..]));
        assert_eq!(one.names().collect::<Vec<_>>(), ["One", "1", "uno"]);
    }
}
