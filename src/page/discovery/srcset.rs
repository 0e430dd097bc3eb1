//! Which image of several a browser takes (HTML, sections 4.8.4.3.2 and 4.8.4.3.6), for one device pixel a CSS pixel.

use super::media::{holds, length};
use crate::trace::Viewport;

/// Candidates that are looked at.
const MOST: usize = 256;

/// What is told where a browser may know a size that is not known here.
const UNKNOWN: &str = ", as far as its sizes can be read here: a browser may take another";

/// An image of a srcset.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate<'a> {
    pub(super) url: &'a str,
    descriptor: Descriptor,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Descriptor {
    Width(f64),
    Density(f64),
}

/// The image to take, and how many there were; `src` counts as one with the density 1 where none has a width.
pub(super) fn choose<'a>(
    srcset: &'a str,
    sizes: Option<&str>,
    src: Option<&'a str>,
    viewport: Viewport,
) -> Option<(&'a str, String)> {
    let mut candidates = parse(srcset);
    let widths = candidates.iter().any(|one| matches!(one.descriptor, Descriptor::Width(_)));
    let has_one = candidates.iter().any(|one| one.descriptor == Descriptor::Density(1.0));
    if let Some(url) = src.filter(|url| !url.trim().is_empty() && !widths && !has_one) {
        candidates.push(Candidate { url, descriptor: Descriptor::Density(1.0) });
    }
    let (size, doubt) = if widths { source_size(sizes, viewport) } else { (0.0, "") };
    let density = |one: &Candidate<'_>| match one.descriptor {
        Descriptor::Density(density) => density,
        Descriptor::Width(width) if size > 0.0 => width / size,
        Descriptor::Width(_) => f64::INFINITY,
    };
    let count = candidates.len();
    let mut best: Option<(&Candidate<'_>, f64)> = None;
    for one in &candidates {
        let own = density(one);
        let better = match best {
            None => true,
            // The least that is enough; of those that are too coarse, the finest. Of equals the first.
            Some((_, other)) if other >= 1.0 => own >= 1.0 && own < other,
            Some((_, other)) => own > other,
        };
        if better {
            best = Some((one, own));
        }
    }
    let (chosen, _) = best?;
    let wanted = if widths { format!("for {size:.0} px{doubt}") } else { "at 1x".to_owned() };
    let of = match chosen.descriptor {
        Descriptor::Width(width) => format!("{width}w"),
        Descriptor::Density(density) => format!("{density}x"),
    };
    Some((chosen.url, format!("{of} of {count} in srcset, {wanted}")))
}

/// The size at which an image is laid out, by the attribute `sizes`: the first that holds.
fn source_size(sizes: Option<&str>, viewport: Viewport) -> (f64, &'static str) {
    let whole = f64::from(viewport.width);
    let parts = split_outside(sizes.unwrap_or_default());
    // It is for images that wait for layout; to others Chromium takes it for no size at all.
    if parts.first().is_some_and(|part| part.trim().eq_ignore_ascii_case("auto")) {
        return (whole, UNKNOWN);
    }
    let mut doubt = "";
    for part in parts {
        let (condition, size) = last_value(part.trim());
        if !condition.trim().is_empty() && !holds(condition, viewport) {
            continue;
        }
        if let Some(size) = length(size, viewport) {
            // A function that comes to less than nothing is held to that (CSS Values 4, section 10.5).
            if size >= 0.0 || part.trim_end().ends_with(')') {
                return (size.max(0.0), doubt);
            }
        } else if !part.trim().is_empty() {
            doubt = UNKNOWN;
        }
    }
    (whole, doubt)
}

/// The last value of a part, with what stands before it.
fn last_value(part: &str) -> (&str, &str) {
    let mut depth = 0_u32;
    for (at, char) in part.char_indices().rev() {
        match char {
            ')' if depth == 0 && !part.ends_with(')') => return (&part[..=at], &part[at + 1..]),
            ')' => depth += 1,
            '(' => depth = depth.saturating_sub(1),
            char if char.is_ascii_whitespace() && depth == 0 => return (&part[..at], &part[at + 1..]),
            _ => {}
        }
    }
    ("", part)
}

