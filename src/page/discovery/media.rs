//! Media queries and lengths, for a window of a stated size: a desktop screen, one device pixel a CSS pixel.
//!
//! What is asked most: types, widths and heights, orientation, pixels, preferences. A feature that is not known
//! here does not hold, as in a browser that does not know it (Media Queries 4, section 3.2).

use crate::trace::Viewport;

/// The size of a letter in which lengths are told that no style has changed.
const EM: f64 = 16.0;
/// Sums in sums that are looked into.
const DEEPEST: usize = 8;

/// Whether a list of media queries holds.
pub(super) fn holds(list: &str, viewport: Viewport) -> bool {
    let list = list.trim();
    list.is_empty() || list.split(',').any(|query| query_holds(query, viewport))
}

fn query_holds(query: &str, viewport: Viewport) -> bool {
    let query = query.trim().to_ascii_lowercase();
    let (negated, rest) = match query.strip_prefix("not ") {
        Some(rest) => (true, rest.trim()),
        None => (false, query.strip_prefix("only ").unwrap_or(&query).trim()),
    };
    let all =
        rest.split(" and ").try_fold(true, |all, part| part_holds(part, viewport).map(|holds| all && holds));
    // What cannot be read is false, negated or not.
    all.is_some_and(|all| all != negated)
}

fn part_holds(part: &str, viewport: Viewport) -> Option<bool> {
    let part = part.trim();
    let inner = part.trim_start_matches('(').trim_end_matches(')').trim();
    if !part.ends_with(')') {
        return match part {
            "all" | "screen" => Some(true),
            "print" | "speech" | "tty" | "tv" | "projection" | "handheld" | "braille" | "embossed" => {
                Some(false)
            }
            _ => None,
        };
    }
    let Some((name, value)) = inner.split_once(':') else {
        return match inner {
            "color" | "width" | "height" | "hover" | "pointer" | "any-hover" | "any-pointer" => Some(true),
            _ => range_holds(inner, viewport),
        };
    };
    let (name, value) = (name.trim(), value.trim());
    let (width, height) = (f64::from(viewport.width), f64::from(viewport.height));
    let compare = |own: f64, holds: fn(f64, f64) -> bool| length(value, viewport).map(|at| holds(own, at));
    match name {
        "min-width" => compare(width, |own, at| own >= at),
        "max-width" => compare(width, |own, at| own <= at),
        "min-height" => compare(height, |own, at| own >= at),
        "max-height" => compare(height, |own, at| own <= at),
        "orientation" => match value {
            "landscape" => Some(width > height),
            "portrait" => Some(width <= height),
            _ => None,
        },
        "min-resolution" | "-webkit-min-device-pixel-ratio" | "min-device-pixel-ratio" => {
            density(value).map(|at| at <= 1.0)
        }
        "max-resolution" | "-webkit-max-device-pixel-ratio" | "max-device-pixel-ratio" => {
            density(value).map(|at| at >= 1.0)
        }
        "prefers-color-scheme" => Some(value == "light"),
        "prefers-reduced-motion" | "prefers-contrast" | "prefers-reduced-data" => {
            Some(value == "no-preference")
        }
        "hover" | "any-hover" => Some(value == "hover"),
        "pointer" | "any-pointer" => Some(value == "fine"),
        "display-mode" => Some(value == "browser"),
        "scripting" => Some(value == "enabled"),
        _ => None,
    }
}

/// A query in range form: `width >= 600px`, `400px < width <= 800px`.
fn range_holds(inner: &str, viewport: Viewport) -> Option<bool> {
    let words: Vec<&str> = inner.split_whitespace().collect();
    let value = |word: &str| match word {
        "width" => Some(f64::from(viewport.width)),
        "height" => Some(f64::from(viewport.height)),
        other => length(other, viewport),
    };
    let holds = |left: &str, sign: &str, right: &str| {
        let (left, right) = (value(left)?, value(right)?);
        match sign {
            "<" => Some(left < right),
            "<=" => Some(left <= right),
            ">" => Some(left > right),
            ">=" => Some(left >= right),
            "=" => Some((left - right).abs() < f64::EPSILON),
            _ => None,
        }
    };
    match words[..] {
        [left, sign, right] => holds(left, sign, right),
        [left, first, middle, second, right] => {
            Some(holds(left, first, middle)? && holds(middle, second, right)?)
        }
        _ => None,
    }
}

