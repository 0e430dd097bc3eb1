//! Media queries and lengths, for a window of a stated size: a desktop screen, one device pixel a CSS pixel.
//!
//! What is asked most: types, widths and heights, orientation, pixels, preferences. A feature that is not known
//! here does not hold, as in a browser that does not know it (Media Queries 4, section 3.2).

use cssparser::{ParseError, Parser, Token};

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

/// A length in CSS pixels, by a function of lengths, too (CSS Values 4, section 10).
pub(super) fn length(text: &str, viewport: Viewport) -> Option<f64> {
    let mut input = Parser::new(text);
    match term(&mut input, viewport, 0).ok()? {
        Value::Px(px) if input.is_exhausted() => Some(px),
        // Of plain numbers only zero is a length.
        Value::Number(number) if number == 0.0 && input.is_exhausted() => Some(0.0),
        Value::Px(_) | Value::Number(_) => None,
    }
}

/// What is calculated with.
#[derive(Clone, Copy)]
enum Value {
    Px(f64),
    Number(f64),
}

type Calculated = Result<Value, ParseError<()>>;

fn term(input: &mut Parser<'_>, viewport: Viewport, depth: usize) -> Calculated {
    let inner = |input: &mut Parser<'_>| sum(input, viewport, depth + 1);
    let unreadable = || Err(ParseError::unexpected_token());
    match input.next()?.clone() {
        Token::Number { value, .. } => Ok(Value::Number(f64::from(value))),
        Token::Dimension { value, unit, .. } => {
            unit_in_pixels(&unit, viewport).map_or_else(unreadable, |px| Ok(Value::Px(f64::from(value) * px)))
        }
        Token::ParenthesisBlock if depth > 0 && depth < DEEPEST => input.parse_nested_block(inner),
        Token::Function(name) if depth < DEEPEST => {
            if name.eq_ignore_ascii_case("calc") {
                return input.parse_nested_block(inner);
            }
            let all = input.parse_nested_block(|input| input.parse_comma_separated(inner))?;
            let all: Vec<f64> = all
                .into_iter()
                .map_while(|value| if let Value::Px(px) = value { Some(px) } else { None })
                .collect();
            match (&name.to_ascii_lowercase()[..], &all[..]) {
                ("min", [first, rest @ ..]) => Ok(Value::Px(rest.iter().copied().fold(*first, f64::min))),
                ("max", [first, rest @ ..]) => Ok(Value::Px(rest.iter().copied().fold(*first, f64::max))),
                ("clamp", [least, value, most]) => Ok(Value::Px(value.min(*most).max(*least))),
                _ => unreadable(),
            }
        }
        _ => unreadable(),
    }
}

/// The pixels of a unit.
fn unit_in_pixels(unit: &str, viewport: Viewport) -> Option<f64> {
    let (width, height) = (f64::from(viewport.width) / 100.0, f64::from(viewport.height) / 100.0);
    Some(match &unit.to_ascii_lowercase()[..] {
        "px" => 1.0,
        "em" | "rem" => EM,
        "ch" | "ex" => EM / 2.0,
        "vw" | "svw" | "lvw" | "dvw" => width,
        "vh" | "svh" | "lvh" | "dvh" => height,
        "vmin" => width.min(height),
        "vmax" => width.max(height),
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        "mm" => 96.0 / 25.4,
        "pt" => 96.0 / 72.0,
        "pc" => 16.0,
        _ => return None,
    })
}

fn product(input: &mut Parser<'_>, viewport: Viewport, depth: usize) -> Calculated {
    let mut all = term(input, viewport, depth)?;
    loop {
        let next = input.try_parse(|input| {
            let divides = match input.next()? {
                Token::Delim('*') => false,
                Token::Delim('/') => true,
                _ => return Err(ParseError::unexpected_token()),
            };
            Ok((divides, term(input, viewport, depth)?))
        });
        all = match (all, next) {
            (all, Err(_)) => return Ok(all),
            (Value::Px(px), Ok((false, Value::Number(by))))
            | (Value::Number(by), Ok((false, Value::Px(px)))) => Value::Px(px * by),
            (Value::Number(one), Ok((false, Value::Number(other)))) => Value::Number(one * other),
            (Value::Px(px), Ok((true, Value::Number(by)))) if by != 0.0 => Value::Px(px / by),
            (Value::Number(one), Ok((true, Value::Number(by)))) if by != 0.0 => Value::Number(one / by),
            (_, Ok(_)) => return Err(ParseError::unexpected_token()),
        };
    }
}

fn sum(input: &mut Parser<'_>, viewport: Viewport, depth: usize) -> Calculated {
    let mut all = product(input, viewport, depth)?;
    loop {
        let next = input.try_parse(|input| {
            let sign = match input.next()? {
                Token::Delim('+') => 1.0,
                Token::Delim('-') => -1.0,
                _ => return Err(ParseError::unexpected_token()),
            };
            Ok((sign, product(input, viewport, depth)?))
        });
        all = match (all, next) {
            (all, Err(_)) => return Ok(all),
            (Value::Px(one), Ok((sign, Value::Px(other)))) => Value::Px(one + sign * other),
            (Value::Number(one), Ok((sign, Value::Number(other)))) => Value::Number(one + sign * other),
            (_, Ok(_)) => return Err(ParseError::unexpected_token()),
        };
    }
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
            ("calc(100vw / 3)", Some(450.0)),
            ("calc((100vw - 130px) / 4)", Some(305.0)),
            ("min(100vw, 640px)", Some(640.0)),
            ("max(10px, 1em, 2vw)", Some(27.0)),
            ("clamp(200px, 50vw, 600px)", Some(600.0)),
            ("calc(2 * (100px + 5px))", Some(210.0)),
            ("calc(10px / 0)", None),
            ("calc(10px + 1)", None),
            ("min(1, 2)", None),
            ("round(10px)", None),
            ("10px 20px", None),
            ("10vmin", Some(94.0)),
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
