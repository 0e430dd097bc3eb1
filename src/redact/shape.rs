//! What kind of text it is: where a URL or a value in it may begin and end.

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A URL as typed: an authority may come first, without a scheme.
    Typed,
    /// A URL or a reference (RFC 3986 §4.1), or the target of a request.
    Reference,
    /// A query without its `?`, or a fragment without its `#`.
    Query,
    /// A sentence of ours. What others said stands in backticks.
    Sentence,
    /// What a peer said, in any form.
    Foreign,
}

impl Shape {
    /// Whether blanks and quotes end what stands in it.
    pub(super) const fn has_words(self) -> bool {
        matches!(self, Self::Sentence | Self::Foreign)
    }

    /// Whether a piece of the text ends at such a byte at the latest.
    pub(super) const fn ends_at(self, byte: u8) -> bool {
        self.has_words() && (byte.is_ascii_whitespace() || matches!(byte, b'"' | b'`' | b'<' | b'>'))
    }

    /// Whether a byte stands in something that others said.
    pub(super) fn is_foreign(self, bytes: &[u8], at: usize) -> bool {
        match self {
            Self::Foreign => true,
            Self::Sentence => bytes[..at].iter().filter(|byte| **byte == b'`').count() % 2 == 1,
            Self::Typed | Self::Reference | Self::Query => false,
        }
    }
}