fn density(value: &str) -> Option<f64> {
    if let Some(number) = value.strip_suffix("dppx").or_else(|| value.strip_suffix('x')) {
        number.trim().parse().ok()
    } else if let Some(number) = value.strip_suffix("dpi") {
        number.trim().parse::<f64>().ok().map(|dpi| dpi / 96.0)
    } else {
        value.parse().ok()
    }
}

/// A length in CSS pixels; sums in `calc()` included, other functions not.
pub(super) fn length(text: &str, viewport: Viewport) -> Option<f64> {
    length_in(text, viewport, 0)
}

fn length_in(text: &str, viewport: Viewport, depth: usize) -> Option<f64> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("calc(").and_then(|rest| rest.strip_suffix(')')) {
        return if depth < DEEPEST { sum(inner, viewport, depth + 1) } else { None };
    }
    let at = text.find(|char: char| char.is_ascii_alphabetic() || char == '%').unwrap_or(text.len());
    let number: f64 = text[..at].trim().parse().ok()?;
    let unit = match &text[at..].to_ascii_lowercase()[..] {
        "px" => 1.0,
        "em" | "rem" => EM,
        "vw" | "svw" | "lvw" | "dvw" => f64::from(viewport.width) / 100.0,
        "vh" | "svh" | "lvh" | "dvh" => f64::from(viewport.height) / 100.0,
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        "mm" => 96.0 / 25.4,
        "pt" => 96.0 / 72.0,
        "" if number == 0.0 => 1.0,
        _ => return None,
    };
    Some(number * unit)
}

/// Lengths with ` + ` and ` - ` between them.
fn sum(text: &str, viewport: Viewport, depth: usize) -> Option<f64> {
    let mut words = text.split_whitespace();
    let mut total = length_in(words.next()?, viewport, depth)?;
    while let Some(sign) = words.next() {
        let value = length_in(words.next()?, viewport, depth)?;
        match sign {
            "+" => total += value,
            "-" => total -= value,
            _ => return None,
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_for_a_desktop() {
        for (query, expected) in [
            ("", true),
            ("all", true),
            ("screen", true),
            ("print", false),
            ("not print", true),
            ("not all", false),
            ("only screen", true),
            ("print, screen", true),
            ("(min-width: 600px)", true),
            ("(min-width:1351px)", false),
            ("(max-width: 1350px)", true),
            ("screen and (max-width: 40em)", false),
            ("screen and (min-width: 40em) and (max-width: 100em)", true),
            ("not screen and (max-width: 40em)", true),
            ("(orientation: landscape)", true),
            ("(orientation: portrait)", false),
            ("(-webkit-min-device-pixel-ratio: 2)", false),
            ("(min-resolution: 96dpi)", true),
            ("(prefers-color-scheme: dark)", false),
            ("(prefers-color-scheme: light)", true),
            ("(hover: hover)", true),
            ("(hover: none)", false),
            ("(width >= 600px)", true),
            ("(400px < width <= 800px)", false),
            ("(no-such-feature: 1)", false),
            ("not (no-such-feature: 1)", false),
            ("nonsense", false),
            ("max-width: 600px", false),
        ] {
            assert_eq!(holds(query, Viewport::default()), expected, "{query}");
        }
    }

    #[test]
    fn lengths_are_pixels() {
        for (text, expected) in [
            ("100vw", Some(1350.0)),
            ("50vw", Some(675.0)),
            ("600px", Some(600.0)),
            ("2em", Some(32.0)),
            ("0", Some(0.0)),
            ("calc(100vw - 50px)", Some(1300.0)),
            ("calc(50vw + 2rem - 7px)", Some(700.0)),
            ("calc(100vw / 3)", None),
            ("33%", None),
            ("5", None),
            ("", None),
            ("calc(calc(calc(10px)))", Some(10.0)),
        ] {
            assert_eq!(length(text, Viewport::default()), expected, "{text}");
        }
        let deep = format!("{}1px{}", "calc(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(length(&deep, Viewport::default()), None);
    }
}
