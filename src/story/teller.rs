//! The paragraphs so far, and which terms the reader knows by now. No facts of a trace.

use std::collections::HashSet;

use super::paragraph::Paragraph;
use crate::trace::RequestId;

/// Longer texts from the network are cut: a story is no dump.
const MOST: usize = 100;

/// Where the story stands.
#[derive(Default)]
pub(super) struct Teller {
    paragraphs: Vec<Paragraph>,
    /// Before each heading, where there are several requests.
    prefix: String,
    explained: HashSet<&'static str>,
}

impl Teller {
    /// The paragraphs to come tell of this request.
    pub(super) fn request(&mut self, id: RequestId, of: usize) {
        self.prefix = if of > 1 { format!("Request {}: ", id.0 + 1) } else { String::new() };
    }

    /// The paragraphs to come tell of all.
    pub(super) fn all(&mut self) {
        self.prefix.clear();
    }

    /// `words` where they stand for the first time, and nothing after that.
    pub(super) fn once(&mut self, words: &'static str) -> &'static str {
        if self.explained.insert(words) { words } else { "" }
    }

    /// Adds a paragraph of these sentences.
    pub(super) fn tell(
        &mut self,
        heading: impl AsRef<str>,
        sentences: &[String],
        standards: &'static [&'static str],
        try_command: &'static str,
    ) {
        let told: Vec<&str> =
            sentences.iter().map(|it| full_stop(it.trim())).filter(|it| !it.is_empty()).collect();
        let heading = format!("{}{}", self.prefix, heading.as_ref());
        self.paragraphs.push(Paragraph { heading, text: told.join(" "), standards, try_command });
    }

    pub(super) fn into_paragraphs(self) -> Vec<Paragraph> {
        self.paragraphs
    }
}

/// A sentence that ends with a name of DNS, whose final dot is its full stop, too.
fn full_stop(sentence: &str) -> &str {
    match sentence.strip_suffix('.') {
        Some(rest) if rest.ends_with('.') && !rest.ends_with("..") => rest,
        _ => sentence,
    }
}

/// A text from the network, cut where it is long.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `a, b and c`, of which at most four are told.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    const FEW: usize = 4;
    let mut told: Vec<String> = items.iter().take(FEW).map(|item| clip(item.as_ref())).collect();
    if items.len() > FEW {
        told.push(format!("{} more", items.len() - FEW));
    }
    match told.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// A text that begins with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
