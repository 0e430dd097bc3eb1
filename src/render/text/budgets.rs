//! Budgets: a bar for what was measured, with a line where the limit is.

use super::ink::Ink;
use super::page::Page;
use crate::budget::{Judged, Unit, words};
use crate::render::style::Charset;
use crate::units;

/// Columns of the names, of the numbers and of the bar.
const NAME: usize = 12;
const NUMBERS: usize = 26;
const BAR: usize = 24;

/// Writes a line for each; nothing where there are none.
pub(super) fn put(page: &mut Page, budgets: &[Judged]) {
    if budgets.is_empty() {
        return;
    }
    page.gap();
    let mut head = page.line();
    head.push(Ink::Strong, "Budgets");
    page.put(head);
    for judged in budgets {
        line(page, judged);
    }
}

fn line(page: &mut Page, judged: &Judged) {
    let Judged { budget, actual, held, reason } = judged;
    let unit = budget.measure.unit();
    let ink = match held {
        Some(true) => Ink::Good,
        Some(false) => Ink::Bad,
        None => Ink::Faint,
    };
    let of = if budget.measure.is_least() { "of at least" } else { "of" };
    let limit = format!("{of} {}", words(budget.limit, unit));
    let mut line = page.line();
    line.column(Ink::Plain, &budget.what(), NAME.max(budget.what().len() + 1));
    match actual {
        Some(actual) => {
            let told = if unit == Unit::Us { units::micros(*actual) } else { words(*actual, unit) };
            let end = line.width() + NUMBERS;
            line.push(ink, format!("{told} ")).push(Ink::Plain, limit).pad_to(end);
            if page.width() >= line.width() + BAR + NAME {
                line.push(ink, bar(*actual, budget.limit, page.charset())).push(Ink::Plain, " ");
            }
            line.push(ink, if *held == Some(true) { "held" } else { "broken" });
            page.put(line);
        }
        None => {
            let word = if *held == Some(true) { "held" } else { "not judged" };
            let mut body = page.line();
            body.push(Ink::Plain, format!("{limit}: ")).push(ink, word);
            body.push(Ink::Faint, format!(" ({})", reason.as_deref().unwrap_or_default()));
            page.wrap(line, &body);
        }
    }
}

/// What was measured as a bar, and the limit as a line through it, on one scale.
fn bar(actual: u64, limit: u64, charset: Charset) -> String {
    let most = u128::from(actual.max(limit).max(1));
    let at = |value: u64| {
        usize::try_from((u128::from(value) * BAR as u128).div_ceil(most)).unwrap_or(BAR).min(BAR)
    };
    let (full, line) = match charset {
        Charset::Unicode => ('█', '│'),
        Charset::Ascii => ('#', '|'),
    };
    let mut cells: Vec<char> = (0..BAR).map(|cell| if cell < at(actual) { full } else { ' ' }).collect();
    // The line stands right behind the last cell that may be filled.
    cells.insert(at(limit), line);
    cells.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::render::style::Style;

    #[test]
    fn the_limit_is_a_line_against_the_bar() {
        assert_eq!(bar(50, 100, Charset::Ascii), format!("{}{}|", "#".repeat(12), " ".repeat(12)));
        assert_eq!(bar(200, 100, Charset::Ascii), format!("{}|{}", "#".repeat(12), "#".repeat(12)));
        assert_eq!(bar(100, 100, Charset::Ascii), format!("{}|", "#".repeat(24)));
        assert_eq!(bar(0, 0, Charset::Ascii).trim(), "|");
    }

    #[test]
    fn what_was_not_judged_is_told_with_its_reason() {
        let budget = Budget::read("cert-days=14").unwrap();
        let judged =
            Judged { budget, actual: None, held: None, reason: Some("no certificate was shown".into()) };
        let mut page = Page::new(&Style { width: 100, ..Style::default() });
        put(&mut page, &[judged]);
        let text = page.into_text();
        assert!(text.contains("of at least 14 days: not judged (no certificate was shown)"), "{text}");
        let mut page = Page::new(&Style::default());
        put(&mut page, &[]);
        assert_eq!(page.into_text(), "");
    }
}
