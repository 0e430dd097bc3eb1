//! The proof that data has passed the redaction.

use std::ops::Deref;

use super::seen::Seen;

/// What to do with secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// `[redacted]` stands in their place.
    #[default]
    Hide,
    /// They stay (`--show-secrets`).
    Show,
}

/// Data that has passed [`redact`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Redacted<T>(T);

impl<T> Deref for Redacted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Redacted<T> {
    /// A part of it. A plain function cannot bring anything in from elsewhere.
    pub fn part<U>(&self, of: fn(&T) -> Option<&U>) -> Option<Redacted<&U>> {
        of(&self.0).map(Redacted)
    }
}

/// Takes the secrets out of `data`, or lets it through as it is.
#[must_use]
pub fn redact<T: Redact>(mut data: T, secrets: Secrets) -> Redacted<T> {
    if secrets == Secrets::Hide {
        let mut seen = Seen::default();
        data.learn(&mut seen);
        seen.settle();
        data.hide(&seen);
    }
    Redacted(data)
}

/// What can be redacted. Implementations take structs apart field by field, so that a new field does
/// not compile before somebody has decided on it.
pub trait Redact {
    /// Takes note of secrets that stand in a place of their own, to know them wherever else they are.
    fn learn(&self, seen: &mut Seen);

    /// Takes the secrets out.
    fn hide(&mut self, seen: &Seen);
}
