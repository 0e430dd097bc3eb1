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
    let (mut may_have_user, mut may_have_value, mut colon, mut quoted) = (false, false, false, false);
    for byte in text {
        match byte {
            b'%' => (may_have_user, may_have_value) = (true, true),
            b'@' => may_have_user = true,
            b'=' => may_have_value = true,
            b':' => colon = true,
            b'`' => quoted = true,
            _ => {}
        }
    }
    may_have_value |= colon && (quoted || shape == Shape::Foreign);
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
