//! `supports()` of an import (CSS Conditional Rules 3): whether a browser of today knows what it asks for.
//!
//! Properties that the web asks for are known here, and of values those of `display` alone: what is not known does not
//! hold, as in a browser that does not know it.

/// Conditions in conditions that are looked into.
const DEEPEST: usize = 8;

/// Whether a condition holds.
pub(super) fn holds(condition: &str) -> bool {
    at(condition.trim(), 0)
}

fn at(condition: &str, depth: usize) -> bool {
    let condition = condition.trim();
    if depth > DEEPEST {
        return false;
    }
    if let Some(rest) = word(condition, "not") {
        return is_block(rest) && !at(rest, depth + 1);
    }
    let parts = |between| split(condition, between);
    let (all, any) = (parts(" and "), parts(" or "));
    if all.len() > 1 {
        return all.iter().all(|part| at(part, depth + 1));
    }
    if any.len() > 1 {
        return any.iter().any(|part| at(part, depth + 1));
    }
    if let Some(inner) = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return at(inner, depth + 1);
    }
    match condition.split_once('(') {
        Some((name, _)) if !name.contains(':') => {
            matches!(name.trim(), "selector" | "font-tech" | "font-format") && condition.ends_with(')')
        }
        _ => declaration(condition),
    }
}

fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    let rest = text.get(word.len()..)?;
    (start.eq_ignore_ascii_case(word) && rest.starts_with([' ', '('])).then(|| rest.trim_start())
}

fn is_block(text: &str) -> bool {
    text.ends_with(')') && text.contains('(')
}

/// Parts between words that stand in no parentheses.
fn split<'a>(text: &'a str, between: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && begins(&text[at..], between) && at >= start => {
                parts.push(&text[start..at]);
                start = at + between.len();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Whether a text begins with another, whatever its case.
fn begins(text: &str, other: &str) -> bool {
    text.get(..other.len()).is_some_and(|start| start.eq_ignore_ascii_case(other))
}

fn declaration(text: &str) -> bool {
    let Some((name, value)) = text.split_once(':') else { return false };
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase());
    if name.starts_with("--") {
        return true;
    }
    if value.is_empty() {
        return false;
    }
    if name == "display" {
        return DISPLAYS.contains(&value.as_str());
    }
    PROPERTIES.contains(&name.as_str())
}

const DISPLAYS: &[&str] = &[
    "block",
    "contents",
    "flex",
    "flow-root",
    "grid",
    "inline",
    "inline-block",
    "inline-flex",
    "inline-grid",
    "inline-table",
    "list-item",
    "none",
    "ruby",
    "table",
    "table-cell",
    "table-row",
    "-webkit-box",
    "-webkit-flex",
    "inherit",
    "initial",
    "unset",
    "revert",
];

const PROPERTIES: &[&str] = &[
    "accent-color",
    "align-content",
    "align-items",
    "align-self",
    "animation",
    "appearance",
    "aspect-ratio",
    "backdrop-filter",
    "background",
    "background-clip",
    "background-color",
    "background-image",
    "border",
    "border-radius",
    "bottom",
    "box-shadow",
    "box-sizing",
    "clip-path",
    "color",
    "color-scheme",
    "column-gap",
    "columns",
    "contain",
    "container",
    "container-type",
    "content",
    "content-visibility",
    "cursor",
    "filter",
    "flex",
    "flex-direction",
    "flex-wrap",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-variation-settings",
    "font-weight",
    "gap",
    "grid",
    "grid-area",
    "grid-template-areas",
    "grid-template-columns",
    "grid-template-rows",
    "height",
    "hyphens",
    "initial-letter",
    "inset",
    "isolation",
    "justify-content",
    "left",
    "letter-spacing",
    "line-height",
    "margin",
    "mask",
    "mask-image",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "mix-blend-mode",
    "object-fit",
    "opacity",
    "order",
    "outline",
    "overflow",
    "overscroll-behavior",
    "padding",
    "perspective",
    "place-items",
    "pointer-events",
    "position",
    "resize",
    "right",
    "rotate",
    "row-gap",
    "scale",
    "scroll-behavior",
    "scroll-snap-type",
    "scroll-timeline",
    "scrollbar-color",
    "scrollbar-gutter",
    "shape-outside",
    "tab-size",
    "text-align",
    "text-decoration",
    "text-overflow",
    "text-wrap",
    "top",
    "touch-action",
    "transform",
    "transform-style",
    "transition",
    "translate",
    "user-select",
    "vertical-align",
    "view-transition-name",
    "visibility",
    "white-space",
    "width",
    "will-change",
    "word-break",
    "writing-mode",
    "z-index",
    "zoom",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_as_in_a_browser() {
        for (condition, expected) in [
            ("display: grid", true),
            ("(display: grid)", true),
            ("display: none-such", false),
            ("nonsense: 1", false),
            ("not (display: grid)", false),
            ("not (nonsense: 1)", true),
            ("(display: flex) and (not (foo: bar))", true),
            ("(display: flex) and (foo: bar)", false),
            ("(foo: bar) or (display: flex)", true),
            ("selector(a > b)", true),
            ("unknown(x)", false),
            ("--own: 1", true),
            ("", false),
            ("color", false),
            ("é: 1", false),
        ] {
            assert_eq!(holds(condition), expected, "{condition}");
        }
        assert!(!holds(&"(".repeat(100_000)), "deep ones end");
        assert!(!holds(&format!("{}a: b{}", "(".repeat(100_000), ")".repeat(100_000))));
    }
}
