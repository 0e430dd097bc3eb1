//! Media queries and lengths, for a window of a stated size: a desktop screen, one device pixel a CSS pixel.
//!
//! What is asked most: types, widths and heights, orientation, pixels, preferences. A feature that is not known
//! here does not hold, as in a browser that does not know it (Media Queries 4, section 3.2).

use cssparser::{ParseError, Parser};

use crate::trace::Viewport;

/// The size of a letter in which lengths are told that no style has changed.
const EM: f64 = 16.0;
/// Sums in sums, and conditions in conditions, that are looked into.
const DEEPEST: usize = 8;

/// What a piece of a query comes to; nothing where it is a feature that is not known here.
type Parsed = Result<Option<bool>, ParseError<()>>;

/// Whether a list of media queries holds.
pub(super) fn holds(list: &str, viewport: Viewport) -> bool {
    let list = list.trim().to_ascii_lowercase();
    if list.is_empty() {
        return true;
    }
    let queries = Parser::new(&list).parse_comma_separated(|input| {
        let own = input.try_parse(|input| query(input, viewport)).ok().flatten();
        // What cannot be read is false; the queries behind it stand for themselves.
        while input.next().is_ok() {}
        Ok::<_, ParseError<()>>(own == Some(true))
    });
    queries.is_ok_and(|queries| queries.contains(&true))
}

/// A condition, or a type with conditions behind it.
fn query(input: &mut Parser<'_>, viewport: Viewport) -> Parsed {
    if let Ok(own) = input.try_parse(|input| condition(input, viewport, 0)) {
        return Ok(own);
    }
    let mut kind = input.expect_ident_cloned()?;
    let negated = &*kind == "not";
    if negated || &*kind == "only" {
        kind = input.expect_ident_cloned()?;
    }
    let mut all = match &*kind {
        "all" | "screen" => Some(true),
        "and" | "or" | "not" | "only" | "layer" => return Err(ParseError::unexpected_token()),
        _ => Some(false),
    };
    while !input.is_exhausted() {
        input.expect_ident_matching("and")?;
        all = both(all, negatable(input, viewport, 0)?);
    }
    Ok(if negated { all.map(|all| !all) } else { all })
}

/// Conditions with `and`, or with `or`, between them, up to the end.
fn condition(input: &mut Parser<'_>, viewport: Viewport, depth: usize) -> Parsed {
    let mut all = negatable(input, viewport, depth)?;
    let mut sign = None;
    while !input.is_exhausted() {
        let word = input.expect_ident_cloned()?;
        if !matches!(&*word, "and" | "or") || *sign.get_or_insert_with(|| word.clone()) != word {
            return Err(ParseError::unexpected_token());
        }
        let next = negatable(input, viewport, depth)?;
        all = if &*word == "and" { both(all, next) } else { either(all, next) };
    }
    Ok(all)
}

fn negatable(input: &mut Parser<'_>, viewport: Viewport, depth: usize) -> Parsed {
    let negated = input.try_parse(|input| input.expect_ident_matching("not")).is_ok();
    input.expect_parenthesis_block()?;
    let own = input.parse_nested_block(|input| {
        let inner = |input: &mut Parser<'_>| condition(input, viewport, depth + 1);
        if depth < DEEPEST
            && let Ok(own) = input.try_parse(inner)
        {
            return Ok::<_, ParseError<()>>(own);
        }
        let start = input.position();
        while input.next().is_ok() {}
        Ok(feature(input.slice_from(start), viewport))
    })?;
    Ok(if negated { own.map(|own| !own) } else { own })
}

/// Three values, as in Media Queries 4, section 3.1.
fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn either(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    both(left.map(|own| !own), right.map(|own| !own)).map(|own| !own)
}

/// What stands in parentheses: a name and a value, a range, or a name alone.
fn feature(text: &str, viewport: Viewport) -> Option<bool> {
    let Some((name, value)) = text.split_once(':') else {
        let name = text.trim();
        return match (measure(name, viewport), words(name)) {
            (Some((own, _)), _) => Some(own > 0.0),
            (_, Some((own, _))) => Some(!matches!(own, "none" | "no-preference")),
            _ => range_holds(text, viewport),
        };
    };
    let (name, value) = (name.trim(), value.trim());
    let name = name.strip_prefix("-webkit-").filter(|name| name.ends_with("-pixel-ratio")).unwrap_or(name);
    if let Some((own, others)) = words(name) {
        return (value == own || others.contains(&value)).then_some(value == own);
    }
    if name == "orientation" {
        let is_wide = viewport.width > viewport.height;
        return matches!(value, "landscape" | "portrait").then_some((value == "landscape") == is_wide);
    }
    if name == "color-gamut" {
        return matches!(value, "srgb" | "p3" | "rec2020").then_some(value == "srgb");
    }
    let (sign, base) = match name.split_once('-') {
        Some(("min", base)) => (">=", base),
        Some(("max", base)) => ("<=", base),
        _ => ("=", name),
    };
    let (own, scale) = measure(base, viewport)?;
    compare(own, sign, scale.read(value, viewport)?)
}

/// In what a feature is measured.
#[derive(Clone, Copy)]
enum Scale {
    Length,
    Ratio,
    Density,
    Count,
}

