//! Everything that is secret in a text by its form.

use super::ranges::Ranges;
use super::shape::Shape;
use super::view::View;
use super::{assignment, token, userinfo};

/// What is secret in a text by its form alone.
pub(super) fn find(text: &[u8], shape: Shape) -> Ranges {
    let mut found = Ranges::default();
    // Most texts hold nothing of the kind.
    if text.iter().any(|byte| matches!(byte, b'=' | b'@' | b'%' | b':')) {
        let view = View::of(text);
        found.extend(userinfo::find(&view, shape));
        found.extend(assignment::find(&view, shape));
    }
    found.extend(token::find(text, shape));
    found
}
