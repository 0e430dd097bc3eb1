//! Everything that is secret in a text by its form.

use super::ranges::Ranges;
use super::shape::Shape;
use super::view::View;
use super::{assignment, token, userinfo};

/// What is secret in a text by its form alone.
pub(super) fn find(text: &[u8], shape: Shape) -> Ranges {
    let mut found = Ranges::default();
    // Most texts hold nothing of the kind: no user information is without `@`, and no value behind a name without `=`, or a
    // colon in what others say. Each may be encoded.
    let has = |wanted: u8| text.contains(&wanted);
    let is_encoded = has(b'%');
    let may_have_user = is_encoded || has(b'@');
    let may_have_value = is_encoded || has(b'=') || has(b':') && (shape == Shape::Foreign || has(b'`'));
    if may_have_user || may_have_value {
        let view = View::of(text);
        if may_have_user {
            found.extend(userinfo::find(&view, shape));
        }
        if may_have_value {
            found.extend(assignment::find(&view, shape));
        }
    }
    found.extend(token::find(text, shape));
    found
}
