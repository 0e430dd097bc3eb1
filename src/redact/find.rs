//! Everything that is secret in a text by its form.

use super::ranges::Ranges;
use super::shape::Shape;
use super::view::View;
use super::{assignment, token, userinfo};

const ENCODED: u8 = 1;
const AT: u8 = 2;
const EQUALS: u8 = 4;
const COLON: u8 = 8;
const QUOTE: u8 = 16;

/// What a byte tells of the text that it stands in.
static TELLS: [u8; 256] = {
    let mut tells = [0; 256];
    tells[b'%' as usize] = ENCODED;
    tells[b'@' as usize] = AT;
    tells[b'=' as usize] = EQUALS;
    tells[b':' as usize] = COLON;
    tells[b'`' as usize] = QUOTE;
    tells
};

/// What is secret in a text by its form alone.
pub(super) fn find(text: &[u8], shape: Shape) -> Ranges {
    let mut found = Ranges::default();
    // Most texts hold nothing of the kind: no user information is without `@`, and no value behind a name without `=`, or a
    // colon in what others say. Each may be encoded.
    let mut seen = 0;
    for byte in text {
        seen |= TELLS[*byte as usize];
    }
    let has = |what: u8| seen & what != 0;
    let (may_have_user, mut may_have_value) = (has(ENCODED | AT), has(ENCODED | EQUALS));
    may_have_value |= has(COLON) && (has(QUOTE) || shape == Shape::Foreign);
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
