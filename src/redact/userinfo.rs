//! User information of URLs (RFC 3986 §3.2.1), as loosely as browsers read it and users mistype it.

use std::ops::Range;

use super::ranges::Ranges;
use super::shape::Shape;
use super::view::View;

const SCHEMES: [&[u8]; 2] = [b"https:", b"http:"];

/// The user information of every URL in the text.
pub(super) fn find(view: &View, shape: Shape) -> Ranges {
    let bytes = view.bytes();
    let mut found = Ranges::default();
    for start in starts(bytes, shape) {
        if let Some(range) = before_at_sign(bytes, start, shape) {
            found.push(view.range(range));
        }
    }
    found
}

/// Where authorities begin: behind two slashes of either kind, behind `http:` and `https:`, and at
/// the start of what was typed.
fn starts(bytes: &[u8], shape: Shape) -> Vec<usize> {
    let mut starts = Vec::new();
    if shape == Shape::Typed {
        let blanks = bytes.iter().take_while(|byte| **byte <= b' ').count();
        if !SCHEMES.iter().any(|scheme| starts_with(&bytes[blanks..], scheme)) {
            starts.push(after_slashes(bytes, blanks).0);
        }
    }
    let mut at = 0;
    while at < bytes.len() {
        let scheme = SCHEMES.iter().find(|scheme| starts_with(&bytes[at..], scheme));
        if let Some(scheme) = scheme {
            starts.push(after_slashes(bytes, at + scheme.len()).0);
        }
        match after_slashes(bytes, at) {
            (end, 2..) => {
                starts.push(end);
                at = end;
            }
            (_, _) => at += 1,
        }
    }
    starts
}

fn starts_with(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The end of a run of slashes, tabs and line ends (which the URL standard drops), and the number of
/// slashes in it.
fn after_slashes(bytes: &[u8], from: usize) -> (usize, usize) {
    let run = bytes[from..].iter().take_while(|byte| matches!(byte, b'/' | b'\\' | b'\t' | b'\n' | b'\r'));
    let (length, slashes) = run.fold((0, 0), |(length, slashes), byte| {
        (length + 1, slashes + usize::from(matches!(byte, b'/' | b'\\')))
    });
    (from + length, slashes)
}

fn before_at_sign(bytes: &[u8], start: usize, shape: Shape) -> Option<Range<usize>> {
    let limit = shape.limit(bytes, start);
    let rest = &bytes[start..limit];
    let length =
        rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(length);
    if let Some(at) = last_at_sign(authority) {
        return Some(start..start + at);
    }
    let at = last_at_sign(tail)?;
    let cut = match cut_short(authority) {
        Cut::No => false,
        Cut::Perhaps => at > 0 && !matches!(tail[at - 1], b'/' | b'\\'),
        Cut::Yes => true,
    };
    cut.then_some(start..start + length + at)
}

fn last_at_sign(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'@')
}

/// Whether an authority is the start of user information whose password holds a `/`, `?` or `#`.
enum Cut {
    No,
    Perhaps,
    Yes,
}

fn cut_short(authority: &[u8]) -> Cut {
    let bracket = authority.iter().rposition(|byte| *byte == b']').unwrap_or(0);
    let Some(colon) = authority[bracket..].iter().rposition(|byte| *byte == b':') else { return Cut::No };
    let (host, port) = authority.split_at(bracket + colon);
    let port = &port[1..];
    if port.is_empty() {
        return Cut::No;
    }
    if !port.iter().all(u8::is_ascii_digit) {
        return Cut::Yes;
    }
    // `joe:12/34@host` reads as a port, but hosts without a dot are rare.
    let is_host = host.contains(&b'.') || host.contains(&b'[') || host.eq_ignore_ascii_case(b"localhost");
    if is_host { Cut::No } else { Cut::Perhaps }
}