impl Scale {
    fn read(self, value: &str, viewport: Viewport) -> Option<f64> {
        match self {
            Self::Length => length(value, viewport),
            Self::Density => density(value),
            Self::Count => value.trim().parse().ok(),
            Self::Ratio => {
                let (over, under) = value.split_once('/').unwrap_or((value, "1"));
                Some(over.trim().parse::<f64>().ok()? / under.trim().parse::<f64>().ok()?)
            }
        }
    }
}

/// Features that are numbers. The screen is taken to be as large as the window.
fn measure(name: &str, viewport: Viewport) -> Option<(f64, Scale)> {
    let (width, height) = (f64::from(viewport.width), f64::from(viewport.height));
    Some(match name {
        "width" | "device-width" => (width, Scale::Length),
        "height" | "device-height" => (height, Scale::Length),
        "aspect-ratio" | "device-aspect-ratio" => (width / height, Scale::Ratio),
        "resolution" | "device-pixel-ratio" => (1.0, Scale::Density),
        "color" => (8.0, Scale::Count),
        "color-index" | "monochrome" | "grid" => (0.0, Scale::Count),
        _ => return None,
    })
}

/// Features that are words: what holds for a desktop, and the others there are.
fn words(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match name {
        "prefers-color-scheme" => ("light", &["dark"]),
        "prefers-reduced-motion" | "prefers-reduced-data" | "prefers-reduced-transparency" => {
            ("no-preference", &["reduce"])
        }
        "prefers-contrast" => ("no-preference", &["more", "less", "custom"]),
        "forced-colors" => ("none", &["active"]),
        "inverted-colors" => ("none", &["inverted"]),
        "hover" | "any-hover" => ("hover", &["none"]),
        "pointer" | "any-pointer" => ("fine", &["coarse", "none"]),
        "update" => ("fast", &["slow", "none"]),
        "display-mode" => ("browser", &["fullscreen", "standalone", "minimal-ui", "window-controls-overlay"]),
        "scripting" => ("enabled", &["none", "initial-only"]),
        _ => return None,
    })
}

fn compare(left: f64, sign: &str, right: f64) -> Option<bool> {
    match sign {
        "<" => Some(left < right),
        "<=" => Some(left <= right),
        ">" => Some(left > right),
        ">=" => Some(left >= right),
        "=" => Some((left - right).abs() < f64::EPSILON),
        _ => None,
    }
}

/// A range: `width >= 600px`, `400px<width<=800px`.
fn range_holds(text: &str, viewport: Viewport) -> Option<bool> {
    let is_sign = |char: char| matches!(char, '<' | '>' | '=');
    let values: Vec<&str> = text.split(is_sign).map(str::trim).filter(|value| !value.is_empty()).collect();
    let signs: Vec<&str> = text.split(|char| !is_sign(char)).filter(|sign| !sign.is_empty()).collect();
    let read = |scale: Scale, value: &str| scale.read(value, viewport);
    match (&values[..], &signs[..]) {
        ([left, right], [sign]) => match (measure(left, viewport), measure(right, viewport)) {
            (Some((own, scale)), None) => compare(own, sign, read(scale, right)?),
            (None, Some((own, scale))) => compare(read(scale, left)?, sign, own),
            _ => None,
        },
        ([left, middle, right], [first, second]) if first.as_bytes()[0] == second.as_bytes()[0] => {
            let (own, scale) = measure(middle, viewport)?;
            let low = compare(read(scale, left)?, first, own)?;
            Some(low && compare(own, second, read(scale, right)?)?)
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
            ("(min-width:600px)and (max-width:9999px)", true),
            ("screen  and\n(min-width:1px)", true),
            ("(width>=600px)", true),
            ("(width<600px)", false),
            ("(400px<=width<=1500px)", true),
            ("(400px<=width<=1300px)", false),
            ("(400px<width>1px)", false),
            ("(min-width:600px) or (orientation:portrait)", true),
            ("(min-width:6000px) or (orientation:portrait)", false),
            ("(min-width:1px) or (min-width:1px) and (min-width:1px)", false),
            ("screen or (min-width:1px)", false),
            ("screen and (min-device-width:768px)", true),
            ("(max-aspect-ratio:3/2)", true),
            ("(min-aspect-ratio:3/2)", false),
            ("not (prefers-reduced-motion)", true),
            ("(prefers-reduced-motion)", false),
            ("(prefers-color-scheme)", true),
            ("((min-width:1px) and (not (print))) or (hover)", true),
            ("not ((min-width:1px) and (hover:none))", true),
            ("(no-such) or (min-width:1px)", true),
            ("(no-such), (min-width:1px)", true),
            ("(min-width:, screen", false),
            ("(color-gamut:srgb) and (update:fast) and (forced-colors:none)", true),
            ("(color-gamut:p3)", false),
            ("(forced-colors)", false),
            ("(resolution:1dppx) and (display-mode:browser) and (any-pointer)", true),
            ("(pointer:coarse)", false),
            ("(hover:nonsense)", false),
            ("not (hover:nonsense)", false),
            ("nonsense", false),
            ("max-width: 600px", false),
        ] {
            assert_eq!(holds(query, Viewport::default()), expected, "{query}");
        }
    }

    #[test]
    fn deep_conditions_end() {
        let deep = format!("{}min-width:1px{}", "(".repeat(50_000), ")".repeat(50_000));
        assert!(!holds(&deep, Viewport::default()));
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