/// Parts between commas that stand in no parentheses.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// The candidates of a srcset. A URL ends at white space, and may hold commas but at its end.
fn parse(srcset: &str) -> Vec<Candidate<'_>> {
    let blank = |char: char| char.is_ascii_whitespace();
    let (mut found, mut rest) = (Vec::new(), srcset);
    while found.len() < MOST {
        rest = rest.trim_start_matches(|char| blank(char) || char == ',');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(blank).unwrap_or(rest.len());
        let (url, behind) = rest.split_at(end);
        if let Some(url) = url.ends_with(',').then(|| url.trim_end_matches(',')) {
            found.push(Candidate { url, descriptor: Descriptor::Density(1.0) });
            rest = behind;
            continue;
        }
        let end = comma(behind);
        if let Some(descriptor) = descriptor(&behind[..end]) {
            found.push(Candidate { url, descriptor });
        }
        rest = &behind[end..];
    }
    found
}

/// Where the first comma outside of parentheses stands.
fn comma(text: &str) -> usize {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// `None` where it cannot be read, or where two speak of one thing: then the image is none. A height alone is no
/// descriptor (HTML, section 4.8.4.3.9).
fn descriptor(text: &str) -> Option<Descriptor> {
    let (mut read, mut has_height) = (None, false);
    for word in text.split_ascii_whitespace() {
        let number = word.get(..word.len() - 1).filter(|number| !number.starts_with('+'))?;
        match word.as_bytes().last()? {
            b'w' if read.is_none() => {
                let width: u32 = number.parse().ok().filter(|width| *width > 0)?;
                read = Some(Descriptor::Width(f64::from(width)));
            }
            b'x' if read.is_none() && !has_height => {
                let density: f64 =
                    number.parse().ok().filter(|density: &f64| *density >= 0.0 && density.is_finite())?;
                read = Some(Descriptor::Density(density));
            }
            b'h' if !has_height && !matches!(read, Some(Descriptor::Density(_))) => {
                has_height = number.parse::<u32>().is_ok_and(|height| height > 0);
                has_height.then_some(())?;
            }
            _ => return None,
        }
    }
    match read {
        None if has_height => None,
        None => Some(Descriptor::Density(1.0)),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_for_the_window() {
        let window = Viewport::default();
        for (srcset, sizes, src, expected) in [
            ("a.png", None, None, Some("a.png")),
            ("a.png 2x", None, Some("b.png"), Some("b.png")),
            ("a.png 1x, b.png 2x", None, Some("c.png"), Some("a.png")),
            ("a.png 0.5x, b.png 0.8x", None, None, Some("b.png")),
            ("a 400w, b 800w, c 1600w", None, Some("d"), Some("c")),
            ("a 400w, b 800w, c 1600w", Some("50vw"), None, Some("b")),
            ("a 400w, b 800w, c 1600w", Some("(max-width: 600px) 100vw, 300px"), None, Some("a")),
            ("a 400w, b 800w", Some("(min-width: 600px) calc(50vw - 400px), 100vw"), None, Some("a")),
            ("c 1600w, a 400w", Some("390px"), None, Some("a")),
            ("a,b.png 1x, c.png", None, None, Some("a,b.png")),
            ("a.png, b.png 2x", None, None, Some("a.png")),
            ("a.png 5q, b.png 2x", None, None, Some("b.png")),
            ("a 400w 300h", None, None, Some("a")),
            ("a 100h, b 50w 20h", None, None, Some("b")),
            ("a 100h", None, Some("s"), Some("s")),
            ("a 1x 100w, b 2x", None, Some("s"), Some("s")),
            ("a -1x, b 0w, c 1e1x, d 10.5w", None, Some("s"), Some("s")),
            ("a 100w 200w, b", None, None, Some("b")),
            ("", None, Some("s"), Some("s")),
            (" , ", None, None, None),
        ] {
            let chosen = choose(srcset, sizes, src, window);
            assert_eq!(chosen.map(|(url, _)| url), expected, "{srcset:?} {sizes:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let window = Viewport::default();
        for (sizes, is_doubted) in [
            (Some("50vw"), false),
            (None, false),
            (Some("50cqw"), true),
            (Some("auto, 50vw"), true),
            (Some("(max-width: 600px) 50cqw, 50vw"), false),
        ] {
            let (_, told) = choose("a 400w, b 800w", sizes, None, window).unwrap();
            assert_eq!(told.contains("a browser may take another"), is_doubted, "{sizes:?}: {told}");
        }
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let srcset = "a 1w,".repeat(100_000);
        assert_eq!(parse(&srcset).len(), MOST);
    }
}
