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
    let marks = Marks::of(bytes, shape);
    let mut last = 0;
    for start in starts(bytes, shape) {
        // One within another has the same end, and is a part of it.
        if let Some(range) = before_at_sign(bytes, start, &marks).filter(|range| range.end > last) {
            last = range.end;
            found.push(view.range(range));
        }
    }
    found
}

/// Where what matters stands, so that each authority costs no walk through all that follows: a peer may begin as many
/// as fit into a field.
struct Marks {
    length: usize,
    /// Where an authority ends.
    stops: Vec<usize>,
    /// Where the URL ends at the latest.
    limits: Vec<usize>,
    at_signs: Vec<usize>,
}

impl Marks {
    fn of(bytes: &[u8], shape: Shape) -> Self {
        let places = |is: &dyn Fn(u8) -> bool| {
            bytes.iter().enumerate().filter(|(_, byte)| is(**byte)).map(|(at, _)| at).collect()
        };
        Self {
            length: bytes.len(),
            stops: places(&|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')),
            limits: places(&|byte| shape.ends_at(byte)),
            at_signs: places(&|byte| byte == b'@'),
        }
    }

    /// The first of these places that is not before `from`.
    fn next(&self, places: &[usize], from: usize) -> usize {
        places.get(places.partition_point(|at| *at < from)).copied().unwrap_or(self.length)
    }

    /// The last at sign in a part.
    fn last_at_sign(&self, part: Range<usize>) -> Option<usize> {
        let before = self.at_signs.partition_point(|at| *at < part.end);
        before.checked_sub(1).map(|index| self.at_signs[index]).filter(|at| *at >= part.start)
    }
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
            // A run with fewer slashes has not more of them further in.
            (end, _) => at = end.max(at + 1),
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

fn before_at_sign(bytes: &[u8], start: usize, marks: &Marks) -> Option<Range<usize>> {
    let limit = marks.next(&marks.limits, start);
    let stop = marks.next(&marks.stops, start).min(limit);
    if let Some(at) = marks.last_at_sign(start..stop) {
        return Some(start..at);
    }
    let at = marks.last_at_sign(stop..limit)?;
    let cut = match cut_short(&bytes[start..stop]) {
        Cut::No => false,
        Cut::Perhaps => at > stop && !matches!(bytes[at - 1], b'/' | b'\\'),
        Cut::Yes => true,
    };
    cut.then_some(start..at)
}

/// The longest that a host with its port is; what is longer is none.
const HOST: usize = 1_024;

/// Whether an authority is the start of user information whose password holds a `/`, `?` or `#`.
enum Cut {
    No,
    Perhaps,
    Yes,
}

fn cut_short(authority: &[u8]) -> Cut {
    if authority.len() > HOST {
        return Cut::Yes;
    }
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
